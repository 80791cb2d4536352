"""Faults by switch: what the bot meets, and what the world looks like afterwards."""

import asyncio

import aiohttp
import discord
import pytest

from sandbox.discord import (
    CutBefore,
    Delay,
    LoseAnswer,
    Malformed,
    Refuse,
    Sandbox,
    ServerError,
    Stall,
    TooManyRequests,
)
from tests.sandbox.bot import running
from tests.sandbox.wire import send


def messages(sandbox: Sandbox) -> str:
    return f"/channels/{sandbox.channel('general').id}/messages"


async def post(sandbox: Sandbox) -> int:
    return (await send(sandbox, "POST", messages(sandbox), {"content": "x"}))[0]


@pytest.mark.parametrize(("trouble", "is_posted"), [(LoseAnswer(), True), (CutBefore(), False)])
async def test_a_cut_connection(sandbox: Sandbox, trouble: LoseAnswer | CutBefore, is_posted: bool) -> None:
    sandbox.faults.next("POST", "/channels/{channel_id}/messages", trouble)
    with pytest.raises(aiohttp.ClientError):
        await post(sandbox)
    assert len(sandbox.channel("general").messages) == int(is_posted)
    assert sandbox.requests[-1].status == 0
    assert await post(sandbox) == 200


@pytest.mark.parametrize("is_processed", [False, True])
async def test_a_server_error(sandbox: Sandbox, is_processed: bool) -> None:
    sandbox.faults.next("POST", "/channels/*", ServerError(502, is_processed=is_processed), times=2)
    for _ in range(2):
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bot {sandbox.token}"}
            url = sandbox.api_url + messages(sandbox)
            async with session.post(url, json={"content": "x"}, headers=headers) as response:
                assert response.status == 502
    assert await post(sandbox) == 200
    assert len(sandbox.channel("general").messages) == (3 if is_processed else 1)


@pytest.mark.parametrize("is_processed", [False, True])
async def test_a_stall_holds_until_the_sandbox_closes(is_processed: bool) -> None:
    async with Sandbox.start() as sandbox:
        switch = sandbox.faults.until_off("POST", "*", Stall(is_processed=is_processed))
        waiting = asyncio.create_task(post(sandbox))
        await sandbox.world.until(lambda: switch.hits, 5)
        assert not waiting.done()
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert len(sandbox.channel("general").messages) == int(is_processed)


async def test_half_an_answer(sandbox: Sandbox) -> None:
    sandbox.faults.next("*", "*", Malformed())
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        await post(sandbox)
    assert len(sandbox.channel("general").messages) == 1


async def test_a_late_answer_still_comes(sandbox: Sandbox) -> None:
    switch = sandbox.faults.until_off("POST", "*", Delay(0.01))
    assert await post(sandbox) == 200
    switch.off()
    sandbox.faults.next("POST", "*", Delay(0.01, is_after=True))
    assert await post(sandbox) == 200
    assert switch.hits == 1


async def test_discord_py_waits_and_repeats_after_a_429_of_discord(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        switch = sandbox.faults.next("GET", "/channels/*", TooManyRequests(0.01))
        channel = await bot.fetch_channel(sandbox.channel("general").id)
        assert channel.id == sandbox.channel("general").id
        assert switch.hits == 1
        assert [request.status for request in sandbox.requests][-2:] == [429, 200]


async def test_discord_py_gives_up_after_a_429_of_the_wall_in_front(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        sandbox.faults.next("GET", "/channels/*", TooManyRequests(0.01, via=False, is_global=True))
        with pytest.raises(discord.HTTPException) as caught:
            await bot.fetch_channel(sandbox.channel("general").id)
        assert caught.value.status == 429


async def test_any_error_of_discord_can_be_asked_for(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        sandbox.faults.next("GET", "/channels/*", Refuse(403, 50001, "Missing Access"))
        with pytest.raises(discord.Forbidden) as caught:
            await bot.fetch_channel(sandbox.channel("general").id)
        assert caught.value.code == 50001
        sandbox.faults.until_off("GET", "/channels/*", Refuse(404, 10003, "Unknown Channel"))
        sandbox.faults.clear()
        await bot.fetch_channel(sandbox.channel("general").id)


async def test_real_buckets_refuse_the_sixth_message_in_five_seconds() -> None:
    async with Sandbox.start(real_rate_limits=True) as sandbox:
        assert [await post(sandbox) for _ in range(6)] == [200] * 5 + [429]
        assert len(sandbox.channel("general").messages) == 5
        sandbox.clock.forward(seconds=6)
        assert await post(sandbox) == 200


async def test_requests_are_recorded(sandbox: Sandbox) -> None:
    await post(sandbox)
    last = sandbox.requests[-1]
    assert (last.method, last.route, last.status) == ("POST", "/channels/{channel_id}/messages", 200)
    assert (last.path, last.json, last.at) == (messages(sandbox), {"content": "x"}, sandbox.clock.now())

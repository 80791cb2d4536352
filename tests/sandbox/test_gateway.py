"""The gateway: sessions, resuming, what is sent to whom, and its faults."""

import asyncio
import importlib.util
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.discord import Permission, Sandbox
from tests.sandbox.bot import Bot, running
from tests.sandbox.wire import register, slash


@asynccontextmanager
async def connected(sandbox: Sandbox, query: str = "") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A bare websocket to the gateway."""
    async with aiohttp.ClientSession() as session, session.ws_connect(sandbox.gateway_url + query) as ws:
        yield ws


def identify(sandbox: Sandbox, *, token: str | None = None, intents: int = 1) -> dict[str, Any]:
    """Op 2."""
    return {"op": 2, "d": {"token": token or sandbox.token, "intents": intents, "properties": {}}}


async def closed_with(ws: aiohttp.ClientWebSocketResponse) -> int | None:
    """The close code, once the server has closed."""
    while (await ws.receive(timeout=5)).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
        pass
    return ws.close_code


async def test_a_closed_connection_is_resumed_and_what_was_missed_is_replayed(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        sandbox.gateway.close(4000)
        await sandbox.bot_gone()
        use = await sandbox.person("ana").command("imagine", prompt="x")
        assert await use.acknowledged()
        assert sandbox.gateway.resumes == 1
        assert sandbox.gateway.identifies == 1
        assert bot.heard == [use.id]


@pytest.mark.parametrize("how", ["op 7", "op 9 resumable", "4009"])
async def test_every_resumable_interruption_is_survived(sandbox: Sandbox, how: str) -> None:
    async with running(sandbox):
        match how:
            case "op 7":
                sandbox.gateway.ask_to_reconnect()
            case "op 9 resumable":
                sandbox.gateway.invalidate(is_resumable=True)
            case _:
                sandbox.gateway.close(4009)
        await sandbox.world.until(lambda: sandbox.gateway.resumes, 5)
        use = await sandbox.person("ana").command("imagine", prompt="x")
        assert await use.acknowledged()


async def test_an_invalid_session_must_identify_again(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(self: discord.Client, shard_id: int | None, *, initial: bool = False) -> None:
        """discord.py waits five seconds here."""

    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)
    async with running(sandbox):
        sandbox.gateway.invalidate(is_resumable=False)
        await sandbox.world.until(lambda: sandbox.gateway.identifies == 2 and sandbox.gateway.connected, 5)
        use = await sandbox.person("ana").command("imagine", prompt="x")
        assert await use.acknowledged()
        assert sandbox.gateway.resumes == 0


async def test_a_wrong_token_is_closed_with_4004_and_refused_with_401(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ws:
        await ws.send_json(identify(sandbox, token="wrong"))
        assert await closed_with(ws) == 4004
    bot = Bot()
    async with bot:
        discord.http.Route.BASE, before = sandbox.api_url, discord.http.Route.BASE
        try:
            with pytest.raises(discord.LoginFailure):
                await bot.login("wrong")
        finally:
            discord.http.Route.BASE = before


async def test_privileged_intents_are_closed_with_4014_and_nonsense_with_4001(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ws:
        await ws.send_json(identify(sandbox, intents=1 << 15))
        assert await closed_with(ws) == 4014
    async with connected(sandbox) as ws:
        await ws.send_json({"op": 99})
        assert await closed_with(ws) == 4001
    async with connected(sandbox) as ws:
        await ws.send_str("{")
        assert await closed_with(ws) == 4002


async def test_an_unknown_session_cannot_be_resumed(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ws:
        assert (await ws.receive_json())["op"] == 10
        await ws.send_json({"op": 6, "d": {"token": sandbox.token, "session_id": "nobody", "seq": 3}})
        assert await ws.receive_json() == {"op": 9, "d": False}


async def test_a_session_is_forgotten_after_a_few_minutes(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ws:
        await ws.receive_json()
        await ws.send_json(identify(sandbox))
        session_id = (await ws.receive_json())["d"]["session_id"]
        sandbox.gateway.close(4000)
        await closed_with(ws)
    await sandbox.bot_gone()
    sandbox.clock.forward(minutes=4)
    async with connected(sandbox) as ws:
        await ws.receive_json()
        await ws.send_json({"op": 6, "d": {"token": sandbox.token, "session_id": session_id, "seq": 1}})
        assert await ws.receive_json() == {"op": 9, "d": False}


async def test_heartbeats_are_acknowledged_until_told_otherwise(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ws:
        await ws.receive_json()
        await ws.send_json({"op": 1, "d": None})
        assert (await ws.receive_json())["op"] == 11
        sandbox.gateway.is_acknowledging_heartbeats = False
        await ws.send_json({"op": 1, "d": None})
        await ws.send_json(identify(sandbox))
        assert (await ws.receive_json())["t"] == "READY"
        assert sandbox.gateway.heartbeats == 2


async def test_frames_are_compressed_as_asked(sandbox: Sandbox) -> None:
    async with connected(sandbox, "?compress=zlib-stream") as ws:
        inflater = zlib.decompressobj()
        assert json.loads(inflater.decompress(await ws.receive_bytes()))["op"] == 10
        await ws.send_json({"op": 1, "d": None})
        assert json.loads(inflater.decompress(await ws.receive_bytes()))["op"] == 11
    if importlib.util.find_spec("zstandard") is None:
        async with connected(sandbox, "?compress=zstd-stream") as ws:
            assert (await ws.receive_json())["op"] == 10


async def test_without_any_intent_interactions_still_arrive_and_nothing_else(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    async with connected(sandbox) as ws:
        await ws.receive_json()
        await ws.send_json(identify(sandbox, intents=0))
        await sandbox.bot_ready()
        sandbox.person("ana").say("hello")
        await sandbox.person("ana").command("hello")
        assert (await ws.receive_json())["t"] == "READY"
        assert (await ws.receive_json())["t"] == "INTERACTION_CREATE"


async def test_one_interaction_can_arrive_twice_late_or_again(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        sandbox.gateway.duplicate_next()
        twice = await sandbox.person("ana").command("thinking")
        sandbox.gateway.redeliver(twice.interaction)
        sandbox.gateway.withhold()
        late = await sandbox.person("ana").command("thinking")
        await sandbox.world.until(lambda: twice.is_acknowledged, 5)
        assert not late.is_acknowledged
        sandbox.gateway.release()
        assert await late.acknowledged()
        assert bot.heard == [twice.id, twice.id, twice.id, late.id]
        codes = {getattr(error, "code", None) for error in bot.errors}
        assert codes <= {40060}


async def test_two_bots_at_once_both_hear_an_interaction(sandbox: Sandbox) -> None:
    async with running(sandbox) as first, running(sandbox) as second:
        await sandbox.world.until(lambda: len(sandbox.gateway.connected) == 2, 5)
        use = await sandbox.person("ana").command("thinking")
        assert await use.acknowledged()
        await sandbox.world.until(lambda: first.heard and second.heard, 5)
        assert first.heard == second.heard == [use.id]


async def test_a_bot_thrown_out_is_told_and_an_outage_is_not_a_removal(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        sandbox.gateway.set_guild_unavailable(sandbox.guild)
        sandbox.world.remove_bot(sandbox.guild)
        await bot.wait_for("guild_remove", timeout=5)
        assert bot.left == [sandbox.guild.name]


async def test_places_and_rights_that_change_are_told(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        await bot.wait_until_ready()
        general = sandbox.channel("general")
        deleted = asyncio.create_task(bot.wait_for("guild_channel_delete", timeout=5))
        edited = asyncio.create_task(bot.wait_for("guild_channel_update", timeout=5))
        await asyncio.sleep(0)
        sandbox.take_permission(Permission.SEND_MESSAGES, channel=general)
        sandbox.world.delete_channel(general)
        assert not (await edited)[1].permissions_for(bot.guilds[0].me).send_messages
        assert (await deleted).id == general.id

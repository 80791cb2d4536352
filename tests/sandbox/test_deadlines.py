"""The three seconds, the fifteen minutes, and answering twice."""

from typing import Any

import discord
import pytest

from sandbox.discord import Late, LoseAnswer, Sandbox
from tests.sandbox.bot import Bot, running
from tests.sandbox.wire import register, send, slash

EPHEMERAL = {"type": 5, "data": {"flags": 64}}


async def test_an_acknowledgement_after_three_seconds_is_refused_with_10062(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        sandbox.faults.next("POST", "/interactions/*/callback", Late(3.5))
        use = await sandbox.person("ana").command("thinking")
        assert not await use.acknowledged()
        assert use.did_not_respond
        await sandbox.world.until(lambda: bot.errors, 5)
        assert _codes(bot) == [10062]
        assert [(found.interaction.id, found.trouble.name) for found in sandbox.check_answers()] == [(use.id, "LATE")]


async def test_an_old_interaction_cannot_be_answered(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        use = await sandbox.person("ana").command("thinking", made_ago_s=20)
        assert not await use.acknowledged()
        await sandbox.world.until(lambda: bot.errors, 5)
        assert _codes(bot) == [10062]


async def test_a_token_ends_after_fifteen_minutes(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        use = await sandbox.person("ana").command("thinking")
        assert await use.acknowledged()
        sandbox.clock.forward(minutes=16)
        path = f"/webhooks/{sandbox.world.application_id}/{use.interaction.token}"
        for method, place in (("PATCH", "/messages/@original"), ("POST", ""), ("GET", "/messages/@original")):
            status, answer = await send(sandbox, method, path + place, {"content": "too late"})
            assert (status, answer["code"]) == (401, 50027)
        assert bot.errors == []


async def test_a_second_acknowledgement_is_refused_with_40060_and_the_first_one_stands(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    use = await sandbox.person("ana").command("hello")
    path = f"/interactions/{use.id}/{use.interaction.token}/callback"
    sandbox.faults.next("POST", "/interactions/*", LoseAnswer())
    with pytest.raises(Exception, match="disconnected"):
        await send(sandbox, "POST", path, EPHEMERAL)
    assert use.is_acknowledged
    status, answer = await send(sandbox, "POST", path, EPHEMERAL)
    assert (status, answer["code"]) == (400, 40060)
    assert [request.status for request in sandbox.requests][-2:] == [0, 400]


async def test_before_an_answer_there_is_nothing_to_edit(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    use = await sandbox.person("ana").command("hello")
    base = f"/webhooks/{sandbox.world.application_id}/{use.interaction.token}"
    assert (await send(sandbox, "PATCH", base + "/messages/@original", {"content": "x"}))[1]["code"] == 10015
    assert (await send(sandbox, "POST", base[:-4] + "oops", {"content": "x"}))[1]["code"] == 50027
    assert (await send(sandbox, "POST", f"/interactions/1/{use.interaction.token}/callback", EPHEMERAL))[1][
        "code"
    ] == 10062
    await send(sandbox, "POST", f"/interactions/{use.id}/{use.interaction.token}/callback", EPHEMERAL)
    assert (await send(sandbox, "GET", base + "/messages/12345"))[1]["code"] == 10008
    assert (await send(sandbox, "DELETE", base + "/messages/@original"))[0] == 204
    assert (await send(sandbox, "PATCH", base + "/messages/@original", {"content": "x"}))[1]["code"] == 10008


async def test_a_user_installed_app_has_five_follow_ups(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello", integration_types=[1], contexts=[0]))
    use = await sandbox.person("ana").command("hello", by_user_install=True)
    await send(
        sandbox,
        "POST",
        f"/interactions/{use.id}/{use.interaction.token}/callback",
        {"type": 4, "data": {"content": "hi"}},
    )
    path = f"/webhooks/{sandbox.world.application_id}/{use.interaction.token}"
    codes = [(await send(sandbox, "POST", path, {"content": "more"}))[1].get("code") for _ in range(6)]
    assert codes == [None] * 5 + [40094]
    assert len(use.followups) == 5


async def test_only_fitting_answers_are_taken(sandbox: Sandbox) -> None:
    sandbox.is_wrong_on_purpose = True
    form = {
        "type": 9,
        "data": {
            "custom_id": "f",
            "title": "T",
            "components": [{"type": 18, "label": "L", "component": {"type": 4, "custom_id": "t", "style": 1}}],
        },
    }
    choices: dict[str, Any] = {"type": 8, "data": {"choices": []}}
    await register(sandbox, slash("hello"))
    ana = sandbox.person("ana")
    use = await ana.command("hello")
    path = f"/interactions/{use.id}/{use.interaction.token}/callback"
    for unfit in ({"type": 6}, choices):
        assert (await send(sandbox, "POST", path, unfit))[1]["code"] == 50035
    assert (await send(sandbox, "POST", path, form))[0] == 204
    sent = await ana.submit_modal(use, {"t": "words"})
    again = f"/interactions/{sent.id}/{sent.interaction.token}/callback"
    assert (await send(sandbox, "POST", again, form))[1]["code"] == 50035
    assert (await send(sandbox, "POST", again, {"type": 6}))[1]["code"] == 50035
    assert (await send(sandbox, "POST", again, {"type": 4, "data": {"content": "thanks"}}))[0] == 204


def _codes(bot: Bot) -> list[int]:
    return [error.code for error in bot.errors if isinstance(error, discord.HTTPException)]

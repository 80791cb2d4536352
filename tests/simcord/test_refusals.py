"""Wrong requests, put to both worlds: refused alike, but for what is listed here, where Discord's documents decide.

The sandbox is right in each of those; `docs/sandbox.md` says by what. Should a newer simcord change its mind, the
lists say so.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from tests.sandbox.test_refusals import V2, WRONG_CALLBACKS, WRONG_COMMANDS, WRONG_MESSAGES
from tests.sandbox.wire import text
from tests.simcord.bare import Bare, Outcome, ask, bare_sandbox, bare_simcord

INVALID_FORM = (400, 50035)
UNKNOWN_INTERACTION = (404, 10062)
UNKNOWN_MESSAGE = (404, 10008)
UNKNOWN_WEBHOOK = (404, 10015)
INVALID_TOKEN = (401, 50027)
EMPTY = (400, 50006)
ACKNOWLEDGED = (400, 40060)
DEFER = {"type": 5, "data": {"flags": 64}}
FORM = {
    "type": 9,
    "data": {
        "custom_id": "f",
        "title": "T",
        "components": [{"type": 18, "label": "L", "component": {"type": 4, "custom_id": "t", "style": 1}}],
    },
}
CARD: dict[str, Any] = {"flags": V2, "components": [text("y")]}
Outcomes = dict[str, Outcome]


async def wrong_bodies(world: Bare) -> Outcomes:
    """Messages, commands and answers that break a rule by themselves."""
    found: Outcomes = {}
    for what, body in WRONG_MESSAGES.items():
        found[f"message: {what}"] = await ask(world, "POST", f"/channels/{world.channel_id}/messages", body)
    for what, body in WRONG_CALLBACKS.items():
        found[f"answer: {what}"] = await ask(world, "POST", (await world.use()).callback, body)
    commands = f"/applications/{world.bot.application_id}/commands"
    for what, bodies in WRONG_COMMANDS.items():
        found[f"commands: {what}"] = await ask(world, "PUT", commands, bodies)
    return found


async def wrong_answers(world: Bare) -> Outcomes:
    """Answers that do not fit the interaction, come twice, or too late."""
    found: Outcomes = {}
    for kind in (6, 7, 8, 99):
        body = {"type": kind, "data": {"content": "x", "choices": []}}
        found[f"kind {kind} for a command"] = await ask(world, "POST", (await world.use()).callback, body)
    opened = await world.use()
    found["a form"] = await ask(world, "POST", opened.callback, FORM)
    sent = await world.fill_in(opened, "t")
    found["a form in answer to a form"] = await ask(world, "POST", sent.callback, FORM)
    twice = await world.use()
    found["an acknowledgement"] = await ask(world, "POST", twice.callback, DEFER)
    found["a second acknowledgement"] = await ask(world, "POST", twice.callback, DEFER)
    found["another interaction's token"] = await ask(world, "POST", f"/interactions/{sent.id}/{twice.token}/callback")
    late = await world.use()
    await world.later(3.5)
    found["an answer after 3 s"] = await ask(world, "POST", late.callback, DEFER)
    return found


async def wrong_edits(world: Bare) -> Outcomes:
    """What comes after the acknowledgement."""
    found: Outcomes = {}
    opened = await world.use()
    base = f"/webhooks/{world.bot.application_id}/{opened.token}"
    original = f"{base}/messages/@original"
    found["an edit before the answer"] = await ask(world, "PATCH", original, {"content": "x"})
    found["an acknowledgement"] = await ask(world, "POST", opened.callback, DEFER)
    for what, body in {
        "2,001 characters": {"content": "x" * 2_001},
        "content beside components": {**CARD, "content": "x"},
        "nothing": {"content": ""},
        "a card": CARD,
        "content in place of the card": {"content": "x"},
    }.items():
        found[f"an edit to {what}"] = await ask(world, "PATCH", original, body)
    found["a follow-up nobody knows"] = await ask(world, "PATCH", f"{base}/messages/{opened.id}", {"content": "x"})
    found["a wrong token"] = await ask(world, "PATCH", base[:-3] + "x/messages/@original", {"content": "x"})
    found["a deletion"] = await ask(world, "DELETE", original)
    found["an edit after the deletion"] = await ask(world, "PATCH", original, CARD)
    old = await world.use()
    found["another acknowledgement"] = await ask(world, "POST", old.callback, DEFER)
    await world.later(901)
    base = f"/webhooks/{world.bot.application_id}/{old.token}"
    found["an edit after 15 min"] = await ask(world, "PATCH", f"{base}/messages/@original", CARD)
    found["a follow-up after 15 min"] = await ask(world, "POST", base, CARD)
    return found


async def wrong_places(world: Bare) -> Outcomes:
    """Channels and messages that are not there, not the bot's, or closed to it."""
    found: Outcomes = {}
    messages, nobody = f"/channels/{world.channel_id}/messages", (await world.use()).id
    found["an empty message"] = await ask(world, "POST", messages, {})
    found["a channel nobody knows"] = await ask(world, "POST", f"/channels/{nobody}/messages", {"content": "x"})
    found["a message nobody knows"] = await ask(world, "PATCH", f"{messages}/{nobody}", {"content": "x"})
    found["somebody else's message"] = await ask(world, "PATCH", f"{messages}/{await world.said()}", {"content": "x"})
    found["a route nobody knows"] = await ask(world, "GET", "/stickers/1")
    world.silence()
    closed = f"/channels/{world.channel_id}/messages"
    found["a channel where the bot may not write"] = await ask(world, "POST", closed, {"content": "x"})
    return found


async def _differ(try_all: Callable[[Bare], Awaitable[Outcomes]]) -> tuple[Outcomes, Outcomes]:
    """What the sandbox says to each request, and what simcord says where that is something else."""
    async with bare_sandbox() as sandbox:
        ours = await try_all(sandbox)
    async with bare_simcord() as simcord:
        theirs = await try_all(simcord)
    assert theirs.keys() == ours.keys()
    return ours, {what: outcome for what, outcome in theirs.items() if outcome != ours[what]}


def _taken(*names: str) -> Mapping[str, None]:
    return dict.fromkeys(names)


async def test_bodies_that_break_a_rule_are_refused_and_simcord_lets_some_pass() -> None:
    ours, theirs = await _differ(wrong_bodies)
    assert set(ours.values()) == {INVALID_FORM}
    assert theirs == _taken(
        "message: a button with neither label nor emoji",
        "message: an attachment that was not sent",
        "answer: a deferred answer with another flag",
        *(f"commands: {what}" for what in WRONG_COMMANDS),
    )


async def test_unfit_repeated_and_late_answers_are_refused() -> None:
    ours, theirs = await _differ(wrong_answers)
    assert ours == {
        "kind 6 for a command": INVALID_FORM,
        "kind 7 for a command": INVALID_FORM,
        "kind 8 for a command": INVALID_FORM,
        "kind 99 for a command": INVALID_FORM,
        "a form": None,
        "a form in answer to a form": INVALID_FORM,
        "an acknowledgement": None,
        "a second acknowledgement": ACKNOWLEDGED,
        "another interaction's token": UNKNOWN_INTERACTION,
        "an answer after 3 s": UNKNOWN_INTERACTION,
    }
    assert theirs == _taken("kind 6 for a command", "kind 8 for a command", "a form in answer to a form")


async def test_edits_by_token_are_refused_where_there_is_nothing_to_edit() -> None:
    ours, theirs = await _differ(wrong_edits)
    assert ours == {
        "an edit before the answer": UNKNOWN_WEBHOOK,
        "an acknowledgement": None,
        "an edit to 2,001 characters": INVALID_FORM,
        "an edit to content beside components": INVALID_FORM,
        "an edit to nothing": EMPTY,
        "an edit to a card": None,
        "an edit to content in place of the card": INVALID_FORM,
        "a follow-up nobody knows": UNKNOWN_MESSAGE,
        "a wrong token": INVALID_TOKEN,
        "a deletion": None,
        "an edit after the deletion": UNKNOWN_MESSAGE,
        "another acknowledgement": None,
        "an edit after 15 min": INVALID_TOKEN,
        "a follow-up after 15 min": INVALID_TOKEN,
    }
    assert theirs == {
        "an edit before the answer": UNKNOWN_MESSAGE,
        "an edit to nothing": None,
        "a wrong token": UNKNOWN_WEBHOOK,
        "an edit after 15 min": UNKNOWN_WEBHOOK,
        "a follow-up after 15 min": UNKNOWN_WEBHOOK,
    }


async def test_places_that_are_gone_or_closed_are_refused() -> None:
    ours, theirs = await _differ(wrong_places)
    assert ours == {
        "an empty message": EMPTY,
        "a channel nobody knows": (404, 10003),
        "a message nobody knows": UNKNOWN_MESSAGE,
        "somebody else's message": (403, 50005),
        "a route nobody knows": (404, 0),
        "a channel where the bot may not write": (403, 50013),
    }
    assert theirs == {"an empty message": INVALID_FORM, "a route nobody knows": "RouteNotImplemented"}


async def test_one_nonce_posts_one_message_and_simcord_drops_nonces() -> None:
    body = {"content": "once", "nonce": "0123456789abcdef012345678", "enforce_nonce": True}

    async def posts(world: Bare) -> int:
        path = f"/channels/{world.channel_id}/messages"
        for _ in range(2):
            assert await ask(world, "POST", path, body) is None
        channel = await world.bot.fetch_channel(world.channel_id)
        assert isinstance(channel, discord.TextChannel)
        return len([message async for message in channel.history()])

    async with bare_sandbox() as sandbox:
        assert await posts(sandbox) == 1
    async with bare_simcord() as simcord:
        assert await posts(simcord) == 2

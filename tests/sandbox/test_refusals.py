"""Requests that break Discord's rules are answered 50035 and written down; the document is not needed for that."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.discord import Sandbox, openapi
from tests.sandbox.bot import picture, running
from tests.sandbox.wire import button, option, register, row, send, slash, text

V2 = 1 << 15
EMPTY_NAME = {"name": "x", "description": "", "type": 1}
Body = dict[str, Any]


def select(*values: str) -> Body:
    return {"type": 3, "custom_id": "s", "options": [{"label": f"l{n}", "value": v} for n, v in enumerate(values)]}


def gallery(count: int) -> Body:
    return {"type": 12, "items": [{"media": {"url": "https://example.org/a.png"}}] * count}


WRONG_MESSAGES: dict[str, Body] = {
    "2,001 characters": {"content": "x" * 2_001},
    "11 gallery items": {"flags": V2, "components": [gallery(11)]},
    "6 buttons in a row": {"components": [row(*[button("b", f"b{n}") for n in range(6)])]},
    "content together with Components V2": {"flags": V2, "content": "x", "components": [text("y")]},
    "Components V2 without the flag": {"components": [text("y")]},
    "4,001 characters in two text displays": {"flags": V2, "components": [text("x" * 2_000), text("y" * 2_001)]},
    "41 components": {"flags": V2, "components": [{"type": 17, "components": [text("x")] * 40}]},
    "a custom id of 101 characters": {"components": [row(button("b", "x" * 101))]},
    "the same custom id twice": {"components": [row(button("a", "b"), button("b", "b"))]},
    "a label of 81 characters": {"components": [row(button("x" * 81, "b"))]},
    "a button with neither label nor emoji": {"components": [row({"type": 2, "style": 1, "custom_id": "b"})]},
    "a link button with a custom id": {
        "components": [row({"type": 2, "style": 5, "label": "l", "url": "https://example.org", "custom_id": "b"})]
    },
    "26 options in a select": {
        "components": [
            row({"type": 3, "custom_id": "s", "options": [{"label": str(n), "value": str(n)} for n in range(26)]})
        ]
    },
    "embeds of 6,001 characters": {"embeds": [{"description": "x" * 4_000}, {"description": "y" * 2_001}]},
    "alt text of 1,025 characters": {"attachments": [{"id": 0, "filename": "a", "description": "x" * 1_025}]},
    "a picture that was not sent": {
        "flags": V2,
        "components": [{"type": 12, "items": [{"media": {"url": "attachment://missing.png"}}]}],
    },
    "an attachment that was not sent": {"content": "x", "attachments": [{"id": 3}]},
    "6 rows without Components V2": {"components": [row(button("b", f"b{n}")) for n in range(6)]},
    "a select beside a button": {"components": [row(button("b", "b"), select("a"))]},
    "a select that offers a value twice": {"components": [row(select("a", "a"))]},
    "the same component id twice": {"flags": V2, "components": [{**text("x"), "id": 5}, {**text("y"), "id": 5}]},
    "mentions let through as a kind and by id": {
        "content": "x",
        "allowed_mentions": {"parse": ["users"], "users": ["100000000000000000"]},
    },
}
WRONG_COMMANDS: dict[str, list[Body]] = {
    "upper case in a name": [slash("Imagine")],
    "an empty description": [EMPTY_NAME],
    "26 choices": [slash("a", option("o", 3, choices=[{"name": str(n), "value": str(n)} for n in range(26)]))],
    "26 options": [slash("a", *[option(f"o{n}", 3) for n in range(26)])],
    "a required option after an optional one": [slash("a", option("o", 3), option("p", 3, required=True))],
    "the same name twice": [slash("a"), slash("a")],
    "16 entries in the message menu": [{"name": f"m{n}", "type": 3} for n in range(16)],
    "a menu entry with a description": [{"name": "m", "type": 3, "description": "x"}],
    "a command of more than 8,000 characters": [
        slash(
            "a",
            *[
                option(f"o{n}", 3, choices=[{"name": f"{m}" + "n" * 90, "value": f"{m}" + "v" * 90} for m in range(25)])
                for n in range(2)
            ],
        )
    ],
}
WRONG_CALLBACKS: dict[str, Body] = {
    "a form title of 46 characters": {
        "type": 9,
        "data": {
            "custom_id": "f",
            "title": "x" * 46,
            "components": [{"type": 18, "label": "L", "component": {"type": 4, "custom_id": "t", "style": 1}}],
        },
    },
    "a form of 6 parts": {
        "type": 9,
        "data": {
            "custom_id": "f",
            "title": "x",
            "components": [
                {"type": 18, "label": "L", "component": {"type": 4, "custom_id": f"t{n}", "style": 1}} for n in range(6)
            ],
        },
    },
    "a deferred answer with another flag": {"type": 5, "data": {"flags": V2}},
    "2,001 characters": {"type": 4, "data": {"content": "x" * 2_001}},
}


WITH_DOCUMENT, WITHOUT = "with the document", "with the limits alone"


@pytest.fixture(params=[WITH_DOCUMENT, WITHOUT] if openapi.find() is not None else [WITHOUT])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """A sandbox with Discord's document, where it is at hand, and one without."""
    async with Sandbox.start(openapi=request.param == WITH_DOCUMENT) as sandbox:
        assert (sandbox.note is None) == (request.param == WITH_DOCUMENT)
        sandbox.is_wrong_on_purpose = True
        yield sandbox


def _blamed(sandbox: Sandbox, answer: Body) -> None:
    assert answer["code"] == 50035
    assert answer["errors"]
    assert {violation.direction for violation in sandbox.violations} == {"request"}


@pytest.mark.parametrize("what", WRONG_MESSAGES)
async def test_a_wrong_message_is_refused_and_not_posted(place: Sandbox, what: str) -> None:
    channel = place.channel("general")
    status, answer = await send(place, "POST", f"/channels/{channel.id}/messages", WRONG_MESSAGES[what])
    assert status == 400
    _blamed(place, answer)
    assert channel.messages == []


@pytest.mark.parametrize("what", WRONG_COMMANDS)
async def test_wrong_commands_are_refused_and_not_registered(place: Sandbox, what: str) -> None:
    path = f"/applications/{place.world.application_id}/commands"
    _, answer = await send(place, "PUT", path, WRONG_COMMANDS[what])
    _blamed(place, answer)
    assert place.world.commands == {}


@pytest.mark.parametrize("what", WRONG_CALLBACKS)
async def test_a_wrong_answer_to_an_interaction_does_not_acknowledge_it(place: Sandbox, what: str) -> None:
    await register(place, slash("hello"))
    use = await place.person("ana").command("hello")
    path = f"/interactions/{use.id}/{use.interaction.token}/callback"
    _, answer = await send(place, "POST", path, WRONG_CALLBACKS[what])
    _blamed(place, answer)
    assert not use.is_acknowledged


async def test_twenty_six_suggestions_are_refused(place: Sandbox) -> None:
    await register(place, slash("hello", option("o", 3, autocomplete=True)))
    with pytest.raises(TimeoutError):
        await place.person("ana").autocomplete("hello", "o", "x", timeout_s=0.01)
    asked = next(iter(place.world.interactions.values()))
    choices = [{"name": str(n), "value": str(n)} for n in range(26)]
    path = f"/interactions/{asked.id}/{asked.token}/callback"
    _, answer = await send(place, "POST", path, {"type": 8, "data": {"choices": choices}})
    _blamed(place, answer)


async def test_unknown_keys_are_found_with_the_document_and_ignored_without(place: Sandbox) -> None:
    path = f"/channels/{place.channel('general').id}/messages"
    _, answer = await send(place, "POST", path, {"content": "x", "colour": "red"})
    if place.note is None:
        fault = {"code": "UNKNOWN_KEY", "message": "this key is unknown here"}
        assert answer["errors"] == {"colour": {"_errors": [fault]}}
    else:
        assert answer["content"] == "x"


async def test_an_answer_of_a_kind_that_there_is_not_is_refused(place: Sandbox) -> None:
    await register(place, slash("hello"))
    for kind in (99, "4", None):
        use = await place.person("ana").command("hello")
        path = f"/interactions/{use.id}/{use.interaction.token}/callback"
        status, answer = await send(place, "POST", path, {"type": kind, "data": {"content": "x"}})
        assert status == 400
        _blamed(place, answer)


async def test_discord_py_raises_what_the_sandbox_refuses(sandbox: Sandbox) -> None:
    sandbox.is_wrong_on_purpose = True
    async with running(sandbox) as bot:
        channel = await bot.fetch_channel(sandbox.channel("general").id)
        assert isinstance(channel, discord.TextChannel)
        with pytest.raises(discord.HTTPException) as caught:
            await channel.send("x" * 2_001)
        assert caught.value.code == 50035
        with pytest.raises(discord.HTTPException) as caught:
            await channel.send()
        assert caught.value.code == 50006


async def test_an_edit_that_breaks_the_message_as_a_whole_is_refused(sandbox: Sandbox) -> None:
    sandbox.is_wrong_on_purpose = True
    path = f"/channels/{sandbox.channel('general').id}/messages"
    _, posted = await send(sandbox, "POST", path, {"flags": V2, "components": [text("x")]})
    status, answer = await send(sandbox, "PATCH", f"{path}/{posted['id']}", {"content": "y"})
    assert (status, answer["code"]) == (400, 50035)
    _, plain = await send(sandbox, "POST", path, {"content": "x"})
    _, edited = await send(
        sandbox, "PATCH", f"{path}/{plain['id']}", {"flags": V2, "content": None, "components": [text("y")]}
    )
    assert edited["edited_timestamp"]


async def test_files_too_large_are_refused_with_413(sandbox: Sandbox) -> None:
    sandbox.guild.upload_limit = 20
    async with running(sandbox) as bot:
        use = await sandbox.person("ana").command("post", text="x")
        await sandbox.world.until(lambda: bot.errors, 5)
        error = bot.errors[0]
        assert isinstance(error, discord.HTTPException)
        assert (error.status, error.code) == (413, 40005)
        assert use.response.is_loading
        sandbox.guild.upload_limit = len(picture())
        again = await sandbox.person("ana").command("post", text="x")
        await again.answered()


async def test_json_that_cannot_be_read_and_routes_that_are_missing_are_told(sandbox: Sandbox) -> None:
    sandbox.is_wrong_on_purpose = True
    path = f"{sandbox.api_url}/channels/{sandbox.channel('general').id}/messages"
    headers = {"Authorization": f"Bot {sandbox.token}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        async with session.post(path, data=b"{", headers=headers) as response:
            assert (await response.json())["code"] == 50109
            assert response.headers["Content-Type"] == "application/json"
            assert int(response.headers["X-RateLimit-Remaining"]) > 0
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("payload_json", "{")
        async with session.post(path, data=form, headers={"Authorization": f"Bot {sandbox.token}"}) as response:
            assert (await response.json())["code"] == 50109
    status, _ = await send(sandbox, "GET", "/stickers/1")
    assert status == 404
    assert [violation.text for violation in sandbox.violations] == ["the sandbox has no such route"]

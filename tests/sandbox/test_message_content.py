"""What a bot without the message content intent reads of messages, and that an edit leaves their flags alone."""

import json
from typing import Any

import aiohttp
import pytest

from sandbox.discord import Sandbox
from tests.sandbox.bot import running

GUILDS, GUILD_MESSAGES = 1 << 0, 1 << 9


async def heard(sandbox: Sandbox, intents: int) -> list[dict[str, Any]]:
    """The messages that a session with these intents was told of, while Ana talks."""
    found: list[dict[str, Any]] = []
    ana, bo = sandbox.person("ana"), sandbox.person("bo")
    me = sandbox.world.application_id
    async with aiohttp.ClientSession() as session, session.ws_connect(sandbox.gateway_url) as ws:
        await ws.send_json({"op": 2, "d": {"token": sandbox.token, "intents": intents, "properties": {}}})
        while json.loads((await ws.receive(timeout=5)).data).get("t") != "GUILD_CREATE":
            pass
        ana.say("among ourselves", reply_to=bo.say("hello"))
        ana.say(f"<@{me}> out of the blue")
        sandbox.world.delete_channel(sandbox.channel("gallery"))  # the last that is told
        while (frame := json.loads((await ws.receive(timeout=5)).data)).get("t") != "CHANNEL_DELETE":
            if frame.get("t") == "MESSAGE_CREATE":
                found.append(frame["d"])
    return found


async def test_messages_are_told_only_with_their_intent(sandbox: Sandbox) -> None:
    assert await heard(sandbox, GUILDS) == []


async def test_only_what_mentions_the_bot_comes_with_its_words(sandbox: Sandbox) -> None:
    messages = await heard(sandbox, GUILDS | GUILD_MESSAGES)
    assert [message["content"] for message in messages][:2] == ["", ""]
    assert messages[2]["content"].endswith("out of the blue")


async def test_a_reply_to_the_bot_mentions_it_and_comes_with_its_words(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        post = await bot.get_partial_messageable(sandbox.channel("general").id).send("ask me")
        reply = sandbox.person("ana").say("and then?", reply_to=sandbox.world.messages[post.id])
        assert sandbox.world.application_id in reply.pinged
        fetched = await bot.get_partial_messageable(sandbox.channel("general").id).fetch_message(reply.id)
        assert fetched.content == "and then?"


@pytest.mark.parametrize("is_suppressed", [True, False])
async def test_an_edit_that_says_nothing_of_the_flags_leaves_them(sandbox: Sandbox, is_suppressed: bool) -> None:
    async with running(sandbox) as bot:
        general = bot.get_partial_messageable(sandbox.channel("general").id)
        post = await general.send("https://example.org", suppress_embeds=is_suppressed)
        await general.get_partial_message(post.id).edit(content="https://example.org again")
        assert bool(sandbox.world.messages[post.id].now.flags & 4) is is_suppressed

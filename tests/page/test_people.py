"""What people find in their windows, what they write, and what they never get to see."""

import json

import pytest

from sandbox.discord import Permission
from tests.page.client import Room
from tests.sandbox.bot import picture
from tests.sandbox.wire import register, slash


async def test_a_window_must_say_first_who_it_is(page: Room) -> None:
    window = await page.connect()
    assert await window.refused("open", channel_id="1") == "say first who you are"
    assert "nobody is called 'eve'" in await window.refused("be", person="eve")
    assert "nobody is called 'easel'" in await window.refused("be", person="easel")
    assert window.of("state") == []


@pytest.mark.parametrize(
    "frame",
    ["nonsense", "[]", "{}", '{"seq": 1}', '{"seq": 1, "do": "dance"}', '{"seq": 1, "do": "be"}',
     '{"seq": 1, "do": "open", "channel_id": "x"}', '{"seq": "x", "do": "be", "person": "ana"}',
     '{"seq": 1, "do": "be", "person": "ana", "more": 1}', '{"seq": 1, "do": "speed", "factor": 21}'],
)  # fmt: skip
async def test_a_frame_that_makes_no_sense_is_refused_in_words(page: Room, frame: str) -> None:
    window = await page.window("ana")
    await window.ws.send_str(frame)
    reply = await window.until(lambda one: one["type"] == "reply" and not one["ok"])
    assert reply["error"]
    assert (await window.ask("open", channel_id=window.id_of("general")))["ok"]


async def test_the_state_holds_the_places_and_people_that_the_person_finds(page: Room) -> None:
    ana, mod = await page.window("ana"), await page.window("mod")
    assert ana.state["me"]["sandbox"] == {"person": "ana", "note": "member"}
    assert [one["person"] for one in ana.state["people"]] == ["op", "admin", "mod", "ana", "bo", "newbie"]
    names = [channel["name"] for channel in ana.state["guilds"][0]["channels"]]
    assert names == ["general", "gallery", "after-dark", "poster-jam"]
    assert ana.channel("after-dark")["sandbox"]["is_age_restricted"]
    assert mod.channel("staff")["sandbox"] == {
        "can_write": True,
        "can_use_commands": True,
        "is_staff_only": True,
        "is_age_restricted": False,
    }
    assert ana.channel("poster-jam")["parent_id"] == ana.id_of("general")
    (guild,) = ana.state["guilds"]
    assert [role["name"] for role in guild["roles"] if role["hoist"]] == ["Moderator", "Admin"]
    assert sum(member["user"]["bot"] for member in guild["members"]) == 1
    (direct,) = ana.state["direct"]
    assert direct["recipients"][0]["bot"]
    assert direct["id"] != mod.state["direct"][0]["id"]
    assert ana.state["bot"] == {"state": "dead", "seconds": None, "starts": 0}


async def test_what_a_person_does_not_see_does_not_exist_for_them(page: Room) -> None:
    ana, mod = await page.window("ana"), await page.window("mod")
    staff = mod.id_of("staff")
    said = await mod.do("say", channel_id=staff, content="between us")
    for verb, fields in (
        ("open", {"channel_id": staff}),
        ("say", {"channel_id": staff, "content": "hello"}),
        ("command", {"channel_id": staff, "name": "imagine", "options": {}}),
        ("open", {"channel_id": mod.state["direct"][0]["id"]}),
    ):
        assert await ana.refused(verb, **fields) == "there is no such channel"
    for verb, fields in (
        ("delete", {"message_id": said["message_id"]}),
        ("press", {"message_id": said["message_id"], "custom_id": "x"}),
        ("say", {"channel_id": ana.id_of("general"), "content": "x", "reply_to": said["message_id"]}),
    ):
        assert await ana.refused(verb, **fields) == "there is no such message"
    await mod.message("create", "between us")
    assert "between us" not in json.dumps(await ana.settled())
    assert staff not in json.dumps(ana.frames)


async def test_words_reach_every_window_that_may_see_them(page: Room) -> None:
    ana, bo, second = await page.window("ana"), await page.window("bo"), await page.window("ana")
    said = await ana.do("say", channel_id=ana.id_of("general"), content=f"hello <@{bo.state['me']['id']}>")
    for window, is_pinged in ((ana, False), (second, False), (bo, True)):
        message = await window.message("create", "hello")
        assert message["id"] == said["message_id"]
        assert message["author"]["username"] == "ana"
        assert message["sandbox"]["pings_me"] is is_pinged
        assert message["sandbox"]["can_delete"] is not is_pinged
    await bo.do("open", channel_id=bo.id_of("general"))
    assert [one["id"] for one in bo.of("messages")[-1]["messages"]] == [said["message_id"]]


async def test_a_thread_begins_with_its_message_and_leaves_a_mark_on_it(page: Room) -> None:
    ana, bo = await page.window("ana"), await page.window("bo")
    general = ana.id_of("general")
    said = await ana.do("say", channel_id=general, content="Who draws the poster?")
    made = await bo.do("thread", channel_id=general, name="Posters", message_id=said["message_id"])
    marked = await ana.message("edit", "Who draws the poster?")
    assert (marked["thread"]["id"], marked["thread"]["name"]) == (made["channel_id"], "Posters")
    assert marked["flags"] & 32
    assert marked["edited_timestamp"] is None
    await ana.do("open", channel_id=made["channel_id"])
    opened = ana.of("messages")[-1]
    assert opened["starter"]["content"] == "Who draws the poster?"
    assert opened["messages"] == []
    await ana.do("open", channel_id=general)
    assert ana.of("messages")[-1]["starter"] is None


async def test_files_go_with_words_or_without_any_as_discord_takes_them(page: Room) -> None:
    ana, bo = await page.window("ana"), await page.window("bo")
    general = ana.id_of("general")

    async def upload(data: bytes, name: str) -> str:
        async with await page.upload(data, name) as answer:
            return str((await answer.json())["upload_id"])

    photo = await upload(picture(side=16), "my photo.png")
    await ana.do("say", channel_id=general, content="", upload_ids=[photo])
    (attachment,) = (await bo.message("create", "photo"))["attachments"]
    assert (attachment["filename"], attachment["width"], attachment["content_type"]) == (
        "my_photo.png",
        16,
        "image/png",
    )
    async with page.session.get(page.origin + attachment["url"]) as answer:
        assert await answer.read() == picture(side=16)
    text = await upload(b"x", "a.txt")
    await ana.do("say", channel_id=general, content="two", upload_ids=[photo, text])
    large = await upload(b"x" * 2_000, "large.bin")
    page.sandbox.guild.upload_limit = 1_000
    for ids, words in (
        ([large], "large.bin is larger than 1000 bytes"),
        ([text] * 11, "at most 10 files"),
        (["gone"], "choose it again"),
        ([], "1 to 2000 characters"),
    ):
        assert words in await ana.refused("say", channel_id=general, content="", upload_ids=ids)
    page.sandbox.world.deny(page.sandbox.channel("general"), page.sandbox.guild.id, Permission.ATTACH_FILES)
    refused = await ana.refused("say", channel_id=general, content="", upload_ids=[text])
    assert refused == "ana may not attach files in #general"


async def test_earlier_messages_of_a_channel_are_given_to_whoever_sees_it(page: Room) -> None:
    mod = page.sandbox.person("mod")
    said = [str(mod.say(f"words {number}", channel="staff").id) for number in range(230)]
    window, ana = await page.window("mod"), await page.window("ana")
    staff = window.id_of("staff")
    await window.do("open", channel_id=staff)
    newest = window.of("messages")[-1]
    assert [one["id"] for one in newest["messages"]] == said[-100:]
    assert newest["is_whole"] is False
    for before, found, is_whole in ((said[130], said[30:130], False), (said[30], said[:30], True), (said[0], [], True)):
        older = await window.do("older", channel_id=staff, before=before)
        assert [one["id"] for one in older["messages"]] == found
        assert older["is_whole"] is is_whole
    assert await ana.refused("older", channel_id=staff, before=said[130]) == "there is no such channel"


async def test_a_reply_shows_what_it_answers_and_pings_whoever_said_it(page: Room) -> None:
    ana, bo = await page.window("ana"), await page.window("bo")
    channel = ana.id_of("general")
    first = await ana.do("say", channel_id=channel, content="question")
    await bo.do("say", channel_id=channel, content="reply", reply_to=first["message_id"])
    shown = await ana.message("create", '"reply"')
    assert shown["type"] == 19
    assert shown["referenced_message"]["content"] == "question"
    assert shown["sandbox"]["pings_me"]
    await ana.do("delete", message_id=first["message_id"])
    await ana.do("open", channel_id=channel)
    assert ana.of("messages")[-1]["messages"][0]["referenced_message"] is None
    assert "cannot be replied to" in await ana.refused(
        "say", channel_id=ana.id_of("gallery"), content="x", reply_to=shown["id"]
    )


async def test_only_its_author_and_moderators_delete_a_message(page: Room) -> None:
    ana, bo, mod = await page.window("ana"), await page.window("bo"), await page.window("mod")
    channel = ana.id_of("general")
    first = (await ana.do("say", channel_id=channel, content="one"))["message_id"]
    second = (await ana.do("say", channel_id=channel, content="two"))["message_id"]
    assert await bo.refused("delete", message_id=first) == "bo may not delete that message"
    await ana.do("delete", message_id=first)
    await mod.do("delete", message_id=second)
    for message_id in (first, second):
        assert (await bo.message("delete", message_id)) == {"id": message_id}


@pytest.mark.parametrize("content", ["", "   ", "x" * 2_001])
async def test_a_message_has_words_and_not_too_many(page: Room, content: str) -> None:
    ana = await page.window("ana")
    assert "1 to 2000 characters" in await ana.refused("say", channel_id=ana.id_of("general"), content=content)


async def test_threads_appear_when_made(page: Room) -> None:
    ana, bo = await page.window("ana"), await page.window("bo")
    general = ana.id_of("general")
    said = (await ana.do("say", channel_id=general, content="posters?"))["message_id"]
    made = await ana.do("thread", channel_id=general, name="Posters", message_id=said)
    await bo.until(lambda frame: frame["type"] == "state" and made["channel_id"] in json.dumps(frame))
    assert bo.channel("Posters")["parent_id"] == general
    assert made["channel_id"] == said
    await bo.do("say", channel_id=made["channel_id"], content="mine")
    assert (await ana.message("create", "mine"))["channel_id"] == said
    assert "already" in await ana.refused("thread", channel_id=general, name="Again", message_id=said)
    assert "1 to 100" in await ana.refused("thread", channel_id=general, name=" ")
    assert "cannot be opened" in await ana.refused("thread", channel_id=said, name="Inside")


async def test_commands_are_offered_where_and_to_whom_they_are_for(page: Room) -> None:
    ana, mod = await page.window("ana"), await page.window("mod")
    await register(
        page.sandbox,
        slash("draw"),
        slash("review", default_member_permissions=8192),
        slash("dark", nsfw=True),
        slash("here", contexts=[0]),
        {"name": "Report", "type": 3},
    )
    for window in (ana, mod):
        await window.until(lambda frame: frame["type"] == "state" and "draw" in json.dumps(frame["commands"]))
    offered = ana.state["commands"]
    assert [one["name"] for one in offered[ana.id_of("general")]] == ["draw", "here", "Report"]
    assert [one["name"] for one in offered[ana.id_of("after-dark")]] == ["draw", "dark", "here", "Report"]
    assert "here" not in [one["name"] for one in offered[ana.state["direct"][0]["id"]]]
    assert "review" in [one["name"] for one in mod.state["commands"][mod.id_of("general")]]
    assert "does not see /review" in await ana.refused("command", channel_id=ana.id_of("general"), name="review")


async def test_a_right_that_is_taken_is_seen_at_once(page: Room) -> None:
    ana = await page.window("ana")
    gallery = page.sandbox.channel("gallery")
    page.sandbox.world.deny(gallery, page.sandbox.guild.id, 1 << 10)
    await ana.until(lambda frame: frame["type"] == "state" and '"gallery"' not in json.dumps(frame))
    assert await ana.refused("open", channel_id=str(gallery.id)) == "there is no such channel"


async def test_a_window_may_become_somebody_else(page: Room) -> None:
    window = await page.window("ana")
    await window.do("be", person="mod")
    await window.until(lambda frame: frame["type"] == "state" and frame["me"]["username"] == "mod")
    await window.do("open", channel_id=window.id_of("staff"))


async def test_a_reload_finds_what_was_there(page: Room) -> None:
    ana = await page.window("ana")
    for number in range(105):
        page.sandbox.person("bo").say(f"number {number}")
    await ana.ws.close()
    again = await page.window("ana")
    await again.do("open", channel_id=again.id_of("general"))
    said = [message["content"] for message in again.of("messages")[-1]["messages"]]
    assert said == [f"number {number}" for number in range(5, 105)]

"""The menu of a message with pictures: of a member, of ours, in a gallery or an embed, one or several."""

from pathlib import Path

import pytest

from bot.services import store
from sandbox.discord import Message
from sandbox.discord.model import Version
from sandbox.gateways import EVERY
from tests.e2e.handing import RICH, Gatekeeper, drawing, edit, post_as
from tests.e2e.pressing import ENOUGH, bot_on, result, said, stage
from tests.e2e.scene import Scene, scene

EDIT, UPSCALE = "Edit this picture…", "Upscale"


def said_by_another_bot(play: Scene, data: bytes, *, shape: str) -> Message:
    """A message whose picture stands in a gallery, a thumbnail or an embed, beside nothing that is uploaded."""
    world = play.rig.sandbox.world
    upload = post_as(play, play.bo, data)
    url = play.rig.sandbox.api_url.removesuffix("/api/v10") + world.link(upload.attachments[0])
    gallery = {"type": 12, "id": 2, "items": [{"media": {"url": url}, "description": "a *boat*"}]}
    thumbnail = {"type": 11, "id": 3, "media": {"url": url}}
    words = {"type": 10, "id": 4, "content": "look"}
    section = {"type": 9, "id": 5, "components": [words], "accessory": thumbnail}
    parts = {"gallery": gallery, "thumbnail": section}
    shown = Version(at=world.clock.now(), embeds=({"type": "image", "thumbnail": {"url": url, "proxy_url": url}},))
    if shape in parts:
        container = {"type": 17, "id": 1, "components": [words, parts[shape]]}
        shown = Version(at=world.clock.now(), components=(container,), flags=1 << 15)
    message = Message(id=world.snowflakes.new(), channel_id=upload.channel_id, author_id=play.bo.id, versions=[shown])
    return world.post(message)


async def test_a_members_picture_is_changed_from_its_menu(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        gate, data = Gatekeeper(play), drawing()
        menu = await play.ana.message_command(EDIT, post_as(play, play.bo, data))
        form = await menu.opened()
        assert len(form["title"]) <= 45
        post = await play.posted(await play.ana.submit_modal(menu, {"prompt": "add a whale"}))
        assert "add a whale" in post.plain_text()
        (order,) = gate.orders("xai")
        assert await gate.pictures("xai", order) == [data]
        (job,) = await play.ends_well()
        assert (job.kind, job.member_id) == ("edit", play.ana.id)


async def test_a_members_picture_is_enlarged_from_its_menu(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        gate, data = Gatekeeper(play), drawing()
        post = await play.posted(await play.ana.message_command(UPSCALE, post_as(play, play.bo, data)))
        assert "holiday.png" in post.plain_text()
        (order,) = gate.orders("apiframe")
        assert await gate.pictures("apiframe", order) == [data]
        await play.ends_well()


@pytest.mark.parametrize("shape", ["gallery", "thumbnail", "embed"])
async def test_a_picture_is_found_wherever_a_message_shows_it(tmp_path: Path, shape: str) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        gate, data = Gatekeeper(play), drawing()
        await play.posted(await play.ana.message_command(UPSCALE, said_by_another_bot(play, data, shape=shape)))
        (order,) = gate.orders("apiframe")
        assert await gate.pictures("apiframe", order) == [data]
        await play.ends_well()


async def test_our_own_result_goes_on_from_the_kept_picture(tmp_path: Path) -> None:
    """The new job knows its parent, and another member may go on with what is public."""
    async with scene(tmp_path, names=EVERY, settings=RICH) as play:
        post = await play.posted(await edit(play, drawing()))
        gate = Gatekeeper(play)
        menu = await play.bo.message_command(EDIT, post)
        await menu.opened()
        await play.posted(await play.bo.submit_modal(menu, {"prompt": "snow"}))
        await play.posted(await play.bo.message_command(UPSCALE, post))
        parent, *children = await play.ends_well()
        assert {job.parent_id for job in children} == {parent.id}
        (order,) = gate.orders("apiframe")
        assert await gate.pictures("apiframe", order) == [post.pictures()[0].data]


async def test_a_result_that_is_no_longer_kept_is_taken_from_its_message(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY, settings=RICH) as play:
        post = await play.posted(await edit(play, drawing()))
        for path in (play.rig.stage.data_dir / "pictures").rglob("*.jpg"):
            path.unlink()
        await play.posted(await play.bo.message_command(UPSCALE, post))
        parent, child = await play.ends_well()
        assert child.parent_id == parent.id


async def test_a_message_without_a_picture_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        message = play.bo.say("no picture here")
        for menu in (EDIT, UPSCALE):
            assert "shows no picture" in await play.refused(await play.ana.message_command(menu, message))
        assert await play.ends_well() == ()


async def test_a_file_that_only_calls_itself_a_picture_is_refused_after_the_form(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        menu = await play.ana.message_command(EDIT, post_as(play, play.bo, b"MZ" + bytes(99)))
        await menu.opened()
        text = await play.refused(await play.ana.submit_modal(menu, {"prompt": "x"}))
        assert "no PNG, JPEG or WebP" in text
        assert await play.ends_well() == ()


async def test_a_form_that_is_sent_while_the_bot_stops_is_answered(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        menu = await play.ana.message_command(EDIT, post_as(play, play.bo, drawing()))
        await menu.opened()
        play.house.services.desk.is_open = False
        assert "restarting" in await play.refused(await play.ana.submit_modal(menu, {"prompt": "x"}))
        play.house.services.desk.is_open = True
        assert await play.ends_well() == ()


async def test_a_form_that_was_opened_before_a_restart_is_sent_off_after_it(tmp_path: Path) -> None:
    """Of a result the bot keeps the picture; of other people's messages Discord tells it nothing more."""
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            ours, theirs = await result(play), post_as(play, play.bo, drawing())
            forms = [await play.ana.message_command(EDIT, message) for message in (ours, theirs)]
            for form in forms:
                await form.opened()
        async with bot_on(built) as play:
            post = await play.posted(await play.ana.submit_modal(forms[0], {"prompt": "add a whale"}))
            assert "add a whale" in post.plain_text()
            text = await play.refused(await play.ana.submit_modal(forms[1], {"prompt": "add a whale"}))
            assert "choose its menu once more" in text
            await play.ends_well()


async def test_a_form_that_stood_open_for_hours_is_answered(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        menu = await play.ana.message_command(EDIT, post_as(play, play.bo, drawing()))
        await menu.opened()
        await play.later(minutes=5 * 60)
        await play.posted(await play.ana.submit_modal(menu, {"prompt": "add a whale"}))
        await play.ends_well()


async def test_of_several_pictures_of_a_result_the_member_says_which(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play, model="xai/grok-imagine", count=3)
        (job,) = await play.jobs()
        kept = await play.house.database.read(lambda reader: store.pictures_of(reader, job.id))
        menu = await play.bo.message_command(EDIT, post)
        await menu.opened()
        await play.posted(await play.bo.submit_modal(menu, {"prompt": "snow", "picture": "2"}))
        menu = await play.bo.message_command(UPSCALE, post)
        await menu.opened()
        await play.posted(await play.bo.submit_modal(menu, {"picture": "3"}))
        _, *made = await play.ends_well()
        used = await play.house.database.read(lambda reader: [store.sources_of(reader, one.id) for one in made])
        assert [sources[0].asset_id for sources in used] == [kept[1], kept[2]]
        assert {one.parent_id for one in made} == {job.id}


async def test_of_several_uploaded_pictures_the_member_says_which(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        gate, data = Gatekeeper(play), drawing(size=(64, 96))
        message = post_as(play, play.bo, drawing(), data)
        menu = await play.ana.message_command(UPSCALE, message)
        await menu.opened()
        await play.posted(await play.ana.submit_modal(menu, {"picture": "2"}))
        (order,) = gate.orders("apiframe")
        assert await gate.pictures("apiframe", order) == [data]
        await play.ends_well()


async def test_a_form_whose_fields_are_not_known_is_answered(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        menu = await play.ana.message_command(EDIT, post_as(play, play.bo, drawing()))
        form = await menu.opened()
        form["components"][0]["component"]["custom_id"] = "words"
        text = await said(await play.ana.submit_modal(menu, {"words": "x"}))
        assert "I do not know this form any more" in text
        assert await play.ends_well() == ()

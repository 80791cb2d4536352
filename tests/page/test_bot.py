"""The whole way: a person at the page, the bot, the gateways, and back; and the bot killed from the panel."""

import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.gateways import EVERY, Outcome, outcome
from sandbox.gateways.server import FIRST_TWO
from sandbox.stage import stage
from tests.e2e.rig import PICTURE_SIDE, SCALE, Rig, rig
from tests.page.client import Body, Room, Window, serve
from tests.sandbox.bot import picture


@asynccontextmanager
async def _house(folder: Path, names: Collection[str] = FIRST_TWO) -> AsyncIterator[tuple[Rig, Room, Window, Window]]:
    """A bot in this process, and Ana and Bo at their windows; the books agree in the end."""
    async with rig(folder, names=names) as built, serve(built.stage) as page, built.bot() as house:
        ana, bo = await page.window("ana"), await page.window("bo")
        await ana.until(lambda frame: frame["type"] == "state" and "imagine" in json.dumps(frame["commands"]))
        yield built, page, ana, bo
        await built.settle(house)
        await built.assert_sound(house)


async def _imagine(window: Window, **options: object) -> str:
    channel = window.id_of("general")
    await window.do("command", channel_id=channel, name="imagine", options={"prompt": "a lighthouse", **options})
    return channel


async def test_a_member_draws_and_another_sees_the_picture_and_never_the_card(tmp_path: Path) -> None:
    async with _house(tmp_path) as (_, page, ana, bo):
        channel = ana.id_of("general")
        suggested = await ana.do(
            "autocomplete", channel_id=channel, name="imagine", option="model", typed="quality", options={}
        )
        model = suggested["choices"][0]["value"]
        assert "quality" in model
        await _imagine(ana, model=model)
        card = await ana.message("edit", "Making your picture")
        assert card["sandbox"]["is_ephemeral"]
        posted = await bo.message("create", "a lighthouse")
        (picture,) = posted["attachments"]
        async with page.session.get(page.origin + picture["url"]) as answer:
            assert answer.status == 200
            assert answer.content_type == picture["content_type"]
        await ana.message("edit", "Posted")
        await bo.settled()
        assert {frame["message"]["id"] for frame in bo.of("message")} == {posted["id"]}
        assert card["id"] not in json.dumps(bo.frames)
        assert ana.state["bot"]["state"] == "running"


async def test_a_member_edits_a_photo_of_their_own_from_its_menu(tmp_path: Path) -> None:
    async with _house(tmp_path, EVERY) as (_, page, ana, bo):
        general = ana.id_of("general")
        async with await page.upload(picture(side=64), "photo.png") as answer:
            photo = (await answer.json())["upload_id"]
        said = await ana.do("say", channel_id=general, content="my photo", upload_ids=[photo])
        used = await ana.do(
            "message_command", channel_id=general, name="Edit this picture…", message_id=said["message_id"]
        )
        form = (await ana.interaction(used["interaction_id"], "modal"))["modal"]
        field = next(part["component"] for part in form["components"] if "component" in part)
        await ana.do(
            "submit_modal", interaction_id=used["interaction_id"], values={field["custom_id"]: "make it a sunset"}
        )
        posted = await bo.message("create", "make it a sunset")
        assert len(posted["attachments"]) == 1
        await ana.message("edit", "Posted")


async def test_a_member_cancels_by_the_button(tmp_path: Path) -> None:
    async with _house(tmp_path) as (built, _, ana, bo):
        built.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        await _imagine(ana, model="pixazo/grok-imagine-quality")
        card = await ana.message("edit", "drawing")
        assert await bo.refused("press", message_id=card["id"], custom_id=_button(card, "Cancel")) == (
            "there is no such message"
        )
        await ana.do("press", message_id=card["id"], custom_id=_button(card, "Cancel"))
        await ana.message("edit", "Cancelling")
        await ana.do("finish_drawings")
        await ana.message("edit", "You had cancelled")
        assert bo.of("message") == []


def _button(message: Body, label: str) -> str:
    """The custom_id of the button with that label."""
    found = [
        part["custom_id"]
        for box in message["components"]
        for row in box.get("components", [])
        for part in row.get("components", [])
        if part.get("label") == label
    ]
    return str(found[0])


async def test_a_bot_killed_while_drawing_comes_back_and_the_picture_still_arrives(tmp_path: Path) -> None:
    async with stage(tmp_path, scale=SCALE, picture_side=PICTURE_SIDE) as built, serve(built) as page:
        ana, bo = await page.window("ana"), await page.window("bo")
        assert "the bot is dead" in await ana.refused("bot", action="stop")
        await ana.do("bot", action="kill")
        await ana.do("bot", action="start")
        await bo.until(lambda frame: frame["type"] == "state" and frame["bot"]["state"] == "starting")
        await bo.until(lambda frame: frame["type"] == "state" and frame["bot"]["state"] == "running")
        assert "the bot is running" in await ana.refused("bot", action="start")
        await ana.do("fault_gateway", gateway="pixazo", kind="never_ends")
        await _imagine(ana, model="pixazo/grok-imagine-quality")
        await ana.message("edit", "drawing")

        await ana.do("bot", action="kill")
        await bo.until(lambda frame: frame["type"] == "state" and frame["bot"]["state"] == "dead")
        assert bo.of("message") == []
        await ana.do("finish_drawings")
        await ana.do("bot", action="restart")
        posted = await bo.message("create", "a lighthouse")
        assert len(posted["attachments"]) == 1
        await ana.message("edit", "Posted")
        await bo.settled()
        assert bo.state["bot"]["starts"] == 2
        assert bo.state["bot"]["seconds"] > 0

        await ana.do("bot", action="stop")
        await bo.until(
            lambda frame: frame["type"] == "state" and frame["bot"]["state"] == "dead" and frame["bot"]["starts"] == 2
        )
        assert built.sandbox.violations == []
        assert built.sandbox.check_answers() == []


async def test_a_bot_that_ends_at_once_is_said_to(tmp_path: Path) -> None:
    async with stage(tmp_path, extra={"EASEL_WEB_PORT": "none"}) as built, serve(built) as page:
        ana = await page.window("ana")
        refused = await ana.refused("bot", action="start")
        assert "did not become ready" in refused
        assert "bot-1.log" in refused
        assert ana.state["bot"]["state"] == "dead"

"""`/privacy`: what is kept is told, handed out and deleted, over restarts, and nobody reaches anybody else's."""

import asyncio
import json
from pathlib import Path
from typing import Any

from bot.core.ids import GuildId, MemberId
from bot.db import Reader
from bot.services.privacy import store
from bot.services.privacy.model import Whose, Wish
from bot.ui.privacy_ids import PrivacyVerb, privacy_id
from sandbox.discord import Message, Person, Refuse
from sandbox.gateways import EVERY
from tests.e2e import talking
from tests.e2e.pressing import ENOUGH, bot_on, result, said, stage
from tests.e2e.rig import spent
from tests.e2e.scene import LOCUS, WAIT_S, Scene, scene
from tests.e2e.staffing import card as staff_card
from tests.e2e.staffing import limit, set_soft

SECRET = "zanzibar"


async def card(play: Scene, who: Person) -> Message:
    found = await (await who.command("privacy")).answered(WAIT_S)
    assert found.only_for == who.id
    return found


async def data(play: Scene, who: Person) -> dict[str, Any]:
    answer = await (await who.press(await card(play, who), "My data")).answered(WAIT_S)
    assert answer.only_for == who.id
    (file,) = answer.attachments
    assert file.filename == "easel-data.json"
    found: dict[str, Any] = json.loads(file.data or b"")
    return found


async def wants(play: Scene, who: Person, label: str = "Delete for good") -> str:
    asked = await (await who.press(await card(play, who), "Delete my texts and pictures…")).answered(WAIT_S)
    assert "Nobody can bring them back" in asked.plain_text()
    return await said(await who.press(asked, label))


async def wish(play: Scene, who: Person) -> Wish | None:
    guild = GuildId(play.rig.sandbox.channel("general").guild_id or 0)
    whose = Whose(guild_id=guild, member_id=MemberId(who.id))
    return await play.house.database.read(lambda reader: store.last_wish(reader, whose))


async def until_done(play: Scene, who: Person) -> Wish:
    async with asyncio.timeout(WAIT_S):
        while (found := await wish(play, who)) is None or found.finished_at is None:
            await asyncio.sleep(0.01)
    return found


async def places(play: Scene, text: str) -> list[str]:
    """Every column of the database in which the text stands."""

    def look(reader: Reader) -> list[str]:
        found = []
        for table in reader.all("SELECT name FROM sqlite_master WHERE type = 'table'"):
            for row in reader.all(f"SELECT * FROM {table['name']}"):  # noqa: S608 - the schema's own names
                found += [f"{table['name']}.{name}" for name in row.keys() if text in str(row[name])]  # noqa: SIM118
        return found

    return await play.house.database.read(look)


async def test_ones_own_data_comes_as_a_file_and_holds_nothing_of_others(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play, f"a lighthouse of {SECRET}", model=LOCUS)
        await play.posted(await play.ask("something of Bo", by=play.bo, model=LOCUS))
        await talking.answered(play, await talking.ask(play, f"Where is {SECRET}?"))
        found = await data(play, play.ana)
        drawn, asked = found["requests"]
        assert drawn["prompt"] == f"a lighthouse of {SECRET}"
        assert drawn["cost_usd"].startswith("0.02")
        assert f"/{post.id}" in drawn["posted"]
        assert len(drawn["pictures_brought"]) == 1
        assert asked["question"] == f"Where is {SECRET}?"
        assert asked["answer"]
        assert {one["command"] for one in found["interactions"]} == {"imagine", "ask", "privacy"}
        assert "something of Bo" not in json.dumps(found)
        assert "token" not in json.dumps(found)
        assert (await data(play, play.rig.sandbox.person("newbie")))["requests"] == []
        await play.ends_well()


async def test_after_a_deletion_no_column_holds_a_word_of_the_member_and_the_books_agree(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        form = await play.ana.command("style add")
        await form.opened()
        await said(await play.ana.submit_modal(form, {"name": f"{SECRET} oil", "text": f"in {SECRET}"}))
        post = await result(play, f"a lighthouse of {SECRET}", model=LOCUS, style=f"{SECRET} oil")
        await talking.answered(play, await talking.ask(play, f"Where is {SECRET}?"))
        bos = await play.posted(await play.ask("something of Bo", by=play.bo, model=LOCUS))
        form = await play.ana.press(bos, "Report")
        await form.opened()
        await said(await play.ana.submit_modal(form, {"reason": "other", "text": f"no {SECRET}"}))
        paid = await spent(play.house)
        assert await places(play, SECRET)

        assert "It has begun" in await wants(play, play.ana)
        assert (await until_done(play, play.ana)).jobs == 2
        assert await places(play, SECRET) == []
        assert await places(play, "something of Bo")
        assert await spent(play.house) == paid
        assert not post.is_deleted
        await play.refused(await play.bo.press(post, "Again"))
        assert "done, 2 requests emptied" in (await card(play, play.ana)).plain_text()
        await play.later(minutes=120)
        assert (await play.house.retention.sweep()).pictures == 1
        await play.ends_well()


async def test_posts_go_too_if_wanted_and_those_that_discord_cannot_delete_now_after_a_restart(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            post = await result(play, f"a lighthouse of {SECRET}", model=LOCUS)
            answers = await talking.answered(play, await talking.ask(play, f"Where is {SECRET}?"))
            play.rig.sandbox.faults.until_off("DELETE", "*/messages/*", Refuse(503, 0, "away"))
            await wants(play, play.ana, "Delete with my posts")
            async with asyncio.timeout(WAIT_S):
                while await places(play, SECRET):
                    await asyncio.sleep(0.01)
            assert [one.is_deleted for one in (post, *answers)] == [False] * (1 + len(answers))
        built.sandbox.faults.clear()
        async with bot_on(built) as play:
            await until_done(play, play.ana)
            assert all(one.is_deleted for one in (post, *answers))
            await play.ends_well()


async def test_a_running_request_is_left_until_it_ends_and_deleted_then_also_after_a_restart(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            await play.drawing(f"a lighthouse of {SECRET}")
            assert "1 request still runs" in await wants(play, play.ana)
            assert await places(play, SECRET)
        async with bot_on(built) as play:
            found = await wish(play, play.ana)
            assert found is not None
            assert found.finished_at is None
            await play.later(minutes=60)
            await play.rig.settle(play.house)
            await play.later(minutes=60 * 30)
            await play.until(lambda found: all(job.has_ended for job in found))
            await play.house.services.privacy.erasing.round()
            await until_done(play, play.ana)
            assert await places(play, SECRET) == []
            await play.ends_well()


async def test_a_press_on_anothers_card_reaches_only_the_pressers_own_data(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        await result(play, f"a lighthouse of {SECRET}", model=LOCUS)
        asked = await (await play.ana.press(await card(play, play.ana), "Delete my texts and pictures…")).answered(
            WAIT_S
        )
        assert "It has begun" in await said(await play.bo.press_anyway(asked, privacy_id(PrivacyVerb.ERASE_POSTS)))
        assert (await until_done(play, play.bo)).jobs == 0
        assert await wish(play, play.ana) is None
        assert await places(play, SECRET)
        await play.ends_well()


async def test_what_waits_for_a_moderator_is_handed_out_and_taken_back(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        await set_soft(play)
        await limit(play, "0.001")
        use = await play.ask(SECRET, model=LOCUS)
        await play.says(use, "Waits for a moderator")
        waiting = await staff_card(play, SECRET)
        (found,) = (await data(play, play.ana))["waiting"]
        assert found["words"] == SECRET
        await wants(play, play.ana)
        await until_done(play, play.ana)
        await play.says(use, "Cancelled")
        await play.rig.sandbox.world.until(lambda: SECRET not in waiting.plain_text(), WAIT_S)
        assert await places(play, SECRET) == []

"""`/history`: one's own results with small pictures, pages that stay put, and every action from each of them."""

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.core.clock import DAY_MS, SECOND_MS
from bot.core.ids import JobId
from bot.ui import custom_ids
from bot.ui.custom_ids import HistoryVerb
from sandbox.discord import LoseAnswer, Message, Person, Refuse, Use
from sandbox.gateways import EVERY
from tests.e2e.pressing import APIINONE, ENOUGH, bot_on, delete, labels, press_every, result, said, stage
from tests.e2e.scene import LOCUS, WAIT_S, Scene, scene

DAYS = 24 * 60.0


async def history(by: Person) -> Use:
    use = await by.command("history")
    card = await use.answered(WAIT_S)
    assert card.only_for == by.id
    return use


async def turned(who: Person, use: Use, label: str) -> Message:
    """The page after the press of Back or Next."""
    before = len(use.response.history)
    await who.press(use.response, label)
    return await use.wait_until(lambda message: len(message.history) > before, WAIT_S)


async def drawn(play: Scene, *prompts: str) -> None:
    for prompt in prompts:
        await result(play, prompt, model=LOCUS)


def told(card: Message, *prompts: str) -> list[str]:
    """Those of the prompts that the page shows, in its order."""
    text = card.plain_text()
    return sorted((one for one in prompts if f"**{one}**" in text), key=lambda one: text.index(f"**{one}**"))


async def test_each_member_finds_their_own_results_with_a_small_picture_the_price_and_the_post(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, picture_side=600) as play:
        post = await result(play, "a lighthouse", model=LOCUS)
        await result(play, "two foxes", model=LOCUS, count=2)
        await play.posted(await play.ask("of Bo", by=play.bo, model=LOCUS))

        card = (await history(play.ana)).response
        text = card.plain_text()
        assert told(card, "a lighthouse", "two foxes", "of Bo") == ["two foxes", "a lighthouse"]
        assert "2 pictures" in text
        assert "$0.023" in text
        assert "via Locus" in text
        assert f"/{post.id}" in text
        small = card.pictures()
        assert [one.description for one in small] == ["two foxes", "a lighthouse"]
        assert all(max(Image.open(io.BytesIO(one.data or b"")).size) == 256 for one in small)

        text = (await history(play.rig.sandbox.person("newbie"))).response.plain_text()
        assert "no results here yet" in text
        await play.ends_well()


async def test_pages_stay_put_while_new_results_come_and_after_a_restart(tmp_path: Path) -> None:
    names = [f"picture {number}" for number in range(1, 13)]
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            await drawn(play, *names[:11])
            use = await history(play.ana)
            assert told(use.response, *names) == names[10:5:-1]
            assert "Back" not in labels(use.response)
            await drawn(play, names[11])
            assert told(await turned(play.ana, use, "Next"), *names) == names[5:0:-1]
            await play.ends_well()
        async with bot_on(built) as play:
            assert told(await turned(play.ana, use, "Next"), *names) == names[:1]
            assert len(use.response.pictures()) == len(use.response.attachments) == 1
            assert "Next" not in labels(use.response)
            await play.later(minutes=16)
            assert told(await turned(play.ana, use, "Back"), *names) == names[5:0:-1]
            assert told(await turned(play.ana, use, "Back"), *names) == names[10:5:-1]
            assert told(await turned(play.ana, use, "Back"), *names) == names[:6:-1]
            assert "Back" not in labels(use.response)
            await play.ends_well()


async def test_from_an_opened_result_every_action_works(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play, "a lighthouse", model=APIINONE)
        page = (await history(play.ana)).response
        opened = await (await play.ana.press(page, "Open 1")).answered(WAIT_S)
        assert opened.only_for == play.ana.id
        assert [one.data for one in opened.pictures()] == [one.data for one in post.pictures()]
        assert labels(opened) == labels(post)
        await press_every(play, opened, play.ana)
        await play.later(seconds=10)
        again = await play.posted(await play.ana.press(page, "Again 1"))
        assert "a lighthouse" in again.plain_text()

        assert "Deleted" in await delete(play.ana, opened)
        assert post.is_deleted
        text = (await history(play.ana)).response.plain_text()
        assert f"/{post.id}" not in text
        assert "was deleted" in await said(await play.ana.press(page, "Open 1"))
        await play.ends_well()


async def test_a_result_that_discord_finds_too_large_is_opened_without_its_pictures(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        await result(play, "a lighthouse", model=LOCUS)
        page = (await history(play.ana)).response
        play.rig.sandbox.faults.next("PATCH", "*/messages/@original", Refuse(413, 40005, "Request entity too large"))
        opened = await (await play.ana.press(page, "Open 1")).answered(WAIT_S)
        assert "cannot be shown here" in opened.plain_text()
        assert opened.pictures() == []
        assert "Details" in labels(opened)
        await play.ends_well()


async def test_a_picture_that_was_cleaned_up_is_told_with_its_day_and_the_record_stays(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY, EASEL_PICTURE_DAYS="30") as play:
        await result(play, "an old lighthouse", model=APIINONE)
        await play.later(minutes=29 * DAYS)
        assert (await play.house.retention.sweep()).pictures == 0
        await play.later(minutes=2 * DAYS)
        assert (await play.house.retention.sweep()).pictures == 1
        day = play.rig.sandbox.clock.now() // SECOND_MS

        card = (await history(play.ana)).response
        assert told(card, "an old lighthouse") == ["an old lighthouse"]
        assert card.pictures() == []
        (stamp,) = [word for word in card.plain_text().split() if word.endswith(":D>.")]
        assert 0 <= day - int(stamp.split(":")[1]) < DAY_MS // SECOND_MS
        assert "This record stays" in card.plain_text()

        opened = await (await play.ana.press(card, "Open 1")).answered(WAIT_S)
        assert "cleaned up on" in opened.plain_text()
        assert "an old lighthouse" in opened.plain_text()
        assert labels(opened) == ["Again", "Upscale", "Details", "Report", "Delete"]
        assert "cleaned up" in await said(await play.ana.press(opened, "Details"))
        larger = await play.posted(await play.ana.press(opened, "Upscale"))  # the gateway keeps what it drew
        assert "via API in One" in larger.plain_text()
        again = await play.posted(await play.ana.press(opened, "Again"))
        assert "an old lighthouse" in again.plain_text()
        # The very same bytes were drawn again, and bring back what was cleaned up; the larger one is the third.
        assert len((await history(play.ana)).response.pictures()) == 3
        await play.ends_well()


async def test_nobody_opens_or_turns_to_what_is_anothers(tmp_path: Path) -> None:
    """Custom ids can be made up; what they name is judged by the member's own rows."""
    async with scene(tmp_path, ENOUGH) as play:
        await result(play, "of Ana", model=LOCUS)
        (job,) = await play.jobs()
        await play.posted(await play.ask("of Bo", by=play.bo, model=LOCUS))
        page = (await history(play.bo)).response
        older = await play.bo.press_anyway(page, custom_ids.of_history(HistoryVerb.OLDER, job.id))
        assert await older.acknowledged()
        unknown = custom_ids.of_history(HistoryVerb.OPEN, JobId("a" * 24))
        assert "do not know this result" in await said(await play.bo.press_anyway(page, unknown))
        await play.ends_well()
        assert told(page, "of Ana", "of Bo") == ["of Bo"]


@pytest.mark.parametrize("route", ["*/callback", "*/messages/@original"])
async def test_a_lost_answer_leaves_nobody_on_thinking(tmp_path: Path, route: str) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        await result(play, "a lighthouse", model=LOCUS)
        play.rig.sandbox.faults.next("POST" if "callback" in route else "PATCH", route, LoseAnswer())
        assert told((await history(play.ana)).response, "a lighthouse") == ["a lighthouse"]
        await play.ends_well()


async def test_words_that_are_over_their_time_are_blanked_and_what_they_cost_stays(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, EASEL_RECORD_DAYS="60", EASEL_PICTURE_DAYS="0") as play:
        form = await play.ana.command("style add")
        await form.opened()
        assert "Style kept" in await said(await play.ana.submit_modal(form, {"name": "Oil", "text": "in oil"}))
        await result(play, "a secret lighthouse", model=LOCUS, style="Oil")
        await play.later(minutes=61 * DAYS)
        swept = await play.house.retention.sweep()
        assert (swept.pictures, swept.words) == (0, 1)

        card = (await history(play.ana)).response
        assert "words of this request were cleaned up" in card.plain_text()
        assert "$0.023" in card.plain_text()
        assert len(card.pictures()) == 1
        (job,) = await play.jobs()
        assert "secret" not in job.payload
        opened = await (await play.ana.press(card, "Open 1")).answered(WAIT_S)
        await play.refused(await play.ana.press(opened, "Again"))
        assert len(await play.ends_well()) == 1

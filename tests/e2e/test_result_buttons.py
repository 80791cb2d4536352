"""What a result can do next: every button, in every situation in which somebody presses it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bot.db import Transaction
from bot.jobs.model import Job, State
from bot.services import store
from bot.services.payload import without_words
from bot.services.sources import SourceRef
from bot.ui.custom_ids import ResultVerb
from sandbox.discord import Message, Permission, Person, Use
from sandbox.gateways import EVERY
from tests.e2e.pressing import (
    APIINONE,
    ENOUGH,
    LABELS,
    PAID,
    bot_on,
    custom_id,
    delete,
    labels,
    new_jobs,
    press_every,
    result,
    said,
    stage,
)
from tests.e2e.rig import spent
from tests.e2e.scene import NOT_CHARGED, Scene, scene

GONE = "I do not keep this picture any more"
EDIT = ResultVerb.EDIT


async def send_edit(who: Person, post: Message, prompt: str = "make it night") -> Use:
    opened = await who.press(post, "Edit…")
    await opened.opened()
    return await who.submit_modal(opened, {"prompt": prompt})


async def act(who: Person, post: Message, verb: ResultVerb) -> Use:
    """The press that may cost money; of Edit… that is its form."""
    return await send_edit(who, post) if verb is EDIT else await who.press(post, LABELS[verb])


async def sources_of(play: Scene, job: Job) -> Sequence[SourceRef]:
    return await play.house.database.read(lambda reader: store.sources_of(reader, job.id))


async def clean_up(play: Scene, *, with_rows: bool = True) -> None:
    """Every picture's file is gone, and its row too or marked as the retention does."""

    def write(tx: Transaction) -> None:
        if with_rows:
            for statement in ("DELETE FROM picture", "DELETE FROM source", "DELETE FROM asset"):
                tx.execute(statement)
        else:
            tx.execute("UPDATE asset SET removed_at = ?", (play.house.clock.now(),))

    await play.house.database.write(write)
    for file in (play.rig.stage.data_dir / "pictures").glob("*/*"):
        file.unlink()


@pytest.mark.parametrize(
    ("names", "model", "expected"),
    [
        (EVERY, APIINONE, ["Again", "Vary", "Edit…", "Upscale", "Details", "Report", "Delete"]),
        (("apiinone",), APIINONE, ["Again", "Upscale", "Details", "Report", "Delete"]),
        (("locus",), "locus/grok-imagine", ["Again", "Vary", "Edit…", "Details", "Report", "Delete"]),
    ],
)
async def test_a_result_offers_only_what_some_gateway_can_do(
    tmp_path: Path, names: tuple[str, ...], model: str, expected: list[str]
) -> None:
    async with scene(tmp_path, ENOUGH, names=names) as play:
        assert labels(await result(play, model=model)) == expected
        await play.ends_well()


async def test_every_button_works_on_for_somebody_else_who_pays_for_it(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        before = await play.jobs()
        await press_every(play, post, play.bo)
        made = await new_jobs(play, before)

        assert [job.kind for job in made] == ["imagine", "edit", "upscale", "edit"]
        assert {job.member_id for job in made} == {play.bo.id}
        assert {job.parent_id for job in made} == {before[0].id}
        await play.ends_well()


async def test_every_button_works_after_a_restart(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            post = await result(play)
        async with bot_on(built) as play:
            await press_every(play, post, play.ana)
            assert "Deleted" in await delete(play.ana, post)
            assert post.is_deleted
            await play.ends_well()


async def test_forms_and_questions_from_before_a_restart_are_answered_after_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            post = await result(play)
            edit, report = await play.bo.press(post, "Edit…"), await play.bo.press(post, "Report")
            await edit.opened()
            await report.opened()
            asked = await (await play.ana.press(post, "Delete")).answered()
        async with bot_on(built) as play:
            edited = await play.posted(await play.bo.submit_modal(edit, {"prompt": "make it night"}))
            assert "make it night" in edited.plain_text()
            assert "Thank you" in await said(await play.bo.submit_modal(report, {"reason": "rules"}))
            sure = await play.ana.press(asked, "Delete for good")
            await sure.wait_until(lambda message: "Deleted" in message.plain_text())
            assert post.is_deleted
            await play.ends_well()


async def test_every_button_works_after_sixteen_minutes(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        asked = await (await play.ana.press(post, "Delete")).answered()
        await play.later(minutes=16)
        await press_every(play, post, play.ana)
        sure = await play.ana.press(asked, "Delete for good")
        await sure.wait_until(lambda message: "Deleted" in message.plain_text())
        assert post.is_deleted
        await play.ends_well()


@pytest.mark.parametrize("verb", [*PAID, EDIT])
async def test_two_presses_at_once_make_one_job_and_one_charge(tmp_path: Path, verb: ResultVerb) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        before, charges = await play.jobs(), len(play.rig.gateways.book.charges)
        if verb is EDIT:
            forms = [await play.bo.press(post, "Edit…") for _ in range(2)]
            for form in forms:
                await form.opened()
            first = await play.bo.submit_modal(forms[0], {"prompt": "make it night"})
            await asyncio.sleep(0.02)
            second = await play.bo.submit_modal(forms[1], {"prompt": "make it night"})
        else:
            first = await play.bo.press(post, LABELS[verb])
            await asyncio.sleep(0.02)
            second = await play.bo.press(post, LABELS[verb])

        text = await said(second)
        assert "I am at it already" in text
        assert NOT_CHARGED in text
        await play.posted(first)
        assert len(await new_jobs(play, before)) == 1
        assert len(play.rig.gateways.book.charges) == charges + 1
        await play.ends_well()


async def test_a_second_press_later_or_by_another_member_is_a_new_wish(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        uses = [await play.ana.press(post, "Again"), await play.bo.press(post, "Again")]
        for use in uses:
            await play.posted(use)
        await play.later(seconds=5)
        uses.append(await play.ana.press(post, "Again"))
        assert len({(await play.posted(use)).id for use in uses}) == 3
        await play.ends_well()


async def test_a_press_that_was_refused_may_be_repeated_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path, {**ENOUGH, "EASEL_MEMBER_JOBS": "1"}, names=EVERY) as play:
        post = await result(play)
        under_way = await play.drawing("a slow one", by=play.bo)
        for _ in range(2):
            assert "You have pictures under way" in await said(await play.bo.press(post, "Again"))
        await play.bo.press(under_way.response, "Cancel")
        await play.later(minutes=20)
        await play.rig.settle(play.house)


@pytest.mark.parametrize("verb", [*PAID, EDIT])
async def test_nothing_is_bought_where_it_cannot_be_posted(tmp_path: Path, verb: ResultVerb) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        before, paid = await play.jobs(), await spent(play.house)
        play.rig.sandbox.take_permission(Permission.ATTACH_FILES)
        assert "I cannot post in this channel" in await play.refused(await act(play.bo, post, verb))
        assert await play.jobs() == before
        assert await spent(play.house) == paid
        await play.ends_well()


@pytest.mark.parametrize("with_rows", [True, False])
@pytest.mark.parametrize("verb", [ResultVerb.VARY, ResultVerb.EDIT])
async def test_a_picture_that_was_cleaned_up_cannot_be_changed(
    tmp_path: Path, verb: ResultVerb, *, with_rows: bool
) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        before = await play.jobs()
        opened = await play.bo.press(post, "Edit…")
        await opened.opened()
        await clean_up(play, with_rows=with_rows)
        assert GONE in await play.refused(await play.bo.press(post, LABELS[verb]))
        assert GONE in await play.refused(await play.bo.submit_modal(opened, {"prompt": "night"}))
        assert await play.jobs() == before
        await play.ends_well()


@pytest.mark.parametrize("with_rows", [True, False])
async def test_what_needs_no_picture_works_on_after_it_was_cleaned_up(tmp_path: Path, *, with_rows: bool) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        await clean_up(play, with_rows=with_rows)
        details = await said(await play.bo.press(post, "Details"))
        assert "cleaned up" in details
        assert "a lighthouse" in details
        assert "$0.05" in details
        await play.posted(await play.bo.press(post, "Again"))
        await play.posted(await play.bo.press(post, "Upscale"))  # the gateway has it still
        assert "Deleted" in await delete(play.ana, post)
        await play.ends_well()


async def test_a_picture_that_only_the_bot_had_cannot_be_enlarged_after_it_was_cleaned_up(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=("locus", "apiframe")) as play:
        post = await result(play, model="locus/grok-imagine")
        await clean_up(play)
        assert GONE in await play.refused(await play.bo.press(post, "Upscale"))
        await play.ends_well()


async def test_buttons_of_a_message_that_is_gone_are_answered(tmp_path: Path) -> None:
    """A client may show it still."""
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        play.rig.sandbox.person("mod").delete(post)

        use = await play.bo.press_anyway(post, custom_id(job, ResultVerb.AGAIN))
        await play.posted(use)
        use = await play.bo.press_anyway(post, custom_id(job, ResultVerb.DETAILS))
        assert "### Details" in await said(use)
        asked = await (await play.ana.press_anyway(post, custom_id(job, ResultVerb.DELETE))).answered()
        sure = await play.ana.press(asked, "Delete for good")
        await sure.wait_until(lambda message: "It was gone already" in message.plain_text())
        await play.later(seconds=5)
        use = await play.bo.press_anyway(post, custom_id(job, ResultVerb.AGAIN))
        assert "This result was deleted" in await play.refused(use)
        await play.ends_well()


async def test_a_channel_that_goes_while_the_next_one_is_drawn_costs_its_member_nothing_unsaid(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        use = await play.ana.command("imagine", channel="gallery", prompt="a lighthouse", model=APIINONE)
        gallery = play.rig.sandbox.channel("gallery")
        await play.says(use, "Posted: ")
        (post,) = play.rig.posts("gallery")
        again = await play.bo.press(post, "Again")
        await again.answered()
        play.rig.sandbox.world.delete_channel(gallery)
        jobs = await play.rig.settle(play.house)
        assert [job.state for job in jobs] == [State.DONE, State.DONE]
        assert await spent(play.house) == play.rig.booked()


@pytest.mark.parametrize(
    "make_id",
    [
        lambda job: f"easel:sparkle:{job.id}",
        lambda job: "easel:again:short",
        lambda job: f"easel:upscale:{job.id}:100",
    ],
)
async def test_a_button_of_another_version_is_answered(tmp_path: Path, make_id: Callable[[Job], str]) -> None:
    async with scene(tmp_path) as play:
        post = await result(play, model="locus/grok-imagine")
        (job,) = await play.jobs()
        text = await said(await play.bo.press_anyway(post, make_id(job)))
        assert "I do not know this button any more" in text
        assert NOT_CHARGED in text
        assert len(await play.jobs()) == 1
        await play.ends_well()


@pytest.mark.parametrize(
    "form_id",
    [
        f"easel:form:sparkle:{'a' * 24}",
        f"easel:talk-form:other:{'a' * 24}",
        "easel:talk-form:continue:short",
        "easel:style:nobody",
        "easel:menu-form:edit:none",
        "easel:new-form:x",
        "easel:",
    ],
)
async def test_a_form_of_another_version_is_answered(tmp_path: Path, form_id: str) -> None:
    async with scene(tmp_path) as play:
        post = await result(play, model="locus/grok-imagine")
        opened = await play.bo.press(post, "Report")
        (await opened.opened())["custom_id"] = form_id
        text = await said(await play.bo.submit_modal(opened, {"reason": "rules"}))
        assert "I do not know this form any more" in text
        assert NOT_CHARGED in text
        await play.ends_well()


@pytest.mark.parametrize("verb", ResultVerb)
async def test_a_job_that_is_not_known_is_answered(tmp_path: Path, verb: ResultVerb) -> None:
    async with scene(tmp_path) as play:
        post = await result(play, model="locus/grok-imagine")
        use = await play.bo.press_anyway(post, f"easel:{verb}:{'a' * 24}:1")
        if verb is ResultVerb.REPORT:
            await use.opened()
            use = await play.bo.submit_modal(use, {"reason": "rules"})
        card = await use.wait_until(lambda message: "I do not know this result" in message.plain_text())
        assert card.only_for == play.bo.id
        assert post.pictures()
        assert len(await play.jobs()) == 1
        await play.ends_well()


async def test_a_result_is_known_in_its_own_server_alone(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        await result(play)
        (job,) = await play.jobs()
        other = play.rig.sandbox.add_guild("Elsewhere")
        stranger = play.rig.sandbox.person("bo", guild=other)
        place = play.rig.sandbox.channel("general", guild=other)
        use = await stranger.command("imagine", channel=place, prompt="theirs", model=APIINONE)
        await play.says(use, "Posted: ")
        (theirs,) = [message for message in place.messages if message.pictures()]
        for verb in (ResultVerb.AGAIN, ResultVerb.DETAILS, ResultVerb.DELETE, ResultVerb.EDIT):
            text = await said(await stranger.press_anyway(theirs, custom_id(job, verb)))
            assert "I do not know this result" in text
        await play.ends_well()


async def test_one_of_several_pictures_is_varied_edited_and_enlarged(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play, model="xai/grok-imagine", count=3)
        (job,) = await play.jobs()
        assert labels(post) == [
            *("Again", "Vary", "Edit…", "Upscale 1", "Upscale 2", "Upscale 3"),
            *("Details", "Report", "Delete"),
        ]
        kept = await play.house.database.read(lambda reader: store.pictures_of(reader, job.id))

        which = await (await play.bo.press(post, "Vary")).answered()
        assert labels(which) == ["Vary 1", "Vary 2", "Vary 3"]
        await play.posted(await play.bo.press(which, "Vary 2"))
        await play.posted(await play.bo.press(post, "Upscale 3"))
        opened = await play.bo.press(post, "Edit…")
        await opened.opened()
        sent = await play.bo.submit_modal(opened, {"prompt": "night", "picture": "3"})
        await play.posted(sent)

        made = await new_jobs(play, [job])
        used = [await sources_of(play, one) for one in made]
        assert [sources[0].asset_id for sources in used] == [kept[1], kept[2], kept[2]]
        await play.ends_well()


async def test_an_edit_is_drawn_again_from_the_same_picture(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        edited = await play.posted(await send_edit(play.ana, post, "make it night"))
        again = await play.posted(await play.bo.press(edited, "Again"))
        assert "make it night" in again.plain_text()
        _, edit, repeat = await play.jobs()
        first, second = await sources_of(play, edit), await sources_of(play, repeat)
        assert [one.asset_id for one in first] == [one.asset_id for one in second]
        assert (repeat.kind, repeat.parent_id) == ("edit", edit.id)
        await play.ends_well()


async def test_the_details_tell_the_family_with_links(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        first = await result(play)
        second = await play.posted(await play.bo.press(first, "Again"))
        third = await play.posted(await play.bo.press(second, "Upscale"))
        text = await said(await play.ana.press(second, "Details"))
        came, led = (line for line in text.splitlines() if line.startswith(("**Came from**", "**Led to**")))
        assert f"/{first.id}" in came
        assert f"/{third.id}" in led
        text = await said(await play.ana.press(third, "Details"))
        assert text.index(f"/{second.id}") < text.index(f"/{first.id}")

        await delete(play.bo, second)
        text = await said(await play.ana.press(third, "Details"))
        assert "not here any more" in text
        assert f"/{second.id}" not in text
        await play.ends_well()


async def test_words_that_were_forgotten_are_not_drawn_from(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        blank = without_words(job.payload)
        await play.house.database.write(
            lambda tx: tx.execute("UPDATE job SET payload = ? WHERE id = ?", (blank, job.id))
        )
        for verb in (ResultVerb.AGAIN, ResultVerb.VARY):
            assert "I do not know this result" in await play.refused(await play.bo.press(post, LABELS[verb]))
        assert "### Details" in await said(await play.bo.press(post, "Details"))
        await play.posted(await play.bo.press(post, "Upscale"))
        await play.posted(await send_edit(play.bo, post, "make it night"))
        await play.ends_well()


async def test_the_menu_of_a_result_tells_its_details_and_knows_no_other_message(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        assert "### Details" in await said(await play.bo.message_command("Picture details", post))
        spoken = play.ana.say("what a lovely lighthouse")
        card = await said(await play.bo.message_command("Picture details", spoken))
        assert "I do not know this result" in card
        await play.ends_well()

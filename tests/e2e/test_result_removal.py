"""Deleting a result, telling of it, and looking at its original."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.commands.reports import list_reports
from bot.core.ids import AssetId, JobId, MemberId
from bot.db import Transaction
from bot.ground import DATABASE_NAME
from bot.services import store
from bot.services.results import store as results
from bot.services.results.store import Removal, Report
from sandbox.discord import CutBefore, LoseAnswer, Permission, Refuse
from sandbox.gateways import EVERY
from tests.e2e.pressing import ENOUGH, bot_on, delete, labels, result, said, stage
from tests.e2e.rig import spent
from tests.e2e.scene import WAIT_S, Scene, scene
from tests.e2e.test_database_faults import full_disk

# What the pretend gateways paint is small; a guild that takes less makes it be shrunk all the same.
SMALL = 15_000


async def removal(play: Scene, job_id: JobId) -> Removal:
    found = await play.house.database.read(lambda reader: results.removal_of(reader, job_id))
    assert found is not None
    return found


async def discarded(play: Scene) -> Sequence[AssetId]:
    return await play.house.database.read(results.discarded)


async def reports(play: Scene) -> Sequence[Report]:
    return await play.house.database.read(lambda reader: results.reports(reader, limit=10))


async def test_whoever_asked_deletes_the_result_for_everybody_and_the_money_stays_booked(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        paid = await spent(play.house)
        asked = await (await play.ana.press(post, "Delete")).answered()
        assert "for good" in asked.plain_text()
        assert play.rig.posts() == [post]
        sure = await play.ana.press(asked, "Delete for good")
        await sure.wait_until(lambda message: "Deleted" in message.plain_text())

        assert post.is_deleted
        assert labels(asked) == []
        noted = await removal(play, job.id)
        assert (noted.member_id, noted.is_moderator, noted.was_gone) == (play.ana.id, False, False)
        assert noted.removed_at is not None
        assert await spent(play.house) == paid == play.rig.booked()
        kept = await play.house.database.read(lambda reader: store.pictures_of(reader, job.id))
        assert await discarded(play) == kept
        await play.ends_well()


async def test_a_moderator_may_delete_and_is_named_in_the_log(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        mod = play.rig.sandbox.person("mod")
        assert "Deleted" in await delete(mod, post)
        noted = await removal(play, job.id)
        assert (noted.member_id, noted.is_moderator) == (mod.id, True)
        await play.ends_well()


async def test_nobody_else_may_delete_not_even_through_somebody_elses_question(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        assert "Not your result" in await said(await play.bo.press(post, "Delete"))
        assert "Not your result" in await said(await play.bo.press_anyway(post, f"easel:remove:{job.id}"))
        assert not post.is_deleted
        assert post.pictures()
        assert await play.house.database.read(lambda reader: results.removal_of(reader, job.id)) is None
        await play.ends_well()


async def test_the_right_to_delete_is_looked_at_again_with_the_second_press(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        mod = play.rig.sandbox.person("mod")
        asked = await (await mod.press(post, "Delete")).answered()
        general = play.rig.sandbox.channel("general")
        play.rig.sandbox.world.deny(general, mod.id, Permission.MANAGE_MESSAGES)
        sure = await mod.press(asked, "Delete for good")
        await sure.wait_until(lambda message: "Not your result" in message.plain_text())
        assert not post.is_deleted
        await play.ends_well()


async def test_two_confirmations_at_once_delete_once_and_both_are_answered(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        asked = await (await play.ana.press(post, "Delete")).answered()
        first = await play.ana.press(asked, "Delete for good")
        await asyncio.sleep(0.02)
        second = await play.ana.press_anyway(asked, f"easel:remove:{job.id}")
        for use in (first, second):
            assert await use.acknowledged()
            await use.wait_until(lambda message: "Delete this" not in message.plain_text())
        assert post.is_deleted
        await play.ends_well()


async def test_a_bot_that_lost_the_channel_says_so_and_can_be_asked_again(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        asked = await (await play.ana.press(post, "Delete")).answered()
        play.rig.sandbox.take_permission(Permission.VIEW_CHANNEL)
        sure = await play.ana.press(asked, "Delete for good")
        await sure.wait_until(lambda message: "I cannot reach that channel" in message.plain_text())
        assert (await removal(play, job.id)).removed_at is None
        assert not post.is_deleted

        play.rig.sandbox.give_permission(Permission.VIEW_CHANNEL)
        assert "Deleted" in await delete(play.ana, post)
        await play.ends_well()


async def test_a_deletion_that_discord_does_not_take_can_be_asked_for_again(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        play.rig.sandbox.faults.next("DELETE", "/channels/*/messages/*", CutBefore(), times=5)
        text = await delete(play.ana, post)
        assert "Discord did not take it" in text
        play.rig.sandbox.faults.clear()
        assert "Deleted" in await delete(play.ana, post)
        await play.ends_well()


async def test_pictures_that_something_else_uses_are_not_marked(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        (shown,) = await play.house.database.read(lambda reader: store.pictures_of(reader, job.id))
        varied = await play.posted(await play.bo.press(post, "Vary"))
        await delete(play.ana, post)
        assert shown not in await discarded(play)

        def again(tx: Transaction) -> int:
            return results.discard_pictures(tx, job.id, at=play.house.clock.now())

        await delete(play.bo, varied)
        await play.house.database.write(again)
        assert shown in await discarded(play)
        await play.ends_well()


async def test_a_report_is_stored_once_for_each_member_and_listed(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        (job,) = await play.jobs()
        database = play.rig.stage.data_dir / DATABASE_NAME
        assert await list_reports(database) == ["no reports"]
        for reason, text in (("broken", "the tower leans"), ("person", "that is me\x1b[2J\nindeed")):
            opened = await play.bo.press(post, "Report")
            await opened.opened()
            card = await (await play.bo.submit_modal(opened, {"reason": reason, "text": text})).answered()
            assert "whoever runs this bot" in card.plain_text()
            assert card.only_for == play.bo.id

        (one,) = await reports(play)
        assert (one.job_id, one.member_id, one.reason) == (job.id, play.bo.id, "person")
        headings, row = await list_reports(database)
        assert headings.split()[:2] == ["AT", "(UTC)"]
        assert all(
            told in row for told in (job.id, str(play.bo.id), str(play.ana.id), "person", "stands", "that is me")
        )
        assert "\x1b" not in row
        assert "\n" not in row

        await delete(play.ana, post)
        assert "deleted" in (await list_reports(database))[1]
        await play.ends_well()


async def test_a_long_list_of_reports_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.reports.LIST_LIMIT", 1)
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        for who in (play.ana, play.bo):
            opened = await who.press(post, "Report")
            await opened.opened()
            await said(await who.submit_modal(opened, {"reason": "other"}))
        assert (await list_reports(play.rig.stage.data_dir / DATABASE_NAME))[2:] == ["only 1 are shown"]
        await play.ends_well()


async def test_the_details_give_the_original_where_the_post_had_to_be_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ui.delivery.SMALLEST_LIMIT", SMALL // 2)
    async with scene(tmp_path, ENOUGH, names=EVERY, picture_side=700) as play:
        guild = play.rig.sandbox.guild
        limit, guild.upload_limit = guild.upload_limit, SMALL
        post = await result(play, "a storm")
        (job,) = await play.jobs()
        (shown,) = await play.house.database.read(lambda reader: store.pictures_of(reader, job.id))
        (kept,) = (play.rig.stage.data_dir / "pictures").glob(f"*/{shown}.*")
        data = kept.read_bytes()
        (posted,) = post.attachments
        assert len(posted.data) < len(data)

        card = await (await play.bo.press(post, "Details")).answered()
        assert "stay with the bot" in card.plain_text()
        assert card.attachments == ()
        guild.upload_limit = limit
        card = await (await play.bo.press(post, "Details")).answered()
        (original,) = card.attachments
        assert original.data == data
        assert original.description == post.pictures()[0].description
        await play.ends_well()


async def test_an_original_that_is_refused_all_the_same_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ui.delivery.SMALLEST_LIMIT", SMALL // 2)
    async with scene(tmp_path, ENOUGH, names=EVERY, picture_side=700) as play:
        guild = play.rig.sandbox.guild
        limit, guild.upload_limit = guild.upload_limit, SMALL
        post = await result(play, "a storm")
        guild.upload_limit = limit
        too_large = Refuse(413, 40005, "Request entity too large")
        play.rig.sandbox.faults.next("PATCH", "*/messages/@original", too_large)
        card = await (await play.bo.press(post, "Details")).answered()
        assert "stay with the bot" in card.plain_text()
        assert card.attachments == ()
        await play.ends_well()


async def test_what_a_process_was_asked_to_delete_the_next_one_deletes(tmp_path: Path) -> None:
    """It died between the wish on disk and the message."""
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            post = await result(play)
            (job,) = await play.jobs()
            now, ana = play.house.clock.now(), MemberId(play.ana.id)
            await play.house.database.write(
                lambda tx: results.begin_removal(tx, job.id, member_id=ana, is_moderator=False, at=now)
            )
        async with bot_on(built) as play:
            async with asyncio.timeout(WAIT_S):
                while (await removal(play, job.id)).removed_at is None:
                    await asyncio.sleep(0.01)
            assert post.is_deleted
            await play.ends_well()


async def test_a_deletion_whose_answer_was_lost_is_told_as_done(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        play.rig.sandbox.faults.next("DELETE", "/channels/*/messages/*", LoseAnswer())
        assert ("It was gone already" in (text := await delete(play.ana, post))) or "Deleted" in text
        assert post.is_deleted
        await play.ends_well()


async def test_a_full_disk_changes_nothing_and_everybody_reads_so(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH, names=EVERY) as play:
        post = await result(play)
        opened = await play.bo.press(post, "Report")
        await opened.opened()
        asked = await (await play.ana.press(post, "Delete")).answered()
        with full_disk(play):
            assert "busy" in await play.refused(await play.bo.press(post, "Again"))
            sure = await play.ana.press(asked, "Delete for good")
            await sure.wait_until(lambda message: "busy" in message.plain_text())
            sent = await play.bo.submit_modal(opened, {"reason": "rules"})
            assert "Nothing was stored" in await said(sent)
            assert "### Details" in await said(await play.bo.press(post, "Details"))
        assert play.rig.posts() == [post]
        assert await reports(play) == ()
        await play.later(seconds=6)
        await play.posted(await play.bo.press(post, "Again"))
        assert "Deleted" in await delete(play.ana, post)
        await play.ends_well()

"""Section A of the failure matrix: an interaction that comes late, twice, or while nothing can be written."""

import asyncio
import logging
import sqlite3
import time
from pathlib import Path

import pytest

from bot.ground import DATABASE_NAME
from bot.interactions import store as interactions
from bot.jobs.model import State
from sandbox.discord import CutBefore, Delay, Late, LoseAnswer, Refuse
from tests.e2e.rig import held, spent
from tests.e2e.scene import WAIT_S, SlowMotion, scene

CALLBACK = "*/callback"
ORIGINAL = "*/messages/@original"


async def test_an_acknowledgement_that_comes_too_late_starts_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A3: 10062. No job, no hold, one log line with the age."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", CALLBACK, Late(3.5))
        with caplog.at_level(logging.WARNING):
            use = await play.ask("too late")
            assert not await use.acknowledged()
            await play.draws_again()

        (job,) = await play.rig.settle(play.house)
        assert job.member_id == play.bo.id
        (line,) = [one for one in caplog.records if "too late" in one.getMessage()]
        assert 3_500 <= line.__dict__["age_ms"] < 60_000
        # `assert_sound` would blame the late answer, which is what this test is about; the rest holds.
        (finding,) = play.rig.sandbox.check_answers()
        assert finding.interaction.id == use.id
        assert play.rig.sandbox.violations == []
        assert await spent(play.house) == play.rig.booked()
        assert await held(play.house) == 0


async def test_an_acknowledgement_whose_answer_was_lost_is_taken_for_given(tmp_path: Path) -> None:
    """A4: Discord has it, the bot sees a cut connection, asks again and hears 40060."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", CALLBACK, LoseAnswer())
        use = await play.ask()
        await play.posted(use)
        (job,) = await play.ends_well()
        assert job.state is State.DONE


async def test_an_acknowledgement_given_by_another_process_is_taken_for_given(tmp_path: Path) -> None:
    """A4: 40060 at the first try."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", CALLBACK, Refuse(400, 40060, "already acknowledged"))
        await play.ask()
        await play.until_state(State.DONE)
        # This member's card does not exist in the sandbox, where the other process would have made it.
        assert len(play.rig.posts()) == 1
        await play.rig.assert_sound(play.house)
        assert await spent(play.house) == play.rig.booked()


async def test_an_acknowledgement_that_never_gets_an_answer_ends_in_a_refusal(tmp_path: Path) -> None:
    """A4: Discord has it, every answer is lost; the member reads at once that nothing was charged."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", CALLBACK, LoseAnswer(), times=2)
        use = await play.ask()
        assert "busy" in await play.refused(use)
        await play.draws_again()
        assert len(await play.ends_well()) == 1


async def test_a_first_card_that_is_lost_is_shown_by_the_next_edit(tmp_path: Path) -> None:
    """The connection is cut while the card is shown for the first time: the request goes on, the card follows."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("PATCH", ORIGINAL, CutBefore())
        use = await play.ask()
        await play.says(use, "step ")
        await play.later(seconds=6)
        await play.posted(use)
        assert not any("went wrong" in version.plain_text() for version in use.history)
        await play.ends_well()


async def test_a_refusal_that_is_lost_is_said_again(tmp_path: Path) -> None:
    """The connection is cut twice while the refusal is shown: the member still reads why, and of the money."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("PATCH", ORIGINAL, CutBefore(), times=2)
        use = await play.ask(aspect_ratio="7:5")
        assert "shape" in await play.refused(use)
        assert await play.ends_well() == ()


async def test_an_interaction_delivered_twice_makes_one_job(tmp_path: Path) -> None:
    """A5: twice at once, and again when the picture is there."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.gateway.duplicate_next()
        use = await play.ask()
        post = await play.posted(use)
        play.rig.sandbox.gateway.redeliver(use.interaction)
        await play.draws_again()
        jobs = await play.ends_well()
        assert len(jobs) == 2
        assert play.rig.posts()[0].id == post.id
        assert len(play.rig.posts()) == 2
        assert str(post.id) in use.response.plain_text()


async def test_a_replayed_old_interaction_is_dropped(tmp_path: Path) -> None:
    """A6: a resumed session brings what nobody waits for any more."""
    async with scene(tmp_path) as play:
        await play.draws_again()
        use = await play.ana.command("imagine", prompt="old", made_ago_s=20.0)
        await play.draws_again()
        assert not use.is_acknowledged
        assert all(job.member_id == play.bo.id for job in await play.ends_well())


async def test_a_database_locked_by_somebody_else_is_said_to_be_busy(tmp_path: Path) -> None:
    """A8: a second process holds the write lock. Answered within the bound, nothing accepted, then all is well."""
    async with scene(tmp_path) as play:
        other = sqlite3.connect(play.rig.stage.data_dir / DATABASE_NAME, isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            use = await play.ask("while it is locked")
            text = await play.refused(use)
            other.execute("ROLLBACK")
        finally:
            other.close()
        assert "busy" in text
        await play.draws_again()
        (job,) = await play.ends_well()
        assert job.member_id == play.bo.id
        assert "busy" in use.response.plain_text()


async def test_a_stalled_first_write_is_said_to_be_busy(tmp_path: Path) -> None:
    """A8: the disk hangs. The refused request stays refused when the disk comes back, the card keeps its word."""
    async with scene(tmp_path) as play:
        stalled = asyncio.create_task(play.house.database.write(lambda tx: time.sleep(1.6)))
        await asyncio.sleep(0.05)
        use = await play.ask("while it is stalled")
        assert "busy" in await play.refused(use)
        await stalled
        await play.draws_again()
        await play.later(minutes=2)
        (job,) = await play.ends_well()
        assert job.member_id == play.bo.id
        assert "busy" in use.response.plain_text()


async def test_a_stall_after_the_acknowledgement_only_delays(tmp_path: Path) -> None:
    """A8, later: the acceptance itself waits for the disk, and the member for the acceptance; nothing is lost."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", CALLBACK, Delay(0.3))
        use = await play.ask()
        async with asyncio.timeout(WAIT_S):
            while not await play.house.database.read(interactions.open_ones):
                await asyncio.sleep(0.005)
        stalled = asyncio.create_task(play.house.database.write(lambda tx: time.sleep(1.2)))
        await play.posted(use)
        await stalled
        await play.ends_well()


async def test_a_burst_of_500_commands_leaves_nobody_without_an_answer(tmp_path: Path) -> None:
    """A9: 250 members, two commands each; budget for some, a reason for the rest."""
    ample = {"EASEL_GUILD_DAILY_USD": "0.6", "EASEL_GUILD_JOBS": "64"}
    async with scene(tmp_path, ample, scale=0.001, clock=SlowMotion()) as play:
        crowd = play.rig.sandbox.crowd(250)
        uses = [await play.ask(f"number {number}", by=one) for one in crowd for number in range(2)]
        cards = [await use.answered(60) for use in uses]
        assert len(cards) == 500
        jobs = await play.rig.settle(play.house, timeout_s=60)
        refused = [use for use in uses if "Nothing was charged" in use.response.plain_text()]
        done = [use for use in uses if "Posted: " in use.response.plain_text()]
        assert len(done) == len(jobs) == len(play.rig.posts())
        assert len(done) + len(refused) == 500
        assert play.rig.sandbox.unanswered() == []
        await play.ends_well()


async def test_a_member_at_their_cap_is_refused_and_keeps_their_pictures(tmp_path: Path) -> None:
    """A11: two commands in one breath, one allowed at once: one job, one refusal with the reason."""
    async with scene(tmp_path, EASEL_MEMBER_JOBS="1") as play:
        uses = [await play.ask("first"), await play.ask("second")]
        cards = [await use.answered(WAIT_S) for use in uses]
        assert len(cards) == 2
        (job,) = await play.ends_well()
        texts = [use.response.plain_text() for use in uses]
        assert sum("At most 1 at once" in text and "Nothing was charged" in text for text in texts) == 1
        assert sum("Posted: " in text for text in texts) == 1
        assert job.state is State.DONE

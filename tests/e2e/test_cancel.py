"""Cancel: in line, while drawing, too late, twice, by somebody else, from an old card."""

import asyncio
import time
from pathlib import Path

from bot.core.money import usd
from bot.jobs.model import State
from sandbox.discord import LoseAnswer, Use
from sandbox.gateways import Outcome, PictureFault, Spoil, outcome, status
from tests.e2e.matching import Unlike
from tests.e2e.rig import held, rig, spent
from tests.e2e.scene import LOCUS, PIXAZO, WAIT_S, Scene, scene

ONE_AT_A_TIME = {"EASEL_GUILD_JOBS": "1"}


async def _in_line(play: Scene) -> Use:
    """A request of Ana's that waits behind one of Bo's that does not end."""
    await play.drawing("forever", by=play.bo)
    use = await play.ask("behind it")
    await play.says(use, "1st in line")
    return use


async def _pressed(use: Use) -> str:
    """What somebody who pressed reads in the end."""
    async with asyncio.timeout(WAIT_S):
        while not use.followups:
            await asyncio.sleep(0.01)
    (followup,) = use.followups
    assert followup.only_for == use.interaction.user_id
    return followup.plain_text()


async def test_a_request_in_line_is_cancelled_at_once_and_costs_nothing(tmp_path: Path) -> None:
    """The hold is voided with the press; the card says that nothing was charged."""
    async with scene(tmp_path, ONE_AT_A_TIME) as play:
        use = await _in_line(play)
        before = await held(play.house)
        await play.ana.press(use.response, "Cancel")
        text = await play.says(use, "Cancelled")
        assert "**not** charged" in text
        assert not use.response.buttons()
        assert await held(play.house) == before - usd("0.075")
        play.rig.gateways.finish()
        first, second = await play.ends_well()
        assert (first.state, second.state) == (State.DONE, State.CANCELLED)
        assert len(play.rig.posts()) == 1


async def test_a_second_press_that_crosses_the_first_is_too_late(tmp_path: Path) -> None:
    """Both presses were made on the card as it stood; one voids, the other hears that it is over."""
    async with scene(tmp_path, ONE_AT_A_TIME) as play:
        use = await _in_line(play)
        play.rig.sandbox.gateway.withhold()
        await play.ana.press(use.response, "Cancel")
        second = await play.ana.press(use.response, "Cancel")
        play.rig.sandbox.gateway.release()
        await play.says(use, "Cancelled")
        assert "Too late" in await _pressed(second)
        play.rig.gateways.finish()
        await play.ends_well()


async def test_cancelled_while_drawing_costs_what_it_costs_and_is_for_the_member_alone(tmp_path: Path) -> None:
    """Pixazo finishes anyway: booked, on the member's card, never public. Pressing twice does no harm."""
    async with scene(tmp_path) as play:
        use = await play.drawing("a secret surprise", count=2)
        play.rig.sandbox.gateway.withhold()
        for _ in range(2):
            await play.ana.press(use.response, "Cancel")
        play.rig.sandbox.gateway.release()
        await play.says(use, "Cancelling")
        assert not use.response.buttons()
        await play.until_state(State.WAITING)
        play.rig.gateways.finish()
        card = await use.wait_until(lambda message: len(message.pictures()) == 2, WAIT_S)
        assert "finished anyway" in card.plain_text()
        assert card.only_for == play.ana.id
        assert play.rig.posts() == []
        (job,) = await play.ends_well()
        assert job.state is State.CANCELLED
        assert await spent(play.house) == usd("0.10")


async def test_cancelled_while_the_result_is_fetched_is_still_for_the_member_alone(tmp_path: Path) -> None:
    """The press falls between the gateway's answer and the post: the card said "only you", so it stays so."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", PictureFault(kind=Spoil.DRIP, seconds=0.001))
        use = await play.drawing("dripping")
        play.rig.sandbox.gateway.withhold()
        press = await play.ana.press(use.response, "Cancel")
        play.rig.gateways.finish()
        await play.until(lambda found: found[0].result is not None and found[0].lease_owner is not None)
        play.rig.sandbox.gateway.release()
        await press.acknowledged()
        card = await use.wait_until(lambda message: bool(message.pictures()), WAIT_S)
        assert "finished anyway" in card.plain_text()
        assert play.rig.posts() == []
        (job,) = await play.ends_well()
        assert job.state is State.CANCELLED


async def test_cancelled_while_being_submitted_is_not_submitted_again(tmp_path: Path) -> None:
    """Locus draws while it is asked, then fails without a charge: a cancelled request does not go back in line."""
    async with scene(tmp_path, scale=0.3) as play:
        play.rig.gateways.faults.next("locus", outcome(Outcome.ERROR))
        use = await play.ask("unwanted", model=LOCUS)
        await play.says(use, "drawing")
        await play.ana.press(use.response, "Cancel")
        text = await play.says(use, "Cancelled")
        assert "**not** charged" in text
        (job,) = await play.ends_well()
        assert (job.state, job.attempt) == (State.CANCELLED, 1)
        assert play.rig.booked() == 0


async def test_a_cancelled_request_that_waits_to_be_sent_again_is_dropped(tmp_path: Path) -> None:
    """429, back in line, Cancel: nothing is sent when its time comes."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", status(429, retry_after="30"), times=5)
        use = await play.ask("later")
        await play.until_failed_once()
        await play.ana.press(use.response, "Cancel")
        await play.says(use, "Cancelled")
        await play.later(seconds=31)
        (job,) = await play.ends_well()
        assert (job.state, job.attempt) == (State.CANCELLED, 1)


async def test_cancelled_and_never_drawn_is_unknown_and_says_so(tmp_path: Path) -> None:
    """The gateway never ends what was cancelled: the money stays reserved, and the card does not promise any back."""
    async with scene(tmp_path) as play:
        use = await play.drawing("never")
        await play.ana.press(use.response, "Cancel")
        await play.says(use, "Cancelling")
        await play.later(minutes=10.5)
        assert "stays reserved" in await play.says(use, "reserved")
        await play.until_state(State.UNKNOWN)
        await play.ends_well(held_ticks=usd("0.075"))


async def test_somebody_else_cannot_cancel(tmp_path: Path) -> None:
    """Bo presses Ana's button, which his client should not even show; her request goes on."""
    async with scene(tmp_path, ONE_AT_A_TIME) as play:
        use = await _in_line(play)
        press = await play.bo.press_anyway(use.response, str(use.response.buttons()[0].custom_id))
        assert "Only whoever asked" in await _pressed(press)
        play.rig.gateways.finish()
        jobs = await play.ends_well()
        assert [job.state for job in jobs] == [State.DONE, State.DONE]


async def test_a_press_that_arrives_after_the_end_is_answered(tmp_path: Path) -> None:
    """A10: pressed while it was drawn, arrived when it was posted: a polite answer for the presser alone."""
    async with scene(tmp_path) as play:
        use = await play.drawing()
        play.rig.sandbox.gateway.withhold()
        late = await play.ana.press(use.response, "Cancel")
        play.rig.gateways.finish()
        await play.posted(use)
        play.rig.sandbox.gateway.release()
        assert "Too late" in await _pressed(late)
        (job,) = await play.ends_well()
        assert job.state is State.DONE


async def test_a_press_for_a_request_that_nobody_knows_is_answered(tmp_path: Path) -> None:
    """A10: the card is from a database that is gone."""
    async with rig(tmp_path) as stage:
        ana = stage.sandbox.person("ana")
        stage.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        async with stage.bot() as house:
            use = await ana.command("imagine", prompt="lost", model=PIXAZO)
            await asyncio.wait_for(stage.gateways.book.holds(1), WAIT_S)
            await use.wait_until(lambda message: "drawing" in message.plain_text(), WAIT_S)
        async with stage.bot(EASEL_DATA_DIR=str(tmp_path / "another")) as house:
            text = await _pressed(await ana.press(use.response, "Cancel"))
            assert "do not know this request" in text
            assert "Nothing was charged" in text
            await stage.assert_sound(house, Unlike(unbooked=1))  # it stands in the book of the other folder


async def test_a_button_from_before_a_restart_still_cancels(tmp_path: Path) -> None:
    """A10: the card was made by an earlier process."""
    async with rig(tmp_path) as stage:
        ana = stage.sandbox.person("ana")
        stage.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        async with stage.bot() as house:
            use = await ana.command("imagine", prompt="old card", model=PIXAZO)
            await asyncio.wait_for(stage.gateways.book.holds(1), WAIT_S)
            await use.wait_until(lambda message: "drawing" in message.plain_text(), WAIT_S)
        assert "restarting" in use.response.plain_text()
        async with stage.bot() as house:
            await ana.press(use.response, "Cancel")
            await use.wait_until(lambda message: "Cancelling" in message.plain_text(), WAIT_S)
            stage.gateways.finish()
            await use.wait_until(lambda message: bool(message.pictures()), WAIT_S)
            (job,) = await stage.settle(house)
            assert job.state is State.CANCELLED
            assert stage.posts() == []
            assert await spent(house) == stage.booked() > 0
            await stage.assert_sound(house)


async def test_a_press_while_the_disk_hangs_is_done_when_it_comes_back(tmp_path: Path) -> None:
    """The press is acknowledged at once; the cancel is written when it can be."""
    async with scene(tmp_path, ONE_AT_A_TIME) as play:
        use = await _in_line(play)
        stalled = asyncio.create_task(play.house.database.write(lambda tx: time.sleep(0.8)))
        await asyncio.sleep(0.05)
        press = await play.ana.press(use.response, "Cancel")
        assert await press.acknowledged()
        await stalled
        await play.says(use, "Cancelled")
        play.rig.gateways.finish()
        await play.ends_well()


async def test_a_press_whose_acknowledgement_is_lost_cancels_all_the_same(tmp_path: Path) -> None:
    """A4 for a button."""
    async with scene(tmp_path, ONE_AT_A_TIME) as play:
        use = await _in_line(play)
        play.rig.sandbox.faults.next("POST", "*/callback", LoseAnswer())
        await play.ana.press(use.response, "Cancel")
        await play.says(use, "Cancelled")
        play.rig.gateways.finish()
        await play.ends_well()

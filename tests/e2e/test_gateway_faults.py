"""More of sections D, E and G: answers that are far too large, a gateway that is stuck, one that takes a word back."""

import asyncio
import base64
import tracemalloc
from pathlib import Path

import pytest

from bot.core.money import usd
from bot.jobs.model import State
from sandbox.gateways import Break, Outcome, Spoil, Step, WorkFault, bad_picture, broken_answer, status
from tests.e2e.rig import held, spent
from tests.e2e.scene import LOCUS, PIXAZO, scene

MIB = 1024 * 1024
RESERVED = "stays reserved"


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
async def test_an_answer_of_eighty_megabytes_is_not_kept_and_its_order_is_unknown(tmp_path: Path, model: str) -> None:
    """D8: it was charged, and what it says is beyond any bound."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(model.partition("/")[0], broken_answer(Break.HUGE))
        use = await play.ask(model=model)
        await play.says(use, RESERVED)
        job = await play.until_state(State.UNKNOWN)
        assert job.attempt == 1
        await play.ends_well(held_ticks=await held(play.house))
        await play.draws_again()


async def test_a_picture_of_sixty_megabytes_inside_an_answer_costs_what_was_charged_and_holds_nobody_up(
    tmp_path: Path,
) -> None:
    """G11: within the bound of an answer, beyond that of a picture. The loop goes on, and memory stays bounded."""
    size = 60 * MIB
    flood = "data:image/png;base64," + "A" * size
    # What Locus charges and says so.
    body = {"success": True, "data": {"data": [{"url": flood}], "usage": {"cost_in_usd_ticks": usd("0.02")}}}
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("locus", status(200, body=body, is_charged=True))
        tracemalloc.start()
        try:
            use = await play.ask(model=LOCUS)
            # While it is read and thrown away, somebody else is served.
            await play.draws_again()
            text = await play.says(use, "It cost $0.023")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert "data:" not in text
        # The gateway's own copies (text and bytes) count too: two there, at most four of ours at once.
        assert most < 7 * size
        assert not list((play.rig.stage.data_dir / "pictures").rglob("*.part"))
        (flooded,) = [job for job in await play.ends_well() if job.provider == "locus"]
        assert flooded.state is State.FAILED


async def test_a_picture_inside_an_answer_that_is_none_costs_what_was_charged(tmp_path: Path) -> None:
    """G4, G11: base64 of a page."""
    page = base64.b64encode(b"<html>" + b"x" * 400_000).decode()
    body = {"success": True, "data": {"data": [{"b64_json": page}], "usage": {"cost_in_usd_ticks": usd("0.02")}}}
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("locus", status(200, body=body, is_charged=True))
        text = await play.says(await play.ask(model=LOCUS), "It cost $0.023")
        assert "no usable picture" in text
        assert await spent(play.house) == usd("0.023")
        await play.ends_well()


async def test_a_gateway_that_answers_nobody_holds_nobody_else_up(tmp_path: Path) -> None:
    """D15: its own places are taken, its own queue grows; the others draw."""
    async with scene(tmp_path, EASEL_MEMBER_JOBS="20", EASEL_GUILD_JOBS="20") as play:
        play.rig.gateways.faults.when("stuck", WorkFault(kind=Outcome.SLOW, seconds=600.0), gateway="locus")
        stuck = [await play.ask("stuck", model=LOCUS) for _ in range(5)]
        await play.until(lambda found: sum(job.state is State.SUBMITTING for job in found) == 2)
        for _ in range(3):
            await play.posted(await play.ask(by=play.bo, model=PIXAZO))
        states = [job.state for job in await play.jobs() if job.provider == "locus"]
        assert states.count(State.SUBMITTING) == 2, "no more at once than the gateway takes"
        assert states.count(State.QUEUED) == 3
        play.rig.gateways.faults.clear()
        play.rig.gateways.finish()
        for use in stuck:
            await play.posted(use)
        await play.ends_well()


async def test_work_that_goes_back_to_being_drawn_is_asked_for_again(tmp_path: Path) -> None:
    """E5: done, then in progress, since its picture could not be fetched; then done with a picture."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", bad_picture(Spoil.GONE_ONCE))
        use = await play.ask()
        await play.until_failed_once()
        play.rig.gateways.faults.next("pixazo", status(200, at=Step.POLL, body={"status": "IN_PROGRESS"}))
        before = (await play.jobs())[0].polls
        await play.later(seconds=3)
        await play.until(lambda found: found[0].polls > before)
        async with asyncio.timeout(10):
            while "Posted" not in use.response.plain_text():
                await play.later(seconds=15)
                await asyncio.sleep(0.02)
        (job,) = await play.ends_well()
        assert job.state is State.DONE
        assert len(play.rig.posts()) == len(play.rig.gateways.book.charges) == 1


async def test_a_finished_picture_is_not_taken_back_by_what_a_gateway_says_afterwards(tmp_path: Path) -> None:
    """E5: done is done: the answer is stored, and nobody asks again."""
    async with scene(tmp_path) as play:
        use = await play.ask()
        await play.posted(use)
        asked = (await play.jobs())[0].polls
        play.rig.gateways.faults.next("pixazo", status(200, at=Step.POLL, body={"status": "FAILED"}))
        await play.later(minutes=30)
        (job,) = await play.ends_well()
        assert (job.state, job.polls) == (State.DONE, asked)

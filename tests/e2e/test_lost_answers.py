"""A create answer that is lost at the gateway that honours an idempotency key: asked for again, never bought twice."""

from pathlib import Path

import pytest

from bot.core.clock import HOUR_MS
from bot.core.crashpoints import CrashPoint
from bot.jobs.model import State
from bot.services.repeating import KEY_MARGIN_MS, MAX_REPEATS
from sandbox.gateways import EVERY, AnswerFault, Break, broken_answer, lost_answer, lost_request, status
from sandbox.stage import stage
from tests.e2e.invariants import new_scene
from tests.e2e.process import PATIENCE_S, doomed, running, settle
from tests.e2e.rig import held, rig
from tests.e2e.scene import Scene, scene

APIFRAME = "apiframe/grok-imagine"
DAY_S = 24 * HOUR_MS / 1000


async def repeat(play: Scene, number: int) -> None:
    """Lets the wait before the next repeat pass, once the one before has failed."""
    await play.until(lambda found: found[0].failures == number and found[0].lease_owner is None)
    await play.later(seconds=70)


@pytest.mark.parametrize(
    "fault",
    [
        lost_answer(),
        lost_request(),
        status(500),
        status(503, is_charged=True),
        broken_answer(Break.MALFORMED),
        broken_answer(Break.HTML),
        broken_answer(Break.TRUNCATED),
        broken_answer(Break.HUGE),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.is_charged}",
)
async def test_a_lost_answer_is_asked_for_again_under_the_same_key(tmp_path: Path, fault: AnswerFault) -> None:
    """D2, D4, D7, D8 where the gateway honours a key: whether the first was taken or not, there is one work."""
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("apiframe", fault)
        use = await play.ask(model=APIFRAME)
        await repeat(play, 1)
        await play.posted(use)
        (job,) = await play.ends_well()
        assert (job.state, job.attempt) == (State.DONE, 1)
        assert len(play.rig.gateways.book.charges) == 1


async def test_repeats_wait_longer_each_time_and_are_bounded(tmp_path: Path) -> None:
    """The gateway never answers: after the last repeat nobody knows, and the money stays reserved."""
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.when("", status(503, is_charged=True), gateway="apiframe")
        use = await play.ask(model=APIFRAME)
        for number in range(1, MAX_REPEATS):
            await repeat(play, number)
        await play.says(use, "stays reserved")
        job = await play.until_state(State.UNKNOWN)
        assert (job.reason, job.attempt) == ("no_answer", 1)
        await play.later(minutes=60)
        await play.ends_well(held_ticks=await held(play.house))
        assert len(play.rig.gateways.book.charges) == 1


@pytest.mark.parametrize("code", [401, 402, 403, 429])
async def test_a_repeat_that_is_turned_away_says_nothing_of_the_first(tmp_path: Path, code: int) -> None:
    """The first was charged; a refusal at the door is no word about it, so the same is asked once more."""
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("apiframe", lost_answer())
        use = await play.ask(model=APIFRAME)
        await play.until(lambda found: found[0].failures == 1 and found[0].lease_owner is None)
        play.rig.gateways.faults.next("apiframe", status(code))
        await play.later(seconds=70)
        await repeat(play, 2)
        await play.posted(use)
        await play.ends_well()
        assert len(play.rig.gateways.book.charges) == 1


@pytest.mark.parametrize("point", [CrashPoint.IN_REQUEST, CrashPoint.AFTER_RESPONSE])
async def test_a_process_that_died_before_the_answer_was_stored_asks_again(tmp_path: Path, point: CrashPoint) -> None:
    """D2."""
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64, names=EVERY) as built:
        one = new_scene(built, tmp_path / "easel")
        async with doomed(one.stage, point):
            await one.stage.sandbox.person("ana").command("imagine", prompt="a fox", model=APIFRAME)
        async with running(one.stage):
            facts = await settle(one.stage, PATIENCE_S)
        assert facts.states() == {State.DONE: 1}
        assert len(one.charges) == 1


async def test_a_key_that_the_gateway_may_have_forgotten_is_not_used_again(tmp_path: Path) -> None:
    """Twenty-four hours later the same key would make a second work: nobody knows, and nothing is sent."""
    async with rig(tmp_path, scale=0.02, names=EVERY) as stage_:
        async with stage_.bot(clock=stage_.sandbox.clock) as house:
            stage_.gateways.faults.next("apiframe", lost_answer())
            await stage_.sandbox.person("ana").command("imagine", prompt="a fox", model=APIFRAME)
            play = Scene(rig=stage_, house=house, ana=stage_.sandbox.person("ana"), bo=stage_.sandbox.person("bo"))
            await play.until(lambda found: found[0].failures == 1 and found[0].lease_owner is None)
        stage_.sandbox.clock.forward(seconds=DAY_S - KEY_MARGIN_MS / 1000)
        async with stage_.bot(clock=stage_.sandbox.clock) as house:
            (job,) = await stage_.settle(house)
            assert job.state is State.UNKNOWN
            assert house.recovery.unknown == 1
        assert len(stage_.gateways.book.charges) == 1

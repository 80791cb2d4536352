"""E7: a gateway that is down for two hours under a bot with work there, and what happens when it is back."""

import asyncio
from collections import Counter
from pathlib import Path

from bot.jobs.model import State
from sandbox.gateways import Outcome, Step, outcome, status
from sandbox.gateways.server import Watched
from tests.e2e.scene import Scene, scene

JOBS = 8
ROOMY = {
    "EASEL_MEMBER_AT_ONCE": "8",
    "EASEL_MEMBER_JOBS": "20",
    "EASEL_GUILD_JOBS": "20",
    "EASEL_MEMBER_DAILY_USD": "9",
}
TICK_S = 5.0
TWO_HOURS_S = 7_200.0


class Bell:
    """Counts the questions that reach the gateway, by ticks of the scene's clock."""

    def __init__(self, play: Scene) -> None:
        self.play = play
        self.tick = 0
        self.rung: Counter[int] = Counter()
        play.rig.gateways.on_request = self._note

    def _note(self, seen: Watched) -> None:
        if seen.method == "GET":
            self.rung[self.tick] += 1

    async def pass_time(self, seconds: float, *, step_s: float) -> None:
        """Lets the time pass in steps, each with a moment for what is due in it."""
        for _ in range(round(seconds / step_s)):
            self.tick += 1
            await self.play.later(seconds=step_s)
            await asyncio.sleep(0.02)
            await self.play.until(lambda found: all(job.lease_owner is None for job in found))


async def test_a_gateway_that_is_down_for_two_hours_is_asked_seldom_and_found_by_one_probe(tmp_path: Path) -> None:
    """Waits grow to minutes for all jobs together, one question finds it back, and no herd follows."""
    async with scene(tmp_path, ROOMY) as play:
        play.rig.gateways.faults.when("", outcome(Outcome.NEVER_ENDS))
        for number in range(JOBS):
            await play.ask(f"number {number}")
        await play.until(lambda found: sum(job.state is State.WAITING for job in found) == JOBS)
        bell = Bell(play)
        play.rig.gateways.faults.when("", status(503, at=Step.POLL))

        await bell.pass_time(900, step_s=15.0)
        early = bell.rung.total()
        await bell.pass_time(TWO_HOURS_S - 900, step_s=60.0)
        late = bell.rung.total() - early
        # Each job's own last question at its deadline comes on top of the probes.
        assert early <= 3 * JOBS
        assert late <= (TWO_HOURS_S - 900) / 240, "a probe every five minutes, whoever waits"
        assert {job.state for job in await play.jobs()} == {State.UNKNOWN}

        play.rig.gateways.faults.clear()
        play.rig.gateways.finish()
        back_at = bell.tick
        while not all(job.has_ended for job in await play.jobs()):
            await bell.pass_time(TICK_S, step_s=TICK_S)
        after = [bell.rung[tick] for tick in range(back_at + 1, bell.tick + 1) if bell.rung[tick]]
        assert after[0] <= 2, "one probe, and perhaps whoever is due right after it"
        assert max(after) <= JOBS - 2, "the others are spread"
        assert len(after) >= 3
        assert sum(after) == JOBS
        assert {job.state for job in await play.ends_well()} == {State.DONE}
        assert len(play.rig.posts()) == JOBS

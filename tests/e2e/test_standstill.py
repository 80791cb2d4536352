"""E11, I9: the whole process stands still while the world goes on, as when a machine is paused."""

import asyncio
import signal
from pathlib import Path

from bot.jobs.model import State
from sandbox.gateways.faults import Outcome, WorkFault, outcome
from sandbox.stage import BotProcess, stage
from tests.e2e.invariants import assert_invariants, new_scene
from tests.e2e.process import PATIENCE_S, running, settle
from tests.e2e.test_shutdown import EX_UNAVAILABLE, LOCUS, PIXAZO, ask, until

DRAWING_S = 1.0
STANDSTILL_S = 2.0


def _is_stopped(bot: BotProcess) -> bool:
    """The kernel's letter for it (proc_pid_stat(5)); the name before it may hold spaces."""
    stat = Path(f"/proc/{bot.process.pid}/stat").read_text(encoding="ascii", errors="replace")
    return stat.rpartition(")")[2].split()[0] == "T"


async def test_a_process_that_stood_still_goes_on_with_its_jobs_and_nobody_takes_them_meanwhile(
    tmp_path: Path,
) -> None:
    """One job waits for the next poll, one request is being answered; both are drawn while the process stands."""
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        scene = new_scene(built, tmp_path / "easel")
        built.gateways.faults.when("polled", outcome(Outcome.NEVER_ENDS))
        built.gateways.faults.when("answered", WorkFault(kind=Outcome.SLOW, seconds=DRAWING_S))
        async with running(scene.stage) as bot:
            uses = [await ask(scene, "polled", PIXAZO), await ask(scene, "answered", LOCUS)]
            await asyncio.wait_for(built.gateways.book.holds(2), PATIENCE_S)
            await until(scene, lambda facts: facts.states()[State.WAITING] > 0)
            bot.process.send_signal(signal.SIGSTOP)
            async with asyncio.timeout(PATIENCE_S):
                while not _is_stopped(bot):
                    await asyncio.sleep(0.01)

            async with scene.stage.bot(ready=False) as second:
                assert await second.wait(PATIENCE_S) == EX_UNAVAILABLE, second.log()
            built.gateways.finish()
            await asyncio.sleep(STANDSTILL_S)
            bot.process.send_signal(signal.SIGCONT)

            facts = await settle(scene.stage)
            assert bot.process.returncode is None
        assert facts.states() == {State.DONE: 2}
        assert [record.job.attempt for record in facts.records] == [1, 1]
        assert len(scene.charges) == 2
        assert all("Posted" in use.response.plain_text() for use in uses)
        assert_invariants(scene, facts)

"""I7: a job that kills the process whenever it is worked on is set aside, and the others go on."""

from pathlib import Path

from bot.core.crashpoints import CrashPoint
from bot.jobs.model import State
from bot.jobs.runner import MAX_CRASHES
from bot.ledger.model import HoldState
from bot.services.outcomes import GRACE_MS
from sandbox.stage import stage
from tests.e2e.invariants import assert_invariants, new_scene
from tests.e2e.process import PATIENCE_S, doomed, events, running, settle

PIXAZO = "pixazo/grok-imagine-quality"


async def test_a_job_that_kills_every_process_is_set_aside_and_its_money_stays_held(tmp_path: Path) -> None:
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        scene = new_scene(built, tmp_path / "easel")
        async with doomed(scene.stage, CrashPoint.AFTER_ASSET):
            use = await built.sandbox.person("ana").command("imagine", prompt="poison", model=PIXAZO)
        for _ in range(MAX_CRASHES - 1):
            async with doomed(scene.stage, CrashPoint.AFTER_ASSET, ready=False):
                pass

        async with running(scene.stage, EASEL_CRASH_AT=CrashPoint.AFTER_ASSET) as bot:
            facts = await settle(scene.stage)
            assert_invariants(scene, facts)
            (record,) = facts.records
            assert record.job.state is State.UNKNOWN
            assert record.hold.state is HoldState.OPEN
            assert record.job.submitted_at is not None
            # A look-up before that would only fetch the same pictures again, and die.
            assert record.job.run_at == record.job.submitted_at + GRACE_MS
            assert record.job.attempt == len(scene.charges) == 1
            assert "stays reserved" in use.response.plain_text()
            assert [line["job"] for line in events(bot, "a job is given up")] == [record.job.id]
            assert bot.process.returncode is None

        async with running(scene.stage):
            other = await built.sandbox.person("bo").command("imagine", prompt="well", model=PIXAZO)
            await other.wait_until(lambda message: "Posted" in message.plain_text(), PATIENCE_S)

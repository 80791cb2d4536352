"""The runner: what is due is worked on, within bounds, and nothing that raises or dies holds up the rest."""

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from bot.core.clock import ManualClock, Millis
from bot.jobs import runner as runner_module
from bot.jobs import store
from bot.jobs.model import Job, State
from bot.jobs.runner import MAX_CRASHES
from tests.jobs.bench import OTHER, OWNER
from tests.jobs.rig import rig


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens by a look on suspicion; what is put off is put off for no time."""
    monkeypatch.setattr(runner_module, "IDLE_LOOK_S", 600.0)
    monkeypatch.setattr(runner_module, "DATABASE_PAUSE_S", 0.001)
    monkeypatch.setattr(runner_module, "retry_wait_s", lambda **_: 0.0)


async def broken(job: Job) -> None:
    raise RuntimeError("a defect")


@pytest.mark.parametrize(
    ("state", "columns", "step"),
    [
        (State.QUEUED, {}, "submit"),
        (State.SUBMITTING, {}, "recover"),
        (State.WAITING, {}, "poll"),
        (State.UNKNOWN, {}, "poll"),
        (State.DELIVERING, {}, "deliver"),
        (State.WAITING, {"crashes": MAX_CRASHES - 1}, "poll"),
        (State.WAITING, {"crashes": MAX_CRASHES}, "give_up"),
        (State.DELIVERING, {"crashes": MAX_CRASHES}, "give_up"),
        (State.UNKNOWN, {"crashes": MAX_CRASHES - 1}, "poll"),
        (State.UNKNOWN, {"crashes": MAX_CRASHES}, "give_up"),  # a look-up that kills would kill at every start
    ],
)
async def test_each_state_has_its_step(tmp_path: Path, state: State, columns: dict[str, int], step: str) -> None:
    async with rig(tmp_path) as rigged:
        await rigged.add("a", state, kind="imagine", **columns)
        rigged.start()
        await rigged.until_ended("a")
        assert rigged.worker.calls == [(step, "a")]


async def test_no_more_steps_run_at_once_than_there_are_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "MAX_STEPS", 3)
    async with rig(tmp_path) as rigged:
        may_go, most = asyncio.Event(), 0

        async def slow(job: Job) -> None:
            nonlocal most
            most = max(most, rigged.runner.active)
            await may_go.wait()
            await rigged.worker.end(job)

        rigged.worker.steps = {"deliver": slow, "submit": slow, "poll": slow}
        names = [f"{number}" for number in range(9)]
        for number, name in enumerate(names):
            drawn = {"result": "{}"} if number == 8 else {}
            state = State.DELIVERING if number < 5 else State.QUEUED if number < 8 else State.WAITING
            await rigged.add(name, state, **drawn)
        rigged.start()
        await rigged.until(lambda: len(rigged.worker.calls) == 3)
        rigged.runner.wake()
        await asyncio.sleep(0.01)
        assert rigged.runner.active == 3
        may_go.set()
        await rigged.until_ended(*names)
        assert most == 3


async def test_looks_have_places_of_their_own_that_are_bounded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only asks a gateway waits for no delivery, and keeps none waiting."""
    monkeypatch.setattr(runner_module, "MAX_STEPS", 2)
    monkeypatch.setattr(runner_module, "MAX_LOOKS", 3)
    async with rig(tmp_path) as rigged:
        may_go, most = asyncio.Event(), Counter[str]()

        async def slow(job: Job) -> None:
            most[job.state] += 1
            await may_go.wait()
            most[job.state] -= 1
            await rigged.worker.end(job)

        rigged.worker.steps = {"poll": slow, "deliver": slow}
        names = [f"{number}" for number in range(10)]
        for number, name in enumerate(names):
            await rigged.add(name, State.WAITING if number < 5 else State.DELIVERING)
        rigged.start()
        await rigged.until(lambda: rigged.runner.active == 5)
        rigged.runner.wake()
        await asyncio.sleep(0.01)
        assert (most[State.WAITING], most[State.DELIVERING]) == (3, 2)
        may_go.set()
        await rigged.until_ended(*names)


async def test_a_step_that_raises_is_tried_again_and_given_up_in_the_end(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        rigged.worker.steps["poll"] = broken
        await rigged.add("a", State.WAITING)
        await rigged.add("well", State.DELIVERING)
        rigged.start()
        await rigged.until_ended("a", "well")
        assert rigged.worker.calls.count(("poll", "a")) == MAX_CRASHES
        assert rigged.worker.calls[-1] == ("give_up", "a")


async def test_a_submit_that_raises_is_never_simply_sent_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        rigged.worker.steps["submit"] = broken
        await rigged.add("a")
        rigged.start()
        await rigged.until_ended("a")
        assert rigged.worker.calls == [("submit", "a"), ("recover", "a")]


async def test_giving_up_is_tried_again_where_it_fails_itself(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:

        async def at_the_second_time(job: Job) -> None:
            if rigged.worker.calls.count(("give_up", "a")) == 1:
                raise RuntimeError
            await rigged.worker.end(job)

        rigged.worker.steps["give_up"] = at_the_second_time
        await rigged.add("a", State.WAITING, crashes=MAX_CRASHES)
        rigged.start()
        await rigged.until_ended("a")
        assert rigged.worker.calls == [("give_up", "a")] * 2


async def test_a_job_of_an_unknown_kind_stays_and_stops_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        await rigged.add("odd", State.WAITING, kind="of tomorrow")
        (claim,) = await rigged.runner.claim(rigged.clock.now())
        await rigged.runner.step(claim)
        odd = await rigged.job("odd")
        assert (odd.state, odd.crashes, odd.lease_owner) == (State.WAITING, 1, None)


async def test_a_step_that_lost_its_fence_leaves_the_job_to_its_new_owner(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:

        async def taken_over(job: Job) -> None:
            await rigged.database.write(
                lambda tx: tx.execute("UPDATE job SET lease_owner = ?, lease_seq = lease_seq + 1", (OTHER,))
            )
            await rigged.worker.end(job)

        rigged.worker.steps["poll"] = taken_over
        await rigged.add("a", State.WAITING)
        (claim,) = await rigged.runner.claim(rigged.clock.now())
        before = await rigged.job("a")
        await rigged.runner.step(claim)
        after = await rigged.job("a")
        assert (after.state, after.lease_owner, after.crashes) == (State.WAITING, OTHER, before.crashes)


async def test_a_step_that_raises_after_its_move_is_not_put_back(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:

        async def ends_and_raises(job: Job) -> None:
            await rigged.worker.end(job)
            raise RuntimeError

        rigged.worker.steps["poll"] = ends_and_raises
        await rigged.add("a", State.WAITING)
        rigged.start()
        await rigged.until_ended("a")
        await rigged.until(lambda: rigged.runner.active == 0)
        assert rigged.worker.calls == [("poll", "a")]
        assert (await rigged.job("a")).crashes == 0


async def test_a_job_is_put_back_as_soon_as_the_database_takes_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:

        async def broken_with_its_database(job: Job) -> None:
            rigged.database.writes_fail = 3
            raise RuntimeError

        rigged.worker.steps["poll"] = broken_with_its_database
        await rigged.add("a", State.WAITING)
        (claim,) = await rigged.runner.claim(rigged.clock.now())
        await rigged.runner.step(claim)
        job = await rigged.job("a")
        assert (job.crashes, job.lease_owner, rigged.database.writes_fail) == (1, None, 0)


# Waking


async def test_a_new_job_is_begun_when_the_runner_is_woken(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        rigged.start()
        await asyncio.sleep(0.01)
        await rigged.add("a")
        rigged.runner.wake()
        await rigged.until_ended("a")
        assert rigged.worker.calls == [("submit", "a")]


async def test_a_job_that_falls_due_is_begun_without_a_wake(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        await rigged.add("a", State.WAITING, run_at=rigged.clock.now() + 30)
        rigged.start()
        await rigged.until_ended("a")
        assert rigged.worker.calls == [("poll", "a")]


class Ticking(ManualClock):
    """Each look at it takes 10 ms."""

    def now(self) -> Millis:
        self.advance(ms=10)
        return super().now()


async def test_a_job_that_falls_due_between_two_looks_is_not_slept_over(tmp_path: Path) -> None:
    clock = Ticking()
    async with rig(tmp_path, clock=clock) as rigged:
        await rigged.add("a", State.WAITING)
        # After the moment that the claim looks at, before the next reading of the clock.
        await rigged.database.write(lambda tx: tx.execute("UPDATE job SET run_at = ?", (clock.now() + 15,)))
        rigged.start()
        await rigged.until_ended("a")


async def test_what_falls_due_later_is_worked_on_in_its_time(tmp_path: Path) -> None:
    """A look is claimed a little ahead and waits for its moment; any other step is claimed when it is due."""
    async with rig(tmp_path) as rigged:
        begun: dict[str, int] = {}

        async def note(job: Job) -> None:
            begun[job.id] = rigged.clock.now() - (job.run_at or 0)
            await rigged.worker.end(job)

        rigged.worker.steps = {"poll": note, "deliver": note}
        now = rigged.clock.now()
        await rigged.add("look", State.WAITING, run_at=now + 2 * store.AHEAD_MS)
        await rigged.add("step", State.DELIVERING, run_at=now + store.AHEAD_MS // 2)
        rigged.start()
        await rigged.until_ended("look", "step")
        assert min(begun.values()) >= 0


async def test_a_step_that_ends_makes_room_for_the_next_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "MAX_LOOKS", 1)
    async with rig(tmp_path) as rigged:
        names = [f"{number}" for number in range(4)]
        for name in names:
            await rigged.add(name, State.WAITING)
        rigged.start()
        await rigged.until_ended(*names)
        assert len(rigged.worker.calls) == 4


async def test_a_job_claimed_anew_before_its_last_step_has_ended_counts_as_one_step_each(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        may_end = [asyncio.Event(), asyncio.Event()]

        async def lingers(job: Job) -> None:
            turn = len(rigged.worker.calls) - 1
            now = rigged.clock.now()
            if turn == 0:
                await rigged.database.write(
                    partial(store.reschedule, job=job, run_at=now, because=store.Because.NOTHING_NEW)
                )
                rigged.runner.wake()
            await may_end[turn].wait()
            if turn == 1:
                await rigged.worker.end(job)

        rigged.worker.steps["poll"] = lingers
        await rigged.add("a", State.WAITING)
        rigged.start()
        await rigged.until(lambda: len(rigged.worker.calls) == 2)
        assert rigged.runner.active == 2
        may_end[0].set()
        await rigged.until(lambda: rigged.runner.active == 1)
        may_end[1].set()
        await rigged.until_ended("a")


# A database in trouble


async def test_a_database_that_cannot_be_read_for_a_while_does_not_end_the_loop(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        await rigged.add("a")
        rigged.database.reads_fail = 2
        rigged.start()
        await rigged.until(lambda: len(rigged.worker.calls) == 1)


async def test_a_claim_that_could_not_be_written_is_made_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        await rigged.add("a")
        rigged.database.writes_fail = 2
        rigged.start()
        await rigged.until(lambda: len(rigged.worker.calls) == 1)
        assert rigged.worker.calls == [("submit", "a")]


async def test_a_claim_that_was_reported_lost_and_was_not_leaves_no_job_behind(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        at_work = asyncio.Event()

        async def slow(job: Job) -> None:
            await at_work.wait()
            await rigged.worker.end(job)

        rigged.worker.steps["deliver"] = slow
        await rigged.add("busy", State.DELIVERING)
        rigged.start()
        await rigged.until(lambda: rigged.runner.active == 1)
        reads = rigged.database.reads
        await rigged.until(lambda: rigged.database.reads > reads)  # it has found no more, and rests
        await rigged.add("a")
        await rigged.add("b", State.WAITING)
        rigged.database.writes_lie = 1
        rigged.runner.wake()
        await rigged.until_ended("a", "b")
        # Nobody can tell that the first claim's request was never sent: it is for `recover` to say.
        assert sorted(rigged.worker.calls[1:]) == [("poll", "b"), ("recover", "a")]
        assert (await rigged.job("busy")).lease_owner == OWNER
        at_work.set()
        await rigged.until_ended("busy")


# Stopping


async def test_a_drain_waits_for_submits_alone_and_gives_the_leases_back(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        answer, dropped = asyncio.Event(), asyncio.Event()

        async def asked(job: Job) -> None:
            await answer.wait()
            await rigged.worker.end(job)

        async def polled(job: Job) -> None:
            try:
                await asyncio.sleep(600)
            finally:
                dropped.set()

        rigged.worker.steps = {"submit": asked, "poll": polled}
        await rigged.add("asked")
        await rigged.add("polled", State.WAITING)
        rigged.start()
        await rigged.until(lambda: rigged.runner.active == 2)
        draining = asyncio.create_task(rigged.runner.drain(600.0))
        await asyncio.sleep(0.01)
        await rigged.add("too late")
        rigged.runner.wake()
        await asyncio.sleep(0.01)
        assert not draining.done()
        assert not dropped.is_set()
        answer.set()
        assert await draining == 0
        assert dropped.is_set()
        polled_now, late = await rigged.job("polled"), await rigged.job("too late")
        assert (polled_now.state, polled_now.lease_owner, polled_now.crashes) == (State.WAITING, None, 0)
        assert (late.state, (await rigged.job("asked")).has_ended) == (State.QUEUED, True)
        assert await rigged.runner.claim(rigged.clock.now()) == ()


async def test_a_submit_that_outlives_the_grace_stays_submitting_for_the_next_start(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:

        async def never(job: Job) -> None:
            await asyncio.sleep(600)

        rigged.worker.steps["submit"] = never
        await rigged.add("a")
        rigged.start()
        await rigged.until(lambda: rigged.runner.active == 1)
        assert await rigged.runner.drain(0.01) == 1
        job = await rigged.job("a")
        assert (job.state, job.lease_owner, job.attempt) == (State.SUBMITTING, None, 1)
        assert rigged.runner.active == 0


async def test_a_drain_of_an_idle_runner_is_over_at_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        rigged.start()
        assert await rigged.runner.drain(600.0) == 0


async def test_a_claim_that_is_being_written_when_the_drain_begins_sends_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        await rigged.add("fresh")
        await rigged.add("stale", State.WAITING)
        rigged.database.hold = asyncio.Event()
        rigged.start()
        async with asyncio.timeout(20):
            while (await rigged.job("fresh")).state is State.QUEUED:
                await asyncio.sleep(0.001)
        draining = asyncio.create_task(rigged.runner.drain(600.0))
        await asyncio.sleep(0.01)
        assert not draining.done()
        rigged.database.hold.set()
        assert await draining == 0
        assert rigged.worker.calls == []
        fresh, stale = await rigged.job("fresh"), await rigged.job("stale")
        assert (fresh.state, fresh.lease_owner, stale.lease_owner) == (State.QUEUED, None, None)


async def test_steps_end_with_the_runner(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        dropped = asyncio.Event()

        async def polled(job: Job) -> None:
            try:
                await asyncio.sleep(600)
            finally:
                dropped.set()

        rigged.worker.steps["poll"] = polled
        await rigged.add("a", State.WAITING)
        rigged.start()
        await rigged.until(lambda: rigged.runner.active == 1)
        assert rigged.running is not None
        rigged.running.cancel()
        await asyncio.wait({rigged.running})
        assert dropped.is_set()
        assert rigged.running.cancelled()

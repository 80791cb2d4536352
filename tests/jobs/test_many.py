"""E8: thousands of jobs are due at once when a process starts."""

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path

from bot.core.clock import Millis
from bot.db import Transaction
from bot.jobs import store
from bot.jobs.looks import store as looks
from bot.jobs.model import Job
from bot.jobs.runner import MAX_CLAIMS, MAX_LOOKS
from tests.jobs.bench import OTHER, OWNER, new
from tests.jobs.rig import Rig, rig

CROWD = 2_000
POLLS = 2


async def leave_behind(rigged: Rig) -> None:
    """The jobs of a process that died: all were due at the same moment, every third was being polled."""
    at = rigged.clock.now()

    def write(tx: Transaction) -> None:
        for number in range(CROWD):
            store.insert(tx, new(f"{number:04}", at=at, provider="pixazo", guild=2))
        tx.execute("UPDATE job SET state = 'waiting'")
        tx.execute("UPDATE job SET lease_owner = ?, lease_seq = 1 WHERE id % 3 = 0", (OTHER,))
        store.take_over(tx, owner=OWNER)

    await rigged.database.write(write)


class Watch:
    """Counts what begins between two turns of somebody who only wants a turn of the loop."""

    def __init__(self) -> None:
        self.begun = 0
        self.most_in_a_turn = 0

    async def run(self) -> None:
        while True:
            before = self.begun
            await asyncio.sleep(0)
            self.most_in_a_turn = max(self.most_in_a_turn, self.begun - before)


async def test_a_crowd_that_is_due_at_the_start_is_polled_in_turn_and_holds_up_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path) as rigged:
        polls: Counter[str] = Counter()
        order: list[str] = []
        most_at_once = 0
        watch = Watch()
        new_one_was_sent_after = POLLS * CROWD + 1

        async def poll(job: Job) -> None:
            nonlocal most_at_once
            watch.begun += 1
            most_at_once = max(most_at_once, rigged.runner.active)
            order.append(str(job.id))
            polls[str(job.id)] += 1
            if polls[str(job.id)] == POLLS:
                await rigged.worker.end(job)
                return
            # Due again long before the crowd has had its first turn.
            run_at = Millis(rigged.clock.now() + 1)
            await rigged.database.write(
                partial(store.reschedule, job=job, run_at=run_at, because=store.Because.NOTHING_NEW)
            )

        async def submit(job: Job) -> None:
            nonlocal new_one_was_sent_after
            new_one_was_sent_after = len(order)
            await rigged.worker.end(job)

        rigged.worker.steps = {"poll": poll, "submit": submit}
        await leave_behind(rigged)
        await rigged.add("new")
        watching = asyncio.create_task(watch.run())
        rigged.start()
        try:
            await rigged.until(lambda: polls.total() == POLLS * CROWD and rigged.runner.active == 0)
            await rigged.until_ended("new")
        finally:
            watching.cancel()
            await asyncio.wait({watching})

        assert len(polls) == CROWD
        assert set(polls.values()) == {POLLS}
        assert sorted(order[:CROWD]) == sorted(polls), "nobody is polled twice before everybody was polled once"
        assert MAX_CLAIMS < most_at_once <= MAX_LOOKS + 1
        assert 0 < watch.most_in_a_turn <= MAX_CLAIMS
        assert await rigged.database.read(looks.stuck) == ()
        assert new_one_was_sent_after <= MAX_CLAIMS, "a new request does not wait for the crowd"

"""The runner: claims what is due, lets a handler work on each, and bounds how many at once.

The database is the schedule: `run_at` of each row, an index, and one wait until the earliest. So a restart needs
nothing but the same query, and ten thousand waiting jobs cost one row each instead of one task each.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.errors import DatabaseUnavailable, FenceLost
from bot.core.ids import JobId, Randomness
from bot.db import Database, Transaction
from bot.jobs import store
from bot.jobs.model import Caps, Claim, Job, State
from bot.jobs.schedule import retry_wait_s

log = logging.getLogger(__name__)

# Steps under way at once. A step of a gateway that answers only when it is done holds its place that long; the
# providers' own caps are far below this.
MAX_STEPS = 64
# Looks under way at once, beside the steps: one question and one row each. With a gateway that answers in 100 ms this
# is more than one core can ask (`make bench`, row "waiting").
MAX_LOOKS = 512
# So many are begun in one turn of the loop, which must go on meanwhile.
MAX_CLAIMS = 64
# Without a wake-up the runner looks again after this long, so that a moved clock never leaves it asleep.
IDLE_LOOK_S = 5.0
# Between two looks; with 1,000 jobs waiting it halves what the looks cost (`make bench`, row "waiting").
CLAIM_SPACING_S = 0.005
# After this many steps in a row that raised or died with the process, the job is given up: its payload is poison.
MAX_CRASHES = 6
# How long to wait when the database cannot be written.
DATABASE_PAUSE_S = 1.0


class Handler(Protocol):
    """What the runner calls for each state; each call makes the job's next move itself, under the fence."""

    async def submit(self, job: Job) -> None:
        """The intent is stored: send the request."""
        ...

    async def recover(self, job: Job) -> None:
        """The process died in `submitting`: decide whether the request may be sent again."""
        ...

    async def poll(self, job: Job) -> None:
        """`waiting` or `unknown`: ask the gateway, or fetch what it has made."""
        ...

    async def deliver(self, job: Job) -> None:
        """`delivering`: bring the result to the people."""
        ...

    async def give_up(self, job: Job) -> None:
        """The step failed too often: end the job honestly, or let one that is `unknown` rest."""
        ...


class Runner:
    """Runs the jobs of one process. `owner` names this process in leases and is new at each start."""

    def __init__(
        self,
        *,
        database: Database,
        handlers: Mapping[str, Handler],
        caps: Caps,
        clock: Clock,
        randomness: Randomness,
        owner: str,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._caps = caps
        self._clock = clock
        self._randomness = randomness
        self._owner = owner
        self._wake = asyncio.Event()
        # By task, not by job: a job can be claimed anew before the task that gave it back has quite ended.
        self._active: dict[asyncio.Task[None], JobId] = {}
        self._submits: set[asyncio.Task[None]] = set()
        self._looks: set[asyncio.Task[None]] = set()
        self._claiming = asyncio.Lock()
        self._is_unsure = False
        self._has_found = False
        self._is_draining = False
        self.last_tick = clock.monotonic()

    @property
    def active(self) -> int:
        """How many steps are under way."""
        return len(self._active)

    def wake(self) -> None:
        """Something may be due now."""
        self._wake.set()

    async def run(self) -> None:
        """Claims and works until cancelled; steps under way are cancelled with it."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                self.last_tick = self._clock.monotonic()
                now = self._clock.now()
                try:
                    wait_s = 0.0 if await self._take(group, now) else await self._idle_s(now)
                except DatabaseUnavailable:
                    log.exception("jobs cannot be claimed")
                    self._is_unsure, wait_s = True, DATABASE_PAUSE_S
                await self._rest(wait_s)
                # Each step that ends wakes the runner: those that end together are followed by one look, not by many.
                await asyncio.sleep(CLAIM_SPACING_S)

    async def drain(self, grace_s: float) -> int:
        """Starts nothing new and waits up to `grace_s` for submits under way; polls and downloads are dropped.

        Gives every lease back and returns how many submits were still under way.
        """
        self._is_draining = True
        async with self._claiming:
            pass  # a claim that is being written ends first, and gives back what it has claimed
        if self._submits:
            await asyncio.wait(tuple(self._submits), timeout=grace_s)
        left = len(self._submits)
        for task in tuple(self._active):
            task.cancel()
        if self._active:
            await asyncio.wait(tuple(self._active))
        owner = self._owner
        await self._database.write(lambda tx: store.release_leases(tx, owner=owner))
        return left

    async def claim(self, now: Millis) -> tuple[Claim, ...]:
        """Leases what is due at `now`, as far as caps and free places go. Raises DatabaseUnavailable."""
        steps = MAX_STEPS - (len(self._active) - len(self._looks))
        looks = MAX_LOOKS - len(self._looks)
        if self._is_draining or steps + looks <= 0:
            return ()
        owner, caps, is_unsure = self._owner, self._caps, self._is_unsure
        # While claims go on finding something, asking first would only read everything twice.
        is_asked = not (is_unsure or self._has_found)
        if is_asked and not await self._database.read(lambda reader: store.has_due(reader, now=now, caps=caps)):
            return ()
        working = frozenset(self._active.values())

        def write(tx: Transaction) -> tuple[Claim, ...]:
            if is_unsure:  # an earlier claim that was reported lost may be on disk after all
                store.release_leases(tx, owner=owner, working=working)
            # New requests first: their caps bound them, while a crowd that is always due would leave them no place.
            queued = store.claim_queued(tx, owner=owner, now=now, limit=steps, caps=caps) if steps else ()
            left = steps - len(queued)
            limit = min(MAX_CLAIMS, looks + left)
            due = store.claim_due(tx, owner=owner, now=now, limit=limit, looks=looks, steps=left)
            stale = tuple(Claim(job=job, is_fresh=False) for job in due)
            return stale + tuple(Claim(job=job, is_fresh=True) for job in queued)

        claimed = await self._database.write(write)
        self._is_unsure, self._has_found = False, bool(claimed)
        return claimed

    async def step(self, claim: Claim) -> None:
        """Lets the handler work on the job once. What it raises puts the job back; a lost fence ends in silence."""
        job = claim.job
        try:
            if claim.is_look:
                await self._until(job.run_at)
            await self._work(claim)
        except FenceLost:
            log.warning("another worker owns the job", extra={"job": job.id, "state": job.state})
        except Exception:
            log.exception("a step failed", extra={"job": job.id, "state": job.state})
            await self._put_back(job)

    async def _take(self, group: asyncio.TaskGroup, now: Millis) -> bool:
        """Begins what a claim finds; one that was being written when the drain began gives back what it found."""
        async with self._claiming:
            claimed = await self.claim(now)
            if self._is_draining and claimed:
                await self._database.write(lambda tx: _unclaim(tx, claimed, now))
                return False
            for claim in claimed:
                self._begin(group, claim)
        return bool(claimed)

    async def _rest(self, wait_s: float) -> None:
        if wait_s <= 0:
            return
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _idle_s(self, looked_at: Millis) -> float:
        """Seconds until something falls due, counted from the moment of the claim that found nothing."""
        due = await self._database.read(lambda reader: store.next_due(reader, after=looked_at))
        if due is None:
            return IDLE_LOOK_S
        # What is due sooner than looks are claimed is none, or found no place.
        ahead_ms = store.AHEAD_MS if due - looked_at > store.AHEAD_MS else 0
        return min(IDLE_LOOK_S, max(0.001, (due - ahead_ms - self._clock.now()) / SECOND_MS))

    def _begin(self, group: asyncio.TaskGroup, claim: Claim) -> None:
        task = group.create_task(self.step(claim), name=f"step-{claim.job.id}")
        self._active[task] = claim.job.id
        if claim.is_fresh:
            self._submits.add(task)
        if claim.is_look:
            self._looks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._active[task]
        self._submits.discard(task)
        self._looks.discard(task)
        self._wake.set()

    async def _until(self, moment: Millis | None) -> None:
        """A look may have been claimed a little before its time; however the clock is moved, it waits no longer."""
        left_ms = 0 if moment is None else moment - self._clock.now()
        if left_ms > 0:
            await asyncio.sleep(min(left_ms, store.AHEAD_MS) / SECOND_MS)

    async def _work(self, claim: Claim) -> None:
        job = claim.job
        handler = self._handlers[job.kind]
        if job.crashes >= MAX_CRASHES:
            await handler.give_up(job)
        elif claim.is_fresh:
            await handler.submit(job)
        elif job.state is State.SUBMITTING:
            await handler.recover(job)
        elif job.state is State.DELIVERING:
            await handler.deliver(job)
        else:
            await handler.poll(job)

    async def _put_back(self, job: Job) -> None:
        """Gives a job whose step raised back with a wait; one that was being submitted goes to `recover` then.

        Tried until it is written: a lease that stays would keep the job from everyone until the next start.
        """
        jitter = self._randomness.uniform(-1.0, 1.0)
        wait_s = retry_wait_s(failures=job.crashes, asked_s=None, jitter=jitter)
        while True:
            run_at = Millis(self._clock.now() + round(wait_s * SECOND_MS))
            try:
                await self._database.write(
                    partial(store.reschedule, job=job, run_at=run_at, because=store.Because.CRASHED)
                )
            except FenceLost:
                return  # the step had moved its job before it raised
            except DatabaseUnavailable:
                await asyncio.sleep(DATABASE_PAUSE_S)
            else:
                return


def _unclaim(tx: Transaction, claimed: Sequence[Claim], now: Millis) -> None:
    """Claims of a process that stops before it begins them: nothing was sent, so fresh ones queue again."""
    for claim in claimed:
        if claim.is_fresh:
            store.move(tx, claim.job, State.QUEUED, now=now)

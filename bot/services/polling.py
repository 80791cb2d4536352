"""Asking a gateway how a job's work stands, and what follows from its answer."""

import logging
from dataclasses import dataclass

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.errors import Charged, NotAuthorised, OutOfFunds, ProviderError, RetryLater, UnknownWork
from bot.core.ids import JobId, Randomness
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.jobs.schedule import retry_wait_s
from bot.providers.catalogue import Offer, estimate
from bot.providers.contract import ExternalId, Finished, PollAnswer, StillRunning
from bot.providers.registry import Registry
from bot.providers.watch import HealthWatch
from bot.services.callbacks import Calls
from bot.services.collecting import Collector
from bot.services.orders import Ordered, ordered
from bot.services.outcomes import FailureReason, reason_of
from bot.services.rhythm import Rhythm
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)

# A gateway that does not know its own id yet is given this many polls and this long (eventual consistency), then the
# job is `unknown`.
MIN_UNKNOWN_POLLS = 3
MIN_UNKNOWN_MS = 30 * SECOND_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stranger:
    """An id that the gateway does not know: in so many polls running, and since when."""

    polls: int
    since: Millis

    def is_lost(self, now: Millis) -> bool:
        return self.polls >= MIN_UNKNOWN_POLLS and now - self.since >= MIN_UNKNOWN_MS


class Polling:
    """The steps of a job that a gateway has."""

    def __init__(
        self,
        *,
        registry: Registry,
        settlement: Settlement,
        collector: Collector,
        rhythm: Rhythm,
        watch: HealthWatch,
        calls: Calls,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._registry = registry
        self._settlement = settlement
        self._collector = collector
        self._rhythm = rhythm
        self._watch = watch
        self._calls = calls
        self._clock = clock
        self._randomness = randomness
        # Of this process alone: one that starts anew gives the gateway the time once more.
        self._strangers: dict[JobId, _Stranger] = {}

    async def poll(self, job: Job) -> None:
        """Collects what is drawn, or asks the gateway once."""
        if job.state is State.UNKNOWN and self._clock.now() >= self._settlement.grace_ends_at(job):
            await self._settlement.presume(job)
            return
        found = ordered(self._registry, job)
        if found is not None and job.result is not None:
            await self._collector.collect(job, found.order, found.offer)
        elif found is None or job.external_id is None:
            await self._settlement.fail(job, FailureReason.PROVIDER_OFF, Charged.UNKNOWN)
        else:
            await self._ask(job, found, ExternalId(job.external_id))

    async def _ask(self, job: Job, found: Ordered, external_id: ExternalId) -> None:
        name = found.provider.name
        wait_s = self._watch.for_polls(name)
        # Work whose time is over is asked for once more, wherever that leads; what is `unknown` has time.
        is_last = job.state is State.WAITING and self._is_overdue(job, self._clock.now())
        if wait_s and not is_last:
            await self._later(job, wait_s)
            return
        self._calls.poll_begins(job.id)
        try:
            await self._watch.pace(name)
            answer = await found.provider.poll(found.order, external_id)
        except ProviderError as error:
            self._watch.poll_failed(name, error)
            await self._failed(job, found, error)
        else:
            self._strangers.pop(job.id, None)
            if isinstance(answer, Finished) or answer.is_told:
                self._watch.poll_succeeded(name)
            await self._answered(job, found, answer)

    async def _answered(self, job: Job, found: Ordered, answer: PollAnswer) -> None:
        if isinstance(answer, Finished):
            self._calls.found_done(job)
            await self._collector.remember(job, answer, found.order, found.offer)
        else:
            await self._still_running(job, found.offer, answer)

    async def _failed(self, job: Job, found: Ordered, error: ProviderError) -> None:
        if isinstance(error, RetryLater | UnknownWork | NotAuthorised | OutOfFunds):
            await self._poll_failed(job, error)
            return
        self._strangers.pop(job.id, None)
        log.warning("a gateway gave up", extra={"job": job.id, "error": str(error)})
        await self._settlement.gateway_failed(job, error, listed=estimate(found.offer, found.order))

    async def _still_running(self, job: Job, offer: Offer, answer: StillRunning) -> None:
        now = self._clock.now()
        if job.state is State.UNKNOWN or self._is_overdue(job, now):
            await self._settlement.fail(job, FailureReason.TOO_SLOW, Charged.UNKNOWN)
            return
        waited_s = (now - (job.submitted_at or job.created_at)) / SECOND_MS
        asked_s, polls = answer.poll_after_s, job.polls + 1
        is_called = self._calls.awaits(job)
        wait_s = await self._rhythm.wait_s(offer, waited_s=waited_s, asked_s=asked_s, polls=polls, is_called=is_called)
        run_at = Millis(now + round(wait_s * SECOND_MS))

        def write(tx: Transaction) -> None:
            next_at = self._calls.next_look(job.id, run_at)
            jobs.reschedule(tx, job, run_at=next_at, because=jobs.Because.NOTHING_NEW)

        await self._settlement.record(write)

    async def _poll_failed(self, job: Job, error: RetryLater | UnknownWork | NotAuthorised | OutOfFunds) -> None:
        """The question was refused or lost: that says nothing of the work, which is asked for until its deadline."""
        now = self._clock.now()
        is_lost = isinstance(error, UnknownWork) and self._stranger(job, now).is_lost(now)
        if job.state is State.UNKNOWN or is_lost or self._is_overdue(job, now):
            self._strangers.pop(job.id, None)
            reason = FailureReason.TOO_SLOW if isinstance(error, RetryLater) else reason_of(error)
            await self._settlement.fail(job, reason, Charged.UNKNOWN)
            return
        log.info("a poll failed", extra={"job": job.id, "provider": job.provider, "error": str(error)})
        asked_s = error.retry_after_s if isinstance(error, RetryLater) else None
        jitter = self._randomness.uniform(-1.0, 1.0)
        run_at = Millis(now + round(retry_wait_s(failures=job.failures, asked_s=asked_s, jitter=jitter) * SECOND_MS))
        await self._settlement.record(lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.FAILED))

    def _stranger(self, job: Job, now: Millis) -> _Stranger:
        before = self._strangers.get(job.id)
        found = _Stranger(
            polls=1 if before is None else before.polls + 1, since=now if before is None else before.since
        )
        self._strangers[job.id] = found
        return found

    async def _later(self, job: Job, wait_s: float) -> None:
        """The gateway cannot be reached just now; every job that waits there would only find that out again."""
        run_at = Millis(self._clock.now() + round(wait_s * SECOND_MS))
        await self._settlement.record(
            lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.SAME_AGAIN)
        )

    def _is_overdue(self, job: Job, now: Millis) -> bool:
        return job.deadline_at is not None and now >= job.deadline_at

"""Asking a gateway how a job's work stands, and what follows from its answer."""

import logging

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.errors import Charged, ProviderError, RetryLater, UnknownWork
from bot.core.ids import Randomness
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
from bot.services.outcomes import FailureReason
from bot.services.rhythm import Rhythm
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)

# A gateway that does not know its own id yet is given this many polls (eventual consistency), then it is `unknown`.
MAX_UNKNOWN_POLLS = 3


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
        if wait_s and not self._is_overdue(job, self._clock.now()):
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
            if isinstance(answer, Finished) or answer.is_told:
                self._watch.poll_succeeded(name)
            await self._answered(job, found.offer, answer)

    async def _answered(self, job: Job, offer: Offer, answer: PollAnswer) -> None:
        if isinstance(answer, Finished):
            await self._collector.remember(job, answer)
        else:
            await self._still_running(job, offer, answer)

    async def _failed(self, job: Job, found: Ordered, error: ProviderError) -> None:
        if isinstance(error, RetryLater | UnknownWork):
            await self._poll_failed(job, error)
            return
        log.warning("a gateway gave up", extra={"job": job.id, "error": str(error)})
        await self._settlement.gateway_failed(job, error, listed=estimate(found.offer, found.order))

    async def _still_running(self, job: Job, offer: Offer, answer: StillRunning) -> None:
        now = self._clock.now()
        if job.state is State.UNKNOWN or self._is_overdue(job, now):
            await self._settlement.fail(job, FailureReason.TOO_SLOW, Charged.UNKNOWN)
            return
        waited_s = (now - (job.submitted_at or job.created_at)) / SECOND_MS
        asked_s, polls = answer.poll_after_s, job.polls + 1
        wait_s = await self._rhythm.wait_s(offer, waited_s=waited_s, asked_s=asked_s, polls=polls)
        run_at = Millis(now + round(wait_s * SECOND_MS))

        def write(tx: Transaction) -> None:
            next_at = self._calls.next_look(job.id, run_at)
            jobs.reschedule(tx, job, run_at=next_at, because=jobs.Because.NOTHING_NEW)

        await self._settlement.record(write)

    async def _poll_failed(self, job: Job, error: RetryLater | UnknownWork) -> None:
        now = self._clock.now()
        is_lost = isinstance(error, UnknownWork) and job.failures + 1 >= MAX_UNKNOWN_POLLS
        if job.state is State.UNKNOWN or is_lost or self._is_overdue(job, now):
            reason = FailureReason.LOST_TRACK if is_lost else FailureReason.TOO_SLOW
            await self._settlement.fail(job, reason, Charged.UNKNOWN)
            return
        asked_s = error.retry_after_s if isinstance(error, RetryLater) else None
        jitter = self._randomness.uniform(-1.0, 1.0)
        run_at = Millis(now + round(retry_wait_s(failures=job.failures, asked_s=asked_s, jitter=jitter) * SECOND_MS))
        await self._settlement.record(lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.FAILED))

    async def _later(self, job: Job, wait_s: float) -> None:
        """The gateway cannot be reached just now; every job that waits there would only find that out again."""
        run_at = Millis(self._clock.now() + round(wait_s * SECOND_MS))
        await self._settlement.record(
            lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.SAME_AGAIN)
        )

    def _is_overdue(self, job: Job, now: Millis) -> bool:
        return job.deadline_at is not None and now >= job.deadline_at

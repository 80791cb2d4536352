"""What the runner calls for a picture job: submit, recover, poll, deliver, give up."""

import logging
from collections.abc import Mapping

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import Charged, NotAuthorised, OutOfFunds, ProviderError, RetryLater, UnknownWork
from bot.core.ids import Randomness
from bot.core.requests import PictureOrder
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.jobs.schedule import PollPace, poll_wait_s, retry_wait_s
from bot.providers.catalogue import Offer, estimate
from bot.providers.contract import (
    Accepted,
    ExternalId,
    Finished,
    PaymentRequired,
    Provider,
    StillRunning,
    Submission,
    SubmitContext,
)
from bot.providers.registry import Registry
from bot.services.callbacks import Calls
from bot.services.collecting import Collector
from bot.services.courier import Courier
from bot.services.outcomes import FailureReason, reason_of
from bot.services.pace import Pace
from bot.services.paying import Paying, PaymentDeclined
from bot.services.payload import UnreadablePayload, decode_order
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)

# A gateway that surely did not accept is tried this often, then the member gets their money back and an answer.
MAX_ATTEMPTS = 4
# A gateway that does not know its own id yet is given this many polls (eventual consistency), then it is `unknown`.
MAX_UNKNOWN_POLLS = 3


class PictureWork:
    """Implements `bot.jobs.runner.Handler` for orders of pictures."""

    def __init__(
        self,
        *,
        registry: Registry,
        settlement: Settlement,
        collector: Collector,
        courier: Courier,
        pace: Pace,
        calls: Calls,
        clock: Clock,
        randomness: Randomness,
        crashpoints: Crashpoints,
        paid: Mapping[str, Paying] | None = None,
    ) -> None:
        self._registry = registry
        self._settlement = settlement
        self._collector = collector
        self._courier = courier
        self._pace = pace
        self._calls = calls
        self._clock = clock
        self._randomness = randomness
        self._crashpoints = crashpoints
        self._paid = dict(paid or {})  # who pays for the calls of a provider, by its name

    async def submit(self, job: Job) -> None:
        """Sends the request once; the intent is already on disk."""
        if job.is_cancel_requested:  # while an earlier attempt was under way, which surely was not accepted
            await self._settlement.fail(job, FailureReason.UNREACHABLE, Charged.NO)
        else:
            await self._send(job)

    async def _send(self, job: Job, *, is_repeat: bool = False) -> None:
        """Sends the request. What answers a repeat at the door says nothing of the first, which may have been taken."""
        self._crashpoints.reached(CrashPoint.AFTER_INTENT)
        found = self._find(job)
        if found is None:
            await self._settlement.fail(job, FailureReason.PROVIDER_OFF, Charged.NO)
            return
        provider, offer, order = found
        try:
            answer = await self._ask(job, provider, order, is_repeat=is_repeat)
        except RetryLater as error:
            # Of a paid call this means that nothing was paid, also after a restart.
            is_doubtful = is_repeat and job.provider not in self._paid
            await (self._repeat_later(job, error) if is_doubtful else self._submit_later(job, error))
            return
        except PaymentDeclined:
            await self._settlement.fail(job, FailureReason.PAYMENT_WANTED, Charged.NO)
            return
        except ProviderError as error:
            log.warning("a submit failed", extra={"job": job.id, "error": str(error)})
            if is_repeat and isinstance(error, NotAuthorised | OutOfFunds):
                await self._settlement.fail(job, reason_of(error), Charged.UNKNOWN, payment_ref=error.payment_ref)
                return
            await self._settlement.gateway_failed(job, error, listed=estimate(offer, order))
            return
        match answer:
            case Finished():
                await self._collector.remember(job, answer)
            case Accepted():
                await self._accepted(job, offer, answer)
            case PaymentRequired():
                await self._settlement.fail(job, FailureReason.PAYMENT_WANTED, Charged.NO)

    async def _ask(self, job: Job, provider: Provider, order: PictureOrder, *, is_repeat: bool) -> Submission:
        """One submit, and the payment it asks for. A repeat of a paid call only goes on with what was signed."""
        paying = self._paid.get(job.provider)
        if paying is not None and is_repeat:
            return await paying.recover(job, order, provider)
        context = SubmitContext(idempotency_key=job.idempotency_key, callback_url=self._calls.address_of(job))
        answer = await provider.submit(order, context)
        if paying is not None and isinstance(answer, PaymentRequired):
            return await paying.submit(job, order, provider, answer)
        return answer

    async def recover(self, job: Job) -> None:
        """The process died between the intent and the answer. Only a gateway that honours our key is asked again,
        and one that is paid by the call: what was signed is on disk, and can be taken only once."""
        found = self._find(job)
        if found is not None and (found[0].honours_idempotency_key or job.provider in self._paid):
            await self._send(job, is_repeat=True)
        else:
            await self._settlement.fail(job, FailureReason.NO_ANSWER, Charged.UNKNOWN)

    async def poll(self, job: Job) -> None:
        """Collects what is drawn, or asks the gateway once."""
        if job.state is State.UNKNOWN and self._clock.now() >= self._settlement.grace_ends_at(job):
            await self._settlement.presume(job)
            return
        found = self._find(job)
        if found is None or job.external_id is None:
            if found is not None and job.result is not None:
                await self._collector.collect(job, found[2], found[1])
            else:
                await self._settlement.fail(job, FailureReason.PROVIDER_OFF, Charged.UNKNOWN)
            return
        provider, offer, order = found
        if job.result is not None:
            await self._collector.collect(job, order, offer)
            return
        self._calls.poll_begins(job.id)
        try:
            answer = await provider.poll(order, ExternalId(job.external_id))
        except (RetryLater, UnknownWork) as error:
            await self._poll_failed(job, error)
        except ProviderError as error:
            log.warning("a gateway gave up", extra={"job": job.id, "error": str(error)})
            await self._settlement.gateway_failed(job, error, listed=estimate(offer, order))
        else:
            if isinstance(answer, Finished):
                await self._collector.remember(job, answer)
            else:
                await self._still_running(job, offer, answer)

    async def deliver(self, job: Job) -> None:
        """Brings the pictures to the people."""
        await self._courier.deliver(job)

    async def give_up(self, job: Job) -> None:
        """The step raised or died too often. What is delivering stays with the bot; the rest ends honestly."""
        log.error("a job is given up", extra={"job": job.id, "state": job.state})
        if job.state is State.DELIVERING:
            await self._courier.keep(job, "gave up")
        else:
            await self._settlement.fail(job, FailureReason.INTERNAL, Charged.UNKNOWN)

    def _find(self, job: Job) -> tuple[Provider, Offer, PictureOrder] | None:
        """The job's provider, offer and order; None where the provider is off or the row cannot be read."""
        try:
            order = decode_order(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
        except UnreadablePayload:
            log.exception("a payload cannot be read", extra={"job": job.id})
            return None
        offer = self._registry.offer(order.provider, order.model)
        return None if offer is None else (self._registry.provider(order.provider), offer, order)

    async def _accepted(self, job: Job, offer: Offer, answer: Accepted) -> None:
        pace = await self._poll_pace(offer)
        wait_s = self._poll_wait_s(job, pace, waited_s=0.0, asked_s=answer.poll_after_s, polls=0)
        now = self._clock.now()
        deadline_at = Millis(now + round(offer.deadline_s * SECOND_MS))
        is_parked = answer.approval_url is not None
        note = "waits for an approval at the gateway" if is_parked else None
        if is_parked:
            log.warning(
                "a call waits for your approval at the gateway", extra={"job": job.id, "provider": job.provider}
            )

        def write(tx: Transaction) -> None:
            jobs.record_accepted(
                tx, job.id, external_id=answer.external_id, deadline_at=deadline_at, is_parked=is_parked
            )
            run_at = self._calls.next_look(job.id, Millis(now + round(wait_s * SECOND_MS)))
            jobs.move(tx, job, State.WAITING, now=now, run_at=run_at, detail=note)

        await self._settlement.record(write)
        self._crashpoints.reached(CrashPoint.AFTER_EXTERNAL_ID)

    async def _submit_later(self, job: Job, error: RetryLater) -> None:
        jitter = self._randomness.uniform(-1.0, 1.0)
        wait_s = retry_wait_s(failures=job.attempt - 1, asked_s=error.retry_after_s, jitter=jitter)
        now = self._clock.now()
        run_at = Millis(now + round(wait_s * SECOND_MS))
        log.info("a submit is put off", extra={"job": job.id, "error": str(error), "wait_s": round(wait_s, 1)})

        def write(tx: Transaction) -> bool:
            if job.attempt >= MAX_ATTEMPTS or jobs.is_cancel_requested(tx, job.id):
                return False
            jobs.move(tx, job, State.QUEUED, now=now, run_at=run_at, detail=str(error))
            return True

        if not await self._settlement.record(write):
            await self._settlement.fail(job, reason_of(error), Charged.NO, payment_ref=error.payment_ref)

    async def _repeat_later(self, job: Job, error: RetryLater) -> None:
        """The job stays in `submitting`, for only the same request again can tell what became of the first."""
        if job.failures + 1 >= MAX_ATTEMPTS:
            await self._settlement.fail(job, reason_of(error), Charged.UNKNOWN, payment_ref=error.payment_ref)
            return
        jitter = self._randomness.uniform(-1.0, 1.0)
        wait_s = retry_wait_s(failures=job.failures, asked_s=error.retry_after_s, jitter=jitter)
        run_at = Millis(self._clock.now() + round(wait_s * SECOND_MS))
        await self._settlement.record(lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.FAILED))

    async def _still_running(self, job: Job, offer: Offer, answer: StillRunning) -> None:
        now = self._clock.now()
        if job.state is State.UNKNOWN or self._is_overdue(job, now):
            await self._settlement.fail(job, FailureReason.TOO_SLOW, Charged.UNKNOWN)
            return
        pace = await self._poll_pace(offer)
        waited_s = (now - (job.submitted_at or job.created_at)) / SECOND_MS
        wait_s = self._poll_wait_s(job, pace, waited_s=waited_s, asked_s=answer.poll_after_s, polls=job.polls + 1)
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

    def _is_overdue(self, job: Job, now: Millis) -> bool:
        return job.deadline_at is not None and now >= job.deadline_at

    async def _poll_pace(self, offer: Offer) -> PollPace:
        facts = self._registry.facts(offer.provider)
        typical_s = await self._pace.low_estimate_s(offer)
        return PollPace(typical_s=typical_s, shortest_s=facts.poll_min_s)

    def _poll_wait_s(self, job: Job, pace: PollPace, *, waited_s: float, asked_s: float | None, polls: int) -> float:
        jitter = self._randomness.uniform(-1.0, 1.0)
        return poll_wait_s(pace, polls=polls, waited_s=waited_s, asked_s=asked_s, jitter=jitter)

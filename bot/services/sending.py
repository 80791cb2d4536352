"""Sending a job's request: once, under the gateway's health, and on to the next gateway after a certain no."""

import logging
from collections.abc import Mapping

from bot.core.clock import MINUTE_MS, SECOND_MS, Clock, Millis
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import Charged, NotAuthorised, OutcomeUnknown, OutOfFunds, ProviderError, RetryLater
from bot.core.ids import Randomness
from bot.core.money import Ticks
from bot.core.requests import PictureOrder
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.jobs.schedule import retry_wait_s
from bot.payments.policy import Because
from bot.providers.catalogue import Offer, estimate
from bot.providers.contract import Accepted, Finished, PaymentRequired, Provider, Submission, SubmitContext
from bot.providers.registry import Registry
from bot.providers.watch import HealthWatch, Wait
from bot.services.callbacks import Calls
from bot.services.collecting import Collector
from bot.services.failover import Failover
from bot.services.handed.loading import Loading, SourceUnavailable
from bot.services.orders import Ordered, ordered
from bot.services.outcomes import FailureReason, reason_of, told
from bot.services.paying import Paying, PaymentDeclined
from bot.services.repeating import MAX_REPEATS, may_repeat
from bot.services.rhythm import Rhythm
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)

# A gateway that surely did not accept is tried this often, then the member gets their money back and an answer.
MAX_ATTEMPTS = 4
# A job waits no longer than this for a gateway that is held back: its card can still be edited for some minutes then.
PATIENCE_MS = 10 * MINUTE_MS
# Why a call is not paid that says nothing about the next one.
ABOUT_THIS_CALL = frozenset({Because.OVER_CALL_CAP, Because.OVER_HOLD, Because.PAID_BEFORE})


class HeldBack(RetryLater):
    """Not asked at all: the gateway is ill, or asked for time."""


class Sending:
    """The steps of a job before a gateway has it.

    `paid` names who pays for the calls of a provider, `loading` gives the pictures that requests hand in.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        settlement: Settlement,
        collector: Collector,
        rhythm: Rhythm,
        watch: HealthWatch,
        failover: Failover,
        calls: Calls,
        clock: Clock,
        randomness: Randomness,
        crashpoints: Crashpoints,
        paid: Mapping[str, Paying] | None = None,
        loading: Loading | None = None,
    ) -> None:
        self._registry = registry
        self._settlement = settlement
        self._collector = collector
        self._rhythm = rhythm
        self._watch = watch
        self._failover = failover
        self._calls = calls
        self._clock = clock
        self._randomness = randomness
        self._crashpoints = crashpoints
        self._paid = dict(paid or {})
        self._loading = loading

    async def submit(self, job: Job) -> None:
        """Sends the request once; the intent is already on disk."""
        if job.is_cancel_requested:  # while an earlier attempt was under way, which surely was not accepted
            await self._settlement.fail(job, FailureReason.UNREACHABLE, Charged.NO)
        else:
            await self._send(job)

    async def recover(self, job: Job) -> None:
        """No answer came, or the process died before it was stored. Only a gateway that honours our key is asked again,
        and one that is paid by the call: what was signed is on disk, and can be taken only once."""
        found = ordered(self._registry, job)
        if found is not None and self._loading is not None and await self._loading.never_left(job, found.provider):
            await self._send(job)
        elif found is not None and (self._may_repeat(job) or job.provider in self._paid):
            await self._send(job, is_repeat=True)
        else:
            await self._settlement.fail(job, FailureReason.NO_ANSWER, Charged.UNKNOWN)

    async def _send(self, job: Job, *, is_repeat: bool = False) -> None:
        """Sends the request. What answers a repeat at the door says nothing of the first, which may have been taken."""
        self._crashpoints.reached(CrashPoint.AFTER_INTENT)
        found = ordered(self._registry, job)
        if found is None:
            if not await self._failover.move_on(job, because="it is switched off"):
                await self._settlement.fail(job, FailureReason.PROVIDER_OFF, Charged.NO)
            return
        try:
            order = await self._loaded(job, found, is_repeat=is_repeat)
            answer = await self._ask_in_turn(job, found.provider, order, is_repeat=is_repeat)
        except SourceUnavailable as error:
            await self._without_sources(job, error, is_repeat=is_repeat)
            return
        except ProviderError as error:
            await self._not_sent(job, error, listed=estimate(found.offer, found.order), is_repeat=is_repeat)
            return
        match answer:
            case Finished():
                await self._collector.remember(job, answer, found.order, found.offer)
            case Accepted():
                await self._accepted(job, found.offer, answer)
            case PaymentRequired():
                if is_repeat or not await self._failover.move_on(job, because="it wants to be paid by the call"):
                    await self._settlement.fail(job, FailureReason.PAYMENT_WANTED, Charged.NO)

    async def _loaded(self, job: Job, found: Ordered, *, is_repeat: bool) -> PictureOrder:
        if self._loading is None:
            return found.order
        return await self._loading.load(job, found.offer, found.order, is_repeat=is_repeat)

    async def _without_sources(self, job: Job, error: SourceUnavailable, *, is_repeat: bool) -> None:
        """The gateway was not asked, for its sources cannot be had; of a first that may have left nothing is known."""
        log.warning("sources cannot be given", extra={"job": job.id, "provider": job.provider, "error": str(error)})
        if is_repeat:
            await self._settlement.fail(job, FailureReason.NO_ANSWER, Charged.UNKNOWN)
        elif not await self._failover.move_on(job, because=str(error)):
            await self._settlement.fail(job, FailureReason.SOURCE_GONE, Charged.NO)

    async def _not_sent(self, job: Job, error: ProviderError, *, listed: Ticks, is_repeat: bool) -> None:
        """A submit failed. Only a certain no, and only to a first request, lets another gateway be asked."""
        log.info("a submit failed", extra={"job": job.id, "provider": job.provider, "error": str(error)})
        # Of a paid call these two mean that nothing was paid, also after a restart.
        is_doubtful = is_repeat and not (job.provider in self._paid and isinstance(error, RetryLater | PaymentDeclined))
        is_turned_away = isinstance(error, RetryLater | NotAuthorised | OutOfFunds) and error.charged is Charged.NO
        if is_turned_away and not is_doubtful and await self._failover.move_on(job, because=told(error)):
            return
        match error:
            case RetryLater():
                await (self._repeat_later(job, error) if is_doubtful else self._submit_later(job, error))
            case PaymentDeclined():
                await self._settlement.fail(job, FailureReason.PAYMENT_WANTED, Charged.NO)
            case OutcomeUnknown() if self._may_repeat(job):
                await self._repeat_later(job, error)
            case NotAuthorised() | OutOfFunds() if is_repeat and self._may_repeat(job):
                await self._repeat_later(job, error)
            case NotAuthorised() | OutOfFunds() if is_repeat:
                await self._settlement.fail(job, reason_of(error), Charged.UNKNOWN, payment_ref=error.payment_ref)
            case _:
                await self._settlement.gateway_failed(job, error, listed=listed)

    async def _ask_in_turn(self, job: Job, provider: Provider, order: PictureOrder, *, is_repeat: bool) -> Submission:
        """As `_ask`, where the gateway's health and rate limit let it; what comes of it is told to the watch.

        A gateway that is held back is not asked at all, which is as certain a no as any. A repeat is never held back:
        it asks what became of the first.
        """
        if is_repeat:
            await self._watch.pace(provider.name)
            return await self._ask(job, provider, order, is_repeat=True)
        turn = self._watch.begin(provider.name)
        if isinstance(turn, Wait):
            raise HeldBack(f"not asked, for it is {turn.trouble}", retry_after_s=turn.seconds)
        with turn:
            try:
                await self._watch.pace(provider.name)
                answer = await self._ask(job, provider, order, is_repeat=False)
            except PaymentDeclined as error:
                if error.because in ABOUT_THIS_CALL:
                    turn.succeeded()
                else:
                    turn.failed(error)
                raise
            except ProviderError as error:
                turn.failed(error)
                raise
            turn.succeeded()
        return answer

    async def _ask(self, job: Job, provider: Provider, order: PictureOrder, *, is_repeat: bool) -> Submission:
        """One submit, and the payment it asks for. A repeat of a paid call only goes on with what was signed."""
        paying = self._paid.get(job.provider)
        if paying is not None and is_repeat:
            return await paying.recover(job, order, provider)
        if self._loading is not None:
            order = await self._loading.hand_over(job, provider, order)
        context = SubmitContext(idempotency_key=job.idempotency_key, callback_url=self._calls.address_of(job))
        answer = await provider.submit(order, context)
        if paying is not None and isinstance(answer, PaymentRequired):
            return await paying.submit(job, order, provider, answer)
        return answer

    async def _accepted(self, job: Job, offer: Offer, answer: Accepted) -> None:
        is_called = self._calls.awaits(job)
        asked_s = answer.poll_after_s
        wait_s = await self._rhythm.wait_s(offer, waited_s=0.0, asked_s=asked_s, polls=0, is_called=is_called)
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
        is_held_back = isinstance(error, HeldBack)
        jitter = self._randomness.uniform(-1.0, 1.0)
        wait_s = retry_wait_s(failures=job.attempt - 1, asked_s=error.retry_after_s, jitter=jitter)
        now = self._clock.now()
        run_at = Millis(now + round(wait_s * SECOND_MS))
        log.info("a submit is put off", extra={"job": job.id, "error": str(error), "wait_s": round(wait_s, 1)})
        is_over = run_at - job.created_at > PATIENCE_MS if is_held_back else job.attempt >= MAX_ATTEMPTS

        def write(tx: Transaction) -> bool:
            if is_over or jobs.is_cancel_requested(tx, job.id):
                return False
            jobs.move(tx, job, State.QUEUED, now=now, run_at=run_at, detail=told(error))
            if is_held_back:
                jobs.uncount_attempt(tx, job.id)
            return True

        if not await self._settlement.record(write):
            await self._settlement.fail(job, reason_of(error), Charged.NO, payment_ref=error.payment_ref)

    def _may_repeat(self, job: Job) -> bool:
        return may_repeat(self._registry, job, now=self._clock.now())

    async def _repeat_later(self, job: Job, error: ProviderError) -> None:
        """The job stays in `submitting`, for only the same request again can tell what became of the first."""
        if job.failures + 1 >= MAX_REPEATS:
            await self._settlement.fail(job, reason_of(error), Charged.UNKNOWN, payment_ref=error.payment_ref)
            return
        jitter = self._randomness.uniform(-1.0, 1.0)
        asked_s = error.retry_after_s if isinstance(error, RetryLater) else None
        wait_s = retry_wait_s(failures=job.failures, asked_s=asked_s, jitter=jitter)
        run_at = Millis(self._clock.now() + round(wait_s * SECOND_MS))
        await self._settlement.record(lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.FAILED))

"""Sending words: once, under the gateway's health, and on to the next gateway after a certain no.

The rules are those of `bot.services.sending` for pictures. No gateway honours a key here, so nothing is ever repeated
but a payment that was signed: its bytes can be taken only once.
"""

import logging
from collections.abc import Mapping

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import Charged, NotAuthorised, OutOfFunds, ProviderError, RetryLater
from bot.core.ids import Randomness
from bot.core.money import Ticks
from bot.core.requests import ProviderName
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.jobs.schedule import retry_wait_s
from bot.providers.contract import Accepted, AskSubmission, PaymentRequired, SpeakSubmission, SubmitContext
from bot.providers.registry import Registry
from bot.providers.watch import HealthWatch, Wait
from bot.services.ask.errands import Errand, Errands
from bot.services.ask.live import LiveAnswers
from bot.services.outcomes import FailureReason, reason_of, told
from bot.services.paying import Paying, PaymentDeclined
from bot.services.sending import ABOUT_THIS_CALL, MAX_ATTEMPTS, PATIENCE_MS, HeldBack
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)


class TalkSending:
    """The steps of a job of words before its answer is stored. `paid` names who pays for the calls of a provider."""

    def __init__(
        self,
        *,
        errands: Errands,
        live: LiveAnswers,
        registry: Registry,
        settlement: Settlement,
        watch: HealthWatch,
        clock: Clock,
        randomness: Randomness,
        crashpoints: Crashpoints,
        paid: Mapping[str, Paying],
    ) -> None:
        self._errands = errands
        self._live = live
        self._registry = registry
        self._settlement = settlement
        self._watch = watch
        self._clock = clock
        self._randomness = randomness
        self._crashpoints = crashpoints
        self._paid = dict(paid)

    async def submit(self, job: Job) -> None:
        """Sends the request once; the intent is already on disk."""
        if job.is_cancel_requested:  # while an earlier attempt was under way, which surely was not accepted
            await self._settlement.fail(job, FailureReason.UNREACHABLE, Charged.NO)
            return
        self._crashpoints.reached(CrashPoint.AFTER_INTENT)
        errand = await self._errands.errand(job)
        if errand is None:
            if not await self._errands.move_on(job, because="it is switched off"):
                await self._settlement.fail(job, FailureReason.PROVIDER_OFF, Charged.NO)
            return
        try:
            answer = await self._in_turn(job, errand)
        except ProviderError as error:
            await self._not_sent(job, error, listed=errand.listed)
            return
        await self._answered(job, errand, answer)

    async def recover(self, job: Job) -> None:
        """The process died between the intent and the answer: only what was paid by the call can be asked after."""
        paying, errand = self._paid.get(job.provider), await self._errands.errand(job)
        if paying is None or errand is None:
            await self._settlement.fail(job, FailureReason.NO_ANSWER, Charged.UNKNOWN)
            return
        try:
            answer = await errand.recover(paying)
        except RetryLater as error:  # nothing had been paid
            await self._submit_later(job, error)
        except PaymentDeclined:
            await self._settlement.fail(job, FailureReason.PAYMENT_WANTED, Charged.NO)
        except (NotAuthorised, OutOfFunds) as error:  # says nothing of the first
            await self._settlement.fail(job, reason_of(error), Charged.UNKNOWN, payment_ref=error.payment_ref)
        except ProviderError as error:
            await self._settlement.gateway_failed(job, error, listed=errand.listed)
        else:
            await self._answered(job, errand, answer)

    async def _answered(self, job: Job, errand: Errand, answer: AskSubmission | SpeakSubmission) -> None:
        match answer:
            case Accepted():
                await self._accepted(job, errand, answer)
            case PaymentRequired():
                if not await self._errands.move_on(job, because="it wants to be paid by the call"):
                    await self._settlement.fail(job, FailureReason.PAYMENT_WANTED, Charged.NO)
            case _:
                await errand.finish(answer)
                self._crashpoints.reached(CrashPoint.AFTER_POST)

    async def _in_turn(self, job: Job, errand: Errand) -> AskSubmission | SpeakSubmission:
        """One call where the gateway's health and rate limit let it; what comes of it is told to the watch."""
        turn = self._watch.begin(self._name(job))
        if isinstance(turn, Wait):
            raise HeldBack(f"not asked, for it is {turn.trouble}", retry_after_s=turn.seconds)
        with turn:
            try:
                await self._watch.pace(self._name(job))
                answer = await self._ask(job, errand)
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

    async def _ask(self, job: Job, errand: Errand) -> AskSubmission | SpeakSubmission:
        async with self._live.following(job, is_on=errand.streams) as sink:
            answer = await errand.send(SubmitContext(idempotency_key=job.idempotency_key, sink=sink))
            paying = self._paid.get(job.provider)
            if paying is not None and isinstance(answer, PaymentRequired):
                return await errand.pay(paying, answer)
            return answer

    def _name(self, job: Job) -> ProviderName:
        return ProviderName(job.provider)

    async def _not_sent(self, job: Job, error: ProviderError, *, listed: Ticks) -> None:
        """Only a certain no lets another gateway be asked."""
        log.info("a submit failed", extra={"job": job.id, "provider": job.provider, "error": str(error)})
        is_turned_away = isinstance(error, RetryLater | NotAuthorised | OutOfFunds) and error.charged is Charged.NO
        if is_turned_away and await self._errands.move_on(job, because=told(error)):
            return
        match error:
            case RetryLater():
                await self._submit_later(job, error)
            case PaymentDeclined():
                await self._settlement.fail(job, FailureReason.PAYMENT_WANTED, Charged.NO)
            case _:
                await self._settlement.gateway_failed(job, error, listed=listed)

    async def _accepted(self, job: Job, errand: Errand, answer: Accepted) -> None:
        """A person must approve it at the gateway; no gateway can be asked how that stands."""
        now = self._clock.now()
        deadline_at = Millis(now + round(errand.deadline_s * SECOND_MS))
        wait_s = self._registry.facts(self._name(job)).poll_max_s
        log.warning("a call waits for your approval at the gateway", extra={"job": job.id, "provider": job.provider})

        def write(tx: Transaction) -> None:
            jobs.record_accepted(tx, job.id, external_id=answer.external_id, deadline_at=deadline_at, is_parked=True)
            run_at = Millis(now + round(wait_s * SECOND_MS))
            jobs.move(tx, job, State.WAITING, now=now, run_at=run_at, detail="waits for an approval at the gateway")

        await self._settlement.record(write)
        self._crashpoints.reached(CrashPoint.AFTER_EXTERNAL_ID)

    async def _submit_later(self, job: Job, error: RetryLater) -> None:
        is_held_back = isinstance(error, HeldBack)
        jitter = self._randomness.uniform(-1.0, 1.0)
        wait_s = retry_wait_s(failures=max(0, job.attempt - 1), asked_s=error.retry_after_s, jitter=jitter)
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

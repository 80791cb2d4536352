"""Pays a gateway that answers HTTP 402, once for each job.

    probe          the gateway's challenge, brought by the caller
    judge, begin   one transaction: the policy's word, the payment's row, the day's counter
    sign           in memory; nobody has seen it yet
    store          hash and sealed credential, before the first byte is sent
    send           the same bytes, again once where no answer came
    settle         success · anything else is `unknown` until the chain decides (`bot.services.payment_sweep`)

A job signs one payment in its life. What was signed and never stored is forgotten, for nobody has it.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, NoReturn, Protocol, TypeVar

from bot.core.clock import Clock, Millis
from bot.core.errors import (
    Charged,
    GenerationFailed,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    RetryLater,
)
from bot.core.money import ZERO, Ticks
from bot.core.requests import AskOrder, PictureOrder, SpeakOrder
from bot.db import Database, Transaction
from bot.jobs.model import Job
from bot.ledger import store as ledger
from bot.ledger.model import HoldState
from bot.payments import store
from bot.payments.challenge import read_challenges, read_receipt
from bot.payments.model import AlreadyPaying, DaySpent, Payment, PaymentState
from bot.payments.policy import Approved, Because, CallKind, PaymentPolicy, PaymentRefused, judge
from bot.payments.signer import Signed, SigningFailed
from bot.payments.vault import Vault
from bot.providers.contract import (
    AskAnswer,
    Asker,
    AskSubmission,
    Finished,
    PaymentRequired,
    Provider,
    Sound,
    Speaker,
    SpeakSubmission,
    Submission,
    SubmitContext,
)
from bot.providers.locus_mpp import PaidAskAnswer, PaidFinished, PaidSound
from bot.services.books import held_for
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)
S = TypeVar("S", Submission, AskSubmission, SpeakSubmission)


class PaymentDeclined(OutOfFunds):
    """We do not pay this challenge; nothing was charged. `because` says why, for the operator."""

    def __init__(self, because: Because) -> None:
        super().__init__(f"the payment was declined: {because}", charged=Charged.NO)
        self.because = because


class Signs(Protocol):
    """What `bot.payments.signer.Signer` does."""

    async def sign(self, approved: Approved) -> Signed:
        """Signs once. Raises SigningFailed."""
        ...


class Paying:
    """Pays for submits. `daily` is the most that is signed in a day (UTC), in ticks."""

    def __init__(
        self,
        *,
        database: Database,
        settlement: Settlement,
        policy: PaymentPolicy,
        signer: Signs,
        vault: Vault,
        clock: Clock,
        daily: Ticks,
    ) -> None:
        self._database = database
        self._settlement = settlement
        self._policy = policy
        self._signer = signer
        self._vault = vault
        self._clock = clock
        self._daily = daily
        self._alarmed: set[Because] = set()

    async def submit(self, job: Job, order: PictureOrder, provider: Provider, unpaid: PaymentRequired) -> Submission:
        """Pays what `unpaid` asks for and returns the paid answer, its cost being what was paid. Job in `submitting`.

        Raises ProviderError: PaymentDeclined and RetryLater where surely nothing was paid, OutcomeUnknown where it may
        have been, and what the gateway said of a success without a picture. Never returns PaymentRequired.
        """
        return await self._pay(job, _drawing(job, order, provider), unpaid)

    async def recover(self, job: Job, order: PictureOrder, provider: Provider) -> Submission:
        """The process died in `submitting`: sends the stored payment again while it lives, else says how it stands.

        Raises as `submit`; RetryLater also for a job that has signed nothing, which may begin anew.
        """
        return await self._recover(job, _drawing(job, order, provider))

    async def ask(self, job: Job, order: AskOrder, asker: Asker, unpaid: PaymentRequired) -> AskSubmission:
        """As `submit`, for a question; one that searches under the cap of searches."""
        return await self._pay(job, _asking(job, order, asker), unpaid)

    async def recover_ask(self, job: Job, order: AskOrder, asker: Asker) -> AskSubmission:
        """As `recover`, for a question."""
        return await self._recover(job, _asking(job, order, asker))

    async def speak(self, job: Job, order: SpeakOrder, speaker: Speaker, unpaid: PaymentRequired) -> SpeakSubmission:
        """As `submit`, for a text to be spoken."""
        return await self._pay(job, _speaking(job, order, speaker), unpaid)

    async def recover_speak(self, job: Job, order: SpeakOrder, speaker: Speaker) -> SpeakSubmission:
        """As `recover`, for a text to be spoken."""
        return await self._recover(job, _speaking(job, order, speaker))

    async def _pay(self, job: Job, call: "_Call[S]", unpaid: PaymentRequired) -> S:
        before = await self._payment_of(job)
        if before is not None:
            return await self._go_on(job, call, before)
        approved = await self._begin(job, call.kind, unpaid)
        payment, credential = await self._sign(job, approved)
        return await self._send(payment, credential, call)

    async def _recover(self, job: Job, call: "_Call[S]") -> S:
        payment = await self._payment_of(job)
        if payment is None:
            raise RetryLater("nothing had been paid")
        return await self._go_on(job, call, payment)

    async def _payment_of(self, job: Job) -> Payment | None:
        """The job's payment; None also where one was begun that nobody has seen, which is given up here."""
        payment = await self._database.read(lambda reader: store.get(reader, job.id))
        if payment is not None and payment.state is PaymentState.SIGNING:
            await self._unsigned(job, "the process died before it was signed")
            return None
        is_unsigned = payment is not None and payment.state is PaymentState.UNPAID and payment.tx_hash is None
        return None if is_unsigned else payment

    async def _begin(self, job: Job, kind: CallKind, unpaid: PaymentRequired) -> Approved:
        """Judges and writes the row, in one transaction. Raises PaymentDeclined."""
        challenges = read_challenges(unpaid.challenges)
        now = self._clock.now()

        def write(tx: Transaction) -> Approved | PaymentRefused:
            today = ledger.effective_now(tx, now)
            hold = held_for(tx, job.id)
            held = hold.amount if hold.state is HoldState.OPEN else ZERO
            left = Ticks(max(0, self._daily - store.signed_on(tx, today)))
            verdict = judge(self._policy, challenges, kind=kind, now=now, held=held, left_today=left)
            if isinstance(verdict, Approved):
                store.begin(tx, job.id, verdict, at=today, daily=self._daily)
            return verdict

        try:
            verdict = await self._database.write(write)
        except (AlreadyPaying, DaySpent) as error:
            because = Because.OVER_DAY if isinstance(error, DaySpent) else Because.PAID_BEFORE
            verdict = PaymentRefused(because=because)
        if isinstance(verdict, PaymentRefused):
            self._decline(job, verdict.because)
        return verdict

    def _decline(self, job: Job, because: Because) -> NoReturn:
        """The alarm goes off once for each reason; a gateway that asks for too much would fill the log."""
        level = logging.INFO if because in self._alarmed else logging.ERROR
        self._alarmed.add(because)
        log.log(level, "a payment was declined", extra={"job": job.id, "because": because})
        raise PaymentDeclined(because)

    async def _sign(self, job: Job, approved: Approved) -> tuple[Payment, str]:
        """Signs, and stores what was signed. Raises RetryLater, PaymentDeclined."""
        try:
            signed = await self._signer.sign(approved)
        except SigningFailed as error:
            log.warning("a payment could not be signed", extra={"job": job.id, "error": str(error)})
            await self._unsigned(job, str(error))
            if error.is_passing:
                raise RetryLater(str(error)) from None
            self._decline(job, error.because)
        sealed = self._vault.seal(signed.credential, bound_to=job.id)
        at = self._clock.now()
        payment = await self._database.write(lambda tx: store.signed(tx, job.id, signed, credential=sealed, at=at))
        return payment, signed.credential

    async def _go_on(self, job: Job, call: "_Call[S]", payment: Payment) -> S:
        """A payment that was signed in an earlier life of the job."""
        match payment.state:
            case PaymentState.SENT:
                sealed = payment.credential
                credential = None if sealed is None else self._vault.open(sealed, bound_to=job.id)
                if credential is not None and self._clock.now() < payment.expires_at:
                    return await self._send(payment, credential, call)
                raise await self._doubt(payment, "the process died with the payment perhaps sent")
            case PaymentState.SETTLED | PaymentState.SETTLED_NO_RECEIPT:
                raise GenerationFailed(
                    "paid, and the answer was lost",
                    charged=Charged.YES,
                    payment_ref=payment.reference,
                    cost=payment.amount,
                )
            case PaymentState.UNPAID:
                raise GenerationFailed("not paid, and not tried again", charged=Charged.NO)
            case _:
                raise OutcomeUnknown("the payment is not decided yet", payment_ref=payment.reference)

    async def _send(self, payment: Payment, credential: str, call: "_Call[S]") -> S:
        """Sends the stored bytes, a second time where no answer came and the challenge still lives."""
        if self._clock.now() >= payment.expires_at:
            raise await self._doubt(payment, "the challenge ended before the payment was sent")
        try:
            answer = await self._answer(payment, credential, call)
        except _NoAnswer as first:
            if self._clock.now() >= payment.expires_at:
                raise await self._doubt(payment, str(first)) from first.__cause__
            log.info("a payment is sent again", extra={"job": payment.job_id, "error": str(first)})
            try:
                answer = await self._answer(payment, credential, call)
            except _NoAnswer as second:
                raise await self._doubt(payment, str(second)) from second.__cause__
        if isinstance(answer, PaymentRequired):
            raise await self._doubt(payment, "paid, and the gateway asks to be paid again")
        await self._settle(payment, _receipt_of(answer))
        return replace(answer, cost=payment.amount) if isinstance(answer, Finished | AskAnswer | Sound) else answer

    async def _answer(self, payment: Payment, credential: str, call: "_Call[S]") -> S:
        try:
            return await call.send(credential)
        except (RetryLater, OutcomeUnknown) as error:
            raise _NoAnswer(str(error)) from error
        except ProviderError as error:
            if error.charged is not Charged.YES:
                raise await self._doubt(payment, str(error), payment_id=error.payment_ref) from error
            await self._settle(payment, None)
            error.cost = payment.amount
            raise

    async def _settle(self, payment: Payment, receipt: str | None) -> None:
        read = None if receipt is None else read_receipt(receipt)
        is_ours = read is not None and (read.status, read.reference.lower()) == ("success", payment.tx_hash)
        if not is_ours:
            log.warning("a payment was taken without a receipt", extra={"job": payment.job_id})
        at = self._clock.now()
        kept = receipt if is_ours else None
        await self._settlement.record(
            lambda tx: store.settled(tx, payment.job_id, receipt=kept, is_ours=is_ours, at=at)
        )

    async def _doubt(self, payment: Payment, note: str, *, payment_id: str | None = None) -> OutcomeUnknown:
        """Writes that nobody knows, and returns the error that says so."""
        log.warning("a payment is in doubt", extra={"job": payment.job_id, "error": note})
        at = self._clock.now()
        await self._settlement.record(
            lambda tx: store.doubted(tx, payment.job_id, payment_id=payment_id, note=note, at=at)
        )
        return OutcomeUnknown(note, payment_ref=payment_id or payment.reference)

    async def _unsigned(self, job: Job, note: str) -> None:
        at: Millis = self._clock.now()
        await self._settlement.record(lambda tx: store.unsigned(tx, job.id, note=note, at=at))


class _NoAnswer(Exception):
    """No whole answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call(Generic[S]):
    """What is bought, and how it is sent with a credential."""

    kind: CallKind
    send: Callable[[str], Awaitable[S]]


def _receipt_of(answer: object) -> str | None:
    return answer.receipt if isinstance(answer, PaidFinished | PaidAskAnswer | PaidSound) else None


def _paid(job: Job, credential: str) -> SubmitContext:
    return SubmitContext(idempotency_key=job.idempotency_key, payment=credential)


def _drawing(job: Job, order: PictureOrder, provider: Provider) -> _Call[Submission]:
    return _Call(kind=CallKind.CALL, send=lambda credential: provider.submit(order, _paid(job, credential)))


def _asking(job: Job, order: AskOrder, asker: Asker) -> _Call[AskSubmission]:
    kind = CallKind.SEARCH if order.search else CallKind.CALL
    return _Call(kind=kind, send=lambda credential: asker.ask(order, _paid(job, credential)))


def _speaking(job: Job, order: SpeakOrder, speaker: Speaker) -> _Call[SpeakSubmission]:
    return _Call(kind=CallKind.CALL, send=lambda credential: speaker.speak(order, _paid(job, credential)))

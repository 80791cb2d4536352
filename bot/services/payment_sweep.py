"""Lets the chain decide about payments that nobody answered for, and ends their jobs by what it says.

The one gateway where "not charged" can be proved: a transaction names the moment after which no chain takes it. Until
then, and a minute more, a payment in doubt stays in doubt; one that is on the chain was paid from that moment on.

A job may have been booked by then: presumed at the end of its grace, or settled by a person. The book is then corrected
by what the chain says, with the transaction's hash as the reason.
"""

import logging
from dataclasses import dataclass

from bot.core.clock import Clock, Millis
from bot.core.errors import Charged, FenceLost
from bot.core.ids import hold_id_of
from bot.db import Database, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import State
from bot.ledger import store as ledger
from bot.ledger.model import HoldState
from bot.payments import store
from bot.payments.chain import Chain, ChainUnavailable, OnChain
from bot.payments.model import FINALITY_MS, Payment, PaymentState
from bot.services.books import booked_for, held_for
from bot.services.outcomes import FailureReason
from bot.services.settlement import Settlement
from bot.services.terms import note_booked

log = logging.getLogger(__name__)

AUTHOR = "chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How many payments were found paid and unpaid, and how many are still in doubt."""

    paid: int = 0
    unpaid: int = 0
    open: int = 0


class PaymentSweep:
    """Looks at every undecided payment; called at the start and then every minute."""

    def __init__(self, *, database: Database, settlement: Settlement, chain: Chain, clock: Clock) -> None:
        self._database = database
        self._settlement = settlement
        self._chain = chain
        self._clock = clock

    async def sweep(self) -> Swept:
        """Decides what can be decided. Payments of jobs that are worked on are left to that work."""
        now = self._clock.now()
        found = await self._database.read(store.undecided)
        verdicts: list[bool | None] = []
        for payment in found:
            try:
                verdicts.append(await self._decide(payment, now))
            except FenceLost:
                verdicts.append(None)  # a step of the job is under way; the next sweep sees what it came to
            except ChainUnavailable as error:
                log.warning("payments in doubt cannot be looked up", extra={"error": str(error), "open": len(found)})
                break
        await self._database.write(lambda tx: store.forget_credentials(tx, final_before=Millis(now - FINALITY_MS)))
        paid, unpaid = verdicts.count(True), verdicts.count(False)
        return Swept(paid=paid, unpaid=unpaid, open=len(found) - paid - unpaid)

    async def _decide(self, payment: Payment, now: Millis) -> bool | None:
        """Whether it was paid; None while nobody can say."""
        job = await self._database.read(lambda reader: jobs.get(reader, payment.job_id))
        if job is None or job.state is State.SUBMITTING or job.lease_owner is not None:
            return None
        is_paid = await self._was_paid(payment, now)
        if is_paid is None:
            return None
        if job.state is State.UNKNOWN:
            # First the job, then the row: a process that dies in between decides the row again.
            await self._settlement.fail(
                job,
                FailureReason.NO_ANSWER,
                Charged.YES if is_paid else Charged.NO,
                actual=payment.amount,
                basis="reported",
                payment_ref=payment.reference,
            )
        at = self._clock.now()
        is_amiss = await self._settlement.record(lambda tx: _write(tx, payment, is_paid=is_paid, at=at))
        if is_amiss:
            log.error(
                "the chain was paid for a job whose hold is closed for nothing",
                extra={"job": payment.job_id, "reference": payment.reference},
            )
        log.info("a payment is decided", extra={"job": payment.job_id, "is_paid": is_paid})
        return is_paid

    async def _was_paid(self, payment: Payment, now: Millis) -> bool | None:
        if payment.tx_hash is None or payment.valid_before is None:
            return False  # nothing was sent that could have paid
        match await self._chain.look_up(payment.tx_hash, valid_before=payment.valid_before):
            case OnChain.PAID:
                return True
            case OnChain.FAILED:
                return False
            case OnChain.MISSING if now >= payment.final_at:
                return False
            case _:
                return None


def _write(tx: Transaction, payment: Payment, *, is_paid: bool, at: Millis) -> bool:
    """The row and, where the job was booked before, its correction. True for money that no entry can hold any more."""
    if payment.state is PaymentState.SIGNING:
        store.unsigned(tx, payment.job_id, note="never signed, says the sweep", at=at)
    else:
        store.decided(tx, payment.job_id, is_paid=is_paid, at=at)
    booked = booked_for(tx, payment.job_id)
    if booked is None:
        return is_paid and held_for(tx, payment.job_id).state is HoldState.VOIDED
    difference = (payment.amount if is_paid else 0) - booked
    if difference:
        proof = "never signed" if payment.tx_hash is None else f"transaction {payment.tx_hash}"
        reason = f"{'paid' if is_paid else 'not paid'}: {proof}"
        ledger.adjust(
            tx, hold_id=hold_id_of(payment.job_id), difference=difference, at=at, reason=reason, author=AUTHOR
        )
        note_booked(tx, payment.job_id, held_for(tx, payment.job_id).guild_id, at=at)
    return False

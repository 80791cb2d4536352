"""Ends that bring no picture: each one transaction over the job and its hold."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from bot.core.clock import Clock, Millis
from bot.core.errors import Charged, DatabaseUnavailable, ProviderError
from bot.core.ids import hold_id_of
from bot.core.money import Ticks
from bot.db import Database, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.ledger import store as ledger
from bot.ledger.model import Basis
from bot.services.books import held_for
from bot.services.outcomes import GRACE_MS, LOOK_UP_MS, FailureReason, payment_words, reason_of
from bot.services.terms import book

log = logging.getLogger(__name__)
T = TypeVar("T")

# How long to wait before a write is tried again that must not be lost.
WRITE_PAUSE_S = 1.0


class Settlement:
    """Settles a job that will bring nothing."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def record(self, work: Callable[[Transaction], T]) -> T:
        """Writes what has already happened outside: tried until it is on disk, since forgetting it costs money."""
        while True:
            try:
                return await self._database.write(work)
            except DatabaseUnavailable:
                log.exception("an outcome cannot be written yet")
                await asyncio.sleep(WRITE_PAUSE_S)

    async def fail(
        self,
        job: Job,
        reason: FailureReason,
        charged: Charged,
        *,
        actual: Ticks | None = None,
        basis: Basis = "listed",
        payment_ref: str | None = None,
    ) -> None:
        """Ends the job by what is known of the money: void, post, or `unknown` with the hold kept.

        `actual` is what was charged where that is known; else a charge is taken to be the whole hold. `payment_ref`,
        the gateway's handle for a refund, stays in the job's event.
        """
        now = self._clock.now()

        def settle(tx: Transaction) -> None:
            match charged:
                case Charged.NO:
                    ledger.void(tx, hold_id=hold_id_of(job.id), at=now, reason=reason)
                case Charged.YES:
                    cost = held_for(tx, job.id).amount if actual is None else actual
                    book(tx, job, actual=cost, pictures=0, at=now, basis=basis, note=reason)
                case Charged.UNKNOWN:
                    self.leave_unknown(tx, job, reason=reason, now=now, payment_ref=payment_ref)
                    return
            end = State.CANCELLED if jobs.is_cancel_requested(tx, job.id) else State.FAILED
            jobs.move(tx, job, end, now=now, note=reason, detail=payment_words(payment_ref))

        await self.record(settle)
        log.info("job settled", extra={"job": job.id, "reason": reason, "charged": charged})

    async def gateway_failed(self, job: Job, error: ProviderError, *, listed: Ticks) -> None:
        """Ends the job by what the gateway's error says; a charge without a figure is taken to be the listed price."""
        await self.fail(
            job,
            reason_of(error),
            error.charged,
            actual=listed if error.cost is None else error.cost,
            basis="listed" if error.cost is None else "reported",
            payment_ref=error.payment_ref,
        )

    def leave_unknown(
        self, tx: Transaction, job: Job, *, reason: FailureReason, now: Millis, payment_ref: str | None = None
    ) -> None:
        """Part of a transaction: the hold stays until a look-up, a person or the end of its grace decides."""
        if job.state is State.UNKNOWN:
            jobs.reschedule(tx, job, run_at=self.next_look(job, reason, now), because=jobs.Because.FAILED)
        else:
            jobs.move(
                tx,
                job,
                State.UNKNOWN,
                now=now,
                run_at=self.next_look(job, reason, now),
                note=reason,
                detail=payment_words(payment_ref),
            )

    def next_look(self, job: Job, reason: FailureReason, now: Millis) -> Millis:
        """When an `unknown` job is looked at again: soon where the gateway can be asked, else at its grace's end.

        Of a job that was given up over an answer it has, nothing is left to ask: to work on it again would break again.
        """
        is_poison = reason is FailureReason.INTERNAL and job.result is not None
        if job.external_id is None or is_poison:
            return self.grace_ends_at(job)
        return Millis(now + LOOK_UP_MS)

    def grace_ends_at(self, job: Job) -> Millis:
        """When an `unknown` job's hold is posted as presumed."""
        return Millis((job.submitted_at or job.created_at) + GRACE_MS)

    async def presume(self, job: Job) -> None:
        """The grace of an `unknown` job is over: its hold is posted as presumed, which a person can correct."""
        now = self._clock.now()

        def settle(tx: Transaction) -> None:
            ledger.presume(tx, hold_id=hold_id_of(job.id), at=now)
            end = State.CANCELLED if jobs.is_cancel_requested(tx, job.id) else State.FAILED
            jobs.move(tx, job, end, now=now)

        await self.record(settle)
        log.warning("job presumed charged", extra={"job": job.id})

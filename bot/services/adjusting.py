"""A person corrects what a job has cost: a gateway's credit, a refund seen on the chain, an invoice that differs.

A correction is an entry of its own with reason and author, in the windows of the job's hold. One that changes nothing
confirms what was only presumed.
"""

from dataclasses import dataclass

from bot.core.clock import Clock, Millis
from bot.core.errors import EaselError
from bot.core.money import MAX_TICKS, ZERO, format_usd
from bot.db import Database, Transaction
from bot.ledger import store as ledger
from bot.ledger.correcting import store as correcting
from bot.ledger.model import CorrectionKind, HoldState, NotAdjustable
from bot.services.books import booked_for, held_for
from bot.services.resolving import CannotResolve, find_job
from bot.services.terms import note_overrun

REASON_LENGTH = 300  # a sentence, kept in the entry's note
AUTHOR_LENGTH = 80


class CannotAdjust(EaselError):
    """The letters name no job, or one that cannot be corrected so; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """So many ticks more or less; none confirms a presumption. ValueError for what cannot be kept, and for a refund or
    a credit that takes money.
    """

    difference: int
    reason: str
    author: str
    kind: CorrectionKind = CorrectionKind.ADJUSTMENT

    def __post_init__(self) -> None:
        if abs(self.difference) > MAX_TICKS:
            raise ValueError("a correction this large cannot be kept")
        if self.kind is not CorrectionKind.ADJUSTMENT and self.difference >= 0:
            raise ValueError(f"a {self.kind} gives back: its amount is below nothing, such as -0.05")
        if not 0 < len(self.reason.strip()) <= REASON_LENGTH:
            raise ValueError(f"a reason has 1 to {REASON_LENGTH} characters")
        if not 0 < len(self.author.strip()) <= AUTHOR_LENGTH:
            raise ValueError(f"an author has 1 to {AUTHOR_LENGTH} characters")


class Adjusting:
    """Writes corrections."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def adjust(self, prefix: str, correction: Correction) -> str:
        """Corrects the job whose id begins so, and says in a line what it has cost now.

        Raises CannotAdjust, DatabaseUnavailable.
        """
        now = self._clock.now()
        return await self._database.write(lambda tx: _adjust(tx, prefix, correction, now))


def _adjust(tx: Transaction, prefix: str, correction: Correction, now: Millis) -> str:
    try:
        job = find_job(tx, prefix)
    except CannotResolve as error:
        raise CannotAdjust(str(error)) from None
    hold = held_for(tx, job.id)
    if hold.state is HoldState.OPEN:
        raise CannotAdjust(f"job {job.id} is {job.state} and nothing is booked for it yet; `jobs resolve` settles it")
    if hold.state is HoldState.VOIDED:
        raise CannotAdjust(f"nothing was ever booked for job {job.id}: its hold was voided, which is for good")
    reason, author = correction.reason.strip(), correction.author.strip()
    try:
        if correction.difference:
            ledger.adjust(
                tx,
                hold_id=hold.hold_id,
                difference=correction.difference,
                at=now,
                reason=reason,
                author=author,
                kind=correction.kind,
            )
            note_overrun(tx, job, at=now)
        else:
            correcting.confirm(tx, hold_id=hold.hold_id, at=now, reason=reason, author=author)
    except NotAdjustable:
        booked = format_usd(booked_for(tx, job.id) or ZERO)
        if correction.difference:
            raise CannotAdjust(f"job {job.id} has cost {booked}; so much cannot be taken off it") from None
        raise CannotAdjust(f"job {job.id} has cost {booked}, and nothing about it is presumed") from None
    sign = "+" if correction.difference > 0 else ""
    told = f"{sign}{format_usd(correction.difference)}" if correction.difference else "confirmed"
    told += "" if correction.kind is CorrectionKind.ADJUSTMENT else f" as a {correction.kind}"
    return f"job {job.id}: {told}; it has cost {format_usd(booked_for(tx, job.id) or ZERO)}"

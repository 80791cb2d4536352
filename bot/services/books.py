"""A job's hold and what was booked for it."""

from bot.core.ids import JobId, hold_id_of
from bot.core.money import Ticks
from bot.db import Reader
from bot.ledger import store as ledger
from bot.ledger.model import EntryKind, Hold, UnknownHold

_BOOKED = {EntryKind.POST, EntryKind.PRESUME, EntryKind.ADJUST}


def held_for(reader: Reader, job_id: JobId) -> Hold:
    """The job's hold. Raises UnknownHold: every job has one, written in its own transaction."""
    hold = ledger.hold_of(reader, hold_id_of(job_id))
    if hold is None:
        raise UnknownHold(f"job {job_id} has no hold")
    return hold


def booked_for(reader: Reader, job_id: JobId) -> Ticks | None:
    """What the job has cost so far, corrections included; None while nothing is booked."""
    amounts = [one.amount for one in ledger.entries_of(reader, hold_id_of(job_id)) if one.kind in _BOOKED]
    return Ticks(sum(amounts)) if amounts else None

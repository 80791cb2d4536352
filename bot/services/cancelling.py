"""Cancel: at once while queued, best effort once a gateway is at work."""

from collections.abc import Callable
from enum import StrEnum

from bot.core.clock import Clock, Millis
from bot.core.ids import GuildId, JobId, MemberId, hold_id_of
from bot.db import Database, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import State
from bot.ledger import store as ledger
from bot.services.leave import store as leaves
from bot.services.leave.model import Leave, LeaveState


class CancelOutcome(StrEnum):
    """What pressing Cancel did."""

    CANCELLED = "cancelled"
    REQUESTED = "requested"
    TOO_LATE = "too_late"
    NOT_YOURS = "not_yours"
    NO_SUCH_JOB = "no_such_job"


class Cancelling:
    """The use case behind the Cancel button."""

    def __init__(self, *, database: Database, clock: Clock, wake: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._wake = wake

    async def cancel(self, job_id: JobId, *, guild_id: GuildId, member_id: MemberId) -> CancelOutcome:
        """Cancels the member's own job, or what waits for leave to become one.

        The hold of a queued job is voided in the same transaction.
        """
        now = self._clock.now()

        def write(tx: Transaction) -> CancelOutcome:
            job = jobs.get(tx, job_id)
            if job is None and (leave := leaves.get(tx, job_id)) is not None:
                return _withdraw(tx, leave, guild_id=guild_id, member_id=member_id, now=now)
            if job is None or job.guild_id != guild_id:
                return CancelOutcome.NO_SUCH_JOB
            if job.member_id != member_id:
                return CancelOutcome.NOT_YOURS
            match jobs.request_cancel(tx, job_id, now=now):
                case State.QUEUED:
                    ledger.void(tx, hold_id=hold_id_of(job_id), at=now, reason="cancelled")
                    return CancelOutcome.CANCELLED
                case State.SUBMITTING | State.WAITING:
                    return CancelOutcome.REQUESTED
                case _:
                    return CancelOutcome.TOO_LATE

        outcome = await self._database.write(write)
        self._wake()
        return outcome


def _withdraw(tx: Transaction, leave: Leave, *, guild_id: GuildId, member_id: MemberId, now: Millis) -> CancelOutcome:
    """Nothing is held for it: it only waits no longer."""
    if leave.guild_id != guild_id:
        return CancelOutcome.NO_SUCH_JOB
    if leave.asker.member_id != member_id:
        return CancelOutcome.NOT_YOURS
    is_first = leaves.decide(tx, leave.job_id, LeaveState.CANCELLED, at=now)
    return CancelOutcome.CANCELLED if is_first else CancelOutcome.TOO_LATE

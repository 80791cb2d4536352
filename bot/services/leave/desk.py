"""A moderator's word on a request that waits: allowed once, or refused. The first word counts."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.clock import Clock, Millis
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import GuildId, JobId, MemberId
from bot.core.money import format_usd
from bot.db import Database, Reader, Transaction
from bot.ledger.rules import store as rules
from bot.ledger.rules.model import Change
from bot.services.admission import Admission
from bot.services.leave import store
from bot.services.leave.model import REASON_LENGTH, Leave, LeaveState
from bot.services.newwork import NewWork

log = logging.getLogger(__name__)

Renew = Callable[[Leave], Awaitable[NewWork]]


class LeaveOutcome(StrEnum):
    """What a moderator's press did.

    DEARER: the price has risen since the card said it; nothing is done, and the card says the new one. BLOCKED: it
    cannot be allowed now, and waits on.
    """

    DONE = "done"
    DECIDED = "decided"
    DEARER = "dearer"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveAnswer:
    """`leave` as it stands then, None for UNKNOWN; `refusal` for BLOCKED."""

    outcome: LeaveOutcome
    leave: Leave | None = None
    refusal: Refusal | None = None


_UNKNOWN = LeaveAnswer(outcome=LeaveOutcome.UNKNOWN)


class LeaveDesk:
    """The use cases behind "Allow once" and "Refuse…". Who may press is decided upstairs.

    `renewals` make the work of a kind anew, as it is chosen and priced at that moment. `tell` is called after each
    change. Raises DatabaseUnavailable.
    """

    def __init__(
        self,
        *,
        database: Database,
        admission: Admission,
        renewals: Mapping[str, Renew],
        clock: Clock,
        crashpoints: Crashpoints,
        tell: Callable[[], None],
    ) -> None:
        self._database = database
        self._admission = admission
        self._renewals = renewals
        self._clock = clock
        self._crashpoints = crashpoints
        self._tell = tell

    async def of(self, job_id: JobId) -> Leave | None:
        """The request that waits, or waited, under that id."""
        return await self._database.read(lambda reader: store.get(reader, job_id))

    async def allow(self, job_id: JobId, *, guild_id: GuildId, by: MemberId, at: Millis) -> LeaveAnswer:
        """Makes the request a job, held beyond the guild's own amounts; `at` is when it was pressed, by Discord."""
        found = await self._waiting(job_id, guild_id)
        if found.outcome is not LeaveOutcome.DONE or found.leave is None:
            return found
        leave = found.leave
        try:
            work = await self._renewed(leave)
            if work.amount > leave.amount:
                return await self._dearer(leave, work)
            return await self._enter(leave, work, by=by, at=at)
        except Refusal as refusal:
            return await self._blocked(leave, refusal)

    async def refuse(self, job_id: JobId, *, guild_id: GuildId, by: MemberId, reason: str) -> LeaveAnswer:
        """Ends the request; the member reads the reason, cut to a line, where one is given."""
        now, told = self._clock.now(), " ".join(reason.split())[:REASON_LENGTH] or None

        def write(tx: Transaction) -> LeaveAnswer:
            leave = _here(tx, job_id, guild_id)
            if leave is None:
                return _UNKNOWN
            is_first = store.decide(tx, job_id, LeaveState.REFUSED, at=now, by=by, reason=told)
            outcome = LeaveOutcome.DONE if is_first else LeaveOutcome.DECIDED
            return LeaveAnswer(outcome=outcome, leave=store.get(tx, job_id))

        answer = await self._database.write(write)
        if answer.outcome is LeaveOutcome.DONE:
            self._crashpoints.reached(CrashPoint.AFTER_DECIDED)
            self._tell()
        return answer

    async def _waiting(self, job_id: JobId, guild_id: GuildId) -> LeaveAnswer:
        leave = await self._database.read(lambda reader: _here(reader, job_id, guild_id))
        if leave is None:
            return _UNKNOWN
        is_late = self._clock.now() >= leave.expires_at
        outcome = LeaveOutcome.DECIDED if leave.is_over or is_late else LeaveOutcome.DONE
        return LeaveAnswer(outcome=outcome, leave=leave)

    async def _renewed(self, leave: Leave) -> NewWork:
        """The work as it is today. Raises Refusal."""
        if await self._database.read(lambda reader: store.has_lost_source(reader, leave.job_id)):
            raise Refusal(RefusalReason.PICTURE_GONE)
        return replace(await self._renewals[leave.kind](leave), purpose=leave.purpose)

    async def _enter(self, leave: Leave, work: NewWork, *, by: MemberId, at: Millis) -> LeaveAnswer:
        now, job_id = self._clock.now(), leave.job_id

        def write(tx: Transaction) -> LeaveAnswer:
            if not store.decide(tx, job_id, LeaveState.ALLOWED, at=now, by=by):
                return LeaveAnswer(outcome=LeaveOutcome.DECIDED, leave=store.get(tx, job_id))
            self._admission.enter(tx, leave.asker, work, job_id, at=at, is_let_pass=True)
            subject, after = f"member:{leave.asker.member_id} once", f"up to {format_usd(work.amount)}"
            change = Change(at=now, author_id=by, subject=subject, before=None, after=after)
            rules.add_change(tx, leave.guild_id, change)
            return LeaveAnswer(outcome=LeaveOutcome.DONE, leave=store.get(tx, job_id))

        answer = await self._database.write(write)
        if answer.outcome is LeaveOutcome.DONE:
            log.info("a request was let pass", extra={"job": job_id, "guild": leave.guild_id})
            self._crashpoints.reached(CrashPoint.AFTER_DECIDED)
            self._admission.entered()
            self._tell()
        return answer

    async def _dearer(self, leave: Leave, work: NewWork) -> LeaveAnswer:
        await self._database.write(lambda tx: store.change(tx, leave, amount=work.amount, blocked=None))
        self._tell()
        return LeaveAnswer(outcome=LeaveOutcome.DEARER, leave=replace(leave, amount=work.amount))

    async def _blocked(self, leave: Leave, refusal: Refusal) -> LeaveAnswer:
        await self._database.write(lambda tx: store.change(tx, leave, amount=leave.amount, blocked=refusal))
        self._tell()
        return LeaveAnswer(outcome=LeaveOutcome.BLOCKED, leave=leave, refusal=refusal)


def _here(reader: Reader, job_id: JobId, guild_id: GuildId) -> Leave | None:
    leave = store.get(reader, job_id)
    return leave if leave is not None and leave.guild_id == guild_id else None

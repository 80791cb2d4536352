"""Accepting work: interaction, budgets, hold and job in one transaction, or a refusal that cost nothing."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.clock import Clock, Millis
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import JobId, Randomness, new_idempotency_key, new_job_id
from bot.db import Database, Transaction
from bot.interactions import store as interactions
from bot.interactions.model import Received
from bot.jobs import store as jobs
from bot.jobs.looks import store as looks
from bot.jobs.model import NewJob
from bot.ledger import store as ledger
from bot.ledger.model import Ceilings
from bot.services import store
from bot.services.leave import store as leaves
from bot.services.leave.asking import ask_leave, is_rule_of_guild
from bot.services.newwork import Asker, NewWork, asked_of, asker_of
from bot.services.terms import Priced, hold_for, note_refused, refuse_paused

log = logging.getLogger(__name__)

# More waiting work than this would keep people for hours: better to say so at once.
MAX_LIVE_JOBS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator allows: budgets, and how many jobs one member may have under way at once."""

    ceilings: Ceilings
    member_jobs: int


def _nobody() -> None:
    """No staff is there to be told."""


class Admission:
    """The one way in for work that costs money. `wake` tells of new jobs, `asked` of work that waits for leave."""

    def __init__(
        self,
        *,
        database: Database,
        rules: Rules,
        clock: Clock,
        randomness: Randomness,
        crashpoints: Crashpoints,
        wake: Callable[[], None],
        asked: Callable[[], None] = _nobody,
    ) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        self._randomness = randomness
        self._crashpoints = crashpoints
        self._wake = wake
        self._asked = asked

    async def admit(self, received: Received, work: NewWork) -> JobId:
        """Accepts the work and returns its job, or raises Refusal; a refusal holds and spends nothing.

        Where only the guild's own amounts are in the way and it wants moderators to be asked, the job is one that may
        come: there is no row of it while it waits for leave.
        """
        job_id = new_job_id(self._randomness)
        try:
            await self._database.write(lambda tx: self._admit(tx, received, work, job_id))
        except Refusal as refusal:
            await self._note(refusal, received)
            if not await self._waits(received, work, refusal, job_id):
                raise
            self._crashpoints.reached(CrashPoint.AFTER_ASK_LEAVE)
            self._asked()
            return job_id
        except DatabaseUnavailable:
            # Nobody knows whether the commit reached the disk, so the disk is asked.
            if not await self._is_written(job_id):
                raise Refusal(RefusalReason.BUSY) from None
        self.entered()
        return job_id

    def entered(self) -> None:
        """A job was committed with its hold."""
        self._crashpoints.reached(CrashPoint.AFTER_COMMIT_HOLD)
        self._wake()

    def enter(
        self,
        tx: Transaction,
        asker: Asker,
        work: NewWork,
        job_id: JobId,
        *,
        at: Millis,
        is_let_pass: bool = False,
    ) -> None:
        """The job and its hold, within a transaction; `at` by Discord's clock. Raises Refusal.

        `is_let_pass` as in `terms.hold_for`.
        """
        refuse_paused(tx, asker.guild_id, work.kind)
        everyone, own = looks.live_count(tx, guild_id=asker.guild_id, member_id=asker.member_id)
        if everyone >= MAX_LIVE_JOBS:
            raise Refusal(RefusalReason.QUEUE_FULL)
        if own >= self._rules.member_jobs:
            raise Refusal(RefusalReason.MEMBER_BUSY, {"limit": self._rules.member_jobs})
        jobs.insert(
            tx,
            NewJob(
                id=job_id,
                kind=work.kind,
                guild_id=asker.guild_id,
                channel_id=asker.channel_id,
                member_id=asker.member_id,
                provider=work.provider,
                model=work.model,
                payload=work.payload,
                payload_version=work.payload_version,
                idempotency_key=new_idempotency_key(job_id),
                created_at=self._clock.now(),
                parent_id=work.parent,
            ),
        )
        for position, source in enumerate(work.sources):
            store.add_source(tx, job_id=job_id, position=position, source=source)
        if work.also is not None:
            work.also(tx, job_id)
        # Windows follow Discord's clock, which made the interaction's id: a host clock that jumps grants nothing.
        moment = ledger.effective_now(tx, at)
        priced = Priced(job_id=job_id, amount=work.amount, price_version=work.price_version)
        ceilings, asked = self._rules.ceilings, asked_of(asker, work)
        hold_for(tx, ceilings, asked, priced, at=moment, is_let_pass=is_let_pass)

    async def _note(self, refusal: Refusal, received: Received) -> None:
        """Whoever keeps watch over the limit hears of it; the member's answer does not depend on that."""
        at, guild_id = received.created_at, received.guild_id
        try:
            await self._database.write(lambda tx: note_refused(tx, guild_id, refusal, at=at))
        except DatabaseUnavailable:
            log.warning("a refusal could not be noted", extra={"reason": refusal.reason})

    async def _is_written(self, job_id: JobId) -> bool:
        try:
            return await self._database.read(
                lambda reader: jobs.get(reader, job_id) is not None or leaves.get(reader, job_id) is not None
            )
        except DatabaseUnavailable:
            return False

    async def _waits(self, received: Received, work: NewWork, refusal: Refusal, job_id: JobId) -> bool:
        """Whether the refused work waits for a moderator from now on."""
        if not is_rule_of_guild(refusal):
            return False
        now, ceilings = self._clock.now(), self._rules.ceilings
        try:
            return await self._database.write(
                lambda tx: ask_leave(tx, ceilings, received, work, refusal, job_id, now=now)
            )
        except DatabaseUnavailable:
            if await self._is_written(job_id):
                return True
            raise Refusal(RefusalReason.BUSY) from None

    def _admit(self, tx: Transaction, received: Received, work: NewWork, job_id: JobId) -> None:
        if not interactions.accept(tx, received.id, job_id):
            raise Refusal(RefusalReason.STALE)
        self.enter(tx, asker_of(received), work, job_id, at=received.created_at)

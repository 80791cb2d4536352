"""Accepting work: interaction, budgets, hold and job in one transaction, or a refusal that cost nothing."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import JobId, Randomness, new_idempotency_key, new_job_id
from bot.core.money import Ticks
from bot.db import Database, Transaction
from bot.interactions import store as interactions
from bot.interactions.model import Received
from bot.jobs import store as jobs
from bot.jobs.looks import store as looks
from bot.jobs.model import NewJob
from bot.ledger import store as ledger
from bot.ledger.model import Ceilings
from bot.ledger.rules.model import Asked
from bot.services.terms import Priced, hold_for, note_refused, refuse_paused

log = logging.getLogger(__name__)

# More waiting work than this would keep people for hours: better to say so at once.
MAX_LIVE_JOBS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator allows: budgets, and how many jobs one member may have under way at once."""

    ceilings: Ceilings
    member_jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWork:
    """What is to be done, settled on a gateway: `amount` ticks are the worst case, `pictures` the most it brings.

    `kind` is the command, and names the handler. `parent` is the job whose result this goes on with. `also` writes what
    belongs to the job in the same transaction, once its row is there. `purpose` names the reserve that it may use,
    `resolution` the size, where the model has a choice.
    """

    kind: str
    provider: str
    model: str
    payload: str
    payload_version: int
    amount: Ticks
    pictures: int
    price_version: str
    parent: JobId | None = None
    also: Callable[[Transaction, JobId], None] | None = None
    purpose: str | None = None
    resolution: str | None = None


class Admission:
    """The one way in for work that costs money."""

    def __init__(
        self,
        *,
        database: Database,
        rules: Rules,
        clock: Clock,
        randomness: Randomness,
        crashpoints: Crashpoints,
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        self._randomness = randomness
        self._crashpoints = crashpoints
        self._wake = wake

    async def admit(self, received: Received, work: NewWork) -> JobId:
        """Accepts the work and returns its job, or raises Refusal; a refusal holds and spends nothing."""
        job_id = new_job_id(self._randomness)
        try:
            await self._database.write(lambda tx: self._admit(tx, received, work, job_id))
        except DatabaseUnavailable:
            # Nobody knows whether the commit reached the disk, so the disk is asked.
            if not await self._is_written(job_id):
                raise Refusal(RefusalReason.BUSY) from None
        except Refusal as refusal:
            await self._note(refusal, received)
            raise
        self._crashpoints.reached(CrashPoint.AFTER_COMMIT_HOLD)
        self._wake()
        return job_id

    async def _note(self, refusal: Refusal, received: Received) -> None:
        """Whoever keeps watch over the limit hears of it; the member's answer does not depend on that."""
        at, guild_id = received.created_at, received.guild_id
        try:
            await self._database.write(lambda tx: note_refused(tx, guild_id, refusal, at=at))
        except DatabaseUnavailable:
            log.warning("a refusal could not be noted", extra={"reason": refusal.reason})

    async def _is_written(self, job_id: JobId) -> bool:
        try:
            return await self._database.read(lambda reader: jobs.get(reader, job_id)) is not None
        except DatabaseUnavailable:
            return False

    def _admit(self, tx: Transaction, received: Received, work: NewWork, job_id: JobId) -> None:
        if not interactions.accept(tx, received.id, job_id):
            raise Refusal(RefusalReason.STALE)
        refuse_paused(tx, received.guild_id, work.kind)
        everyone, own = looks.live_count(tx, guild_id=received.guild_id, member_id=received.member_id)
        if everyone >= MAX_LIVE_JOBS:
            raise Refusal(RefusalReason.QUEUE_FULL)
        if own >= self._rules.member_jobs:
            raise Refusal(RefusalReason.MEMBER_BUSY, {"limit": self._rules.member_jobs})
        jobs.insert(
            tx,
            NewJob(
                id=job_id,
                kind=work.kind,
                guild_id=received.guild_id,
                channel_id=received.channel_id,
                member_id=received.member_id,
                provider=work.provider,
                model=work.model,
                payload=work.payload,
                payload_version=work.payload_version,
                idempotency_key=new_idempotency_key(job_id),
                created_at=self._clock.now(),
                parent_id=work.parent,
            ),
        )
        if work.also is not None:
            work.also(tx, job_id)
        # Windows follow Discord's clock, which made the interaction's id: a host clock that jumps grants nothing.
        at = ledger.effective_now(tx, received.created_at)
        asked = Asked(
            guild_id=received.guild_id,
            member_id=received.member_id,
            roles=received.roles,
            channel_id=received.channel_id,
            parent_channel_id=received.parent_channel_id,
            command=work.kind,
            provider=work.provider,
            model=work.model,
            purpose=work.purpose,
            resolution=work.resolution,
            pictures=work.pictures,
        )
        priced = Priced(job_id=job_id, amount=work.amount, price_version=work.price_version)
        hold_for(tx, self._rules.ceilings, asked, priced, at=at)

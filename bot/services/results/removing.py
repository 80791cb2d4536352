"""Delete: the public message goes, the pictures are marked, the money stays booked, and it is kept who did it."""

import logging
from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable
from bot.core.ids import GuildId, JobId, MemberId
from bot.db import Database, Reader, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job
from bot.services import store
from bot.services.deliveries import DeliveryRow
from bot.services.ports import CannotDeliver, DeliverLater, Eraser
from bot.services.results import store as results
from bot.services.results.reading import find_result

log = logging.getLogger(__name__)

# What a start finishes of its predecessor; more were never asked for within the seconds before a crash.
FINISHED_AT_ONCE = 100


class RemovalOutcome(StrEnum):
    """What pressing Delete did, or may do."""

    ALLOWED = "allowed"
    NOT_YOURS = "not_yours"
    DELETED = "deleted"
    WAS_GONE = "was_gone"
    OUT_OF_REACH = "out_of_reach"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remover:
    """Whoever presses, as Discord says at that moment."""

    guild_id: GuildId
    member_id: MemberId
    is_moderator: bool


class Removing:
    """The use case behind Delete. Every method raises Refusal as `find_result`, and DatabaseUnavailable."""

    def __init__(self, *, database: Database, eraser: Eraser, clock: Clock) -> None:
        self._database = database
        self._eraser = eraser
        self._clock = clock

    async def may_remove(self, job_id: JobId, remover: Remover) -> bool:
        """True for whoever asked for the result, and for moderators."""
        return await self._database.read(lambda reader: _right(reader, job_id, remover)) is not None

    async def remove(self, job_id: JobId, remover: Remover) -> RemovalOutcome:
        """Deletes the result for good; who asks is on disk before anything goes. May be repeated after any failure."""
        now = self._clock.now()

        def begin(tx: Transaction) -> DeliveryRow | None:
            delivery = _right(tx, job_id, remover)
            if delivery is not None:
                is_moderator = remover.is_moderator
                results.begin_removal(tx, job_id, member_id=remover.member_id, is_moderator=is_moderator, at=now)
            return delivery

        delivery = await self._database.write(begin)
        if delivery is None:
            return RemovalOutcome.NOT_YOURS
        return await self._erase(job_id, remover.guild_id, delivery)

    async def finish(self) -> None:
        """Deletes what an earlier process was asked to delete and perhaps did not; once, after the start."""
        try:
            wanted = await self._database.read(_unfinished)
            for job, delivery in wanted:
                await self._erase(job.id, job.guild_id, delivery)
        except DatabaseUnavailable:
            log.exception("deletions of an earlier process are not finished")

    async def _erase(self, job_id: JobId, guild_id: GuildId, delivery: DeliveryRow) -> RemovalOutcome:
        try:
            was_there = delivery.message_id is not None and await self._eraser.erase(
                guild_id=guild_id, channel_id=delivery.channel_id, message_id=delivery.message_id
            )
        except CannotDeliver as error:
            log.warning("a result cannot be deleted", extra={"job": job_id, "obstacle": error.obstacle})
            return RemovalOutcome.OUT_OF_REACH
        except DeliverLater as error:
            log.warning("a result is not deleted yet", extra={"job": job_id, "error": str(error)})
            return RemovalOutcome.LATER
        await self._note(job_id, was_there=was_there)
        return RemovalOutcome.DELETED if was_there else RemovalOutcome.WAS_GONE

    async def _note(self, job_id: JobId, *, was_there: bool) -> None:
        now = self._clock.now()

        def write(tx: Transaction) -> int:
            results.removed(tx, job_id, was_gone=not was_there, at=now)
            return results.discard_pictures(tx, job_id, at=now)

        discarded = await self._database.write(write)
        log.info("a result was deleted", extra={"job": job_id, "was_there": was_there, "discarded": discarded})


def _right(reader: Reader, job_id: JobId, remover: Remover) -> DeliveryRow | None:
    """Where the result stands, for whoever may delete it; None for others."""
    result = find_result(reader, job_id, guild_id=remover.guild_id, member_id=remover.member_id)
    return result.delivery if remover.is_moderator or result.job.member_id == remover.member_id else None


def _unfinished(reader: Reader) -> list[tuple[Job, DeliveryRow]]:
    found = []
    for job_id in results.unfinished_removals(reader, limit=FINISHED_AT_ONCE):
        job, delivery = jobs.get(reader, job_id), store.delivery_of(reader, job_id)
        if job is not None and delivery is not None:
            found.append((job, delivery))
    return found

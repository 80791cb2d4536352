"""Report: a member tells of a result; it is kept for whoever runs the bot."""

import logging
from enum import StrEnum

from bot.core.clock import Clock
from bot.core.ids import GuildId, JobId, MemberId
from bot.db import Database, Transaction
from bot.services.results import store as results
from bot.services.results.reading import find_result
from bot.services.results.store import Report

log = logging.getLogger(__name__)

# What a member may add in their own words; Discord's form is bounded by the same.
TEXT_MAX = 1_000


class ReportReason(StrEnum):
    """Why somebody tells of a result."""

    HARMFUL = "harmful"
    PERSON = "person"
    RULES = "rules"
    BROKEN = "broken"
    OTHER = "other"


class Reporting:
    """The use case behind Report."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def report(
        self, job_id: JobId, *, guild_id: GuildId, member_id: MemberId, reason: ReportReason, text: str
    ) -> None:
        """Keeps the report; a second one of the same member takes the first one's place.

        Raises Refusal as `find_result`, and DatabaseUnavailable.
        """
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            find_result(tx, job_id, guild_id=guild_id, member_id=member_id)
            told = text.strip()[:TEXT_MAX]
            results.report(tx, Report(job_id=job_id, member_id=member_id, reason=reason, text=told, at=now))

        await self._database.write(write)
        log.warning("a result was reported", extra={"job": job_id, "reason": reason.value})

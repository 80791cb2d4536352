"""The front desk: interactions come in, are stored before they are acknowledged, and get their last word."""

import asyncio
import logging

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable
from bot.core.ids import InteractionId
from bot.db import Database
from bot.interactions import store as interactions
from bot.interactions.model import Received
from bot.interactions.skew import ClockSkew

log = logging.getLogger(__name__)

# Discord wants an acknowledgement within 3 s; a database that does not answer in a third of that is busy.
RECEIVE_TIMEOUT_S = 1.0


class Desk:
    """Stores interactions. `is_open` False makes the cogs refuse new ones, for a process that is about to stop."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._skew = ClockSkew()
        self.is_open = True

    def is_stale(self, received: Received) -> bool:
        """True for a replay that Discord takes no answer to any more."""
        is_stale = self._skew.is_stale(received)
        if is_stale:
            age_ms = received.received_at - received.created_at
            log.warning("an old interaction was dropped", extra={"interaction": received.id, "age_ms": age_ms})
        return is_stale

    async def receive(self, received: Received) -> bool:
        """Stores it; False when it was stored before. Raises DatabaseUnavailable within a second.

        After that error the row may still appear; it is then voided or answered like one from before a crash.
        """
        try:
            async with asyncio.timeout(RECEIVE_TIMEOUT_S):
                return await self._database.write(lambda tx: interactions.receive(tx, received))
        except TimeoutError:
            raise DatabaseUnavailable("the interaction could not be stored in time") from None

    async def answered(self, interaction_id: InteractionId) -> None:
        """The member has the last word."""
        now = self._clock.now()
        await self._database.write(lambda tx: interactions.answered(tx, interaction_id, at=now))

    async def refused(self, interaction_id: InteractionId) -> None:
        """The member has read a refusal; a job that was accepted all the same keeps its card."""
        now = self._clock.now()
        await self._database.write(lambda tx: interactions.refused(tx, interaction_id, at=now))

    async def void(self, interaction_id: InteractionId) -> None:
        """The member saw no acknowledgement: nothing runs later."""
        await self._database.write(lambda tx: interactions.void(tx, interaction_id))

    async def forget_tokens(self) -> int:
        """Deletes tokens that are over; returns how many."""
        now = self._clock.now()
        return await self._database.write(lambda tx: interactions.forget_tokens(tx, now=now))

"""Loose ends: messages that say that an answer is being written although none will come, and texts that are too old."""

import asyncio
import logging
from collections.abc import Callable

from bot.core.errors import DatabaseUnavailable
from bot.core.ids import JobId, MessageId
from bot.db import Database, Reader, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job
from bot.services.ask import store
from bot.services.ask.conversations import Conversations
from bot.services.ask.live import spot_of
from bot.services.ask.model import Turn
from bot.services.ask.ports import TalkDelivery
from bot.services.ports import CannotDeliver, DeliverLater
from bot.services.progress import Progress, ProgressBoard

log = logging.getLogger(__name__)

# Without a nudge it looks this often; what Discord did not take is tried again then.
EVERY_S = 60.0


class Closing:
    """One loop. `words` says what became of an answer: all of it, or for everybody where its member has a card."""

    def __init__(
        self,
        *,
        database: Database,
        delivery: TalkDelivery,
        conversations: Conversations,
        board: ProgressBoard,
        words: Callable[[Progress, bool], str],
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._conversations = conversations
        self._board = board
        self._words = words
        self._nudge = asyncio.Event()

    def nudge(self) -> None:
        """A job may have ended."""
        self._nudge.set()

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            self._nudge.clear()
            try:
                await self.tick()
            except DatabaseUnavailable:
                log.exception("conversations cannot be looked after")
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._nudge.wait()
            except TimeoutError:
                pass  # the ordinary look

    async def tick(self) -> None:
        """Closes every loose end, and forgets what is too old."""
        for job_id in await self._database.read(store.loose_ends):
            await self._close(job_id)
        if forgotten := await self._conversations.sweep():
            log.info("conversations were forgotten by their age", extra={"turns": forgotten})

    async def _close(self, job_id: JobId) -> None:
        job, turn, known = await self._database.read(lambda reader: _look(reader, job_id))
        progress = await self._board.of_job(job_id)
        if job is None or turn is None or progress is None:
            return
        spot = spot_of(job, turn, known)
        try:
            if job.is_cancel_requested:
                await self._delivery.take_back(spot)
            else:
                await self._delivery.show_broken_off(spot, self._words(progress, turn.question_message_id is None))
        except DeliverLater as error:
            log.info("a message cannot be closed yet", extra={"job": job_id, "error": str(error)})
            return
        except CannotDeliver as error:
            log.info("a message cannot be closed", extra={"job": job_id, "obstacle": error.obstacle})

        def write(tx: Transaction) -> None:
            store.set_live(tx, job_id, is_live=False)

        await self._database.write(write)


def _look(reader: Reader, job_id: JobId) -> tuple[Job | None, Turn | None, dict[int, MessageId]]:
    return jobs.get(reader, job_id), store.turn(reader, job_id), store.messages_of(reader, job_id)

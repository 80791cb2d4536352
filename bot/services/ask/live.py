"""Answers while they are written: a message or a card that fills, edited seldom and never by two hands at once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.core.clock import Clock
from bot.core.errors import EaselError
from bot.core.ids import JobId, MessageId
from bot.core.money import Ticks
from bot.db import Database, Reader, Transaction
from bot.interactions import store as interactions
from bot.jobs import store as jobs
from bot.jobs.model import Job
from bot.providers.contract import PartialSink
from bot.services.ask import store
from bot.services.ask.model import ASK, Turn
from bot.services.ask.ports import Spot, TalkDelivery, Waiting
from bot.services.ports import CannotDeliver, DeliverLater
from bot.services.progress import LATE_MS
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)

# Discord does not publish its limit for edits; 5 in 5 s were measured for one channel. The issue's own number.
EDIT_EVERY_S = 1.5
# An edit under way when the answer is whole ends first, so that it never overwrites the whole one; it is given so long.
LAST_EDIT_S = 10.0


@dataclass(slots=True)
class _Stream:
    """What is written so far. `over` once the answer is whole or given up."""

    text: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class LiveAnswers:
    """Shows what is written so far, and what is waited for. Whatever goes wrong here never hurts the answer itself."""

    def __init__(
        self,
        *,
        database: Database,
        delivery: TalkDelivery,
        settlement: Settlement,
        clock: Clock,
        edit_every_s: float = EDIT_EVERY_S,
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._settlement = settlement
        self._clock = clock
        self._edit_every_s = edit_every_s
        self._texts: dict[JobId, str] = {}

    def so_far(self, job_id: JobId) -> str | None:
        """What is written so far of an answer for its member alone, for their card."""
        return self._texts.get(job_id)

    async def wait_in_channel(self, job_id: JobId, *, estimate: Ticks, held: Ticks) -> None:
        """Shows where the answer to a message will stand."""
        job, turn, known = await self._database.read(lambda reader: self._gather(reader, job_id))
        if turn is None or known:
            return
        try:
            message_id = await self._delivery.show_waiting(
                spot_of(job, turn, known), Waiting(estimate=estimate, held=held)
            )
        except (CannotDeliver, DeliverLater) as error:
            log.info("a place for an answer cannot be shown", extra={"job": job_id, "error": str(error)})
            return
        await self._note(job_id, message_id)

    @asynccontextmanager
    async def following(self, job: Job, *, is_on: bool) -> AsyncIterator[PartialSink | None]:
        """Within it the sink takes what is written so far; None where nothing is shown before its end."""
        if not is_on or job.kind != ASK:
            yield None
            return
        stream = _Stream()

        async def take(text: str) -> None:
            stream.text = text
            if text.strip():
                stream.news.set()

        follower = asyncio.create_task(self._follow(job, stream))
        try:
            yield take
        finally:
            stream.over.set()
            stream.news.set()
            await self._end(follower)
            self._texts.pop(job.id, None)

    async def _end(self, follower: asyncio.Task[None]) -> None:
        await asyncio.wait([follower], timeout=LAST_EDIT_S)
        follower.cancel()
        await asyncio.wait([follower])
        if not follower.cancelled() and (error := follower.exception()) is not None:
            log.warning("an answer could not be shown while it was written", extra={"error": type(error).__name__})

    async def _follow(self, job: Job, stream: _Stream) -> None:
        while True:
            await stream.news.wait()
            stream.news.clear()
            if stream.over.is_set():
                return
            try:
                await self._show(job, stream.text)
            except EaselError as error:
                log.info("an edit is left out", extra={"job": job.id, "error": str(error)})
            try:
                async with asyncio.timeout(self._edit_every_s):
                    await stream.over.wait()
            except TimeoutError:
                pass  # time for the next edit

    async def _show(self, job: Job, text: str) -> None:
        now_job, turn, known = await self._database.read(lambda reader: self._gather(reader, job.id))
        if turn is None or now_job.is_cancel_requested:
            return
        spot = spot_of(job, turn, known)
        interaction = await self._database.read(lambda reader: interactions.of_job(reader, job.id))
        has_card = interaction is not None and interaction.can_edit(self._clock.now())
        if not turn.is_private:
            if not (known or has_card or turn.question_message_id is not None):
                return  # the whole answer is to ping its member, and only a new message does
            message_id = await self._delivery.show_so_far(spot, text)
            if not known:
                await self._note(job.id, message_id)
            return
        self._texts[job.id] = text
        if interaction is not None and interaction.token is not None and has_card:
            is_late = self._clock.now() - job.created_at > LATE_MS
            await self._delivery.show_so_far_on_card(spot, interaction.token, text, is_late=is_late)

    async def _note(self, job_id: JobId, message_id: MessageId) -> None:
        def write(tx: Transaction) -> None:
            store.note_message(tx, job_id=job_id, position=0, message_id=message_id)
            store.set_live(tx, job_id, is_live=True)

        await self._settlement.record(write)

    def _gather(self, reader: Reader, job_id: JobId) -> tuple[Job, Turn | None, dict[int, MessageId]]:
        job = jobs.get(reader, job_id)
        if job is None:
            raise LookupError(job_id)
        return job, store.turn(reader, job_id), store.messages_of(reader, job_id)


def spot_of(job: Job, turn: Turn, known: dict[int, MessageId]) -> Spot:
    """Where the answer of a question is shown."""
    return Spot(
        job_id=job.id,
        guild_id=job.guild_id,
        channel_id=job.channel_id,
        member_id=job.member_id,
        question=turn.question or "",
        replies_to=turn.question_message_id,
        known=known,
        started_at=job.created_at,
    )

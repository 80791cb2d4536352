"""Texts to be spoken: taken from the stored answer, sent, kept until they are delivered; or moved on."""

import logging
from dataclasses import replace

from bot.core.clock import Clock
from bot.core.errors import Refusal
from bot.core.money import Ticks
from bot.core.requests import ProviderName, SpeakOrder
from bot.db import Database, Reader, Transaction
from bot.jobs.model import Job
from bot.ledger.model import Ceilings
from bot.providers.catalogue import SpeakOffer
from bot.providers.contract import AskAnswer, PaymentRequired, Sound, SpeakSubmission, SubmitContext
from bot.providers.registry import Registry
from bot.providers.talk_offers import speak_estimate, speak_worst_case
from bot.services.ask import store
from bot.services.ask.choosing import TalkChoosing, spoken
from bot.services.ask.model import SpeakPayload, Turn, UnreadableTalk, read_speech
from bot.services.ask.pricing import sound_bill
from bot.services.ask.writing import Books, Mover
from bot.services.paying import Paying
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)

# Discord's default for a file; a longer sound could not be shown anywhere.
SOUND_BYTES = 10 * 1024 * 1024


class Speaking:
    """An errand: a text to be spoken."""

    def __init__(
        self, *, registry: Registry, books: Books, job: Job, turn: Turn, offer: SpeakOffer, order: SpeakOrder
    ) -> None:
        self._speaker = registry.speaker(offer.provider)
        self._books = books
        self._job = job
        self._turn = turn
        self._offer = offer
        self._order = order

    @property
    def listed(self) -> Ticks:
        return speak_estimate(self._offer, self._order)

    @property
    def deadline_s(self) -> float:
        return self._offer.deadline_s

    @property
    def streams(self) -> bool:
        return False

    async def send(self, context: SubmitContext) -> SpeakSubmission:
        return await self._speaker.speak(self._order, context)

    async def pay(self, paying: Paying, unpaid: PaymentRequired) -> SpeakSubmission:
        return await paying.speak(self._job, self._order, self._speaker, unpaid)

    async def recover(self, paying: Paying) -> SpeakSubmission:
        return await paying.recover_speak(self._job, self._order, self._speaker)

    async def finish(self, answer: AskAnswer | Sound) -> None:
        if not isinstance(answer, Sound):
            raise TypeError("a text that is spoken is a sound")
        sound, job_id = answer, self._job.id

        def keep(tx: Transaction) -> bool:
            if not sound.data or len(sound.data) > SOUND_BYTES:
                return False
            store.keep_sound(tx, job_id, media_type=sound.media_type, data=sound.data)
            return True

        bill = sound_bill(self._offer, self._order, sound)
        await self._books.close(self._job, bill, keep, is_private=self._turn.is_private, served=None)


class Speeches:
    """Errands of kind SPEAK."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        choosing: TalkChoosing,
        ceilings: Ceilings,
        settlement: Settlement,
        clock: Clock,
    ) -> None:
        self._database = database
        self._registry = registry
        self._choosing = choosing
        self._books = Books(settlement=settlement, clock=clock)
        self._mover = Mover(registry=registry, ceilings=ceilings, settlement=settlement, clock=clock)

    async def errand(self, job: Job) -> Speaking | None:
        offers = self._registry.speak_offers()
        offer = next((one for one in offers if (one.provider, one.model) == (job.provider, job.model)), None)
        found = await self._text(job)
        if offer is None or found is None:
            return None
        _, turn, text = found
        order = spoken(offer, text)
        return Speaking(registry=self._registry, books=self._books, job=job, turn=turn, offer=offer, order=order)

    async def move_on(self, job: Job, *, because: str) -> bool:
        found = await self._text(job)
        if found is None:
            return False
        payload, _, text = found
        tried = (*payload.tried, ProviderName(job.provider))
        passed = set(tried)
        while (choice := self._choosing.speak_next(text, tried=passed)) is not None:
            offer, order = choice
            new = replace(payload, tried=tried, estimate=speak_estimate(offer, order))
            try:
                return await self._mover.move(job, offer, new, speak_worst_case(offer, order), because)
            except Refusal:
                passed.add(offer.provider)
        return False

    async def _text(self, job: Job) -> tuple[SpeakPayload, Turn, str] | None:
        """The payload, the answer's turn and its text; None where it was forgotten meanwhile."""

        def gather(reader: Reader) -> tuple[SpeakPayload, Turn, str] | None:
            payload = read_speech(job)
            turn = store.turn(reader, payload.answer)
            return None if turn is None or turn.answer is None else (payload, turn, turn.answer)

        try:
            return await self._database.read(gather)
        except UnreadableTalk:
            log.exception("a payload cannot be read", extra={"job": job.id})
            return None

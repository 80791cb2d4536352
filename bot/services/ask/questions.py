"""Questions: put together from the conversation, sent, stored; or moved on to another gateway."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.core.clock import Clock
from bot.core.errors import MediaError, Refusal
from bot.core.money import Ticks
from bot.core.requests import AskOrder, Message, ModelId, ProviderName, SourcePicture
from bot.db import Database, Reader, Transaction
from bot.jobs.model import Job
from bot.ledger.model import Ceilings
from bot.media.media import Media
from bot.providers.catalogue import AskOffer
from bot.providers.contract import AskAnswer, AskSubmission, PaymentRequired, Sound, SubmitContext
from bot.providers.registry import Registry
from bot.providers.talk_offers import ask_estimate, ask_worst_case
from bot.services import store as results
from bot.services.ask import store
from bot.services.ask.choosing import TalkChoosing, Wanted
from bot.services.ask.history import Said, thread
from bot.services.ask.model import AskPayload, Turn, UnreadableTalk, read_question
from bot.services.ask.pricing import answer_bill
from bot.services.ask.writing import Books, Mover
from bot.services.paying import Paying
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)

# Pictures go as bytes, base64 within the body: three of these stay well below what gateways take.
PICTURE_BYTES = 4 * 1024 * 1024


class Question:
    """An errand: a question."""

    def __init__(
        self, *, registry: Registry, books: Books, job: Job, turn: Turn, offer: AskOffer, order: AskOrder
    ) -> None:
        self._asker = registry.asker(offer.provider)
        self._books = books
        self._job = job
        self._turn = turn
        self._offer = offer
        self._order = order

    @property
    def listed(self) -> Ticks:
        return ask_estimate(self._offer, self._order)

    @property
    def deadline_s(self) -> float:
        return self._offer.deadline_s

    @property
    def streams(self) -> bool:
        return self._offer.streams

    async def send(self, context: SubmitContext) -> AskSubmission:
        return await self._asker.ask(self._order, context)

    async def pay(self, paying: Paying, unpaid: PaymentRequired) -> AskSubmission:
        return await paying.ask(self._job, self._order, self._asker, unpaid)

    async def recover(self, paying: Paying) -> AskSubmission:
        return await paying.recover_ask(self._job, self._order, self._asker)

    async def finish(self, answer: AskAnswer | Sound) -> None:
        if not isinstance(answer, AskAnswer):
            raise TypeError("a question is answered in words")
        told, job_id = answer, self._job.id

        def keep(tx: Transaction) -> bool:
            store.keep_answer(tx, job_id, told)
            return True

        bill = answer_bill(self._offer, self._order, told)
        is_private = self._turn.is_private
        await self._books.close(self._job, bill, keep, is_private=is_private, served=told.served_model)


class Questions:
    """Errands of kind ASK."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        choosing: TalkChoosing,
        media: Media,
        ceilings: Ceilings,
        settlement: Settlement,
        clock: Clock,
    ) -> None:
        self._database = database
        self._registry = registry
        self._choosing = choosing
        self._media = media
        self._clock = clock
        self._books = Books(settlement=settlement, clock=clock)
        self._mover = Mover(registry=registry, ceilings=ceilings, settlement=settlement, clock=clock)

    async def errand(self, job: Job) -> Question | None:
        offers = self._registry.ask_offers()
        offer = next((one for one in offers if (one.provider, one.model) == (job.provider, job.model)), None)
        found = await self._said(job)
        if offer is None or found is None:
            return None
        payload, turn, said = found
        order = AskOrder(
            provider=ProviderName(job.provider),
            model=ModelId(job.model),
            messages=tuple([await self._with_pictures(one) for one in said]),
            max_tokens=min(payload.max_tokens, offer.answer_max),
            search=payload.search,
        )
        return Question(registry=self._registry, books=self._books, job=job, turn=turn, offer=offer, order=order)

    async def move_on(self, job: Job, *, because: str) -> bool:
        found = await self._said(job)
        if found is None:
            return False
        payload, _, said = found
        wanted = Wanted(messages=tuple(one.priced for one in said), search=payload.search, model=payload.asked)
        tried = (*payload.tried, ProviderName(job.provider))
        passed = set(tried)
        while (choice := self._choosing.ask_next(wanted, tried=passed)) is not None:
            offer, order = choice
            new = replace(payload, tried=tried, estimate=ask_estimate(offer, order), max_tokens=order.max_tokens)
            try:
                return await self._mover.move(job, offer, new, ask_worst_case(offer, order), because)
            except Refusal:  # its price is over a limit; a dearer one may still have a smaller worst case
                passed.add(offer.provider)
        return False

    async def _said(self, job: Job) -> tuple[AskPayload, Turn, Sequence[Said]] | None:
        """The payload, the turn and the messages; None where the question was forgotten or cannot be read."""
        now = job.created_at  # the conversation as it was when the money was held

        def gather(reader: Reader) -> tuple[AskPayload, Turn, Sequence[Said]] | None:
            payload, turn = read_question(job), store.turn(reader, job.id)
            if turn is None or turn.question is None:
                return None
            pictures = results.sources_of(reader, job.id)
            told = thread(
                reader,
                parent=turn.parent_id,
                question=turn.question,
                pictures=pictures,
                now=now,
                most=payload.turns,
            )
            return payload, turn, told.said

        try:
            return await self._database.read(gather)
        except UnreadableTalk:
            log.exception("a payload cannot be read", extra={"job": job.id})
            return None

    async def _with_pictures(self, said: Said) -> Message:
        """The pictures as bytes. One that is no longer kept is left out: the words may do without it."""
        pictures: list[SourcePicture] = []
        for source in said.pictures:
            try:
                fitted = await self._media.fit(source.asset_id, limit_bytes=PICTURE_BYTES)
            except MediaError as error:
                log.warning("a picture of a question is gone", extra={"error": str(error)})
                continue
            pictures.append(SourcePicture(data=fitted.data, format=fitted.format))
        return Message(role=said.role, text=said.text, pictures=tuple(pictures))

"""The use cases behind `/ask`, replies to answers, and "Read aloud": a question or a text becomes a job."""

from dataclasses import replace

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import GuildId, JobId, MemberId, MessageId
from bot.core.money import Ticks
from bot.core.requests import AskOrder
from bot.db import Database, Reader, Transaction
from bot.interactions.model import Received
from bot.jobs import store as jobs
from bot.providers.catalogue import AskOffer
from bot.providers.registry import Registry
from bot.providers.talk_offers import ask_estimate, ask_worst_case, speak_estimate, speak_worst_case
from bot.services.admission import Admission
from bot.services.ask import store
from bot.services.ask.choosing import TalkChoosing, Wanted
from bot.services.ask.history import TURNS_MAX, thread
from bot.services.ask.model import ASK, SPEAK, VERSION, AskPayload, Place, Question, SpeakPayload, Turn, encode
from bot.services.ask.waiting import read_request, request_of
from bot.services.handed.bringing import Bringing, Handed
from bot.services.leave.model import Leave
from bot.services.newwork import NewWork
from bot.services.results.presses import Presses

# A second press within this time is a double click.
DOUBLE_CLICK_MS = 5 * SECOND_MS


class Asking:
    """Accepts questions and texts to be spoken. Every refusal holds and spends nothing."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        choosing: TalkChoosing,
        admission: Admission,
        bringing: Bringing,
        presses: Presses,
        clock: Clock,
    ) -> None:
        self._database = database
        self._registry = registry
        self._choosing = choosing
        self._admission = admission
        self._bringing = bringing
        self._presses = presses
        self._clock = clock

    async def ask(
        self, received: Received, question: Question, *, picture: Handed | None = None, missing_permissions: str = ""
    ) -> JobId:
        """Accepts the question and returns its job. Raises Refusal: UNDER_WAY for a form that was sent twice.

        `picture` goes with it; it is kept before anything is held. `missing_permissions` names
        what the bot lacks in the channel: no answer is bought that cannot be posted.
        """
        if question.parent is None or question.message_id is not None:
            return await self._ask(received, question, picture, missing_permissions)
        with self._presses.once(received, ("continue", question.parent, question.text)):
            return await self._ask(received, question, picture, missing_permissions)

    async def _ask(
        self, received: Received, question: Question, picture: Handed | None, missing_permissions: str
    ) -> JobId:
        if question.parent is not None:
            is_private = await self._is_private(received.guild_id, received.member_id, question.parent)
            question = replace(question, is_private=question.is_private or is_private)
        if missing_permissions and not question.is_private:
            raise Refusal(RefusalReason.CANNOT_POST, {"missing": missing_permissions})
        if picture is not None:
            brought = await self._bringing.bring(received, (picture,))
            question = replace(question, pictures=tuple(one.source for one in brought if one.source is not None))
        return await self._admission.admit(received, await self._question(question))

    async def renew(self, leave: Leave) -> NewWork:
        """The work of a question that had to wait, as it is chosen and priced today. Raises Refusal."""
        question = read_request(leave)
        if question.parent is not None:
            await self._is_private(leave.guild_id, leave.asker.member_id, question.parent)
        return await self._question(question)

    async def _question(self, question: Question) -> NewWork:
        """The question settled on a gateway and priced. Raises Refusal."""
        offer, order, payload = await self._priced(question)
        return NewWork(
            kind=ASK,
            provider=offer.provider,
            model=offer.model,
            payload=encode(payload),
            payload_version=VERSION,
            amount=ask_worst_case(offer, order),
            pictures=0,
            price_version=self._registry.catalogue_version,
            parent=question.parent,
            sources=question.pictures,
            also=lambda tx, job_id: self._note(tx, job_id, question),
            words="" if question.is_private else question.text,
            request=request_of(question),
        )

    async def _priced(self, question: Question) -> tuple[AskOffer, AskOrder, AskPayload]:
        """Which model answers, with how much of the conversation. Raises Refusal."""
        now = self._clock.now()
        told = await self._database.read(
            lambda reader: thread(
                reader,
                parent=question.parent,
                question=question.text,
                pictures=question.pictures,
                now=now,
                most=TURNS_MAX,
            )
        )
        messages = tuple(one.priced for one in told.said)
        wanted = Wanted(messages=messages, search=question.search, model=question.model or None)
        offer, order = self._choosing.ask(wanted)
        payload = AskPayload(
            asked=wanted.model,
            search=question.search,
            max_tokens=order.max_tokens,
            turns=told.turns,
            estimate=ask_estimate(offer, order),
        )
        return offer, order, payload

    async def speak(self, received: Received, answer: JobId, *, missing_permissions: str = "") -> JobId:
        """Accepts that an answer is read aloud and returns the job. Raises Refusal.

        UNDER_WAY for a second press within seconds, or while the first one's sound is being made.
        """
        turn = await self._answered(answer, received.guild_id)
        if missing_permissions and not turn.is_private:
            raise Refusal(RefusalReason.CANNOT_POST, {"missing": missing_permissions})
        return await self._admission.admit(received, self._speech(turn, received.member_id))

    async def renew_speech(self, leave: Leave) -> NewWork:
        """The same for a text to be spoken that had to wait."""
        turn = await self._answered(JobId(leave.request), leave.guild_id)
        return self._speech(turn, leave.asker.member_id)

    async def _answered(self, answer: JobId, guild_id: GuildId) -> Turn:
        """The turn of an answer that stands. Raises Refusal NO_RESULT."""
        turn = await self.answer(answer, guild_id)
        if turn is None or not turn.answer:
            raise Refusal(RefusalReason.NO_RESULT)
        return turn

    def _speech(self, turn: Turn, member_id: MemberId) -> NewWork:
        """The answer's text settled on a voice and priced. Raises Refusal."""
        answer = turn.job_id
        offer, order = self._choosing.speak(turn.answer or "")
        payload = SpeakPayload(answer=answer, estimate=speak_estimate(offer, order))
        since = Millis(self._clock.now() - DOUBLE_CLICK_MS)

        def once(tx: Transaction, job_id: JobId) -> None:
            if store.has_speech(tx, answer, member_id=member_id, since=since, but=job_id):
                raise Refusal(RefusalReason.UNDER_WAY)

        return NewWork(
            kind=SPEAK,
            provider=offer.provider,
            model=offer.model,
            payload=encode(payload),
            payload_version=VERSION,
            amount=speak_worst_case(offer, order),
            pictures=0,
            price_version=self._registry.catalogue_version,
            parent=answer,
            also=once,
            words="" if turn.is_private else turn.question or "",
            request=answer,
        )

    async def answered_by(self, message_id: MessageId, guild_id: GuildId) -> Turn | None:
        """The turn whose answer a message shows, be it forgotten by now; None where it shows none."""

        def find(reader: Reader) -> Turn | None:
            turn = store.turn_of_message(reader, message_id)
            place = None if turn is None else place_of(reader, turn.job_id)
            return turn if place is not None and place.guild_id == guild_id else None

        return await self._database.read(find)

    async def answer(self, job_id: JobId, guild_id: GuildId) -> Turn | None:
        """The turn of an answer that can be gone on with; None where it is forgotten or of another server."""
        return await self._database.read(lambda reader: _turn_at(reader, job_id, guild_id))

    async def place_of(self, job_id: JobId) -> Place | None:
        """Where a job belongs, and to whom; None where there is no such job."""
        return await self._database.read(lambda reader: place_of(reader, job_id))

    def speech_price(self, turn: Turn) -> Ticks | None:
        """What reading the answer aloud is listed at; None where nobody can."""
        return self._choosing.speech_price(turn.answer or "")

    def models(self, typed: str) -> list[tuple[str, str]]:
        """(label, value) for the model's autocomplete."""
        return self._choosing.models(typed)

    async def _is_private(self, guild_id: GuildId, member_id: MemberId, parent: JobId) -> bool:
        """Whether what goes on from there is for its member alone. Raises Refusal where there is nothing to go on from.

        A private answer is gone on with by its own member only.
        """

        def look(reader: Reader) -> bool | None:
            turn = _turn_at(reader, parent, guild_id)
            place = place_of(reader, parent)
            if turn is None or place is None:
                return None
            is_own = place.member_id == member_id
            return turn.is_private if is_own or not turn.is_private else None

        is_private = await self._database.read(look)
        if is_private is None:
            raise Refusal(RefusalReason.NO_RESULT)
        return is_private

    def _note(self, tx: Transaction, job_id: JobId, question: Question) -> None:
        now = self._clock.now()
        store.add_turn(
            tx,
            job_id=job_id,
            parent_id=question.parent,
            question=question.text,
            is_private=question.is_private,
            question_message_id=question.message_id,
            at=now,
        )


def place_of(reader: Reader, job_id: JobId) -> Place | None:
    """Where a job belongs, and to whom."""
    job = jobs.get(reader, job_id)
    if job is None:
        return None
    return Place(guild_id=job.guild_id, channel_id=job.channel_id, member_id=job.member_id)


def _turn_at(reader: Reader, job_id: JobId, guild_id: GuildId) -> Turn | None:
    """The answered turn, in that guild alone."""
    place, turn = place_of(reader, job_id), store.turn(reader, job_id)
    if place is None or turn is None or place.guild_id != guild_id or turn.answer is None:
        return None
    return turn

"""Brings answers and sounds to people, each message once."""

import logging

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.ids import JobId, MessageId, Randomness
from bot.core.money import ZERO
from bot.db import Database, Reader, Transaction
from bot.interactions import store as interactions
from bot.interactions.model import InteractionState, OpenInteraction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.jobs.schedule import retry_wait_s
from bot.services import store as results
from bot.services.ask import store
from bot.services.ask.choosing import TalkChoosing
from bot.services.ask.model import ASK, Turn, read_speech
from bot.services.ask.naming import model_label
from bot.services.ask.ports import Answer, Speech, Spot, TalkDelivery
from bot.services.books import booked_for
from bot.services.courier import MAX_WAIT_MS
from bot.services.deliveries import DeliveryRow, Route
from bot.services.ports import CannotDeliver, DeliverLater
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)


class TalkCourier:
    """Publishes what came, or hands it to its member, and writes down where it went."""

    def __init__(
        self,
        *,
        database: Database,
        settlement: Settlement,
        delivery: TalkDelivery,
        choosing: TalkChoosing,
        clock: Clock,
        randomness: Randomness,
        crashpoints: Crashpoints,
    ) -> None:
        self._database = database
        self._settlement = settlement
        self._delivery = delivery
        self._choosing = choosing
        self._clock = clock
        self._randomness = randomness
        self._crashpoints = crashpoints

    async def deliver(self, job: Job) -> None:
        """One try. What is there already is known by its row, found by its nonce or by looking at the channel."""
        row, post, interaction = await self._database.read(lambda reader: self._gather(reader, job))
        if post is None:
            await self.keep(job, "it was forgotten")
            return
        await self._settlement.record(lambda tx: results.begin_try(tx, job.id))
        try:
            if row.route is Route.CHANNEL:
                await self._publish(job, post)
            else:
                await self._hand_over(job, post, interaction)
        except CannotDeliver as error:
            log.warning("an answer cannot be posted", extra={"job": job.id, "obstacle": error.obstacle})
            if row.route is Route.CHANNEL:
                await self._reroute(job, str(error))
            else:
                await self.keep(job, str(error))
        except DeliverLater as error:
            await self._later(job, row, error)

    def _gather(self, reader: Reader, job: Job) -> tuple[DeliveryRow, Answer | Speech | None, OpenInteraction | None]:
        row = results.delivery_of(reader, job.id)
        if row is None:
            raise LookupError(f"job {job.id} has no delivery")
        interaction = interactions.of_job(reader, job.id)
        has_card = (
            interaction is not None
            and interaction.state is InteractionState.ACCEPTED
            and interaction.can_edit(self._clock.now())
        )
        if job.kind == ASK:
            return row, self._answer(reader, job, row, has_card=has_card), interaction
        return row, self._speech(reader, job, row, has_card=has_card), interaction

    def _answer(self, reader: Reader, job: Job, row: DeliveryRow, *, has_card: bool) -> Answer | None:
        turn = store.turn(reader, job.id)
        if turn is None or turn.answer is None:
            return None
        is_public = row.route is Route.CHANNEL
        return Answer(
            spot=self._spot(reader, job, row, turn, replies_to=turn.question_message_id),
            text=turn.answer,
            citations=turn.citations,
            is_cut=turn.is_cut,
            model_label=model_label(self._choosing.registry, job),
            seconds=max(0.0, ((job.drawn_at or job.created_at) - job.created_at) / SECOND_MS),
            cost=booked_for(reader, job.id) or ZERO,
            speech_price=self._choosing.speech_price(turn.answer),
            # A reply to the member's own message needs no ping: Discord shows it where they look.
            is_late=is_public and not has_card and turn.question_message_id is None,
            is_filled=turn.is_live,
            is_cancelled=job.is_cancel_requested,
            is_private=not is_public,
        )

    def _speech(self, reader: Reader, job: Job, row: DeliveryRow, *, has_card: bool) -> Speech | None:
        answer = read_speech(job).answer
        turn, sound = store.turn(reader, answer), store.sound_of(reader, job.id)
        if turn is None or sound is None:
            return None
        messages = store.messages_of(reader, answer)
        is_public = row.route is Route.CHANNEL
        return Speech(
            spot=self._spot(reader, job, row, turn, replies_to=messages.get(max(messages, default=0))),
            media_type=sound[0],
            data=sound[1],
            model_label=model_label(self._choosing.registry, job),
            cost=booked_for(reader, job.id) or ZERO,
            is_late=is_public and not has_card,
            is_cancelled=job.is_cancel_requested,
            is_private=not is_public,
        )

    def _spot(self, reader: Reader, job: Job, row: DeliveryRow, turn: Turn, *, replies_to: MessageId | None) -> Spot:
        return Spot(
            job_id=job.id,
            guild_id=job.guild_id,
            channel_id=row.channel_id,
            member_id=job.member_id,
            question=turn.question or "",
            replies_to=replies_to,
            known=store.messages_of(reader, job.id),
            started_at=row.started_at,
            is_again=row.tries > 0,
        )

    async def _publish(self, job: Job, post: Answer | Speech) -> None:
        async def note(position: int, message_id: MessageId) -> None:
            if isinstance(post, Answer):
                await self._settlement.record(
                    lambda tx: store.note_message(tx, job_id=job.id, position=position, message_id=message_id)
                )

        message_id = await self._delivery.publish(post, note)
        self._crashpoints.reached(CrashPoint.AFTER_SEND)
        await self._finish(job, message_id=message_id, by_card=False)
        self._crashpoints.reached(CrashPoint.AFTER_MESSAGE_ID)

    async def _hand_over(self, job: Job, post: Answer | Speech, interaction: OpenInteraction | None) -> None:
        if isinstance(post, Answer) and post.spot.known:
            await self._delivery.take_back(post.spot)
            await self._settlement.record(lambda tx: _taken_back(tx, job.id))
        is_open = interaction is not None and interaction.can_edit(self._clock.now())
        token = interaction.token if interaction is not None and is_open else None
        if await self._delivery.hand_over(post, token=token):
            await self._finish(job, message_id=None, by_card=token is not None)
        else:
            await self.keep(job, "no private way is open")

    async def _finish(self, job: Job, *, message_id: MessageId | None, by_card: bool) -> None:
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            results.delivered(tx, job.id, message_id=message_id, at=now)
            _end(tx, job)
            interaction = interactions.of_job(tx, job.id) if by_card else None
            if interaction is not None:
                interactions.answered(tx, interaction.id, at=now)
            jobs.move(tx, job, _end_of(job), now=now)

        await self._settlement.record(write)

    async def keep(self, job: Job, reason: str) -> None:
        """No way to the people is open: it stays with the bot, and the card says so."""
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            results.change_route(tx, job.id, route=Route.KEPT, reason=reason)
            store.drop_sound(tx, job.id)
            jobs.move(tx, job, _end_of(job), now=now, note=reason)

        await self._settlement.record(write)

    async def _reroute(self, job: Job, reason: str) -> None:
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            results.change_route(tx, job.id, route=Route.PRIVATE, reason=reason)
            jobs.reschedule(tx, job, run_at=now, because=jobs.Because.FAILED)

        await self._settlement.record(write)

    async def _later(self, job: Job, row: DeliveryRow, error: DeliverLater) -> None:
        now = self._clock.now()
        if now - row.started_at > MAX_WAIT_MS:
            await self.keep(job, str(error))
            return
        jitter = self._randomness.uniform(-1.0, 1.0)
        wait_s = retry_wait_s(failures=job.failures, asked_s=error.retry_after_s, jitter=jitter)
        run_at = Millis(now + round(wait_s * SECOND_MS))
        log.warning("an answer is delivered later", extra={"job": job.id, "error": str(error)})
        await self._settlement.record(lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.FAILED))


def _end(tx: Transaction, job: Job) -> None:
    """What was only needed until it was delivered."""
    store.drop_sound(tx, job.id)
    if job.kind == ASK:
        store.set_live(tx, job.id, is_live=False)


def _taken_back(tx: Transaction, job_id: JobId) -> None:
    store.drop_messages(tx, job_id)
    store.set_live(tx, job_id, is_live=False)


def _end_of(job: Job) -> State:
    return State.CANCELLED if job.is_cancel_requested else State.DONE

"""Brings finished pictures to people, once."""

import logging

from bot.core.clock import DAY_MS, SECOND_MS, Clock, Millis
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.ids import AssetId, MessageId, Randomness
from bot.core.money import ZERO
from bot.db import Database, Reader, Transaction
from bot.interactions import store as interactions
from bot.interactions.model import InteractionState, OpenInteraction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.jobs.schedule import retry_wait_s
from bot.media import store as assets
from bot.providers.registry import Registry
from bot.services import store
from bot.services.books import booked_for
from bot.services.deliveries import DeliveryRow, Route
from bot.services.labels import label_of
from bot.services.payload import decode_payload
from bot.services.ports import CannotDeliver, DeliverLater, Delivery, NextSteps, Post, PostedPicture
from bot.services.results.reading import Result, payload_of
from bot.services.results.steps import steps_of
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)

# A result that Discord has not taken for this long stays with the bot.
MAX_WAIT_MS = DAY_MS


class Courier:
    """Publishes a result, or hands it to its member, and writes down where it went."""

    def __init__(
        self,
        *,
        database: Database,
        settlement: Settlement,
        delivery: Delivery,
        registry: Registry,
        clock: Clock,
        randomness: Randomness,
        crashpoints: Crashpoints,
    ) -> None:
        self._database = database
        self._settlement = settlement
        self._delivery = delivery
        self._registry = registry
        self._clock = clock
        self._randomness = randomness
        self._crashpoints = crashpoints

    async def deliver(self, job: Job) -> None:
        """One try. What is sent twice is found first: by nonce within minutes, by looking at the channel after."""
        row, post, interaction = await self._database.read(lambda reader: self._gather(reader, job))
        await self._settlement.record(lambda tx: store.begin_try(tx, job.id))
        try:
            if row.route is Route.CHANNEL:
                await self._publish(job, row, post)
            else:
                await self._hand_over(job, post, interaction)
        except CannotDeliver as error:
            log.warning("a result cannot be posted", extra={"job": job.id, "obstacle": error.obstacle})
            if row.route is Route.CHANNEL:
                await self._reroute(job, str(error))
            else:
                await self.keep(job, str(error))
        except DeliverLater as error:
            await self._later(job, row, error)

    def _gather(self, reader: Reader, job: Job) -> tuple[DeliveryRow, Post, OpenInteraction | None]:
        row = store.delivery_of(reader, job.id)
        if row is None:
            raise LookupError(f"job {job.id} has no delivery")
        pictures = store.pictures_of(reader, job.id)
        payload = decode_payload(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
        interaction = interactions.of_job(reader, job.id)
        drawn_at = job.drawn_at or job.created_at
        has_card = (
            interaction is not None
            and interaction.state is InteractionState.ACCEPTED
            and interaction.can_edit(self._clock.now())
        )
        post = Post(
            job_id=job.id,
            guild_id=job.guild_id,
            channel_id=row.channel_id,
            member_id=job.member_id,
            prompt=payload.words,
            style=payload.style,
            model_label=label_of(self._registry, job),
            shape=payload.order.aspect_ratio or "auto",
            seconds=max(0.0, (drawn_at - job.created_at) / SECOND_MS),
            cost=booked_for(reader, job.id) or ZERO,
            pictures=tuple(self._picture(reader, asset) for asset in pictures),
            started_at=row.started_at,
            is_late=not has_card,
            is_cancelled=job.is_cancel_requested,
            is_private=row.route is Route.PRIVATE,
            steps=self._steps(job, row, pictures) if row.route is Route.CHANNEL else None,
        )
        return row, post, interaction

    def _steps(self, job: Job, row: DeliveryRow, pictures: tuple[AssetId, ...]) -> NextSteps:
        return steps_of(self._registry, Result(job=job, payload=payload_of(job), pictures=pictures, delivery=row))

    def _picture(self, reader: Reader, asset_id: AssetId) -> PostedPicture:
        asset = assets.asset_of(reader, asset_id)
        if asset is None:
            raise LookupError(f"asset {asset_id} has no row")
        return PostedPicture(
            asset_id=asset.id,
            format=asset.format,
            width=asset.width,
            height=asset.height,
            byte_size=asset.byte_size,
        )

    async def _publish(self, job: Job, row: DeliveryRow, post: Post) -> None:
        message_id = await self._delivery.find(post) if row.tries > 0 else None
        if message_id is None:
            message_id = await self._delivery.publish(post)
        self._crashpoints.reached(CrashPoint.AFTER_SEND)
        await self._finish(job, message_id=message_id, by_card=False)
        self._crashpoints.reached(CrashPoint.AFTER_MESSAGE_ID)

    async def _hand_over(self, job: Job, post: Post, interaction: OpenInteraction | None) -> None:
        token = interaction.token if interaction is not None and not post.is_late else None
        if await self._delivery.hand_over(post, token=token):
            await self._finish(job, message_id=None, by_card=token is not None)
        else:
            await self.keep(job, "no private way is open")

    async def _finish(self, job: Job, *, message_id: MessageId | None, by_card: bool) -> None:
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            store.delivered(tx, job.id, message_id=message_id, at=now)
            interaction = interactions.of_job(tx, job.id) if by_card else None
            if interaction is not None:
                interactions.answered(tx, interaction.id, at=now)
            jobs.move(tx, job, self._end_of(job), now=now)

        await self._settlement.record(write)

    async def keep(self, job: Job, reason: str) -> None:
        """No way to the people is open: the pictures stay with the bot, and the card says so."""
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            store.change_route(tx, job.id, route=Route.KEPT, reason=reason)
            jobs.move(tx, job, self._end_of(job), now=now, note=reason)

        await self._settlement.record(write)

    def _end_of(self, job: Job) -> State:
        return State.CANCELLED if job.is_cancel_requested else State.DONE

    async def _reroute(self, job: Job, reason: str) -> None:
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            store.change_route(tx, job.id, route=Route.PRIVATE, reason=reason)
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
        log.warning("a result is delivered later", extra={"job": job.id, "error": str(error)})
        await self._settlement.record(lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.FAILED))

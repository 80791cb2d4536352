"""How every unanswered interaction stands: what its member's card must say now."""

from dataclasses import dataclass

from bot.core.clock import MINUTE_MS, SECOND_MS, Clock, Millis
from bot.core.ids import JobId, snowflake_time
from bot.core.money import ZERO, Ticks
from bot.core.requests import ModelId, PictureOrder, ProviderName
from bot.db import Database, Reader
from bot.interactions import store as interactions
from bot.interactions.model import ANSWERABLE_MS, InteractionState, OpenInteraction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.ledger.model import HoldState
from bot.providers.catalogue import estimate
from bot.providers.registry import Registry
from bot.services import store
from bot.services.books import booked_for, held_for
from bot.services.deliveries import DeliveryRow
from bot.services.labels import label_of
from bot.services.pace import Pace
from bot.services.payload import UnreadablePayload, decode_order

# From here on the card says that the result will be posted in the channel instead.
LATE_MS = 13 * MINUTE_MS
# An interaction of this process that has had no job for so long has lost its handler.
ORPHAN_MS = MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One job as its member sees it. Money in ticks; `posted` None while nothing is decided."""

    job_id: JobId
    state: State
    order: PictureOrder | None
    model_label: str
    place: int | None
    ready_at: Millis | None
    usual_s: tuple[float, float]
    estimate: Ticks
    held: Ticks
    hold_state: HoldState
    posted: Ticks | None
    reason: str | None
    is_cancel_requested: bool
    is_fetching: bool
    is_parked: bool
    is_late: bool
    channel_id: int
    guild_id: int
    member_id: int
    delivery: DeliveryRow | None

    @property
    def has_last_word(self) -> bool:
        """True where nothing more is to come, or nobody knows whether it will."""
        return self.state in (State.DONE, State.FAILED, State.CANCELLED, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An interaction that waits for its last word, with its job's progress where there is a job."""

    interaction: OpenInteraction
    can_edit: bool
    is_orphan: bool
    is_from_before: bool
    progress: Progress | None


class ProgressBoard:
    """Reads what all open cards must say. `booted_at` tells interactions of this process from earlier ones."""

    def __init__(self, *, database: Database, registry: Registry, pace: Pace, clock: Clock, booted_at: Millis) -> None:
        self._database = database
        self._registry = registry
        self._pace = pace
        self._clock = clock
        self._booted_at = booted_at

    async def read(self) -> tuple[Waiting, ...]:
        """Every interaction whose member still waits."""
        usual = {offer.key: await self._pace.range_s(offer) for offer in self._registry.offers()}
        now = self._clock.now()

        def gather(reader: Reader) -> tuple[Waiting, ...]:
            found = interactions.open_ones(reader)
            if not found:
                return ()
            places = jobs.places(reader)
            return tuple(self._waiting(reader, one, now=now, places=places, usual=usual) for one in found)

        return await self._database.read(gather)

    async def of_job(self, job_id: JobId) -> Progress | None:
        """One job's progress; None where there is no such job."""
        usual = {offer.key: await self._pace.range_s(offer) for offer in self._registry.offers()}
        now = self._clock.now()

        def gather(reader: Reader) -> Progress | None:
            job = jobs.get(reader, job_id)
            if job is None:
                return None
            return self._progress(reader, job, now=now, places=jobs.places(reader), usual=usual)

        return await self._database.read(gather)

    def _waiting(
        self,
        reader: Reader,
        one: OpenInteraction,
        *,
        now: Millis,
        places: dict[JobId, int],
        usual: dict[str, tuple[float, float]],
    ) -> Waiting:
        job = None if one.job_id is None else jobs.get(reader, one.job_id)
        age = now - snowflake_time(one.id)
        is_from_before = snowflake_time(one.id) < self._booted_at
        progress = None if job is None else self._progress(reader, job, now=now, places=places, usual=usual)
        return Waiting(
            interaction=one,
            can_edit=one.can_edit(now) if job is not None else one.token is not None and age < ANSWERABLE_MS,
            is_orphan=one.state is InteractionState.RECEIVED and (is_from_before or age > ORPHAN_MS),
            is_from_before=is_from_before,
            progress=progress,
        )

    def _progress(
        self,
        reader: Reader,
        job: Job,
        *,
        now: Millis,
        places: dict[JobId, int],
        usual: dict[str, tuple[float, float]],
    ) -> Progress:
        hold = held_for(reader, job.id)
        order, price = self._order(job)
        usual_s = usual.get(f"{job.provider}/{job.model}", (0.0, 0.0))
        is_at_work = job.state in (State.SUBMITTING, State.WAITING) and job.submitted_at is not None
        return Progress(
            job_id=job.id,
            state=job.state,
            order=order,
            model_label=label_of(self._registry, job),
            place=places.get(job.id),
            ready_at=(
                Millis(job.submitted_at + round(usual_s[0] * SECOND_MS))
                if is_at_work and job.submitted_at is not None
                else None
            ),
            usual_s=usual_s,
            estimate=price,
            held=hold.amount,
            hold_state=hold.state,
            posted=booked_for(reader, job.id),
            reason=job.reason,
            is_cancel_requested=job.is_cancel_requested,
            is_fetching=job.result is not None,
            is_parked=job.is_parked,
            is_late=now - job.created_at > LATE_MS,
            channel_id=job.channel_id,
            guild_id=job.guild_id,
            member_id=job.member_id,
            delivery=store.delivery_of(reader, job.id),
        )

    def _order(self, job: Job) -> tuple[PictureOrder | None, Ticks]:
        offer = self._registry.offer(ProviderName(job.provider), ModelId(job.model))
        try:
            order = decode_order(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
        except UnreadablePayload:
            return None, ZERO
        return order, ZERO if offer is None else estimate(offer, order)

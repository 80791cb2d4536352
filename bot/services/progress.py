"""How every unanswered interaction stands: what its member's card must say now."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from bot.core.clock import MINUTE_MS, SECOND_MS, Clock, Millis
from bot.core.ids import InteractionId, JobId, snowflake_time
from bot.core.money import ZERO, Ticks
from bot.core.requests import ModelId, PictureOrder, ProviderName
from bot.db import Database, Reader, Row
from bot.interactions import store as interactions
from bot.interactions.model import ANSWERABLE_MS, InteractionState, OpenInteraction, is_token_safe
from bot.jobs import store as jobs
from bot.jobs.line.order import Standing
from bot.jobs.model import AT_THE_GATEWAY, Caps, Job, State
from bot.ledger.model import HoldState
from bot.providers.catalogue import Offer, estimate
from bot.providers.registry import Registry
from bot.services import store
from bot.services.ask.naming import model_label
from bot.services.ask.progress import TALK_KINDS, TalkProgress, talk_progress
from bot.services.books import booked_for, held_for
from bot.services.deliveries import DeliveryRow
from bot.services.labels import label_of, provider_label
from bot.services.leave import store as leaves
from bot.services.leave.model import Leave, LeaveState
from bot.services.line import LineView
from bot.services.pace import Pace, Paced
from bot.services.payload import Payload, UnreadablePayload, decode_payload

# From here on the card says that the result will be posted in the channel instead.
LATE_MS = 13 * MINUTE_MS
# An interaction of this process that has had no job for so long has lost its handler.
ORPHAN_MS = MINUTE_MS
_NO_PACE = (0.0, 0.0)  # of a model that the catalogue no longer has
_NO_CAPS = Caps(by_provider={}, per_guild=1)
# Nothing more is to come, or nobody knows whether it will.
_LAST_WORDS = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What decides whether a card must change; cheap enough to read for every open card, twice a second.

    `state` is None while the interaction has no job; `leave` then says how it stands where it had to ask for leave.
    `gateway` is the provider that has or gets the job,
    `retry_at` when it is asked again after it took nothing.
    """

    interaction_id: InteractionId
    state: State | None
    place: int | None
    is_fetching: bool
    is_parked: bool
    is_cancel_requested: bool
    is_overdue: bool
    is_late: bool
    can_edit: bool
    is_orphan: bool
    gateway: str | None
    retry_at: Millis | None
    leave: LeaveState | None = None

    @property
    def has_last_word(self) -> bool:
        """True where nothing more is to come, or nobody knows whether it will."""
        return self.state in _LAST_WORDS or (self.leave is not None and self.leave is not LeaveState.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One job as its member sees it. Money in ticks; `posted` None while nothing is decided.

    `order` has the member's own words, also where a `style` adds to them for the gateway.
    `passed` are the names of gateways that surely took nothing, `retry_at` is when the present one is asked again.
    `talk` is set in place of `order` for a question or a text to be spoken. `ready_in_s` is how long one who waits in
    line may expect to wait for the result.
    """

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
    is_overdue: bool
    is_late: bool
    channel_id: int
    guild_id: int
    member_id: int
    delivery: DeliveryRow | None
    gateway: str | None = None
    retry_at: Millis | None = None
    passed: tuple[str, ...] = ()
    talk: TalkProgress | None = None
    style: str | None = None
    ready_in_s: float | None = None

    @property
    def has_last_word(self) -> bool:
        """True where nothing more is to come, or nobody knows whether it will."""
        return self.state in _LAST_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An interaction that waits for its last word, with its job's progress where there is a job.

    Without one, `leave` is what it asked moderators for, if it did.
    """

    interaction: OpenInteraction
    can_edit: bool
    is_orphan: bool
    is_from_before: bool
    progress: Progress | None
    leave: Leave | None = None


class ProgressBoard:
    """Reads what all open cards must say. `booted_at` tells interactions of this process from earlier ones.

    `so_far` gives what is written of an answer for its member alone. `caps` are the runner's: the line is in their
    order, and without one for a gateway nothing is said of how long its line takes.
    """

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        pace: Pace,
        clock: Clock,
        booted_at: Millis,
        so_far: Callable[[JobId], str | None] = lambda _: None,
        caps: Caps = _NO_CAPS,
    ) -> None:
        self._database = database
        self._registry = registry
        self._pace = pace
        self._clock = clock
        self._booted_at = booted_at
        self._so_far = so_far
        self._line = LineView(caps=caps, clock=clock)

    async def glance(self) -> tuple[Glance, ...]:
        """Every interaction whose member still waits, with no more than is needed to see what changed."""
        usual = await self._usual_s()
        now = self._clock.now()

        def gather(reader: Reader) -> tuple[Glance, ...]:
            rows = store.open_cards(reader)
            is_anyone_in_line = any(row["job_state"] == State.QUEUED for row in rows)
            places = self._line.everyone(reader, now=now) if is_anyone_in_line else {}
            return tuple(self._glance(row, now=now, places=places, usual=usual) for row in rows)

        return await self._database.read(gather)

    async def read(self, only: Collection[InteractionId] | None = None) -> tuple[Waiting, ...]:
        """Every interaction whose member still waits; `only` these where ids are given."""
        usual = await self._usual_s()
        now = self._clock.now()

        def gather(reader: Reader) -> tuple[Waiting, ...]:
            if only is None:
                found = interactions.open_ones(reader)
            else:
                found = tuple(
                    one for an_id in only if (one := interactions.get(reader, an_id)) is not None and one.is_open
                )
            return tuple(self._waiting(reader, one, now=now, usual=usual) for one in found)

        return await self._database.read(gather)

    async def of_job(self, job_id: JobId) -> Progress | None:
        """One job's progress; None where there is no such job."""
        usual = await self._usual_s()
        now = self._clock.now()

        def gather(reader: Reader) -> Progress | None:
            job = jobs.get(reader, job_id)
            if job is None:
                return None
            return self._progress(reader, job, now=now, usual=usual)

        return await self._database.read(gather)

    async def _usual_s(self) -> dict[str, tuple[float, float]]:
        registry = self._registry
        offers: tuple[Paced, ...] = (*registry.offers(), *registry.ask_offers(), *registry.speak_offers())
        return {offer.key: await self._pace.range_s(offer) for offer in offers}

    def _glance(
        self, row: Row, *, now: Millis, places: dict[JobId, Standing], usual: dict[str, tuple[float, float]]
    ) -> Glance:
        interaction_id = InteractionId(row["id"])
        has_job = row["job_id"] is not None
        leave = None if has_job or row["leave_state"] is None else LeaveState(row["leave_state"])
        state = State(row["job_state"]) if has_job else None
        usual_s = usual.get(f"{row['provider']}/{row['model']}", _NO_PACE)
        ready_at = _ready_at(state, row["submitted_at"], usual_s[0])
        standing = places.get(row["job_id"])
        is_accepted = has_job or leave is not None
        is_young = is_token_safe(interaction_id, now) if is_accepted else _age(interaction_id, now) < ANSWERABLE_MS
        return Glance(
            interaction_id=interaction_id,
            state=state,
            place=None if standing is None else standing.place,
            is_fetching=bool(row["is_fetching"]),
            is_parked=bool(row["is_parked"]),
            is_cancel_requested=bool(row["is_cancel_requested"]),
            is_overdue=ready_at is not None and now >= ready_at,
            is_late=has_job and now - row["job_created_at"] > LATE_MS,
            can_edit=bool(row["has_token"]) and is_young,
            is_orphan=self._is_orphan(row["received_at"], InteractionState(row["state"]), now),
            gateway=row["provider"],
            retry_at=_retry_at(state, row["run_at"], now),
            leave=leave,
        )

    def _is_from_before(self, received_at: Millis) -> bool:
        # Both by the host's clock: Discord's, which an id carries, may be seconds or minutes away from it.
        return received_at < self._booted_at

    def _is_orphan(self, received_at: Millis, state: InteractionState, now: Millis) -> bool:
        is_left = self._is_from_before(received_at) or now - received_at > ORPHAN_MS
        return state is InteractionState.RECEIVED and is_left

    def _waiting(
        self,
        reader: Reader,
        one: OpenInteraction,
        *,
        now: Millis,
        usual: dict[str, tuple[float, float]],
    ) -> Waiting:
        job = None if one.job_id is None else jobs.get(reader, one.job_id)
        progress = None if job is None else self._progress(reader, job, now=now, usual=usual)
        leave = leaves.get(reader, one.job_id) if job is None and one.job_id is not None else None
        is_answerable = one.token is not None and _age(one.id, now) < ANSWERABLE_MS
        return Waiting(
            interaction=one,
            can_edit=one.can_edit(now) if one.job_id is not None else is_answerable,
            is_orphan=self._is_orphan(one.received_at, one.state, now),
            is_from_before=self._is_from_before(one.received_at),
            progress=progress,
            leave=leave,
        )

    def _progress(
        self,
        reader: Reader,
        job: Job,
        *,
        now: Millis,
        usual: dict[str, tuple[float, float]],
    ) -> Progress:
        hold = held_for(reader, job.id)
        payload = _payload(job)
        offer = self._registry.offer(ProviderName(job.provider), ModelId(job.model))
        is_talk = job.kind in TALK_KINDS
        talk = talk_progress(reader, job, so_far=self._so_far(job.id)) if is_talk else None
        tried = () if payload is None else payload.tried
        usual_s = usual.get(f"{job.provider}/{job.model}", _NO_PACE)
        ready_at = _ready_at(job.state, job.submitted_at, usual_s[0])
        standing = self._line.of(reader, job, now=now)
        return Progress(
            job_id=job.id,
            state=job.state,
            order=None if payload is None else replace(payload.order, prompt=payload.words),
            model_label=model_label(self._registry, job) if is_talk else label_of(self._registry, job),
            place=None if standing is None else standing.place,
            ready_at=ready_at,
            usual_s=usual_s,
            estimate=_estimate(offer, payload) if talk is None else talk.estimate,
            held=hold.amount,
            hold_state=hold.state,
            posted=booked_for(reader, job.id),
            reason=job.reason,
            is_cancel_requested=job.is_cancel_requested,
            is_fetching=job.result is not None,
            is_parked=job.is_parked,
            is_overdue=ready_at is not None and now >= ready_at,
            is_late=now - job.created_at > LATE_MS,
            channel_id=job.channel_id,
            guild_id=job.guild_id,
            member_id=job.member_id,
            delivery=store.delivery_of(reader, job.id),
            gateway=job.provider,
            retry_at=_retry_at(job.state, job.run_at, now),
            passed=tuple(provider_label(name) for name in (tried if talk is None else talk.tried)),
            style=None if payload is None else payload.style,
            talk=talk,
            ready_in_s=self._line.ready_in_s(standing, provider=job.provider, usual_s=usual_s[0]),
        )


def _estimate(offer: Offer | None, payload: Payload | None) -> Ticks:
    return ZERO if payload is None or offer is None else estimate(offer, payload.order)


def _payload(job: Job) -> Payload | None:
    try:
        return decode_payload(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
    except UnreadablePayload:
        return None


def _retry_at(state: State | None, run_at: Millis | None, now: Millis) -> Millis | None:
    """When a gateway that took nothing is asked again; None where the job is not put off."""
    return run_at if state is State.QUEUED and run_at is not None and run_at > now else None


def _ready_at(state: State | None, submitted_at: Millis | None, usual_s: float) -> Millis | None:
    """When a picture at the gateway is usually there; None where none is being drawn."""
    if state not in AT_THE_GATEWAY or submitted_at is None:
        return None
    return Millis(submitted_at + round(usual_s * SECOND_MS))


def _age(interaction_id: InteractionId, now: Millis) -> int:
    return now - snowflake_time(interaction_id)

"""The states of a job and the values that travel with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, IdempotencyKey, JobId, MemberId


class State(StrEnum):
    """`queued → submitting → waiting → (reviewing →) delivering → done`, and the other ends.

    `unknown` is honest: the request was sent and nobody knows what became of it. It still has a `run_at`,
    because a look-up or the end of its grace settles it.
    """

    QUEUED = "queued"
    SUBMITTING = "submitting"
    WAITING = "waiting"
    REVIEWING = "reviewing"
    DELIVERING = "delivering"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


ENDED = frozenset({State.DONE, State.FAILED, State.CANCELLED})
# States in which a gateway is at work on the job: they count against the concurrency caps.
AT_THE_GATEWAY = frozenset({State.SUBMITTING, State.WAITING})
# States in which a gateway can be asked how the work stands.
LOOKED_AT = frozenset({State.WAITING, State.UNKNOWN})
# Every move there is. What is not here is a defect, and the store refuses it.
MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.CANCELLED, State.FAILED}),
    State.SUBMITTING: frozenset({State.QUEUED, State.WAITING, State.FAILED, State.UNKNOWN, State.CANCELLED}),
    State.WAITING: frozenset({State.DELIVERING, State.REVIEWING, State.FAILED, State.CANCELLED, State.UNKNOWN}),
    State.REVIEWING: frozenset({State.DELIVERING, State.FAILED, State.CANCELLED}),
    State.DELIVERING: frozenset({State.DONE, State.CANCELLED}),
    State.UNKNOWN: frozenset({State.WAITING, State.DELIVERING, State.FAILED, State.CANCELLED}),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What is written when a request is accepted. `payload` is JSON that only the handler reads."""

    id: JobId
    kind: str
    guild_id: GuildId
    channel_id: ChannelId
    member_id: MemberId
    provider: str
    model: str
    payload: str
    payload_version: int
    idempotency_key: IdempotencyKey
    created_at: Millis
    parent_id: JobId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row as it was read; times in milliseconds since 1970.

    `failures` counts refusals of the other side in a row, `crashes` steps in a row that raised or died with their
    process. `is_parked` is a job that waits for a person at the gateway: it takes no place under the caps.
    """

    id: JobId
    kind: str
    state: State
    guild_id: GuildId
    channel_id: ChannelId
    member_id: MemberId
    provider: str
    model: str
    payload: str
    payload_version: int
    idempotency_key: IdempotencyKey
    attempt: int
    failures: int
    crashes: int
    polls: int
    lease_owner: str | None
    lease_seq: int
    run_at: Millis | None
    deadline_at: Millis | None
    external_id: str | None
    is_parked: bool
    result: str | None
    reason: str | None
    cancel_requested_at: Millis | None
    created_at: Millis
    submitted_at: Millis | None
    drawn_at: Millis | None
    finished_at: Millis | None
    parent_id: JobId | None = None

    @property
    def is_cancel_requested(self) -> bool:
        """True once the member pressed Cancel."""
        return self.cancel_requested_at is not None

    @property
    def has_ended(self) -> bool:
        """True for the states that nothing follows."""
        return self.state in ENDED


# A member's cap that nothing reaches: every provider's own is far below.
UNCAPPED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many jobs may be at a gateway at once: for each provider by name, for one guild, for one member of a guild.

    `weights` says how often a guild's turn comes while others wait too, by its id: 1 where it says nothing.
    """

    by_provider: dict[str, int]
    per_guild: int
    per_member: int = UNCAPPED
    weights: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A leased job. `is_fresh` tells a submit that begins now from one that a dead process left behind."""

    job: Job
    is_fresh: bool

    @property
    def is_look(self) -> bool:
        """True for one question to a gateway: no picture is fetched, nothing is ordered or posted."""
        return not self.is_fresh and self.job.state in LOOKED_AT and self.job.result is None

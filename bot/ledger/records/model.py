"""What reports are made of."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import DAY_MS, Millis
from bot.core.ids import ChannelId, GuildId, HoldId, JobId, MemberId
from bot.core.money import Ticks
from bot.ledger.model import Basis, CorrectionKind, EntryKind, HoldState

# Further than any snowflake's time: the year 9999.
LAST_MOMENT = Millis(253_402_300_799_999)
FIRST_MOMENT = Millis(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The moments from `starts_at` up to, not including, `ends_at`; without either, everything. ValueError if empty."""

    starts_at: Millis = FIRST_MOMENT
    ends_at: Millis = LAST_MOMENT

    def __post_init__(self) -> None:
        if self.starts_at >= self.ends_at:
            raise ValueError("a period begins before it ends")

    def widened(self, by_ms: int) -> "Period":
        """The same with so much more on either side."""
        return Period(starts_at=Millis(self.starts_at - by_ms), ends_at=Millis(self.ends_at + by_ms))

    def holds(self, at: Millis) -> bool:
        """Whether the moment lies in it."""
        return self.starts_at <= at < self.ends_at

    def in_days(self) -> "Period":
        """The whole days (UTC) that it touches."""
        ends_at = -(-self.ends_at // DAY_MS) * DAY_MS
        return Period(starts_at=Millis(self.starts_at // DAY_MS * DAY_MS), ends_at=Millis(ends_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a reading of one guild has come: the last hold that was read."""

    opened_at: Millis
    hold_id: HoldId


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A hold's job as it stands at the reading. `command` is the job's kind, `asked` and `served` are models."""

    channel_id: ChannelId
    command: str
    provider: str
    asked: str
    served: str | None
    external_id: str | None
    state: str
    reason: str | None
    created_at: Millis
    submitted_at: Millis | None
    finished_at: Millis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A payment by the call: `currency` is the token's address, `reference` the gateway's handle for a refund."""

    currency: str
    amount: Ticks
    tx_hash: str | None
    reference: str | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry and what it belongs to. `work` is None for a hold without a job, `paid` without a payment.

    `booked` is what this entry adds to what was spent, so that a column of them sums to the counters; `estimate` is
    what was reserved first, `held` what was reserved last, `actual` what the job has cost in all, None while nothing is
    booked. `is_presumed`: nobody has settled it so far.
    """

    entry_id: int
    at: Millis
    kind: EntryKind
    amount: int
    booked: int
    pictures: int
    basis: Basis | None
    author: str | None
    correction: CorrectionKind | None
    note: str
    job_id: JobId
    guild_id: GuildId
    member_id: MemberId
    estimate: Ticks
    held: Ticks
    actual: int | None
    hold_state: HoldState
    is_presumed: bool
    opened_at: Millis
    closed_at: Millis | None
    hold_id: HoldId
    work: Work | None
    paid: Paid | None

    @property
    def place(self) -> Place:
        """Where the reading stands after the whole hold of this entry."""
        return Place(opened_at=self.opened_at, hold_id=self.hold_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What the book says about one job that a gateway may have charged; `at` is when it was sent, or else accepted.

    `amount` is what is booked, corrections included: nothing for an open or a voided hold.
    """

    job_id: JobId
    hold_id: HoldId
    opened_at: Millis
    at: Millis
    amount: int
    hold_state: HoldState
    is_presumed: bool
    external_id: str | None
    payment_ref: str | None
    tx_hash: str | None

    @property
    def place(self) -> Place:
        """Where the reading stands after it."""
        return Place(opened_at=self.opened_at, hold_id=self.hold_id)


class Axis(StrEnum):
    """What sums are made by; in brackets what `Sum.key` holds."""

    ALL = "all"  # ()
    DAY = "day"  # (milliseconds,) of its beginning, UTC
    GUILD = "guild"  # (id,)
    MEMBER = "member"  # (id,)
    COMMAND = "command"  # (kind of the job,)
    PROVIDER = "provider"  # (name,)
    MODEL = "model"  # (provider, model): two gateways may have a model of one name


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What was spent, in ticks, jobs and pictures. What is only presumed stands apart and is in none of the others."""

    key: tuple[str | int, ...]
    jobs: int
    pictures: int
    amount: int
    presumed_jobs: int
    presumed_pictures: int
    presumed_amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Jobs of which nobody knows whether they were charged, and what is held for them."""

    jobs: int
    held: Ticks

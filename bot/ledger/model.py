"""The ledger's values and errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, assert_never

from bot.core.clock import Millis
from bot.core.errors import EaselError
from bot.core.ids import ChannelId, GuildId, HoldId, JobId, MemberId
from bot.core.money import MAX_TICKS, Ticks
from bot.ledger.windows import Window

Basis = Literal["reported", "listed"]  # the gateway said the price, or the catalogue lists it
OPERATOR = "operator"  # as the name of a rule: a ceiling from the settings


class Unit(StrEnum):
    """What a limit counts: ticks, pictures, or requests, of which each hold is one."""

    MONEY = "money"
    PICTURES = "pictures"
    REQUESTS = "requests"


class HoldState(StrEnum):
    """A hold is open, then exactly one of the others for ever."""

    OPEN = "open"
    POSTED = "posted"
    VOIDED = "voided"
    PRESUMED = "presumed"


class EntryKind(StrEnum):
    """What an entry says happened."""

    HOLD = "hold"
    REPRICE = "reprice"
    POST = "post"
    VOID = "void"
    PRESUME = "presume"
    OVERRUN = "overrun"
    ADJUST = "adjust"


class CorrectionKind(StrEnum):
    """What a correction is about: money that came back, what a gateway credited, or anything else."""

    REFUND = "refund"
    CREDIT = "credit"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """The operator's limits: ticks, and pictures, where None is no limit. A provider that is not named has none of its
    own.
    """

    bot_monthly: Ticks
    guild_monthly: Ticks
    guild_daily: Ticks
    member_daily: Ticks
    member_daily_pictures: int
    provider_daily: Mapping[str, Ticks] = field(default_factory=dict)
    provider_monthly: Mapping[str, Ticks] = field(default_factory=dict)
    bot_monthly_pictures: int | None = None
    guild_monthly_pictures: int | None = None
    guild_daily_pictures: int | None = None
    provider_daily_pictures: Mapping[str, int] = field(default_factory=dict)
    provider_monthly_pictures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `amount` of the unit in the window.

    `scope` says what is counted (`bot`, `guild:<id>`, `member:<guild>:<id>`, … as in `bot.ledger.policy`); `rule`
    where the limit comes from: `operator`, or the id of a guild's rule, whose `subject` says whom it was made for
    (`everyone`, `role:<id>`, …). `is_lifted`: somebody let one hold pass, which is counted here and not refused.
    """

    scope: str
    unit: Unit
    window: Window
    amount: int
    rule: str = OPERATOR
    subject: str = ""
    is_lifted: bool = False

    def __post_init__(self) -> None:
        _refuse_unless_kept(self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """At most `count` requests of the member in any `minutes`; `rule` and `subject` as in `Limit`."""

    count: int
    minutes: int
    rule: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceStanding:
    """How many requests the pace lets in now, and from when another one; None where that is now."""

    pace: Pace
    left: int
    opens_at: Millis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """The worst case of a job, to be reserved under every one of the limits; ValueError for nonsense.

    `purpose`, `roles` and the channel of a thread are kept with the hold, so that the same rules are found when it is
    priced anew.
    """

    hold_id: HoldId
    job_id: JobId
    guild_id: GuildId
    member_id: MemberId
    amount: Ticks
    pictures: int
    limits: tuple[Limit, ...]
    price_version: str
    at: Millis
    paces: tuple[Pace, ...] = ()
    purpose: str | None = None
    roles: tuple[int, ...] = ()
    parent_channel_id: ChannelId | None = None

    def __post_init__(self) -> None:
        _refuse_unless_kept(self.amount, self.pictures)
        if not self.limits:
            raise ValueError("a hold without a limit would be unbounded")

    def needed(self, unit: Unit) -> int:
        """What the hold reserves of the unit."""
        return weight(unit, amount=self.amount, pictures=self.pictures)


def weight(unit: Unit, *, amount: int, pictures: int) -> int:
    """What a hold of so much takes of the unit."""
    match unit:
        case Unit.MONEY:
            return amount
        case Unit.PICTURES:
            return pictures
        case Unit.REQUESTS:
            return 1
        case _:
            assert_never(unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is reserved now, and how each of its limits stands since."""

    hold_id: HoldId
    amount: Ticks
    pictures: int
    standings: "tuple[Standing, ...]" = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What was booked, in ticks: `released` went back to the budgets, `overrun` the hold did not cover."""

    amount: Ticks
    released: Ticks
    overrun: Ticks
    overrun_pictures: int = 0

    @property
    def is_beyond(self) -> bool:
        """True where more was booked than any limit had made room for."""
        return self.overrun > 0 or self.overrun_pictures > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How much of a limit is taken."""

    limit: Limit
    held: int
    spent: int

    @property
    def left(self) -> int:
        """What may still be held; never below nought, also where the limit was lowered or overrun."""
        return max(0, self.limit.amount - self.held - self.spent)

    @property
    def is_over(self) -> bool:
        """True where more is taken than the limit now allows."""
        return self.held + self.spent > self.limit.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold as stored; `closed_at` is None while it is open."""

    hold_id: HoldId
    job_id: JobId
    guild_id: GuildId
    member_id: MemberId
    amount: Ticks
    pictures: int
    price_version: str
    state: HoldState
    opened_at: Millis
    closed_at: Millis | None
    purpose: str | None = None
    roles: tuple[int, ...] = ()
    parent_channel_id: ChannelId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the book. `amount` is signed for corrections alone; `author` made the correction, which is about
    `correction`.
    """

    kind: EntryKind
    amount: int
    pictures: int
    basis: Basis | None
    note: str
    author: str | None
    at: Millis
    correction: CorrectionKind | None = None


class UnknownHold(EaselError):
    """There is no hold of this id."""


class AlreadyHeld(EaselError):
    """There is a hold of this id; nothing was added to it."""


class AlreadyClosed(EaselError):
    """The hold was closed before, and `state` says how; nothing was changed."""

    def __init__(self, hold_id: HoldId, state: HoldState) -> None:
        super().__init__(f"hold {hold_id} is {state} already")
        self.state = state


class NotAdjustable(EaselError):
    """Only what was posted or presumed can be corrected, and never to less than nothing."""


def _refuse_unless_kept(*amounts: int) -> None:
    if not all(0 <= amount <= MAX_TICKS for amount in amounts):
        raise ValueError(f"an amount lies between 0 and {MAX_TICKS}")

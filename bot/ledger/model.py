"""The ledger's values and errors."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bot.core.clock import Millis
from bot.core.errors import EaselError
from bot.core.ids import GuildId, HoldId, JobId, MemberId
from bot.core.money import MAX_TICKS, Ticks
from bot.ledger.windows import Window

Basis = Literal["reported", "listed"]  # the gateway said the price, or the catalogue lists it


class Unit(StrEnum):
    """What a limit counts: ticks, or pictures."""

    MONEY = "money"
    PICTURES = "pictures"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """The configured limits: ticks, and pictures."""

    bot_monthly: Ticks
    guild_monthly: Ticks
    guild_daily: Ticks
    member_daily: Ticks
    member_daily_pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `amount` of the unit in the window; scopes are `bot`, `guild:<id>`, `member:<guild>:<id>`."""

    scope: str
    unit: Unit
    window: Window
    amount: int

    def __post_init__(self) -> None:
        _refuse_unless_kept(self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """The worst case of a job, to be reserved under every one of the limits; ValueError for nonsense."""

    hold_id: HoldId
    job_id: JobId
    guild_id: GuildId
    member_id: MemberId
    amount: Ticks
    pictures: int
    limits: tuple[Limit, ...]
    price_version: str
    at: Millis

    def __post_init__(self) -> None:
        _refuse_unless_kept(self.amount, self.pictures)
        if not self.limits:
            raise ValueError("a hold without a limit would be unbounded")

    def needed(self, unit: Unit) -> int:
        """What the hold reserves of the unit."""
        return self.amount if unit is Unit.MONEY else self.pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is reserved now."""

    hold_id: HoldId
    amount: Ticks
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What was booked, in ticks: `released` went back to the budgets, `overrun` the hold did not cover."""

    amount: Ticks
    released: Ticks
    overrun: Ticks


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the book. `amount` is signed for corrections alone; `author` made the correction."""

    kind: EntryKind
    amount: int
    pictures: int
    basis: Basis | None
    note: str
    author: str | None
    at: Millis


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

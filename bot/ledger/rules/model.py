"""The values of a guild's rules."""

import re
from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import NewType

from bot.core.clock import Millis
from bot.core.errors import EaselError
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.core.money import MAX_TICKS
from bot.ledger.model import Unit
from bot.ledger.windows import WindowKind

RuleId = NewType("RuleId", int)

# A day: longer paces are what windows are for, and the count looks at so many minutes of requests.
MAX_PACE_MINUTES = 24 * 60
# With k reserves of one window a request meets up to 2^k - 1 counters for them.
MAX_RESERVES = 3
# Read in every admission, so their number is bounded.
MAX_RULES = 100
MAX_COUNT = 1_000_000
_SHAPES = {
    "id": re.compile(r"[1-9]\d{0,19}"),
    "word": re.compile(r"[a-z0-9][a-z0-9_-]{0,31}"),
    "model": re.compile(r"[a-z0-9][a-z0-9_-]{0,31}/[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}"),
}


class Whom(StrEnum):
    """Whom a rule is for.

    ROLE limits each member who has it, MEMBER one by name, EVERYONE each member whom neither names. PURPOSE keeps an
    amount of the guild's window for requests of that purpose.
    """

    GUILD = "guild"
    CHANNEL = "channel"
    ROLE = "role"
    MEMBER = "member"
    EVERYONE = "everyone"
    COMMAND = "command"
    MODEL = "model"
    PURPOSE = "purpose"


PERSONAL = frozenset({Whom.MEMBER, Whom.ROLE, Whom.EVERYONE})
_NAMED_BY = {
    Whom.CHANNEL: "id",
    Whom.ROLE: "id",
    Whom.MEMBER: "id",
    Whom.COMMAND: "word",
    Whom.PURPOSE: "word",
    Whom.MODEL: "model",
}


class Span(StrEnum):
    """How long a rule counts: a calendar window, or any stretch of some minutes."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ROLLING = "rolling"

    @property
    def window(self) -> WindowKind:
        """The kind of window; ValueError for ROLLING."""
        return WindowKind(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule as somebody asks for it. `name` is an id, a command, `provider/model` or a purpose; empty for the guild
    and for everyone. `minutes` only of a rolling one, which counts requests of a member. Raises BadRule.
    """

    whom: Whom
    name: str = ""
    unit: Unit
    span: Span
    amount: int
    minutes: int | None = None

    def __post_init__(self) -> None:
        shape = _NAMED_BY.get(self.whom)
        if (shape is None) != (self.name == "") or (shape and not _SHAPES[shape].fullmatch(self.name)):
            raise BadRule("name")
        if not 0 <= self.amount <= (MAX_TICKS if self.unit is Unit.MONEY else MAX_COUNT):
            raise BadRule("amount")
        if (self.span is Span.ROLLING) != (self.minutes is not None):
            raise BadRule("minutes")
        if self.minutes is not None:
            self._refuse_unless_a_pace(self.minutes)

    def _refuse_unless_a_pace(self, minutes: int) -> None:
        if not 1 <= minutes <= MAX_PACE_MINUTES:
            raise BadRule("minutes")
        if self.whom not in PERSONAL or self.unit is not Unit.REQUESTS or self.amount == 0:
            raise BadRule("pace")

    @property
    def subject(self) -> str:
        """Whom it is for, in a word: `guild`, `role:7`, `command:imagine`."""
        return f"{self.whom}:{self.name}" if self.name else self.whom.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule in force. While `raised_until` lies ahead, `raised_to` takes the place of the draft's amount."""

    rule_id: RuleId
    guild_id: GuildId
    draft: Draft
    raised_to: int | None = None
    raised_until: Millis | None = None

    def amount_at(self, now: int) -> int:
        """What it allows at the moment."""
        if self.raised_to is not None and self.raised_until is not None and now < self.raised_until:
            return self.raised_to
        return self.draft.amount


class Mark(StrEnum):
    """EXEMPT: no rule for persons binds the member, ceilings and rules for all do. BLOCKED: nothing at all."""

    EXEMPT = "exempt"
    BLOCKED = "blocked"


class Listed(StrEnum):
    """What an allow-list names. For COUNT its one value is the most pictures of a request."""

    MODEL = "model"
    RESOLUTION = "resolution"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowList:
    """What is allowed in a channel, or to members with a role (the guild's own id stands for everyone).

    A model is named with its provider or without. Raises BadRule for an empty list, or a count that is none.
    """

    whom: Whom  # ROLE or CHANNEL
    name: str
    what: Listed
    values: frozenset[str]

    def __post_init__(self) -> None:
        if self.whom not in (Whom.ROLE, Whom.CHANNEL) or not _SHAPES["id"].fullmatch(self.name):
            raise BadRule("name")
        is_count = len(self.values) == 1 and all(value.isdecimal() and int(value) > 0 for value in self.values)
        if not self.values or (self.what is Listed.COUNT and not is_count):
            raise BadRule("values")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a guild has set, as it bears on one member's request."""

    rules: tuple[Rule, ...] = ()
    lists: tuple[AllowList, ...] = ()
    mark: Mark | None = None
    zone: tzinfo = UTC

    def roles_named(self, roles: frozenset[int]) -> tuple[int, ...]:
        """Those of the roles that a rule or a list names."""
        named = {int(rule.draft.name) for rule in self.rules if rule.draft.whom is Whom.ROLE}
        named |= {int(one.name) for one in self.lists if one.whom is Whom.ROLE}
        return tuple(sorted(named & roles))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of itself; None where it does not say. `roles` are the member's, by id.

    In a thread `parent_channel_id` is the channel that it belongs to: what is set for that binds the thread too.
    """

    guild_id: GuildId
    member_id: MemberId
    roles: frozenset[int] = frozenset()
    channel_id: ChannelId | None = None
    parent_channel_id: ChannelId | None = None
    command: str | None = None
    provider: str | None = None
    model: str | None = None
    purpose: str | None = None
    resolution: str | None = None
    pictures: int = 0

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels whose rules and lists bind it: where it was asked, then what that belongs to."""
        return tuple(str(one) for one in (self.channel_id, self.parent_channel_id) if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the log: `subject` changed from `before` to `after`, in words for people; None for nothing."""

    at: Millis
    author_id: MemberId
    subject: str
    before: str | None
    after: str | None


class BadRule(EaselError):
    """A rule that makes no sense; `what` names the part."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no rule can have this {what}")
        self.what = what


class AboveCeiling(EaselError):
    """A guild's rule beyond what the operator allows; `ceiling` is the most."""

    def __init__(self, ceiling: int) -> None:
        super().__init__(f"the operator allows at most {ceiling}")
        self.ceiling = ceiling


class UnknownRule(EaselError):
    """No rule of this id is in force in the guild."""

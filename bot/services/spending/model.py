"""The values of `/usage`. Amounts are ticks; days are calendar days in UTC, as the book sums them."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.guilds.model import Pause
from bot.ledger.model import PaceStanding, Standing
from bot.ledger.records.model import Axis, Undecided
from bot.ledger.rules.model import Listed, Mark, Whom
from bot.ledger.windows import Window

# Told apart by colour and pattern in a chart; beside them stand all others together, and what is presumed.
TOP_GROUPS = 4


class Stretch(StrEnum):
    """How much time a report looks at: the calendar week or month that is open."""

    WEEK = "week"
    MONTH = "month"


class Grouping(StrEnum):
    """What a report tells apart."""

    COMMAND = "command"
    MEMBER = "member"
    MODEL = "model"
    PROVIDER = "provider"

    @property
    def axis(self) -> Axis:
        """The same in the book's word."""
        return Axis(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which report is looked at."""

    stretch: Stretch = Stretch.MONTH
    grouping: Grouping = Grouping.COMMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who looks, where, and when by Discord's clock; `roles` by id, in a thread with the channel it belongs to."""

    guild_id: GuildId
    channel_id: ChannelId
    member_id: MemberId
    at: Millis
    roles: frozenset[int] = frozenset()
    parent_channel_id: ChannelId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What somebody got for how much; `presumed` ticks are in none of the others."""

    amount: int
    pictures: int
    answers: int
    presumed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One command, member, model or provider. `key` is as in `Axis`, `label` its name for people, `by_day` ticks.

    For members the label is the id; a hold without a job has an empty one.
    """

    key: tuple[str | int, ...]
    label: str
    by_day: tuple[int, ...]
    jobs: int
    pictures: int

    @property
    def amount(self) -> int:
        """All days together."""
        return sum(self.by_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The values of a list that binds the member here; `whom` says why: the channel, or their roles."""

    whom: Whom
    what: Listed
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUsage:
    """What the guild lets a member still do, and their share of this month; `guild_amount` is what all spent in it.

    Each of `allowances` is all that is allowed of its kind.
    """

    pauses: tuple[Pause, ...]
    mark: Mark | None
    standings: tuple[Standing, ...]
    paces: tuple[PaceStanding, ...]
    own: Share
    guild_amount: int
    allowances: tuple[Allowance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildUsage:
    """The guild in a week or month. `groups` are the greatest ones, `rest` all others, `rest_count` their number.

    `limits` are the guild's own in money, those of the stretch and of the day, the tightest of each.
    """

    view: View
    window: Window
    days: tuple[Millis, ...]
    groups: tuple[Group, ...]
    rest: Group | None
    rest_count: int
    presumed_by_day: tuple[int, ...]
    presumed_jobs: int
    undecided: Undecided
    limit: Standing | None
    daily: Standing | None
    own: Share
    is_zone_other: bool

    @property
    def amount(self) -> int:
        """What was spent, without what is only presumed."""
        return sum(group.amount for group in (*self.groups, *((self.rest,) if self.rest else ())))

    @property
    def presumed(self) -> int:
        """What nobody knows and counts as spent."""
        return sum(self.presumed_by_day)

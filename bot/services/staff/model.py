"""What the staff's cards say, and where they go."""

import hashlib
from dataclasses import dataclass
from datetime import date

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, MemberId, MessageId
from bot.ledger.model import Limit
from bot.ledger.records.model import Undecided
from bot.services.leave.model import Leave

_MARK_LENGTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChannel:
    """A guild's channel for its staff."""

    guild_id: GuildId
    channel_id: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody who runs the bot, by direct message."""

    user_id: MemberId


StaffPlace = StaffChannel | Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotice:
    """So much of a limit is held and spent; no guild where the limit is the operator's over all guilds.

    `has_no_room`: a request was refused, for what is left of it is too little.
    """

    limit: Limit
    taken: int
    guild_id: GuildId | None
    has_no_room: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveNotice:
    """A request that waits for leave, or how it ended; `model` is its name for people."""

    leave: Leave
    model: str

    @property
    def guild_id(self) -> GuildId:
        """Where it was asked."""
        return self.leave.guild_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """One member, command or model; `name` is an id, a command or a name for people."""

    name: str
    amount: int
    requests: int
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPart:
    """The greatest of a kind, and how many more there were."""

    lines: tuple[DigestLine, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestNotice:
    """What a guild spent from the `first` to the `last` day of its own zone.

    What is only presumed is in none of the other sums. `held` and `undecided` are of the moment of the reading: what is
    reserved for work under way, and for what nobody knows; `waiting` is how many requests wait for leave then.
    """

    guild_id: GuildId
    first: date
    last: date
    amount: int
    requests: int
    pictures: int
    presumed: int
    presumed_requests: int
    held: int
    undecided: Undecided
    waiting: int
    members: DigestPart
    commands: DigestPart
    models: DigestPart


StaffCard = AlertNotice | LeaveNotice | DigestNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPost:
    """A card as stored; `message_id` once Discord has it, `tries` with the one under way."""

    place: StaffPlace
    started_at: Millis
    tries: int
    message_id: MessageId | None


def mark_of(about: str) -> str:
    """What a card carries, so that it is found again among others."""
    return hashlib.sha256(about.encode()).hexdigest()[:_MARK_LENGTH]

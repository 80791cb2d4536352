"""A rush: 1,000 requests of 200 members in 20 guilds, and the limits that they meet. What both processes know.

In each guild two channels with five members each, five requests a member. Every request meets the bot's month, its
guild's day, its channel, the member's day and one rule more: each fourth guild has one for its week, for its channels,
for everyone, or for the number of its commands.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import Millis
from bot.core.ids import DISCORD_EPOCH_MS, ChannelId, GuildId, InteractionId, MemberId
from bot.core.money import Ticks
from bot.interactions.model import Received
from bot.ledger.model import Ceilings, Unit
from bot.ledger.rules.model import Draft, Span, Whom
from bot.services.newwork import NewWork
from tests.budgets.house import NOON, ceilings, draft

GUILDS, MEMBERS_EACH, TURNS = 20, 10, 5
REQUESTS = GUILDS * MEMBERS_EACH * TURNS
MEMBERS_IN_CHANNEL = 5
PRICE = 4
COMMAND, PROVIDER, MODEL = "imagine", "pixazo", "m"
# In requests of one price. All guilds together have room for 395, the bot for a few less.
BOT, GUILD_DAY, MEMBER_DAY = 390, 30, 4
WEEK, CHANNELS, EVERYONE, COMMANDS = 18, (7, 9), 2, 25
Key = tuple[str, str, str]  # scope, unit, kind of the window, as refusals name them


class Kind(StrEnum):
    """Whether all requests cost the same."""

    EQUAL = "equal"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One of the thousand."""

    number: int
    price: Ticks

    @property
    def guild(self) -> int:
        return self.number % (GUILDS * MEMBERS_EACH) // MEMBERS_EACH

    @property
    def guild_id(self) -> GuildId:
        return GuildId(1_000 + self.guild)

    @property
    def member_id(self) -> MemberId:
        return MemberId(1 + self.number % (GUILDS * MEMBERS_EACH))

    @property
    def channel(self) -> int:
        return self.number % MEMBERS_EACH // MEMBERS_IN_CHANNEL

    @property
    def channel_id(self) -> ChannelId:
        return ChannelId(10 * self.guild_id + self.channel)

    def received(self, wave: int) -> Received:
        """As it comes in, in one of a few waves: asked again, it is another interaction."""
        return Received(
            id=InteractionId((NOON - DISCORD_EPOCH_MS) << 22 | wave << 12 | self.number),
            command=COMMAND,
            guild_id=self.guild_id,
            channel_id=self.channel_id,
            member_id=self.member_id,
            token="t",
            received_at=Millis(NOON),
        )

    def work(self) -> NewWork:
        """What it wants done."""
        return NewWork(
            kind=COMMAND,
            provider=PROVIDER,
            model=MODEL,
            payload="{}",
            payload_version=1,
            amount=self.price,
            pictures=1,
            price_version="1",
        )


def number_of(interaction_id: int) -> int:
    """Which request an interaction was."""
    return interaction_id & 0xFFF


def crowd(kind: Kind) -> list[Request]:
    """Everybody."""
    prices = (1,) if kind is Kind.EQUAL else (1, 3, 2, 5, 1, 7, 4)
    return [Request(number=one, price=Ticks(PRICE * prices[one % len(prices)])) for one in range(REQUESTS)]


def operators() -> Ceilings:
    """The operator's."""
    return ceilings(bot_monthly=BOT * PRICE, guild_daily=GUILD_DAY * PRICE, member_daily=MEMBER_DAY * PRICE)


def rules_of(guild: int) -> list[Draft]:
    """The guild's own."""
    match guild % 4:
        case 0:
            return [draft(amount=WEEK * PRICE, span=Span.WEEK)]
        case 1:
            first = 10 * (1_000 + guild)
            return [draft(Whom.CHANNEL, most * PRICE, name=f"{first + one}") for one, most in enumerate(CHANNELS)]
        case 2:
            return [draft(Whom.EVERYONE, EVERYONE * PRICE)]
        case _:
            return [draft(Whom.COMMAND, COMMANDS, name=COMMAND, unit=Unit.REQUESTS)]


def limits_of(request: Request) -> dict[Key, int]:
    """What binds the request, from the words above and not from the policy."""
    guild, scope = request.guild_id, f"guild:{request.guild_id}"
    member = MEMBER_DAY if request.guild % 4 != 2 else EVERYONE
    found = {
        ("bot", "money", "month"): BOT * PRICE,
        (scope, "money", "day"): GUILD_DAY * PRICE,
        (f"member:{guild}:{request.member_id}", "money", "day"): member * PRICE,
    }
    if request.guild % 4 == 0:
        found[scope, "money", "week"] = WEEK * PRICE
    if request.guild % 4 == 1:
        found[f"channel:{guild}:{request.channel_id}", "money", "day"] = CHANNELS[request.channel] * PRICE
    if request.guild % 4 == 3:
        found[f"command:{guild}:{COMMAND}", "requests", "day"] = COMMANDS
    return found


class Taken:
    """What is taken of every limit: plain sums, by hand."""

    def __init__(self) -> None:
        self.sums: Counter[Key] = Counter()

    def add(self, request: Request, money: int, requests: int) -> None:
        """So much more, or less."""
        for key in limits_of(request):
            self.sums[key] += money if key[1] == "money" else requests

    def full(self, request: Request) -> dict[Key, int]:
        """The limits without room for the request, with what is left of each."""
        left = {key: limit - self.sums[key] for key, limit in limits_of(request).items()}
        return {key: room for key, room in left.items() if room < (request.price if key[1] == "money" else 1)}


def most(requests: Iterable[Request]) -> int:
    """How many of them, all of one price, could be accepted in the best of orders.

    The limits lie within each other (a member's within a channel's, that within the guild's, that within the bot's), so
    whoever lets in whatever fits ends with as many: such sets are the bases of a matroid. So it can be counted upwards.
    """
    members = Counter((one.guild, one.channel, one.member_id) for one in requests)
    channels: Counter[tuple[int, int]] = Counter()
    for (guild, channel, _), count in members.items():
        channels[guild, channel] += min(count, EVERYONE if guild % 4 == 2 else MEMBER_DAY)
    guilds: Counter[int] = Counter()
    for (guild, channel), count in channels.items():
        guilds[guild] += min(count, CHANNELS[channel]) if guild % 4 == 1 else count
    own = {0: WEEK, 3: COMMANDS}
    return min(BOT, sum(min(count, GUILD_DAY, own.get(guild % 4, count)) for guild, count in guilds.items()))

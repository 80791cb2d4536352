"""What the tests of the staff's cards share: a guild's settings and rules, and what stands in the staff channel."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.core.ids import ChannelId, GuildId, MemberId
from bot.core.money import usd
from bot.db import Reader
from bot.ledger.alerts import store as alerts
from bot.ledger.model import Unit
from bot.ledger.rules.model import Draft, Rule, Span, Whom
from bot.rooms_settings import ceilings_of
from bot.services.budgets.desk import Budgets
from bot.services.budgets.settings import GuildDesk
from sandbox.discord import Message
from tests.e2e.scene import WAIT_S, Scene
from tests.guilds.changing import set_to

STAFF = "staff"
# The operator's ceilings are in nobody's way.
ROOMY: Mapping[str, str] = MappingProxyType({"EASEL_MEMBER_DAILY_USD": "9", "EASEL_GUILD_DAILY_USD": "20"})


def guild_id(play: Scene) -> GuildId:
    """The guild of the scene."""
    return GuildId(play.rig.sandbox.guild.id)


def admin_id(play: Scene) -> MemberId:
    """Whoever sets the rules."""
    return MemberId(play.rig.sandbox.person("admin").id)


def desk(play: Scene) -> GuildDesk:
    """The guild's settings."""
    return GuildDesk(database=play.house.database, clock=play.house.clock)


def budgets(play: Scene) -> Budgets:
    """The guild's rules."""
    ceilings = ceilings_of(play.house.settings)
    return Budgets(database=play.house.database, ceilings=ceilings, clock=play.house.clock)


async def set_staff(play: Scene, channel: str = STAFF) -> None:
    """Alerts and requests for leave go there."""
    place = ChannelId(play.rig.sandbox.channel(channel).id)
    await set_to(desk(play), guild_id(play), by=admin_id(play), staff_channel_id=place)


async def set_soft(play: Scene, channel: str | None = STAFF) -> None:
    """Over a limit, requests wait for a moderator."""
    if channel is not None:
        await set_staff(play, channel)
    await set_to(desk(play), guild_id(play), by=admin_id(play), is_soft=True)


async def limit(
    play: Scene, amount: str, *, whom: Whom = Whom.GUILD, name: str = "", span: Span = Span.WEEK, **other: Any
) -> Rule:
    """A rule of the guild's, in dollars unless another unit is given."""
    unit = other.pop("unit", Unit.MONEY)
    number = usd(amount) if unit is Unit.MONEY else int(amount)
    draft = Draft(whom=whom, name=name, unit=unit, span=span, amount=number, **other)
    return await budgets(play).set_rule(guild_id(play), draft, by=admin_id(play))


def in_staff(play: Scene, channel: str = STAFF) -> list[Message]:
    """The bot's cards in the staff channel."""
    me = play.rig.sandbox.world.application_id
    return [message for message in play.rig.sandbox.channel(channel).messages if message.author_id == me]


def direct(play: Scene, name: str = "op") -> list[Message]:
    """The bot's direct messages to somebody."""
    world = play.rig.sandbox.world
    channel = world.direct_channel(play.rig.sandbox.person(name).id)
    return [message for message in channel.messages if message.author_id == world.application_id]


async def card(play: Scene, text: str, channel: str = STAFF) -> Message:
    """The latest card in the staff channel that says so, once one does."""

    def look() -> Message | None:
        found = [message for message in in_staff(play, channel) if text in message.plain_text()]
        return found[-1] if found else None

    return await play.rig.sandbox.world.until(look, WAIT_S, f"a card with {text!r}")


async def direct_card(play: Scene, text: str, name: str = "op") -> Message:
    """The same for somebody's direct messages."""

    def look() -> Message | None:
        found = [message for message in direct(play, name) if text in message.plain_text()]
        return found[-1] if found else None

    return await play.rig.sandbox.world.until(look, WAIT_S, f"a direct message with {text!r}")


async def untold(play: Scene) -> int:
    """How many alerts nobody was told yet."""

    def look(reader: Reader) -> int:
        return len(alerts.untold(reader, limit=100))

    return await play.house.database.read(look)


async def all_told(play: Scene) -> None:
    """Waits until every alert was told."""
    async with asyncio.timeout(WAIT_S):
        while await untold(play):
            await asyncio.sleep(0.02)

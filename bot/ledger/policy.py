"""Which limits a request must keep. Pure."""

from datetime import UTC, tzinfo

from bot.core.clock import Millis
from bot.core.ids import GuildId, MemberId
from bot.ledger.model import Ceilings, Limit, Unit
from bot.ledger.windows import day_window, month_window

BOT_SCOPE = "bot"


def guild_scope(guild_id: GuildId) -> str:
    """The scope of a whole guild."""
    return f"guild:{guild_id}"


def member_scope(guild_id: GuildId, member_id: MemberId) -> str:
    """The scope of one member in one guild."""
    return f"member:{guild_id}:{member_id}"


def limits_for(
    ceilings: Ceilings, *, guild_id: GuildId, member_id: MemberId, at: Millis, zone: tzinfo = UTC
) -> tuple[Limit, ...]:
    """The limits at this moment, the most personal first. `at` comes from `store.effective_now`.

    A member hears of the first one that refuses, and can do most about their own.
    """
    day, month = day_window(at, zone), month_window(at, zone)
    member, guild = member_scope(guild_id, member_id), guild_scope(guild_id)
    return (
        Limit(scope=member, unit=Unit.MONEY, window=day, amount=ceilings.member_daily),
        Limit(scope=member, unit=Unit.PICTURES, window=day, amount=ceilings.member_daily_pictures),
        Limit(scope=guild, unit=Unit.MONEY, window=day, amount=ceilings.guild_daily),
        Limit(scope=guild, unit=Unit.MONEY, window=month, amount=ceilings.guild_monthly),
        Limit(scope=BOT_SCOPE, unit=Unit.MONEY, window=month, amount=ceilings.bot_monthly),
    )

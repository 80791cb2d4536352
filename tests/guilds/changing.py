"""A change of some of a guild's settings, as the form makes it."""

from dataclasses import replace
from typing import Any

from bot.core.ids import GuildId, MemberId
from bot.services.budgets.settings import GuildDesk


async def set_to(desk: GuildDesk, guild_id: GuildId, *, by: MemberId, **changes: Any) -> None:
    """The settings that are named say something else from now on."""
    await desk.change(guild_id, replace(await desk.settings_of(guild_id), **changes), by=by)

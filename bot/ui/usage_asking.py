"""Who asks for `/usage`, and what they may see: read from the interaction each time."""

from typing import Any

import discord

from bot.core.clock import millis
from bot.core.ids import ChannelId
from bot.services.spending.model import Asker
from bot.ui.places import parent_of
from bot.ui.pressing import whose


def asker_of(interaction: discord.Interaction[Any]) -> Asker:
    """The member with their roles, and the moment by Discord's clock."""
    guild_id, member_id = whose(interaction)
    return Asker(
        guild_id=guild_id,
        channel_id=ChannelId(interaction.channel_id or 0),
        member_id=member_id,
        at=millis(interaction.created_at),
        roles=frozenset(role.id for role in getattr(interaction.user, "roles", ())),
        parent_channel_id=parent_of(interaction.channel),
    )

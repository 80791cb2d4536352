"""Who pressed what, where, and with which rights: read from the interaction each time."""

from collections.abc import Mapping
from typing import Any

import discord
from discord import ui

from bot.core.ids import GuildId, MemberId
from bot.services.results.removing import Remover


def whose(interaction: discord.Interaction[Any]) -> tuple[GuildId, MemberId]:
    """The server and the member."""
    return GuildId(interaction.guild_id or 0), MemberId(interaction.user.id)


def remover(interaction: discord.Interaction[Any]) -> Remover:
    """Whoever presses Delete; moderators are those who may manage messages in that channel now."""
    guild_id, member_id = whose(interaction)
    return Remover(guild_id=guild_id, member_id=member_id, is_moderator=interaction.permissions.manage_messages)


def manages_server(interaction: discord.Interaction[Any]) -> bool:
    """Whether the member has the right Manage Server now."""
    return interaction.permissions.manage_guild or interaction.permissions.administrator


def may_moderate(interaction: discord.Interaction[Any]) -> bool:
    """Whether whoever presses may decide for members, there and now."""
    has = interaction.permissions
    return has.manage_messages or has.manage_guild or has.administrator


def custom_id_of(interaction: discord.Interaction[Any]) -> str:
    """The custom id of the pressed button or the sent form; empty where there is none."""
    data: Mapping[str, Any] = interaction.data or {}
    return str(data.get("custom_id", ""))


def is_on_message(interaction: discord.Interaction[Any]) -> bool:
    """Whether the pressed button still stands on the message that Discord sent along; if not, no item is called."""
    if interaction.message is None:
        return False
    view = ui.LayoutView.from_message(interaction.message, timeout=None)
    wanted = custom_id_of(interaction)
    return any(getattr(item, "custom_id", None) == wanted for item in view.walk_children())


def is_on_own_card(interaction: discord.Interaction[Any]) -> bool:
    """Whether the button stands on a message that only its member sees."""
    return interaction.message is not None and interaction.message.flags.ephemeral

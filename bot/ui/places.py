"""Where in a server something happens."""

import discord

from bot.core.ids import ChannelId


def parent_of(channel: object) -> ChannelId | None:
    """The channel that a thread belongs to; None for whatever is no thread, and for one that is not known."""
    return ChannelId(channel.parent_id) if isinstance(channel, discord.Thread) else None

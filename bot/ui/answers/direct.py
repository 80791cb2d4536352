"""Presses in a direct message, which knows of no server: its job says where it belongs, and to whom."""

from dataclasses import replace
from typing import Any

import aiohttp
import discord

from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import ChannelId, GuildId, JobId, MemberId
from bot.interactions.model import Received
from bot.services.ask.desk import Talk
from bot.services.ask.model import Place


def is_direct(interaction: discord.Interaction[Any]) -> bool:
    """Whether the button stands in a direct message."""
    return interaction.guild_id is None


async def place_of_press(interaction: discord.Interaction[Any], job_id: JobId, talk: Talk) -> Place:
    """The server and the channel of a press, and who pressed. Raises Refusal NO_RESULT.

    In a direct message those of the job, which must be theirs.
    """
    member_id = MemberId(interaction.user.id)
    if interaction.guild_id is not None:
        channel_id = ChannelId(interaction.channel_id or 0)
        return Place(guild_id=GuildId(interaction.guild_id), channel_id=channel_id, member_id=member_id)
    place = await talk.asking.place_of(job_id)
    if place is None or place.member_id != member_id:
        raise Refusal(RefusalReason.NO_RESULT)
    return place


async def with_roles(interaction: discord.Interaction[Any], received: Received) -> Received:
    """The request with the roles that its member has in the server now: rules look at them.

    Raises Refusal NO_RESULT where they or the bot have left it, BUSY where Discord does not say.
    """
    if not is_direct(interaction):
        return received
    guild = interaction.client.get_guild(received.guild_id)
    if guild is None:
        raise Refusal(RefusalReason.NO_RESULT)
    try:
        member = await guild.fetch_member(received.member_id)
    except discord.NotFound:
        raise Refusal(RefusalReason.NO_RESULT) from None
    except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError):
        raise Refusal(RefusalReason.BUSY) from None
    return replace(received, roles=frozenset(role.id for role in member.roles))

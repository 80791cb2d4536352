"""How every command begins: its interaction is stored, then acknowledged, so that no crash leaves anyone waiting."""

import logging
from typing import Any

import aiohttp
import discord

from bot.core.crashpoints import CrashPoint
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import ChannelId, GuildId, InteractionId, MemberId
from bot.interactions.model import Received
from bot.services.ask.model import Place
from bot.services.container import Services
from bot.ui.acknowledging import acknowledge
from bot.ui.places import parent_of

log = logging.getLogger(__name__)


async def receive(
    interaction: discord.Interaction[Any], services: Services, *, command: str, place: Place | None = None
) -> Received | None:
    """Stores the interaction, then acknowledges it; None when it must not go on.

    `place` is where it belongs, for one that Discord brings without a server. Whoever goes on owes the desk an
    `answered`. Raises Refusal, and what Discord answered to an acknowledgement.
    """
    desk, crashpoints = services.desk, services.crashpoints
    guild_id, channel_id = interaction.guild_id, interaction.channel_id
    if place is not None:
        guild_id, channel_id = place.guild_id, place.channel_id
    if guild_id is None or channel_id is None:
        raise Refusal(RefusalReason.GUILD_ONLY)
    received = Received(
        id=InteractionId(interaction.id),
        command=command,
        guild_id=GuildId(guild_id),
        channel_id=ChannelId(channel_id),
        member_id=MemberId(interaction.user.id),
        token=interaction.token,
        received_at=services.clock.now(),
        roles=frozenset(role.id for role in getattr(interaction.user, "roles", ())),
        parent_channel_id=parent_of(interaction.channel),
    )
    if desk.is_stale(received):
        return None
    try:
        if not desk.is_open:
            raise Refusal(RefusalReason.RESTARTING)
        if not await desk.receive(received):
            return None
    except DatabaseUnavailable:
        raise Refusal(RefusalReason.BUSY) from None
    crashpoints.reached(CrashPoint.AFTER_RECEIVED)
    try:
        is_in_time = await acknowledge(interaction, opens_card=True)
    except discord.HTTPException:
        await desk.void(received.id)
        raise
    except (aiohttp.ClientError, OSError, TimeoutError):
        # Discord may have it or not. Whoever reads the refusal was not charged; the card keeper answers the others.
        log.warning("an acknowledgement got no answer", extra={"interaction": received.id})
        raise Refusal(RefusalReason.BUSY) from None
    if not is_in_time:
        age_ms = services.clock.now() - received.created_at
        log.warning("an acknowledgement came too late", extra={"interaction": received.id, "age_ms": age_ms})
        await desk.void(received.id)
        return None
    crashpoints.reached(CrashPoint.AFTER_ACK)
    return received

"""Looks at the bot's own messages for a file's fresh address: those that Discord signs end after about a day."""

import asyncio
import logging

import aiohttp
import discord

from bot.core.ids import ChannelId, MessageId
from bot.services.handed.ports import PostedFile

log = logging.getLogger(__name__)

LOOK_TIMEOUT_S = 10.0


class OwnPosts:
    """Implements `bot.services.handed.ports.Posts`."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def file_of(self, channel_id: ChannelId, message_id: MessageId, *, position: int) -> PostedFile | None:
        """Asks for the message anew."""
        channel = self._client.get_partial_messageable(channel_id)
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                message = await channel.fetch_message(message_id)
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("a post cannot be looked at", extra={"error": type(error).__name__})
            return None
        files = message.attachments[position : position + 1]
        return PostedFile(url=files[0].url, byte_size=files[0].size) if files else None

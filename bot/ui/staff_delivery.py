"""Brings cards to a guild's staff channel, or to an operator by direct message, and keeps them true."""

import logging
from datetime import timedelta

import discord
from discord import ui

from bot.core.clock import Millis, utc
from bot.core.ids import JobId, MessageId, nonce_of
from bot.services.ports import CannotDeliver
from bot.services.staff.model import Operator, StaffCard, StaffPlace, mark_of
from bot.ui.delivery import LOOK_BACK, SEND_TIMEOUT_S
from bot.ui.guarding import MessageGone, guarded
from bot.ui.staff_cards import staff_card

log = logging.getLogger(__name__)

_CLOCK_SLACK = timedelta(minutes=1)
_NONE = discord.AllowedMentions.none()


class StaffDelivery:
    """Implements `bot.services.ports.Staff`."""

    def __init__(self, *, client: discord.Client) -> None:
        self._client = client

    async def post(self, place: StaffPlace, card: StaffCard, *, about: str) -> MessageId:
        """A new message."""

        async def send() -> discord.Message:
            channel = await self._channel(place)
            view, nonce = self._view(card, about), nonce_of(JobId(about))
            return await channel.send(view=view, nonce=nonce, allowed_mentions=_NONE)

        return MessageId((await guarded(send, SEND_TIMEOUT_S)).id)

    async def find(self, place: StaffPlace, *, about: str, since: Millis) -> MessageId | None:
        """Looks through the channel since the first try."""
        own_id = self._client.user.id if self._client.user is not None else 0
        after, mark = utc(since) - _CLOCK_SLACK, mark_of(about)

        async def look() -> MessageId | None:
            channel = await self._channel(place)
            async for message in channel.history(limit=LOOK_BACK, after=after, oldest_first=False):
                if message.author.id == own_id and mark in _text_of(message):
                    return MessageId(message.id)
            return None

        try:
            return await guarded(look, SEND_TIMEOUT_S)
        except CannotDeliver as error:
            # Without the right to read the history the nonce alone must do; the send says if the channel is gone.
            log.warning("a channel cannot be read before a second try", extra={"obstacle": error.obstacle})
            return None

    async def edit(self, place: StaffPlace, message_id: MessageId, card: StaffCard, *, about: str) -> bool:
        """Replaces the card."""

        async def edit() -> None:
            message = (await self._channel(place)).get_partial_message(message_id)
            await message.edit(view=self._view(card, about), allowed_mentions=_NONE)

        try:
            await guarded(edit, SEND_TIMEOUT_S)
        except MessageGone:
            return False
        return True

    async def _channel(self, place: StaffPlace) -> discord.PartialMessageable | discord.DMChannel:
        if isinstance(place, Operator):
            return await self._client.create_dm(discord.Object(place.user_id))
        return self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)

    def _view(self, card: StaffCard, about: str) -> ui.LayoutView:
        guild_id = card.guild_id
        guild = None if guild_id is None else self._client.get_guild(guild_id)
        return staff_card(card, mark=mark_of(about), guild_name=None if guild is None else guild.name)


def _text_of(message: discord.Message) -> str:
    """All that its card says."""
    view = ui.LayoutView.from_message(message, timeout=None)
    return "\n".join(item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay))

"""What the messages showed whose menus were used: a form that comes back knows its message by the id alone."""

from collections import OrderedDict
from typing import Any

import aiohttp
import discord

from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import MessageId
from bot.services.handed.bringing import Handed
from bot.ui.message_pictures import pictures_of

# Menus whose form may still be sent off; each is some hundred bytes.
REMEMBERED = 1_000


class ShownPictures:
    """Remembers in memory alone. After a restart Discord is asked; without a privileged intent it shows what other
    people posted in answer to a menu only, so that such a form has to be opened anew.
    """

    def __init__(self) -> None:
        self._by_message: OrderedDict[MessageId, tuple[Handed, ...]] = OrderedDict()

    def note(self, message: discord.Message) -> tuple[Handed, ...]:
        """The message's pictures, from now on known by its id."""
        shown, message_id = pictures_of(message), MessageId(message.id)
        self._by_message[message_id] = shown
        self._by_message.move_to_end(message_id)
        while len(self._by_message) > REMEMBERED:
            self._by_message.popitem(last=False)
        return shown

    async def find(self, interaction: discord.Interaction[Any], message_id: MessageId) -> tuple[Handed, ...]:
        """The pictures of a message in the channel of the interaction; empty where nobody knows them any more.

        Raises Refusal BUSY where Discord does not answer.
        """
        known = self._by_message.get(message_id)
        if known is not None or interaction.channel_id is None:
            return known or ()
        channel = interaction.client.get_partial_messageable(interaction.channel_id, guild_id=interaction.guild_id)
        try:
            return self.note(await channel.fetch_message(message_id))
        except (discord.NotFound, discord.Forbidden):
            return ()
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError):
            raise Refusal(RefusalReason.BUSY) from None

"""What this room asks of Discord."""

from dataclasses import dataclass
from typing import Protocol

from bot.core.ids import ChannelId, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedFile:
    """A file of a message as Discord has it now: a fresh address, and how many bytes lie there."""

    url: str
    byte_size: int


class Posts(Protocol):
    """Looks at the bot's own messages."""

    async def file_of(self, channel_id: ChannelId, message_id: MessageId, *, position: int) -> PostedFile | None:
        """The file at that place (from 0), with a fresh address; None where it is gone or Discord does not answer."""
        ...

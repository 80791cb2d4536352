"""The use cases of questions in one value."""

from dataclasses import dataclass

from bot.services.ask.asking import Asking
from bot.services.ask.conversations import Conversations
from bot.services.ask.live import LiveAnswers


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a cog may call."""

    asking: Asking
    conversations: Conversations
    live: LiveAnswers

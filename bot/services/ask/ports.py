"""What questions and spoken answers need from upstairs: someone who shows them. `bot.ui.answers` implements it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, MessageId
from bot.core.money import Ticks
from bot.providers.contract import Citation

# Called with a message's position and id right after it was sent.
NoteMessage = Callable[[int, MessageId], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an answer is shown. `question` is quoted, unless `replies_to` is the message that asked it.

    `known` are the messages that show it already, by position; `is_again` where some may be there without being known.
    """

    job_id: JobId
    guild_id: GuildId
    channel_id: ChannelId
    member_id: MemberId
    question: str
    replies_to: MessageId | None
    known: dict[int, MessageId]
    started_at: Millis
    is_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a message says while its answer is not there: about and at most, in ticks."""

    estimate: Ticks
    held: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer, as stored. `speech_price` None where nobody can read it aloud.

    `is_late` asks for the member to be pinged; with `is_filled` the first message stood there before the answer was
    whole, and no edit pings. `is_cancelled`, `is_private` as for pictures.
    """

    spot: Spot
    text: str
    citations: tuple[Citation, ...]
    is_cut: bool
    model_label: str
    seconds: float
    cost: Ticks
    speech_price: Ticks | None
    is_late: bool = False
    is_filled: bool = False
    is_cancelled: bool = False
    is_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A spoken answer; `spot.replies_to` is the answer's message."""

    spot: Spot
    media_type: str
    data: bytes
    model_label: str
    cost: Ticks
    is_late: bool = False
    is_cancelled: bool = False
    is_private: bool = False


class TalkDelivery(Protocol):
    """Shows answers and sounds. All raise CannotDeliver or DeliverLater of `bot.services.ports`."""

    async def show_waiting(self, spot: Spot, waiting: Waiting) -> MessageId:
        """The first message, before there is any text; with the nonce of the job."""
        ...

    async def show_so_far(self, spot: Spot, text: str) -> MessageId:
        """The first message with what is written so far: a new one, or the known one edited."""
        ...

    async def show_so_far_on_card(self, spot: Spot, token: str, text: str, *, is_late: bool) -> None:
        """The same on the member's own card. `is_late`: the card will be out of reach before the end of the answer."""
        ...

    async def show_broken_off(self, spot: Spot, words: str) -> None:
        """The first message, whose answer will not come."""
        ...

    async def take_back(self, spot: Spot) -> None:
        """Deletes every known message."""
        ...

    async def publish(self, post: Answer | Speech, note: NoteMessage) -> MessageId:
        """Every message of it, each once; returns the first one's id."""
        ...

    async def hand_over(self, post: Answer | Speech, *, token: str | None) -> bool:
        """To its member alone: on their card while `token` lives, else by direct message; False where neither is
        open."""
        ...

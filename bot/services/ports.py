"""What the use cases need from upstairs: someone who can talk to Discord. `bot.ui` implements it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.core.clock import Millis
from bot.core.errors import EaselError
from bot.core.ids import AssetId, ChannelId, GuildId, JobId, MemberId, MessageId
from bot.core.money import Ticks
from bot.core.requests import PictureFormat
from bot.services.staff.model import StaffCard, StaffPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPicture:
    """One kept picture, named by the hash of its bytes."""

    asset_id: AssetId
    format: PictureFormat
    width: int
    height: int
    byte_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSteps:
    """What can be made from a result of so many `pictures` beside the same again: whether they can be changed by other
    words, varied by their own, and which ones, counted from 1, can be enlarged.
    """

    pictures: int
    can_edit: bool = False
    can_vary: bool = False
    upscalable: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A finished result, ready to be shown. `seconds` from the request to the picture, `cost` as posted.

    `is_late` asks for the member to be pinged, because their card cannot be turned into a link any more.
    `is_cancelled` marks a result that came although its member had cancelled, `is_private` one for its member alone.
    `steps` are what its buttons offer; None for a result without buttons. `style` is the name of the one chosen.
    """

    job_id: JobId
    guild_id: GuildId
    channel_id: ChannelId
    member_id: MemberId
    prompt: str
    model_label: str
    shape: str
    seconds: float
    cost: Ticks
    pictures: tuple[PostedPicture, ...]
    started_at: Millis
    is_late: bool = False
    is_cancelled: bool = False
    is_private: bool = False
    steps: NextSteps | None = None
    style: str | None = None


class Obstacle(StrEnum):
    """Why a public post can never be made there."""

    CHANNEL_GONE = "channel_gone"
    NO_PERMISSION = "no_permission"
    BLOCKED = "blocked"
    TOO_LARGE = "too_large"
    GUILD_GONE = "guild_gone"


class CannotDeliver(EaselError):
    """This route is closed for good."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.value)
        self.obstacle = obstacle


class DeliverLater(EaselError):
    """Discord did not take it now; the same may be sent again."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Delivery(Protocol):
    """Brings results to Discord."""

    async def publish(self, post: Post) -> MessageId:
        """A new public message, carrying the nonce of the job. Raises CannotDeliver or DeliverLater."""
        ...

    async def find(self, post: Post) -> MessageId | None:
        """The public message of an earlier try, looked for in the channel. Raises CannotDeliver or DeliverLater."""
        ...

    async def hand_over(self, post: Post, *, token: str | None) -> bool:
        """Gives the result to its member alone: on their card while `token` lives, else by direct message.

        False when neither is open. Raises CannotDeliver or DeliverLater.
        """
        ...


class Eraser(Protocol):
    """Takes public posts away again."""

    async def erase(self, *, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> bool:
        """Deletes our own message; False where it, or its channel, is gone already.

        Raises CannotDeliver where we may not reach it, DeliverLater.
        """
        ...


class Staff(Protocol):
    """Brings cards to a guild's staff channel or to an operator, and keeps them true.

    Every card is about one thing, `about`, and carries a mark of it. Each raises CannotDeliver or DeliverLater.
    """

    async def post(self, place: StaffPlace, card: StaffCard, *, about: str) -> MessageId:
        """A new message; its nonce makes a repeat within minutes return the first one."""
        ...

    async def find(self, place: StaffPlace, *, about: str, since: Millis) -> MessageId | None:
        """The message of an earlier try, looked for by its mark."""
        ...

    async def edit(self, place: StaffPlace, message_id: MessageId, card: StaffCard, *, about: str) -> bool:
        """Replaces the card; False where the message is gone."""
        ...

"""What lies outside the process and outlives it: gateways that count, a Discord that remembers, files, a fuse."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from bot.core.clock import SECOND_MS, ManualClock
from bot.core.errors import (
    Charged,
    DownloadFailed,
    GenerationFailed,
    Moderated,
    NotAPicture,
    NotAuthorised,
    OutcomeUnknown,
    RetryLater,
    UnknownWork,
)
from bot.core.ids import AssetId, IdempotencyKey, JobId, MessageId
from bot.core.money import Ticks
from bot.core.requests import PictureFormat, PictureOrder, ProviderName
from bot.media.assets import Asset
from bot.media.media import Media
from bot.providers.contract import (
    Accepted,
    CallbackHint,
    ExternalId,
    Finished,
    PollAnswer,
    ResultPicture,
    StillRunning,
    Submission,
    SubmitContext,
)
from bot.services.ports import CannotDeliver, DeliverLater, Obstacle, Post

LISTED, WORST = 4, 6
NONCE_MEMORY_MS = SECOND_MS  # Discord says "a few minutes"; whoever relies on it relies on too much


class SimulatedCrash(BaseException):
    """kill -9: no handler sees it, nothing uncommitted stays."""


@dataclass
class Fuse:
    """Burns one step at each boundary of a write and of a call to the outside; the process dies where it ends."""

    left: int | None = None

    def burn(self) -> None:
        if self.left is None:
            return
        if self.left == 0:
            self.left = None
            raise SimulatedCrash
        self.left -= 1


class OnSubmit(StrEnum):
    """What the gateway does with a request."""

    FINISHED = "finished"
    ACCEPTED = "accepted"
    REFUSED = "refused at the door, not charged"
    REFUSED_CHARGED = "refused, charged"
    BUSY = "busy"
    LOST = "charged, but the answer is lost"
    LOST_FREE = "lost before it was charged"


class OnPoll(StrEnum):
    """What the gateway says about a work."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed, money back"
    FAILED_CHARGED = "failed, charged"
    ERROR = "error"
    STRANGER = "unknown id"


class OnFetch(StrEnum):
    """What a result's address gives."""

    PICTURE = "picture"
    CUT = "cut"
    GONE = "gone"
    JUNK = "junk"


class OnPost(StrEnum):
    """What Discord does with a post."""

    POSTED = "posted"
    POSTED_UNHEARD = "posted, but the answer is lost"
    LATER = "later"
    CLOSED = "closed for good"


@dataclass
class Script:
    """How the outside behaves during one step."""

    submit: OnSubmit = OnSubmit.FINISHED
    poll: OnPoll = OnPoll.FINISHED
    fetch: OnFetch = OnFetch.PICTURE
    post: OnPost = OnPost.POSTED
    cost: int | None = None
    is_cancelled_meanwhile: bool = False


@dataclass
class Charge:
    """What the gateway's book says about one key."""

    times: int = 0
    amount: int = 0
    status: OnPoll = OnPoll.RUNNING
    first: OnSubmit = OnSubmit.FINISHED
    reported: int | None = None
    at: set[ProviderName] = field(default_factory=set)


@dataclass
class Outside:
    """Everything that a crash of the bot leaves as it is, but for the database."""

    clock: ManualClock
    fuse: Fuse = field(default_factory=Fuse)
    script: Script = field(default_factory=Script)
    meanwhile: Callable[[], Awaitable[None]] | None = None  # what people do while a request is under way
    book: dict[IdempotencyKey, Charge] = field(default_factory=dict)
    posts: dict[JobId, list[int]] = field(default_factory=dict)
    handed: dict[JobId, int] = field(default_factory=dict)

    async def under_way(self) -> None:
        """While a request is under way the process may die, and people go on pressing buttons."""
        self.fuse.burn()
        if self.meanwhile is not None:
            await self.meanwhile()

    def charged(self, key: IdempotencyKey) -> int:
        """What the gateway has kept for the key."""
        return self.book[key].amount if key in self.book else 0


class Gate:
    """A gateway that counts its charges when a request arrives, whatever becomes of the answer."""

    def __init__(self, outside: Outside, name: ProviderName, *, is_keyed: bool) -> None:
        self._outside = outside
        self._name = name
        self._is_keyed = is_keyed

    @property
    def name(self) -> ProviderName:
        return self._name

    @property
    def honours_idempotency_key(self) -> bool:
        return self._is_keyed

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        script = self._outside.script
        await self._outside.under_way()
        match script.submit:
            case OnSubmit.REFUSED:
                raise NotAuthorised("refused", charged=Charged.NO)
            case OnSubmit.BUSY:
                raise RetryLater("busy", retry_after_s=1.0)
            case OnSubmit.LOST_FREE:
                raise OutcomeUnknown("cut")
        key = context.idempotency_key
        charge = self._outside.book.setdefault(key, Charge(first=script.submit, reported=script.cost))
        if self._name not in charge.at or not self._is_keyed:
            charge.at.add(self._name)
            charge.times += 1
            charge.amount += LISTED if charge.reported is None else charge.reported
        self._outside.fuse.burn()
        if script.submit is OnSubmit.LOST:
            charge.first = OnSubmit.ACCEPTED  # it goes on drawing; whoever asks with the same key again hears so
            raise OutcomeUnknown("silence")
        if charge.first is OnSubmit.ACCEPTED:
            return Accepted(external_id=ExternalId(key))
        if charge.first is OnSubmit.REFUSED_CHARGED:
            raise Moderated("refused", charged=Charged.YES, cost=_ticks(charge.reported))
        return self._pictures(key, charge)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        await self._outside.under_way()
        charge = self._outside.book[IdempotencyKey(external_id)]
        match self._outside.script.poll:
            case OnPoll.ERROR:
                raise RetryLater("busy")
            case OnPoll.STRANGER:
                raise UnknownWork("who")
            case status if charge.status is OnPoll.RUNNING:
                charge.status = status  # an end stays the end, however often it is asked for
        if charge.status is OnPoll.FAILED:
            charge.amount = 0
            raise GenerationFailed("gave up", charged=Charged.NO)
        if charge.status is OnPoll.FAILED_CHARGED:
            raise GenerationFailed("gave up", charged=Charged.YES, cost=_ticks(charge.reported))
        if charge.status is OnPoll.RUNNING:
            return StillRunning()
        return self._pictures(IdempotencyKey(external_id), charge)

    def _pictures(self, key: IdempotencyKey, charge: Charge) -> Finished:
        url = ResultPicture(url=f"https://pictures.example/{key}")
        return Finished(pictures=(url,), cost=_ticks(charge.reported))

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        return None

    async def close(self) -> None:
        """Nothing is open."""


def _ticks(amount: int | None) -> Ticks | None:
    return None if amount is None else Ticks(amount)


class Files(Media):
    """Pictures that are fetched at once, without a network or a disk."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def fetch(self, picture_url: str) -> Asset:
        await self._outside.under_way()
        match self._outside.script.fetch:
            case OnFetch.CUT:
                raise DownloadFailed("cut")
            case OnFetch.GONE:
                raise DownloadFailed("gone", is_gone=True)
            case OnFetch.JUNK:
                raise NotAPicture("junk")
        name = AssetId(hashlib.sha256(picture_url.encode()).hexdigest())
        return Asset(id=name, format=PictureFormat.PNG, width=1, height=1, byte_size=1, path=Path(name))


class Channel:
    """Discord: keeps what was posted, and knows a nonce for a while."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def publish(self, post: Post) -> MessageId:
        self._outside.fuse.burn()
        script = self._outside.script.post
        if script is OnPost.LATER:
            raise DeliverLater("later")
        if script is OnPost.CLOSED:
            raise CannotDeliver(Obstacle.CHANNEL_GONE)
        posts, now = self._outside.posts.setdefault(post.job_id, []), self._outside.clock.now()
        if not posts or abs(now - posts[-1]) > NONCE_MEMORY_MS:
            posts.append(now)
        self._outside.fuse.burn()
        if script is OnPost.POSTED_UNHEARD:
            raise DeliverLater("cut")
        return MessageId(len(posts))

    async def find(self, post: Post) -> MessageId | None:
        self._outside.fuse.burn()
        if self._outside.script.post is OnPost.LATER:
            raise DeliverLater("later")
        return MessageId(1) if self._outside.posts.get(post.job_id) else None

    async def hand_over(self, post: Post, *, token: str | None) -> bool:
        self._outside.fuse.burn()
        if self._outside.script.post is OnPost.LATER:
            raise DeliverLater("later")
        if self._outside.script.post is OnPost.CLOSED:
            return False
        self._outside.handed[post.job_id] = self._outside.handed.get(post.job_id, 0) + 1
        return True

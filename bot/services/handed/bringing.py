"""Bringing in the pictures that a request is about, from Discord or an earlier result: kept before money is held."""

import asyncio
from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import (
    DatabaseUnavailable,
    DownloadFailed,
    Fact,
    MediaError,
    MovingPicture,
    NotAPicture,
    Refusal,
    RefusalReason,
    TooLarge,
)
from bot.core.ids import JobId
from bot.core.requests import Parent, PictureRequest
from bot.db import Database, Transaction
from bot.interactions.model import Received
from bot.media import store as assets
from bot.media.download import MAX_BYTES
from bot.media.media import Media
from bot.media.pictures import MAX_PIXELS
from bot.services.results.reading import Result, find_result
from bot.services.sources import SourceRef

# Each one holds a whole picture in memory, perhaps twice; Pillow decodes two at once.
AT_ONCE = 2
# All of a request's pictures together, the wait for a place included. Beyond a minute the card keeper takes the member
# for forgotten.
BRING_S = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A picture as Discord describes it: its address now, its size in bytes (None where it does not say), its name."""

    url: str
    byte_size: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FromResult:
    """A picture of an earlier result, by its place from 1; `shown` is where Discord shows it, for one not kept here."""

    job_id: JobId
    position: int = 1
    shown: Handed | None = None


Given = Handed | FromResult


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtIn:
    """One picture, kept. `result` is what it came from; `source` None for one that only its gateway has still."""

    source: SourceRef | None
    result: Result | None = None
    own_work: Parent | None = None

    @property
    def asked(self) -> PictureRequest | None:
        """What the result it came from was asked for with."""
        return None if self.result is None else self.result.asked


class Bringing:
    """Fetches, proves and keeps."""

    def __init__(self, *, database: Database, media: Media, clock: Clock, crashpoints: Crashpoints) -> None:
        self._database = database
        self._media = media
        self._clock = clock
        self._crashpoints = crashpoints
        self._places = asyncio.Semaphore(AT_ONCE)

    async def bring(self, received: Received, given: tuple[Given, ...]) -> tuple[BroughtIn, ...]:
        """All of them, in their order. Raises Refusal: BAD_SOURCE (`trouble`, `name`), BUSY, and those of results."""
        try:
            async with asyncio.timeout(BRING_S):
                found = tuple([await self._bring(received, one) for one in given])
        except (TimeoutError, DatabaseUnavailable):
            raise Refusal(RefusalReason.BUSY) from None
        self._crashpoints.reached(CrashPoint.AFTER_KEEP)
        return found

    async def _bring(self, received: Received, given: Given) -> BroughtIn:
        match given:
            case Handed():
                return BroughtIn(source=await self._fetch(given))
            case FromResult():
                return await self._of_result(received, given)

    async def _of_result(self, received: Received, given: FromResult) -> BroughtIn:
        result = await self._database.read(
            lambda reader: find_result(reader, given.job_id, guild_id=received.guild_id, member_id=received.member_id)
        )
        own_work = result.own_work if given.position == 1 else None
        for asset_id in result.pictures[given.position - 1 : given.position]:
            if await self._media.is_kept(asset_id):
                return BroughtIn(source=SourceRef(asset_id=asset_id), result=result, own_work=own_work)
        if given.shown is not None:
            return BroughtIn(source=await self._fetch(given.shown), result=result, own_work=own_work)
        if own_work is not None:
            return BroughtIn(source=None, result=result, own_work=own_work)
        raise Refusal(RefusalReason.PICTURE_GONE)

    async def _fetch(self, handed: Handed) -> SourceRef:
        if handed.byte_size == 0:
            raise _refused("empty", handed)
        if (handed.byte_size or 0) > MAX_BYTES:
            raise _refused("large", handed)
        async with self._places:
            try:
                brought = await self._media.bring(handed.url)
            except MediaError as error:
                raise _refused(_trouble(error), handed) from error
        asset, at = brought.asset, self._clock.now()

        def write(tx: Transaction) -> None:
            assets.insert_asset(tx, asset, at=at)

        await self._database.write(write)
        # The address is given away only where the very same bytes lie there: else it would tell what was taken out.
        return SourceRef(asset_id=asset.id, url=handed.url if brought.is_as_sent else None)


def _trouble(error: MediaError) -> str:
    match error:
        case TooLarge():
            return "large"
        case MovingPicture():
            return "moving"
        case NotAPicture():
            return "type"
        case DownloadFailed():
            return "gone"
        case _:
            return "unusable"


def _refused(trouble: str, handed: Handed) -> Refusal:
    bounds: dict[str, Fact] = {"limit": MAX_BYTES // 2**20, "pixels": MAX_PIXELS // 10**6}
    return Refusal(RefusalReason.BAD_SOURCE, {"trouble": trouble, "name": handed.name, **bounds})

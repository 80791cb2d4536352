"""A page of results, and one of them opened: what `/history` shows."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import SECOND_MS, Millis
from bot.core.errors import MediaError
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, MessageId
from bot.core.money import ZERO, Ticks
from bot.db import Database, Reader
from bot.jobs import store as jobs
from bot.jobs.model import Job
from bot.media import store as assets
from bot.media.media import Media
from bot.media.pictures import Fitted
from bot.providers.registry import Registry
from bot.services import store as shared
from bot.services.books import booked_for
from bot.services.history import store
from bot.services.history.store import PictureRow
from bot.services.labels import label_of
from bot.services.ports import Post, PostedPicture
from bot.services.results.reading import Result, find_result, payload_of
from bot.services.results.steps import steps_of

# Five of them, each with a picture and its buttons, stay below Discord's 40 components.
PAGE = 5


class Direction(StrEnum):
    """Which way a page lies from a result."""

    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page begins: beside a result, so that new ones coming in shift nothing."""

    direction: Direction
    job_id: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One result in the list. `words` None where they are blanked or cannot be read; `cost` in ticks.

    `message_id` None where it was not posted in a channel. `thumbnail` is a small WebP of the first picture, None where
    that is gone; `cleaned_at` says since when, where it was cleaned up for its age.
    """

    job_id: JobId
    words: str | None
    style: str | None
    created_at: Millis
    model_label: str
    cost: Ticks
    picture_count: int
    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId | None
    thumbnail: bytes | None
    cleaned_at: Millis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some results, the newest first, and whether there are more on either side."""

    entries: tuple[Entry, ...]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One result with all that can be done with it. Without pictures, `cleaned_at` says since when if age is why."""

    post: Post
    cleaned_at: Millis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """An entry before its picture is made small."""

    job: Job
    cost: Ticks
    pictures: tuple[PictureRow, ...]
    channel_id: ChannelId
    message_id: MessageId | None


class History:
    """The use cases behind `/history`; a member sees their own results of that guild alone."""

    def __init__(self, *, database: Database, registry: Registry, media: Media) -> None:
        self._database = database
        self._registry = registry
        self._media = media

    async def page(self, *, guild_id: GuildId, member_id: MemberId, cursor: Cursor | None = None) -> Page:
        """The latest results, or those beside the cursor; the latest too where nothing is left there."""

        def read(reader: Reader) -> tuple[tuple[_Found, ...], bool, bool]:
            found, has_newer, has_older = _turn(reader, guild_id, member_id, cursor)
            return tuple(_found(reader, job) for job in found), has_newer, has_older

        found, has_newer, has_older = await self._database.read(read)
        async with asyncio.TaskGroup() as group:
            making = [group.create_task(self._entry(one)) for one in found]
        return Page(entries=tuple(task.result() for task in making), has_newer=has_newer, has_older=has_older)

    async def open(self, job_id: JobId, *, guild_id: GuildId, member_id: MemberId) -> Opened:
        """One result. Raises Refusal as `find_result`."""

        def read(reader: Reader) -> Opened:
            result = find_result(reader, job_id, guild_id=guild_id, member_id=member_id)
            rows = store.pictures_of(reader, job_id)
            return Opened(post=self._post(reader, result), cleaned_at=_cleaned_at(rows))

        return await self._database.read(read)

    async def pictures(self, post: Post, *, limit_bytes: int) -> tuple[Fitted, ...]:
        """The opened result's pictures, each made to fit; empty where one is gone or fits in no form."""
        try:
            return tuple([await self._media.fit(one.asset_id, limit_bytes=limit_bytes) for one in post.pictures])
        except MediaError:
            return ()

    async def _entry(self, found: _Found) -> Entry:
        job, payload = found.job, payload_of(found.job)
        thumbnail = None
        first = found.pictures[0]
        if first.removed_at is None:
            try:
                thumbnail = await self._media.thumbnail(first.asset_id)
            except MediaError:
                thumbnail = None
        return Entry(
            job_id=job.id,
            words=None if payload is None else payload.words or None,
            style=None if payload is None else payload.style,
            created_at=job.created_at,
            model_label=label_of(self._registry, job),
            cost=found.cost,
            picture_count=len(found.pictures),
            guild_id=job.guild_id,
            channel_id=found.channel_id,
            message_id=found.message_id,
            thumbnail=thumbnail,
            cleaned_at=_cleaned_at(found.pictures),
        )

    def _post(self, reader: Reader, result: Result) -> Post:
        job, payload = result.job, result.payload
        rows = [assets.asset_of(reader, asset_id) for asset_id in result.pictures]
        return Post(
            job_id=job.id,
            guild_id=job.guild_id,
            channel_id=result.delivery.channel_id,
            member_id=job.member_id,
            prompt="" if payload is None else payload.words,
            model_label=label_of(self._registry, job),
            shape="auto" if payload is None else payload.order.aspect_ratio or "auto",
            seconds=max(0.0, ((job.drawn_at or job.created_at) - job.created_at) / SECOND_MS),
            cost=booked_for(reader, job.id) or ZERO,
            pictures=tuple(
                PostedPicture(
                    asset_id=row.id, format=row.format, width=row.width, height=row.height, byte_size=row.byte_size
                )
                for row in rows
                if row is not None
            ),
            started_at=result.delivery.started_at,
            steps=steps_of(self._registry, result),
            style=None if payload is None else payload.style,
        )


def _turn(
    reader: Reader, guild_id: GuildId, member_id: MemberId, cursor: Cursor | None
) -> tuple[tuple[Job, ...], bool, bool]:
    """The page's jobs, and whether there are newer and older ones."""
    beside = None if cursor is None else jobs.get(reader, cursor.job_id)
    if cursor is not None and beside is not None and (beside.guild_id, beside.member_id) == (guild_id, member_id):
        if cursor.direction is Direction.OLDER:
            found = store.older(reader, guild_id=guild_id, member_id=member_id, than=beside, limit=PAGE + 1)
            if found:
                return found[:PAGE], True, len(found) > PAGE
        else:
            found = store.newer(reader, guild_id=guild_id, member_id=member_id, than=beside, limit=PAGE + 1)
            if len(found) > PAGE:
                return found[-PAGE:], True, True
    found = store.latest(reader, guild_id=guild_id, member_id=member_id, limit=PAGE + 1)
    return found[:PAGE], False, len(found) > PAGE


def _found(reader: Reader, job: Job) -> _Found:
    delivery = shared.delivery_of(reader, job.id)
    return _Found(
        job=job,
        cost=booked_for(reader, job.id) or ZERO,
        pictures=store.pictures_of(reader, job.id),
        channel_id=job.channel_id if delivery is None else delivery.channel_id,
        message_id=None if delivery is None else delivery.message_id,
    )


def _cleaned_at(pictures: tuple[PictureRow, ...]) -> Millis | None:
    return max((one.removed_at for one in pictures if one.removed_at is not None), default=None)

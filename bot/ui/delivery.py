"""Brings results to Discord: a public message with a nonce, the member's own card, or a direct message."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import aiohttp
import discord

from bot.core.clock import utc
from bot.core.errors import MediaError, TooLarge
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, MessageId, nonce_of
from bot.core.requests import PictureFormat
from bot.media.media import Media
from bot.services.ports import CannotDeliver, DeliverLater, Obstacle, Post
from bot.ui import cards
from bot.ui.card_editor import CardEditor, CardGone, CardLater, CardTooLarge

log = logging.getLogger(__name__)
T = TypeVar("T")

SEND_TIMEOUT_S = 60.0
# Discord's default per file, and its bound for a whole request (Discord API reference, "Uploading Files").
DEFAULT_FILE_LIMIT = 10 * 1024 * 1024
REQUEST_LIMIT = 25 * 1024 * 1024
# A refused upload is tried again at half the size, down to this.
SMALLEST_LIMIT = 256 * 1024
# An earlier try of the same post is looked for among this many messages, the latest first: the process that sent it
# died a moment ago, as a rule.
LOOK_BACK = 200
_CLOCK_SLACK = timedelta(minutes=1)

_TOO_LARGE = {40005}
_CHANNEL_GONE = {10003, 10004}
_BLOCKED = {20009, 200000, 200001, 240000}
_ENDINGS = {PictureFormat.JPEG: "jpg", PictureFormat.PNG: "png", PictureFormat.WEBP: "webp"}


def file_stem(job_id: JobId) -> str:
    """How a job's files are named in Discord; also what an earlier post is recognised by."""
    return f"easel-{job_id}"


class _UploadTooLarge(Exception):
    """Discord refused the upload's size."""


class DiscordDelivery:
    """Implements `bot.services.ports.Delivery` and `Eraser`."""

    def __init__(self, *, client: discord.Client, editor: CardEditor, media: Media) -> None:
        self._client = client
        self._editor = editor
        self._media = media

    async def publish(self, post: Post) -> MessageId:
        """A new public message. The nonce makes a repeated send within minutes return the first message."""
        channel = self._channel(post.channel_id, post.guild_id)
        mentions = discord.AllowedMentions.none()
        if post.is_late:
            mentions = discord.AllowedMentions(
                everyone=False, roles=False, replied_user=False, users=[discord.Object(post.member_id)]
            )

        async def send(files: list[discord.File]) -> discord.Message:
            view = cards.result(post, [file.filename for file in files])
            return await channel.send(view=view, files=files, nonce=nonce_of(post.job_id), allowed_mentions=mentions)

        message = await self._upload(post, lambda files: self._guarded(lambda: send(files)))
        return MessageId(message.id)

    async def find(self, post: Post) -> MessageId | None:
        """Looks through the channel since the delivery began."""
        channel = self._channel(post.channel_id, post.guild_id)
        since = utc(post.started_at) - _CLOCK_SLACK
        stem = file_stem(post.job_id)
        own_id = self._client.user.id if self._client.user is not None else 0

        async def look() -> MessageId | None:
            async for message in channel.history(limit=LOOK_BACK, after=since, oldest_first=False):
                is_own = message.author.id == own_id
                if is_own and any(one.filename.startswith(stem) for one in message.attachments):
                    return MessageId(message.id)
            return None

        try:
            return await self._guarded(look)
        except CannotDeliver as error:
            # Without the right to read the history the nonce alone must do; the send says if the channel is gone.
            log.warning("a channel cannot be read before a second try", extra={"obstacle": error.obstacle})
            return None

    async def hand_over(self, post: Post, *, token: str | None) -> bool:
        """To the member alone: their card while it lives, else a direct message."""
        if token is not None and await self._on_card(post, token):
            return True
        return await self._by_direct_message(post)

    async def tell(
        self, *, channel_id: ChannelId, guild_id: GuildId, member_id: MemberId, text: str, nonce: str
    ) -> bool:
        """A last word in the channel that pings the member alone; False where the channel is closed to us."""
        channel = self._channel(channel_id, guild_id)
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(member_id)]
        )
        try:
            await self._guarded(lambda: channel.send(f"<@{member_id}> {text}", nonce=nonce, allowed_mentions=mentions))
        except CannotDeliver:
            return False
        return True

    async def erase(self, *, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> bool:
        """Deletes our own message; False where it, or its channel, is gone already."""
        message = self._channel(channel_id, guild_id).get_partial_message(message_id)
        try:
            await self._guarded(message.delete)
        except CannotDeliver as error:
            if error.obstacle is Obstacle.CHANNEL_GONE:
                return False
            raise
        return True

    def _channel(self, channel_id: ChannelId, guild_id: GuildId) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    async def _on_card(self, post: Post, token: str) -> bool:
        async def edit(files: list[discord.File]) -> bool:
            view = cards.result(post, [file.filename for file in files])
            try:
                await self._editor.edit(token, view, files=files, is_result=True)
            except CardGone:
                return False
            except CardTooLarge:
                raise _UploadTooLarge from None
            except CardLater as error:
                raise DeliverLater(str(error)) from None
            return True

        return await self._upload(post, edit)

    async def _by_direct_message(self, post: Post) -> bool:
        async def send(files: list[discord.File]) -> discord.Message:
            channel = await self._client.create_dm(discord.Object(post.member_id))
            view = cards.result(post, [file.filename for file in files])
            none = discord.AllowedMentions.none()
            return await channel.send(view=view, files=files, nonce=nonce_of(post.job_id), allowed_mentions=none)

        try:
            await self._upload(post, lambda files: self._guarded(lambda: send(files)))
        except CannotDeliver as error:
            log.info("no direct message", extra={"job": post.job_id, "obstacle": error.obstacle})
            return False
        return True

    async def _upload(self, post: Post, send: Callable[[list[discord.File]], Awaitable[T]]) -> T:
        """Sends with the pictures as they are where they fit, else smaller, until Discord takes them."""
        guild = self._client.get_guild(post.guild_id)
        per_file = DEFAULT_FILE_LIMIT if guild is None else guild.filesize_limit
        limit = min(per_file, REQUEST_LIMIT // max(1, len(post.pictures)))
        while limit >= SMALLEST_LIMIT:
            try:
                return await send(await self._files(post, limit))
            except _UploadTooLarge:
                limit //= 2
            except TooLarge:
                break
            except MediaError:
                log.exception("a kept picture cannot be read", extra={"job": post.job_id})
                raise CannotDeliver(Obstacle.TOO_LARGE) from None
        raise CannotDeliver(Obstacle.TOO_LARGE)

    async def _files(self, post: Post, limit: int) -> list[discord.File]:
        files: list[discord.File] = []
        for position, picture in enumerate(post.pictures, start=1):
            fitted = await self._media.fit(picture.asset_id, limit_bytes=limit)
            name = f"{file_stem(post.job_id)}-{position}.{_ENDINGS[fitted.format]}"
            files.append(
                discord.File(io.BytesIO(fitted.data), filename=name, description=cards.alt_text(post, position))
            )
        return files

    async def _guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        """Turns what Discord answers into what the caller may do."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                return await call()
        except discord.HTTPException as error:
            raise _judged(error) from None
        except discord.RateLimited as error:
            raise DeliverLater("rate limited", retry_after_s=error.retry_after) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DeliverLater(type(error).__name__) from None


def _judged(error: discord.HTTPException) -> Exception:
    if error.status == 413 or error.code in _TOO_LARGE:
        return _UploadTooLarge()
    if error.status >= 500 or error.status == 429:
        return DeliverLater(f"status {error.status}")
    if error.code in _BLOCKED:
        return CannotDeliver(Obstacle.BLOCKED)
    if error.status == 404 or error.code in _CHANNEL_GONE:
        return CannotDeliver(Obstacle.CHANNEL_GONE)
    return CannotDeliver(Obstacle.NO_PERMISSION if error.status == 403 else Obstacle.BLOCKED)

"""Sends to Discord within a time, and turns what it answers into what the caller may do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord

from bot.services.ports import CannotDeliver, DeliverLater, Obstacle

T = TypeVar("T")

_UNKNOWN_MESSAGE = 10008
_CHANNEL_GONE = {10003, 10004}
_TOO_LARGE = 40005


class MessageGone(CannotDeliver):
    """The message is gone, the channel is not."""

    def __init__(self) -> None:
        super().__init__(Obstacle.CHANNEL_GONE)


async def guarded(call: Callable[[], Awaitable[T]], timeout_s: float) -> T:
    """What the call returns. Raises CannotDeliver, MessageGone or DeliverLater."""
    try:
        async with asyncio.timeout(timeout_s):
            return await call()
    except discord.HTTPException as error:
        raise _judged(error) from None
    except discord.RateLimited as error:
        raise DeliverLater("rate limited", retry_after_s=error.retry_after) from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise DeliverLater(type(error).__name__) from None


def _judged(error: discord.HTTPException) -> Exception:
    if error.status == 413 or error.code == _TOO_LARGE:
        return CannotDeliver(Obstacle.TOO_LARGE)
    if error.status >= 500 or error.status == 429:
        return DeliverLater(f"status {error.status}")
    if error.code == _UNKNOWN_MESSAGE:
        return MessageGone()
    if error.status == 404 or error.code in _CHANNEL_GONE:
        return CannotDeliver(Obstacle.CHANNEL_GONE)
    return CannotDeliver(Obstacle.NO_PERMISSION if error.status == 403 else Obstacle.BLOCKED)

"""`POST [prefix]/callbacks/<provider>/<job>/<mac>`: where gateways call back.

Whatever is wrong, the answer is the 404 of every unknown path, so that nobody learns which part of an address was
right. A proxy may leave a path prefix in front or take it away. The path is logged nowhere.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from bot.core.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)

ROUTE = r"/{prefix:(?:.*/)?}callbacks/{provider}/{job}/{mac}"


class CallbackDoor(Protocol):
    """Who decides about callbacks."""

    def is_address(self, provider: str, job_id: str, mac: str) -> bool:
        """Whether this address was given away; asked before anything is read."""
        ...

    async def receive(self, provider: str, job_id: str, headers: Mapping[str, str], body: bytes) -> bool:
        """False where it is forged or not understood. Raises DatabaseUnavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackLimits:
    """Bounds of one callback: its body as sent, the seconds to read it, and the seconds to act on it."""

    max_body_bytes: int = 1024 * 1024
    read_s: float = 5.0
    act_s: float = 0.8  # the gateways want an answer within a second


async def answer_callback(request: web.Request, door: CallbackDoor, limits: CallbackLimits) -> web.Response:
    """200 when it was heard, 503 when it may be sent again. Raises HTTPNotFound for everything else."""
    provider, job_id, mac = (request.match_info[name] for name in ("provider", "job", "mac"))
    if not door.is_address(provider, job_id, mac):
        raise web.HTTPNotFound
    body = await _read(request, limits)
    if body is None:
        raise web.HTTPNotFound
    try:
        async with asyncio.timeout(limits.act_s):
            is_heard = await door.receive(provider, job_id, request.headers, body)
    except (TimeoutError, DatabaseUnavailable) as error:
        _log.warning("a callback could not be noted", extra={"provider": provider, "error": type(error).__name__})
        return web.Response(status=503, text="later\n")
    if not is_heard:
        _log.warning("a callback was refused", extra={"provider": provider})
        raise web.HTTPNotFound
    return web.Response(text="ok\n")


async def _read(request: web.Request, limits: CallbackLimits) -> bytes | None:
    """The body as it was sent; None where it is too large or too slow."""
    if (request.content_length or 0) > limits.max_body_bytes:
        return None
    body = bytearray()
    try:
        async with asyncio.timeout(limits.read_s):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limits.max_body_bytes:
                    return None
    except TimeoutError:
        return None
    return bytes(body)

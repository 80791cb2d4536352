"""Spoils an answer as an `AnswerFault` says."""

import asyncio
import json

from aiohttp import web

from sandbox.gateways.faults import MIB, AnswerFault, Break
from sandbox.gateways.spoiled import PAGE

_JSON = "application/json"


class Pauses:
    """Waits that end at once when the gateways close, so that nothing is left hanging."""

    def __init__(self) -> None:
        self._closing = asyncio.Event()

    @property
    def is_closing(self) -> bool:
        return self._closing.is_set()

    def close(self) -> None:
        self._closing.set()

    async def wait(self, seconds: float | None) -> None:
        """Waits so many seconds; None waits for the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass  # the ordinary end of a pause


async def spoil(
    request: web.Request, fault: AnswerFault, good: web.Response, error_body: object, pauses: Pauses
) -> web.StreamResponse:
    """The answer that is sent instead of `good`.

    `error_body` is the gateway's documented body for the status.
    """
    body = good.body if isinstance(good.body, bytes) else b"{}"
    match fault.kind:
        case Break.LATE:
            await pauses.wait(fault.seconds)
            return good
        case Break.CUT:
            return _cut(request)
        case Break.SILENT:
            await _while_connected(request, pauses)
            return _cut(request)
        case Break.STATUS:
            headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            told = error_body if fault.body is None else fault.body
            return web.json_response(told, status=fault.status, headers=headers)
        case Break.MALFORMED:
            return web.Response(body=body[:-1], status=good.status, content_type=_JSON)
        case Break.HTML:
            return web.Response(body=PAGE, status=good.status, content_type="text/html")
        case Break.REDIRECT:
            return web.Response(status=307, headers={"Location": fault.target})
        case _:
            return await _stream(request, fault, good.status, body, pauses)


def _cut(request: web.Request) -> web.Response:
    """Resets the connection; the response is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _while_connected(request: web.Request, pauses: Pauses) -> None:
    while request.transport is not None and not request.transport.is_closing() and not pauses.is_closing:
        await pauses.wait(0.05)


async def _stream(
    request: web.Request, fault: AnswerFault, status: int, body: bytes, pauses: Pauses
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers={"Content-Type": _JSON})
    if fault.kind is Break.TRUNCATED:
        response.content_length = len(body)
    await response.prepare(request)
    if fault.kind is Break.TRUNCATED:
        await response.write(body[: len(body) // 2])
        _cut(request)
    elif fault.kind is Break.DRIP:
        await drip(response, body, fault.seconds, pauses)
    elif fault.kind is Break.HUGE:
        await pour(response, json.dumps({"padding": ""}).encode()[:-2], fault.size, pauses)
        await response.write(b'"}')
    else:
        await pour(response, b'{"padding": "', None, pauses)
    return response


async def pour(response: web.StreamResponse, start: bytes, size: int | None, pauses: Pauses) -> None:
    """Writes `start` and then `size` bytes of filling (None: until the client goes)."""
    await response.write(start)
    left = size
    while (left is None or left > 0) and not pauses.is_closing:
        chunk = b"." * min(MIB // 4, MIB if left is None else left)
        await response.write(chunk)
        left = None if left is None else left - len(chunk)
        await asyncio.sleep(0)


async def drip(response: web.StreamResponse, body: bytes, seconds: float, pauses: Pauses) -> None:
    """Writes one byte each `seconds`."""
    for index in range(len(body)):
        if pauses.is_closing:
            return
        await response.write(body[index : index + 1])
        await pauses.wait(seconds)

"""Bounds that aiohttp's server does not have: how many connections there may be, and how long one may
last."""

import asyncio
from collections.abc import Callable

_BUSY = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 1\r\n\r\n"


class BoundedProtocols:
    """Makes a protocol for each new connection: the server's own, or a refusal when there are too many.

    Every connection is cut after `lifetime_s` seconds, whatever it does: a sender that drips its header would
    otherwise keep its place for ever.
    """

    def __init__(self, make: Callable[[], asyncio.Protocol], *, max_connections: int, lifetime_s: float) -> None:
        self._make = make
        self._max_connections = max_connections
        self._lifetime_s = lifetime_s
        self._open = 0

    def __call__(self) -> asyncio.Protocol:
        if self._open >= self._max_connections:
            return _Refusing()
        return _Timed(self._make(), lifetime_s=self._lifetime_s, opened=self._count, closed=self._uncount)

    def _count(self) -> None:
        self._open += 1

    def _uncount(self) -> None:
        self._open -= 1


class _Refusing(asyncio.Protocol):
    """Says 429 and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - a TCP server makes no other
        transport.write(_BUSY)
        transport.close()


class _Timed(asyncio.Protocol):
    """Passes everything on to the server's own protocol, and cuts the connection when its time is over."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        *,
        lifetime_s: float,
        opened: Callable[[], None],
        closed: Callable[[], None],
    ) -> None:
        self._inner = inner
        self._lifetime_s = lifetime_s
        self._opened = opened
        self._closed = closed
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - a TCP server makes no other
        self._opened()
        self._timer = asyncio.get_running_loop().call_later(self._lifetime_s, transport.abort)
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed()
        if self._timer is not None:
            self._timer.cancel()
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

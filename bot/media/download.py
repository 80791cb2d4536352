"""Fetching one picture from an address that somebody else wrote.

The session carries nothing of ours: no key, no cookie, no proxy from the environment. The address of every
connection is checked where the socket is made, after names were resolved, so that IP literals in any
spelling, names that change their answer and redirects all pass the same gate. A check in a resolver is
bypassed by literals: 6 of 15 forms got through.
"""

import asyncio
import socket
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.core.crashpoints import NONE, CrashPoint, Crashpoints
from bot.core.errors import DownloadFailed, NotAPicture, TooLarge, UnsafeAddress
from bot.media.addresses import AllowedHost, may_connect

MAX_BYTES = 32 * 1024 * 1024  # a 2k PNG is about 8 MiB; Discord itself takes 10 MiB without boosts
MAX_REDIRECTS = 3  # a CDN needs one or two
TOTAL_S = 60.0  # 32 MiB at 5 Mbit/s
IDLE_S = 15.0  # no byte for this long: the sender is gone
MAX_ADDRESS_LENGTH = 8_192  # signed addresses have about 1,000 characters
_CHUNK_BYTES = 256 * 1024
_CONNECTIONS = 32  # at once; above the jobs that run at once
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({403, 404, 410})  # object stores answer 403 for a signature that has expired
# The same for every host. `identity`: pictures do not shrink, and a compressed body could be a bomb.
_HEADERS = {
    "User-Agent": "Easel",
    "Accept": "image/png, image/jpeg, image/webp",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadLimits:
    """The bounds of one download, redirects included. Times in seconds."""

    max_bytes: int = MAX_BYTES
    max_redirects: int = MAX_REDIRECTS
    total_s: float = TOTAL_S
    idle_s: float = IDLE_S


class Sink(Protocol):
    """Where the bytes go. `write` may block; it is called in a thread."""

    def write(self, data: bytes) -> None:
        """Takes the next bytes."""
        ...


@dataclass(slots=True, kw_only=True)
class _Hop:
    """One request on the way: where it goes, and whether its sockets were refused."""

    url: URL
    is_named: bool
    is_refused: bool = field(default=False)

    @property
    def origin(self) -> str:
        """Host and port for messages; path and query may be secrets of the one who signed them."""
        return f"{self.url.host}:{self.url.port}"


# Which hop a socket is made for. aiohttp asks for sockets in the caller's task or in tasks made by it, which
# inherit it.
_current_hop: ContextVar[_Hop] = ContextVar("_current_hop")


class Downloader:
    """Fetches pictures within bounds. `async with` opens and closes its connections."""

    def __init__(
        self,
        *,
        allowed: Sequence[AllowedHost] = (),
        limits: DownloadLimits | None = None,
        crashpoints: Crashpoints = NONE,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allowed = tuple(allowed)
        self._limits = limits or DownloadLimits()
        self._crashpoints = crashpoints
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            socket_factory=self._open_socket,
            resolver=self._resolver,
            use_dns_cache=False,
            force_close=True,
            limit=_CONNECTIONS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            read_bufsize=_CHUNK_BYTES,
            # The total is counted over all hops in `download`.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.idle_s, sock_read=self._limits.idle_s),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def download(self, address: str, sink: Sink) -> None:
        """Writes the body behind `address` into `sink`.

        Raises UnsafeAddress, DownloadFailed (`is_gone` for 403, 404 and 410), TooLarge, or NotAPicture for a
        body with a Content-Encoding. After an error the sink holds a part or nothing.
        """
        hop = self._admit(address)
        try:
            async with asyncio.timeout(self._limits.total_s):
                await self._follow(hop, sink)
        except TimeoutError:
            raise DownloadFailed(f"{hop.origin} took longer than {self._limits.total_s:g} s") from None

    async def _follow(self, hop: _Hop, sink: Sink) -> None:
        for _ in range(self._limits.max_redirects + 1):
            location = await self._request(hop, sink)
            if location is None:
                return
            hop = self._admit(location, base=hop.url)
        raise DownloadFailed(f"{hop.origin}: more than {self._limits.max_redirects} redirects")

    def _admit(self, address: str, base: URL | None = None) -> _Hop:
        """The checks that need no connection: form, scheme, userinfo."""
        url, host, port = _parse(address, base)
        if url.scheme not in {"http", "https"} or not host or not port:
            raise UnsafeAddress("only addresses that begin with https:// are fetched")
        if url.raw_user is not None or url.raw_password is not None:
            raise UnsafeAddress(f"{host} is addressed with a user name")
        covering = [entry for entry in self._allowed if entry.covers(host, port)]
        if url.scheme == "http" and not covering:
            raise UnsafeAddress(f"{host} is addressed without TLS")
        return _Hop(url=url, is_named=any(entry.address is None for entry in covering))

    async def _request(self, hop: _Hop, sink: Sink) -> str | None:
        """One request; the address it redirects to, or None when the body is in the sink."""
        if self._session is None:
            raise RuntimeError("the downloader is not open")
        token = _current_hop.set(hop)
        try:
            async with self._session.get(hop.url, allow_redirects=False, headers=_HEADERS) as response:
                if response.status in _REDIRECTS and "Location" in response.headers:
                    return response.headers["Location"]
                await self._receive(hop, response, sink)
                return None
        except aiohttp.InvalidURL:
            raise UnsafeAddress("the address cannot be read") from None
        # ValueError: a host name that cannot be encoded for the name server. `from None`: aiohttp's texts
        # name the URL.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if hop.is_refused:
                raise UnsafeAddress(f"{hop.origin} does not lead to the public internet") from None
            raise DownloadFailed(f"{hop.origin}: {type(error).__name__}") from None
        finally:
            _current_hop.reset(token)

    async def _receive(self, hop: _Hop, response: aiohttp.ClientResponse, sink: Sink) -> None:
        if response.status != 200:
            raise DownloadFailed(f"{hop.origin} answered {response.status}", is_gone=response.status in _GONE)
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
            raise NotAPicture(f"{hop.origin} sent an encoded body")
        too_large = TooLarge(f"{hop.origin} sent more than {self._limits.max_bytes} bytes")
        if (response.content_length or 0) > self._limits.max_bytes:
            raise too_large
        received = 0
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            is_first = received == 0
            received += len(chunk)
            if received > self._limits.max_bytes:
                raise too_large
            await asyncio.to_thread(sink.write, chunk)
            if is_first:
                self._crashpoints.reached(CrashPoint.MID_DOWNLOAD)

    def _open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The gate: aiohttp passes every resolved address, as `getaddrinfo` gives it, before it connects."""
        family, kind, protocol, _, (host, port, *_) = info
        hop = _current_hop.get()
        if not may_connect(ip_address(host), port, named=hop.is_named, allowed=self._allowed):
            hop.is_refused = True
            raise PermissionError("refused address")
        return socket.socket(family=family, type=kind, proto=protocol)


def _parse(address: str, base: URL | None) -> tuple[URL, str | None, int | None]:
    """Reads an absolute address, or one relative to `base`, with its host and port. Raises UnsafeAddress."""
    if not address or len(address) > MAX_ADDRESS_LENGTH:
        raise UnsafeAddress("the address is empty or too long")
    is_plain = address.isascii() and address.isprintable() and " " not in address
    try:
        # What is quoted already stays as it is, letter for letter: a signature covers it.
        url = URL(address, encoded=is_plain)
        if base is not None:
            url = base.join(url)
        host, port = url.host, url.port  # read late by yarl, so here is where a bad one shows
    except ValueError:
        raise UnsafeAddress("the address cannot be read") from None
    return url, host, port

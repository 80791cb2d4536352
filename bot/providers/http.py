"""One small JSON client for all gateways: bounded, without redirects, honest about what may have been sent.

A submit costs money, so its failures are sorted by one question: was a single byte of the request handed to a
connection? Before that, RetryLater; after it, OutcomeUnknown unless a whole answer came. A poll and an upload
are free and may always be repeated: RetryLater.
"""

import asyncio
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from aiohttp.payload import BytesIOPayload
from yarl import URL

from bot import __version__
from bot.core.clock import Clock
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import OutcomeUnknown, ProviderError, RetryLater
from bot.providers.events import EVENT_STREAM, EventSink, read_events
from bot.providers.retry_after import retry_after_s

T = TypeVar("T")

MIB = 1024 * 1024
# Four 2k pictures as base64 are about 32 MiB; twice that still fits a small machine's memory.
SUBMIT_BODY_CAP = 64 * MIB
# An answer of the longest kind, 100,000 tokens in events of about 300 bytes each.
STREAM_CAP = 32 * MIB
# A status is a few hundred bytes, with data URIs some hundred kilobytes.
POLL_BODY_CAP = MIB
# Decoding this much JSON or base64 takes about 2 ms; more than that is done off the loop.
OFF_LOOP_BYTES = 256 * 1024
# A longer text is written piece by piece: as one it would hold up every other thread (a picture of 10 MB for 32 ms).
PIECE_CHARS = 256 * 1024
CHUNK_BYTES = 64 * 1024
# Each provider has its own concurrency cap far below this; it only bounds a mistake.
MAX_CONNECTIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. `submit_s` must outlast the slowest answer of a gateway that draws before it answers."""

    connect_s: float = 10.0
    submit_s: float = 30.0
    poll_s: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole HTTP answer. `json` is the parsed body; None where the body is no JSON, cut off or too large.

    `size` is the body's length in bytes; `retry_after_s` is clamped to [1, 60]. `raw` holds the bytes of a success
    that was asked for as bytes and is no JSON. `is_streamed` says that the body went to the caller event by event.
    """

    status: int
    json: object
    size: int = 0
    retry_after_s: float | None = None
    raw: bytes = field(default=b"", repr=False)
    media_type: str = ""
    is_streamed: bool = False

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class _TrackedBody(BytesIOPayload):
    """A request body that knows whether any of it was handed to a connection.

    aiohttp joins the headers and the body into one write, so `is_touched` speaks for the headers too.

    It is also where the process dies for `in_request`. aiohttp's trace hook `on_request_chunk_sent` fires
    before the bytes are written and `on_request_end` after the answer's headers were read; this runs in
    between. With the transport's high-water mark at zero, `drain` returns only when its buffer is empty,
    which means that the kernel holds the whole request; the kernel delivers it and then closes, also for a
    process that was killed.
    """

    def __init__(self, value: bytes, crashpoints: Crashpoints) -> None:
        super().__init__(io.BytesIO(value), content_type="application/json")
        self.is_touched = False
        self._crashpoints = crashpoints

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        self.is_touched = True
        await super().write_with_length(writer, content_length)
        await _until_sent(cast(StreamWriter, writer))  # the only writer aiohttp's client has
        self._crashpoints.reached(CrashPoint.IN_REQUEST)


async def _until_sent(writer: StreamWriter) -> None:
    transport = writer.transport
    if transport is None:
        raise aiohttp.ClientConnectionResetError("the connection was lost while the request was sent")
    transport.set_write_buffer_limits(high=0)
    await writer.drain()


@dataclass(slots=True, kw_only=True)
class JsonClient:
    """Speaks JSON with one gateway.

    `auth` goes with every request and only to `base_url`, whose path prefix stays in front of each path.
    Raises ValueError when built with an address that is not http(s), or with a key that no header can carry.
    """

    base_url: str
    auth: Mapping[str, str] = field(repr=False)
    clock: Clock
    crashpoints: Crashpoints
    timeouts: Timeouts = Timeouts()
    _base: URL = field(init=False)
    _submits: aiohttp.ClientSession | None = field(default=None, init=False, repr=False)
    _polls: aiohttp.ClientSession | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._base = URL(self.base_url.rstrip("/"))
        if self._base.scheme not in ("http", "https") or not self._base.host:
            raise ValueError("an address starts with https:// and a host")
        if self._base.user or self._base.query_string or self._base.fragment:
            raise ValueError("an address holds only scheme, host and path")
        if not all(value.isascii() and value.isprintable() for value in self.auth.values()):
            raise ValueError("a key holds only visible ASCII characters")

    async def submit(
        self,
        path: str,
        body: Mapping[str, object],
        headers: Mapping[str, str],
        *,
        wants_bytes: bool = False,
        on_event: EventSink | None = None,
        weight: int = 0,
    ) -> Answer:
        """POSTs `body` once to `path` (which starts with a slash and is already quoted).

        The same body and headers are the same bytes each time; a body of much `weight` (bytes) is written off
        the loop. With `wants_bytes` a success may be anything but
        JSON; with `on_event` it may be a stream of server-sent events, each of which is handed over as parsed.
        Raises RetryLater when surely nothing was sent, OutcomeUnknown when something was and no usable answer
        came: no answer at all, or a 2xx whose body is no JSON.
        """
        if self._submits is None:
            # Never a kept-alive connection: a server closing an idle one just then would make an outcome
            # unknown.
            self._submits = _session(self.timeouts, self.timeouts.submit_s, force_close=True)
        payload = _TrackedBody(await off_loop(weight, _dump, body), self.crashpoints)
        request = self._submits.post(
            self._url(path), data=payload, headers={**self.auth, **headers}, allow_redirects=False
        )
        try:
            answer = await self._read(request, SUBMIT_BODY_CAP, wants_bytes=wants_bytes, on_event=on_event)
        except ProviderError:
            raise  # what an event said; the whole of it was understood
        except Exception as error:  # whatever it was: the one thing that counts is whether something left
            kind = type(error).__name__
            if payload.is_touched:
                raise OutcomeUnknown(f"sent, but no answer came ({kind})") from error
            raise RetryLater(f"the gateway could not be reached ({kind})") from error
        self.crashpoints.reached(CrashPoint.AFTER_RESPONSE)
        if answer.is_success and answer.json is None and not answer.raw and not answer.is_streamed:
            raise OutcomeUnknown(f"HTTP {answer.status} with a body that is no JSON")
        return answer

    async def upload(self, path: str, file: bytes, *, name: str, media_type: str) -> Answer:
        """POSTs `file` as the multipart field `file`. Raises RetryLater when no whole answer came."""
        if self._submits is None:
            self._submits = _session(self.timeouts, self.timeouts.submit_s, force_close=True)
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(file), filename=name, content_type=media_type)
        request = self._submits.post(self._url(path), data=form, headers=self.auth, allow_redirects=False)
        try:
            return await self._read(request, POLL_BODY_CAP)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RetryLater(f"a picture could not be handed over ({type(error).__name__})") from error

    async def poll(self, path: str) -> Answer:
        """GETs `path`. Raises RetryLater when no whole answer came, or a 2xx whose body is no JSON.

        An empty 202 is an answer: xAI says so while it draws.
        """
        if self._polls is None:
            self._polls = _session(self.timeouts, self.timeouts.poll_s, force_close=False)
        request = self._polls.get(self._url(path), headers=self.auth, allow_redirects=False)
        try:
            answer = await self._read(request, POLL_BODY_CAP)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RetryLater(f"no answer to a poll ({type(error).__name__})") from error
        if answer.is_success and answer.json is None and (answer.status, answer.size) != (202, 0):
            raise RetryLater(f"HTTP {answer.status} to a poll with a body that is no JSON")
        return answer

    async def close(self) -> None:
        """Closes all connections; safe to call twice."""
        for session in (self._submits, self._polls):
            if session is not None:
                await session.close()

    def _url(self, path: str) -> URL:
        return URL(f"{self._base}{path}", encoded=True)

    async def _read(
        self,
        request: "aiohttp.client._RequestContextManager",
        cap: int,
        *,
        wants_bytes: bool = False,
        on_event: EventSink | None = None,
    ) -> Answer:
        async with request as response:
            is_success = 200 <= response.status < 300
            if is_success and on_event is not None and response.content_type == EVENT_STREAM:
                await read_events(response.content.iter_any(), on_event, cap=STREAM_CAP)
                return Answer(status=response.status, json=None, is_streamed=True)
            body = await _body(response, cap)
            raw = body if is_success and wants_bytes and not response.content_type.endswith("json") else None
            parsed = None if body is None or raw is not None else await off_loop(len(body), _parse, body)
            return Answer(
                status=response.status,
                json=parsed,
                size=cap + 1 if body is None else len(body),
                retry_after_s=retry_after_s(response.headers.get("Retry-After"), self.clock),
                raw=raw or b"",
                media_type=response.content_type,
            )


def _session(timeouts: Timeouts, total_s: float, *, force_close: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, force_close=force_close),
        timeout=aiohttp.ClientTimeout(total=total_s, sock_connect=timeouts.connect_s),
        headers={"User-Agent": f"Easel/{__version__}", "Accept": "application/json"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


async def _body(response: aiohttp.ClientResponse, cap: int) -> bytes | None:
    """The body, read with a bound.

    None when it is larger, or cut off after a status that already says it all.
    """
    body = bytearray()
    try:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > cap:
                response.close()
                return None
    except (aiohttp.ClientError, OSError):
        if 200 <= response.status < 300:
            raise
        return None
    return bytes(body)


def _dump(body: Mapping[str, object]) -> bytes:
    return "".join(_pieces(body)).encode()


def _pieces(value: object) -> Iterator[str]:
    """What `json.dumps` writes, a long text piece by piece."""
    match value:
        case dict():
            for place, (key, inner) in enumerate(value.items()):
                yield f"{', ' if place else '{'}{json.dumps(key)}: "
                yield from _pieces(inner)
            yield "}" if value else "{}"
        case list() | tuple():
            for place, inner in enumerate(value):
                yield ", " if place else "["
                yield from _pieces(inner)
            yield "]" if value else "[]"
        case str() if len(value) > PIECE_CHARS:
            yield '"'
            for start in range(0, len(value), PIECE_CHARS):
                yield json.dumps(value[start : start + PIECE_CHARS])[1:-1]
            yield '"'
        case _:
            yield json.dumps(value)


def _parse(body: bytes) -> object:
    try:
        return cast(object, json.loads(body, parse_constant=_refuse_constant))
    except (ValueError, RecursionError):  # bad JSON, bad UTF-8, absurdly long numbers; absurdly deep nesting
        return None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


async def off_loop(size: int, work: Callable[..., T], *args: object) -> T:
    """Runs `work(*args)`, in a thread when it chews on more than `OFF_LOOP_BYTES`."""
    if size <= OFF_LOOP_BYTES:
        return work(*args)
    return await asyncio.to_thread(work, *args)

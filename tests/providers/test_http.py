"""The JSON client: bounds, sorting of failures, and what leaves the house."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator
from email.utils import format_datetime

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import StreamWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.clock import ManualClock, utc
from bot.core.crashpoints import NONE, CrashPoint
from bot.core.errors import OutcomeUnknown, RetryLater
from bot.providers import http
from bot.providers.http import JsonClient, Timeouts, _TrackedBody, off_loop
from bot.providers.retry_after import retry_after_s
from tests.providers.canned import Canned, raw_server
from tests.providers.conftest import QUICK, Passings

KEY = "secret-key-123"


def client(base_url: str, *, timeouts: Timeouts = QUICK, passings: Passings | None = None) -> JsonClient:
    return JsonClient(
        base_url=base_url,
        auth={"X-Key": KEY},
        clock=ManualClock(),
        crashpoints=passings or NONE,
        timeouts=timeouts,
    )


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    async with Canned.start("/prefix") as server:
        yield server


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_path_prefix_and_the_key_go_with_every_request(canned: Canned, slash: str) -> None:
    canned.say({"ok": True})
    speaker = client(canned.base_url + slash)
    await speaker.submit("/make", {"prompt": "é"}, {"X-More": "1"})
    await speaker.poll("/look/a%2Fb")
    await speaker.close()
    assert [(seen.method, seen.path) for seen in canned.seen] == [
        ("POST", "/prefix/make"),
        ("GET", "/prefix/look/a%2Fb"),
    ]
    assert all(seen.headers["X-Key"] == KEY for seen in canned.seen)
    assert canned.seen[0].json == {"prompt": "é"}
    assert canned.seen[0].headers["X-More"] == "1"
    assert "easel" in canned.seen[0].headers["User-Agent"].casefold()


async def test_a_submit_never_reuses_a_connection_and_a_poll_does(canned: Canned) -> None:
    canned.say({"ok": True})
    speaker = client(canned.base_url)
    await speaker.submit("/make", {}, {})
    await speaker.poll("/look")
    await speaker.close()
    assert canned.seen[0].headers.get("Connection") == "close"
    assert canned.seen[1].headers.get("Connection") != "close"


async def test_cookies_are_not_kept(canned: Canned) -> None:
    canned.say({}, headers={"Set-Cookie": "who=me; Path=/"})
    speaker = client(canned.base_url)
    await speaker.poll("/look")
    await speaker.poll("/look")
    await speaker.close()
    assert "Cookie" not in canned.seen[1].headers


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_proxies_of_the_environment_are_not_used(
    canned: Canned, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    canned.say({})
    speaker = client(canned.base_url)
    assert (await speaker.poll("/look")).status == 200
    await speaker.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"<html>",
        b"\xff\xfe{}",
        b'{"a": NaN}',
        b"[" * 200_000,
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "half", "null", "html", "utf16", "nan", "deep", "long"],
)
async def test_a_success_that_is_no_json_is_unknown_for_a_submit_and_nothing_for_a_poll(
    canned: Canned, body: bytes
) -> None:
    canned.say(body)
    speaker = client(canned.base_url)
    with pytest.raises(OutcomeUnknown):
        await speaker.submit("/make", {}, {})
    with pytest.raises(RetryLater):
        await speaker.poll("/look")
    await speaker.close()


async def test_a_refusal_is_judged_by_its_status_even_when_its_body_is_useless(
    canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "SUBMIT_BODY_CAP", 10)
    speaker = client(canned.base_url)
    canned.say(b"<html>", status=402)
    assert (await speaker.submit("/make", {}, {})).status == 402
    canned.say(b"x" * 11, status=402)
    answer = await speaker.submit("/make", {}, {})
    assert (answer.status, answer.json) == (402, None)
    await speaker.close()


async def test_a_body_over_the_cap_is_not_read_on(canned: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "SUBMIT_BODY_CAP", 10)
    monkeypatch.setattr(http, "POLL_BODY_CAP", 10)
    canned.say({"padding": "x" * 100})
    speaker = client(canned.base_url)
    with pytest.raises(OutcomeUnknown):
        await speaker.submit("/make", {}, {})
    with pytest.raises(RetryLater):
        await speaker.poll("/look")
    await speaker.close()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"HTTP/1.1 402 Payment Required\r\nContent-Length: 100\r\n\r\n{", 402),
        (b"HTTP/1.1 400 Bad\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk", 400),
    ],
    ids=["cut", "bad-gzip"],
)
async def test_a_status_counts_even_when_its_body_is_cut_off(raw: bytes, code: int) -> None:
    async with raw_server(raw) as base_url:
        speaker = client(base_url)
        assert (await speaker.submit("/make", {}, {})).status == code
        await speaker.close()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n{}",
    ],
    ids=["hung-up", "no-http", "cut", "bad-chunks", "bad-gzip", "long-header"],
)
async def test_a_broken_answer_to_a_sent_request_is_unknown(raw: bytes) -> None:
    async with raw_server(raw) as base_url:
        speaker = client(base_url)
        with pytest.raises(OutcomeUnknown) as caught:
            await speaker.submit("/make", {}, {})
        with pytest.raises(RetryLater):
            await speaker.poll("/look")
        await speaker.close()
    assert base_url not in str(caught.value)


async def test_a_host_that_does_not_exist_is_surely_not_sent(passings: Passings) -> None:
    speaker = client("http://no-such-host.invalid", passings=passings)
    with pytest.raises(RetryLater):
        await speaker.submit("/make", {}, {})
    with pytest.raises(RetryLater):
        await speaker.poll("/look")
    await speaker.close()
    assert passings.seen == []


async def test_a_failed_tls_handshake_is_surely_not_sent(canned: Canned, passings: Passings) -> None:
    canned.say({})
    speaker = client(canned.base_url.replace("http:", "https:"), passings=passings)
    with pytest.raises(RetryLater) as caught:
        await speaker.submit("/make", {}, {})
    await speaker.close()
    assert isinstance(caught.value.__cause__, ssl.SSLError | aiohttp.ClientConnectorError)
    assert passings.seen == []
    assert canned.seen == []


async def test_a_connection_that_is_never_made_is_surely_not_sent() -> None:
    """A listener whose queue is full lets the handshake hang, as a firewall that drops packets would."""
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, backlog=1, start_serving=False)
    async with server:
        port = server.sockets[0].getsockname()[1]
        server.sockets[0]._sock.listen(0)  # type: ignore[attr-defined]
        fillers = []
        while True:
            try:
                async with asyncio.timeout(0.1):
                    fillers.append(await asyncio.open_connection("127.0.0.1", port))
            except TimeoutError:
                break
        speaker = client(f"http://127.0.0.1:{port}", timeouts=Timeouts(connect_s=0.1, submit_s=5, poll_s=5))
        with pytest.raises(RetryLater):
            await speaker.submit("/make", {}, {})
        await speaker.close()
        for _, writer in fillers:
            writer.close()


async def test_a_connection_lost_while_sending_counts_as_sent() -> None:
    loop = asyncio.get_running_loop()
    body = _TrackedBody(b"", Passings())
    writer = StreamWriter(BaseProtocol(loop), loop)  # its transport is gone
    with pytest.raises(aiohttp.ClientConnectionResetError):
        await body.write_with_length(writer, 0)
    assert body.is_touched


async def test_the_process_would_die_only_after_the_gateway_has_the_whole_request() -> None:
    """The hook for `in_request` stops here, and the other side can already read everything."""
    arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    size = 3_000_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        arrived.set_result(head + await reader.readexactly(size))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    sent: list[int] = []

    class Witness(Passings):
        def reached(self, point: CrashPoint) -> None:
            super().reached(point)
            if point is CrashPoint.IN_REQUEST:
                sent.append(transports[0].get_write_buffer_size())

    transports: list[asyncio.WriteTransport] = []
    original = StreamWriter.drain

    async def noting(self: StreamWriter) -> None:
        if self.transport is not None:
            transports.append(self.transport)
        await original(self)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        speaker = client(f"http://127.0.0.1:{port}", passings=Witness())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(StreamWriter, "drain", noting)
            await speaker.submit("/make", {"p": "x" * (size - len('{"p": ""}'))}, {})
        await speaker.close()
    assert sent == [0]  # nothing of it waits in this process any more
    assert b"POST /make" in await arrived


@pytest.mark.parametrize(
    "address",
    ["", "gateway", "ftp://host", "https://", "https://user@host", "https://host/?a=1", "https://host/#x"],
)
def test_an_address_that_is_none_is_refused_when_built(address: str) -> None:
    with pytest.raises(ValueError, match="an address"):
        client(address)


@pytest.mark.parametrize("key", ["two\nlines", "naïve", "tab\t"])
def test_a_key_that_no_header_carries_is_refused_when_built_and_not_repeated(key: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII") as caught:
        JsonClient(base_url="https://x.example", auth={"K": key}, clock=ManualClock(), crashpoints=NONE)
    assert key not in str(caught.value)


def test_the_client_does_not_show_its_key() -> None:
    assert KEY not in repr(client("https://x.example"))


async def test_a_client_that_was_never_used_closes() -> None:
    await client("https://x.example").close()


async def test_large_work_is_done_off_the_loop() -> None:
    here = threading.get_ident()
    assert await off_loop(10, threading.get_ident) == here
    assert await off_loop(http.OFF_LOOP_BYTES + 1, threading.get_ident) != here


NOW = ManualClock()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("7", 7.0),
        (" 7.5 ", 7.5),
        ("0", 1.0),
        ("-3", 1.0),
        ("121", 120.0),
        ("1e9", 120.0),
        ("inf", 120.0),
        (format_datetime(utc(NOW.now() + 30_000), usegmt=True), 30.0),
        (format_datetime(utc(NOW.now() + 30_000).replace(tzinfo=None)), 30.0),  # "-0000": no zone
        (format_datetime(utc(NOW.now() - 86_400_000), usegmt=True), 1.0),
        (format_datetime(utc(NOW.now() + 86_400_000), usegmt=True), 120.0),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_read_and_clamped(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=60))
def test_retry_after_never_fails(header: str) -> None:
    seconds = retry_after_s(header, NOW)
    assert seconds is None or 1.0 <= seconds <= 120.0

"""The health server, over real sockets."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.web import Readiness, WebLimits, WebServer


class Process:
    """What the server is told about its process."""

    def __init__(self) -> None:
        self.ages: dict[str, float] = {"runner": 0.25, "writer": 1.0}
        self.readiness = Readiness(is_ready=True)
        self.is_broken = False

    def tick_ages(self) -> dict[str, float]:
        if self.is_broken:
            raise RuntimeError("SECRET")
        return self.ages

    def server(self, *, port: int = 0, limits: WebLimits | None = None) -> WebServer:
        return WebServer(
            host="127.0.0.1",
            port=port,
            tick_ages=self.tick_ages,
            readiness=lambda: self.readiness,
            max_tick_age_s=30,
            limits=limits,
        )


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
async def server(process: Process) -> AsyncIterator[WebServer]:
    async with process.server() as opened:
        yield opened


@pytest.fixture
async def client(server: WebServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session


async def exchange(port: int, sent: bytes) -> bytes:
    """Sends raw bytes and reads until the server hangs up; b"" when it cuts without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
        try:
            await writer.wait_closed()
        except ConnectionResetError:
            pass  # cut by the server, as asked


async def test_a_process_whose_loops_tick_is_alive(client: aiohttp.ClientSession) -> None:
    async with client.get("/livez") as answer:
        assert answer.status == 200
        assert await answer.json() == {
            "alive": True,
            "late": [],
            "tick_age_s": {"runner": 0.25, "writer": 1.0},
        }


async def test_a_loop_that_stopped_ticking_is_named(client: aiohttp.ClientSession, process: Process) -> None:
    process.ages["runner"] = 30.001
    async with client.get("/livez") as answer:
        assert answer.status == 503
        assert (await answer.json())["late"] == ["runner"]
    process.ages["runner"] = 30.0
    async with client.get("/livez") as answer:
        assert answer.status == 200


async def test_readiness_is_told_with_its_reasons(client: aiohttp.ClientSession, process: Process) -> None:
    async with client.get("/readyz") as answer:
        assert (answer.status, await answer.json()) == (200, {"ready": True, "reasons": []})
    process.readiness = Readiness(is_ready=False, reasons=("discord: connecting",))
    async with client.get("/readyz") as answer:
        assert answer.status == 503
        assert await answer.json() == {"ready": False, "reasons": ["discord: connecting"]}


async def test_everything_else_is_the_same_404(client: aiohttp.ClientSession) -> None:
    faces = set()
    for method, path in [
        ("GET", "/"),
        ("GET", "/callbacks/pixazo"),
        ("GET", "/livez/"),
        ("GET", "/../etc/passwd"),
        ("POST", "/livez"),
        ("DELETE", "/readyz"),
        ("OPTIONS", "/livez"),
        ("TRACE", "/livez"),
    ]:
        async with client.request(method, path) as answer:
            headers = tuple(sorted((k, v) for k, v in answer.headers.items() if k != "Date"))
            faces.add((answer.status, await answer.read(), headers))
    assert len(faces) == 1
    assert faces.pop()[:2] == (404, b"not found\n")


async def test_a_fault_of_ours_is_logged_and_not_told(
    client: aiohttp.ClientSession, process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    process.is_broken = True
    async with client.get("/livez") as answer:
        assert (answer.status, await answer.read()) == (500, b"error\n")
    assert "a web answer failed" in caplog.text


async def test_no_answer_tells_the_version(server: WebServer) -> None:
    for sent in (
        b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /x HTTP/1.0\r\n\r\n",
        b"\x16\x03\x01nonsense\r\n\r\n",
    ):
        answer = await exchange(server.port, sent)
        assert b"aiohttp" not in answer
        assert b"Python" not in answer


async def test_port_0_takes_a_free_one_and_logs_it(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with process.server(port=0) as server:
        assert server.port > 0
        assert any(getattr(record, "port", None) == server.port for record in caplog.records)
    with pytest.raises(RuntimeError, match="not open"):
        _ = server.port


async def test_a_taken_port_is_an_os_error_and_leaves_nothing_open(server: WebServer, process: Process) -> None:
    second = process.server(port=server.port)
    with pytest.raises(OSError, match="in use"):
        async with second:
            pytest.fail("two servers on one port")


async def test_the_port_is_free_after_the_end(process: Process) -> None:
    async with process.server() as server:
        port = server.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 5_000 + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"X-Many: a\r\n" * 50 + b"\r\n",
    ],
    ids=["long line", "long header", "many headers"],
)
async def test_a_header_over_the_bound_is_refused(server: WebServer, sent: bytes) -> None:
    answer = await exchange(server.port, sent)
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"aaaa" not in answer


async def test_a_body_is_not_waited_for(server: WebServer) -> None:
    sent = b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"
    assert (await exchange(server.port, sent)).startswith(b"HTTP/1.1 404 ")


async def test_a_sender_that_drips_its_header_is_cut(process: Process) -> None:
    async with process.server(limits=WebLimits(lifetime_s=0.1)) as server:
        assert await exchange(server.port, b"GET /livez HTTP/1.1\r\nHost") == b""


async def test_more_connections_than_the_bound_get_429_and_room_comes_back(process: Process) -> None:
    async with process.server(limits=WebLimits(max_connections=2)) as server:
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        request = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        assert (await exchange(server.port, request)).startswith(b"HTTP/1.1 429 ")
        reader, writer = held[0]
        writer.write(request)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        assert (await exchange(server.port, request)).startswith(b"HTTP/1.1 200 ")
        for _, each in held:
            each.close()
            await each.wait_closed()


async def test_one_answer_per_connection(server: WebServer) -> None:
    request = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    assert (await exchange(server.port, request * 5)).count(b"HTTP/1.1 ") == 1


async def test_a_sender_that_hangs_up_early_harms_nobody(server: WebServer, client: aiohttp.ClientSession) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /livez HTTP/1.1\r\n")
    writer.write_eof()
    await reader.read()
    writer.close()
    await writer.wait_closed()
    async with client.get("/livez") as answer:
        assert answer.status == 200

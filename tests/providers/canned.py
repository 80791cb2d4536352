"""A loopback server that notes each request and gives the answers it was told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as it arrived; `path` is raw, as it stood on the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class Canned:
    """`answers` are given in turn, the last one for ever."""

    base_url: str = ""
    answers: list[web.Response] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def say(self, body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """The next answer, as JSON; bytes go out as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append(web.Response(body=raw, status=status, headers=headers, content_type="application/json"))

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        path = request.raw_path
        self.seen.append(Seen(method=request.method, path=path, headers=dict(request.headers), body=body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(body=answer.body, status=answer.status, headers=answer.headers)

    @classmethod
    @asynccontextmanager
    async def start(cls, prefix: str = "") -> AsyncIterator["Canned"]:
        """Runs on a free port; `prefix` is a path in front, as some gateways have one."""
        canned = cls()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", canned._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        canned.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}{prefix}"
        try:
            yield canned
        finally:
            await runner.cleanup()


@asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[str]:
    """A socket that reads a request's head, writes `answer` byte for byte and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

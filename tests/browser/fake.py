"""A loopback server that gives out the page and speaks its protocol with made-up frames: no world, no bot."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from aiohttp import WSMsgType, web

from sandbox.gateways.painter import paint
from sandbox.page.guard import PAGE_POLICY
from sandbox.page.server import STATIC
from tests.browser import frames

Frame = dict[str, Any]
Answer = Callable[[Frame], Frame | None]
WAIT_S = 10.0


class Refuse(Exception):
    """An answer that says no, in these words."""


class Fake:
    """Use `start`. `answers` are by verb: what the reply carries, or None where the test replies itself.

    A verb without one is simply taken.
    """

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[Frame] = []
        self.uploaded: list[str] = []
        self.messages: dict[str, list[Frame]] = {}
        self.answers: dict[str, Answer] = {}
        self.state_more: Frame = {}
        self.is_whole = True
        self.starters: dict[str, Frame] = {}
        self._sockets: dict[web.WebSocketResponse, str] = {}
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @classmethod
    @asynccontextmanager
    async def start(cls, *, port: int = 0) -> AsyncIterator[Self]:
        server = cls()
        app = web.Application()
        app.router.add_get("/", server._index)
        app.router.add_static("/static", STATIC)
        app.router.add_get("/ws", server._ws)
        app.router.add_post("/upload", server._upload)
        app.router.add_get("/cdn/{name}", server._file)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        server.port = runner.addresses[0][1]
        try:
            yield server
        finally:
            await server.drop()
            await runner.cleanup()

    # -- what a test does ------------------------------------------------------------------------

    async def push(self, frame: Frame, *, to: str | None = None) -> None:
        """Sends a frame to that person's windows, or to all."""
        for socket, person in list(self._sockets.items()):
            if to in (None, person):
                await socket.send_json(frame)

    async def post(self, message: Frame, *, to: str | None = None, op: str = "create") -> None:
        """A message comes, changes or goes."""
        await self.push({"type": "message", "op": op, "channel_id": message["channel_id"], "message": message}, to=to)

    async def drop(self) -> None:
        """Cuts every window's connection."""
        for socket in list(self._sockets):
            await socket.close()

    async def asked(self, verb: str, count: int = 1) -> list[Frame]:
        """The frames with that verb, without `seq`, once there are so many. Raises TimeoutError."""
        async with asyncio.timeout(WAIT_S):
            while len(found := self.all_asked(verb)) < count:
                self._changed.clear()
                await self._changed.wait()
        return found

    def all_asked(self, verb: str) -> list[Frame]:
        """The frames with that verb so far."""
        kept = [frame for frame in self.heard if frame["do"] == verb]
        return [{key: value for key, value in frame.items() if key not in ("seq", "do")} for frame in kept]

    # -- what the page finds ---------------------------------------------------------------------

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html", headers={"Content-Security-Policy": PAGE_POLICY})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        picture = paint(request.match_info["name"], 0, width=480, height=320, picture_format="png")
        return web.Response(body=picture, content_type="image/png")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["X-Easel-Page"] == "1"
        part = (await request.post())["file"]
        assert isinstance(part, web.FileField)
        self.uploaded.append(part.filename)
        size = len(part.file.read())
        return web.json_response({"upload_id": f"u{len(self.uploaded)}", "filename": part.filename, "size": size})

    async def _ws(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets[socket] = ""
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(socket, message.json())
        finally:
            del self._sockets[socket]
        return socket

    async def _take(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        try:
            answer = self.answers.get(frame["do"])
            told = answer(frame) if answer is not None else {}
            reply = None if told is None else {"ok": True, **told}
        except Refuse as refused:
            reply = {"ok": False, "error": str(refused)}
        if reply is not None:
            await socket.send_json({"type": "reply", "seq": frame["seq"], **reply})
        if frame["do"] == "be":
            self._sockets[socket] = frame["person"]
            await socket.send_json({**frames.state(frame["person"]), **self.state_more})
        if frame["do"] == "open":
            channel_id = frame["channel_id"]
            log = self.messages.get(channel_id, [])
            starter = self.starters.get(channel_id)
            told = {"channel_id": channel_id, "messages": log, "is_whole": self.is_whole, "starter": starter}
            await socket.send_json({"type": "messages", **told})
        # What a test waits for has been answered by then.
        self.heard.append(frame)
        self._changed.set()

"""The page's server: one aiohttp application on 127.0.0.1."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from aiohttp import BodyPartReader, WSMsgType, web

from bot.core.ids import Randomness, SystemRandomness
from sandbox.discord import Upload
from sandbox.discord.cdn import Cdn
from sandbox.page import guard
from sandbox.page.acts import Acts
from sandbox.page.botkeeper import BotKeeper
from sandbox.page.desk import Desk
from sandbox.page.guard import Guard
from sandbox.page.telling import Teller
from sandbox.page.uploads import Uploads
from sandbox.page.views import Views
from sandbox.page.windows import Window
from sandbox.stage import Stage

HOST = "127.0.0.1"
DEFAULT_PORT = 8788
STATIC = Path(__file__).resolve().parent / "static"
# Frames carry words; files go another way.
FRAME_MAX = 256 * 1024
# The highest upload limit of Discord, and a little for what is around the file.
UPLOAD_MAX = 100 * 1024 * 1024
UPLOAD_AROUND = 64 * 1024
SHUTDOWN_S = 0.2
HEARTBEAT_S = 20.0


class PageServer:
    """Use `start`."""

    def __init__(self, stage: Stage, keeper: BotKeeper, randomness: Randomness) -> None:
        self._views = Views(stage.sandbox)
        self._uploads = Uploads(lambda: randomness.token_bytes(12).hex())
        self._teller = Teller(stage.sandbox, self._views)
        acts = Acts(stage.sandbox, self._views, self._teller, self._uploads)
        self._desk = Desk(stage, keeper, self._teller, self._views, acts)
        self._stage = stage
        self._keeper = keeper
        self.port = 0

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://{HOST}:{self.port}/"

    @property
    def windows(self) -> frozenset[Window]:
        """The windows that are open."""
        return frozenset(self._teller.windows)

    @classmethod
    @asynccontextmanager
    async def start(
        cls, stage: Stage, keeper: BotKeeper, *, port: int = 0, randomness: Randomness | None = None
    ) -> AsyncIterator[Self]:
        """Serves the page of that stage; port 0 takes a free one. Raises OSError where the port is taken."""
        server = cls(stage, keeper, randomness or SystemRandomness())
        listening = _listen(port)
        server.port = listening.getsockname()[1]
        runner = web.AppRunner(server._app(), access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        panel = asyncio.create_task(server._desk.run())
        try:
            yield server
        finally:
            panel.cancel()
            (ended,) = await asyncio.gather(panel, return_exceptions=True)
            server._desk.close()
            await runner.cleanup()
            if isinstance(ended, Exception):
                raise ended  # the panel broke down while it ran

    def _app(self) -> web.Application:
        app = web.Application(
            middlewares=[guard.middleware(Guard(self.port))], client_max_size=UPLOAD_MAX + UPLOAD_AROUND
        )
        app.router.add_get("/", self._index)
        app.router.add_get("/ws", self._talk)
        app.router.add_post("/upload", self._upload)
        app.router.add_static("/static", STATIC)
        Cdn(self._stage.sandbox.world).add_to(app)
        return app

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """One file of a form, into memory."""
        if request.content_type != "multipart/form-data":
            return web.json_response({"error": "a form with a file is expected"}, status=400)
        part = await (await request.multipart()).next()
        if not isinstance(part, BodyPartReader) or part.name != "file":
            return web.json_response({"error": "a form with a file is expected"}, status=400)
        data = bytearray()
        while chunk := await part.read_chunk(1 << 16):
            data += chunk
            if len(data) > UPLOAD_MAX:
                return web.json_response({"error": "the file is too large"}, status=413)
        upload = Upload(filename=part.filename or "file", data=bytes(data))
        upload_id = self._uploads.add(upload)
        return web.json_response({"upload_id": upload_id, "filename": upload.filename, "size": len(data)})

    # -- the websocket ---------------------------------------------------------------------------

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=FRAME_MAX, heartbeat=HEARTBEAT_S, timeout=1.0)
        await ws.prepare(request)

        def cut() -> None:
            if request.transport is not None:
                request.transport.abort()

        window = Window(ws, cut, self._desk.state)
        self._teller.windows.add(window)
        try:
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(window.send_all())
                async for message in ws:
                    raw = _json(message.data) if message.type == WSMsgType.TEXT else None
                    self._desk.take(group, window, raw)
                sender.cancel()
                self._desk.leave(window)
        finally:
            window.close()
            self._teller.windows.discard(window)
        return ws


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError:
        listening.close()
        raise
    return listening

"""A bot's gateway session, and the websocket it is sent through."""

import asyncio
import importlib
import importlib.util
import json
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from aiohttp import web

from bot.core.clock import Millis
from sandbox.discord.components import Body

REPLAYED = 1_000  # dispatches kept for a resume


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self, mode: int, /) -> bytes: ...


class Session:
    """One identified bot: what was sent to it, and its socket while it is connected."""

    def __init__(self, session_id: str, intents: int) -> None:
        self.id = session_id
        self.intents = intents
        self.sequence = 0
        self.sent: deque[Body] = deque(maxlen=REPLAYED)
        self.socket: Socket | None = None
        self.left_at: Millis | None = None
        self.is_over = False

    def dispatch(self, event: str, data: object) -> None:
        """Numbers the event, keeps it for a resume, and sends it when somebody listens."""
        self.sequence += 1
        frame: Body = {"op": 0, "s": self.sequence, "t": event, "d": data}
        self.sent.append(frame)
        if self.socket is not None:
            self.socket.send(frame)


class Socket:
    """One websocket. Frames go out in order through one task, compressed as the client asked."""

    def __init__(self, ws: web.WebSocketResponse, compression: str, on_frame: Callable[[Body], None]) -> None:
        self._ws = ws
        self._on_frame = on_frame
        self._compressor, self._flush = _compressor(compression)
        self._queue: asyncio.Queue[Body | int] = asyncio.Queue()
        self.closed_with: int | None = None  # aiohttp's own close_code says 1000 after a close by the server

    def send(self, frame: Body) -> None:
        self._on_frame(frame)
        self._queue.put_nowait(frame)

    def close(self, code: int) -> None:
        """Closes after what was sent before."""
        self._queue.put_nowait(code)

    async def shut(self) -> None:
        """Closes at once."""
        await self._ws.close(code=1_001)

    async def run(self) -> None:
        """Sends until the socket is closed."""
        while not self._ws.closed:
            item = await self._queue.get()
            if isinstance(item, int):
                self.closed_with = item
                await self._ws.close(code=item)
                return
            text = json.dumps(item, separators=(",", ":"))
            try:
                if self._compressor is None:
                    await self._ws.send_str(text)
                else:
                    data = self._compressor.compress(text.encode()) + self._compressor.flush(self._flush)
                    await self._ws.send_bytes(data)
            except ConnectionError:
                return  # the bot is gone; the reader sees it too


def _compressor(name: str) -> tuple[_Compressor | None, int]:
    """The transport compression a client asked for; plain frames where we cannot."""
    if name == "zlib-stream":
        return zlib.compressobj(), zlib.Z_SYNC_FLUSH
    if name == "zstd-stream" and importlib.util.find_spec("zstandard") is not None:
        zstandard: Any = importlib.import_module("zstandard")
        return zstandard.ZstdCompressor().compressobj(), zstandard.COMPRESSOBJ_FLUSH_BLOCK
    return None, 0

"""One websocket: who sits before it, what they look at, and what is on its way to them."""

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from sandbox.discord import Person
from sandbox.discord.components import Body

# A page takes a frame in milliseconds; one that is so far behind is asleep or gone. It is cut, reconnects and gets
# the state anew.
WAITING_FRAMES = 1_000
WAITING_BYTES = 16 * 1024 * 1024
# What changes together is told together.
STATE_REST_S = 0.03


class Window:
    """Frames go out in order through `send_all`. `make_state` renders the state for this window."""

    def __init__(
        self, ws: web.WebSocketResponse, cut: Callable[[], None], make_state: Callable[["Window"], Body]
    ) -> None:
        self._ws = ws
        self._cut = cut
        self._make_state = make_state
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._waiting_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self.is_over = False
        self.person: Person | None = None
        self.has_panel = False

    def send(self, frame: Body) -> None:
        """Puts a frame in line; news of the state that are due go first."""
        self.flush_state()
        self._put(frame)

    def stale(self) -> None:
        """The state has changed: it is told in a moment, or before the next frame."""
        if self._timer is None and self.person is not None and not self.is_over:
            self._timer = asyncio.get_running_loop().call_later(STATE_REST_S, self.flush_state)

    def flush_state(self) -> None:
        """Tells the state now if it has changed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._put(self._make_state(self))

    def close(self) -> None:
        """Nothing more is sent."""
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _put(self, frame: Body) -> None:
        if self.is_over:
            return
        text = json.dumps(frame, separators=(",", ":"), ensure_ascii=False)
        self._waiting_bytes += len(text)
        self._queue.put_nowait(text)
        if self._queue.qsize() > WAITING_FRAMES or self._waiting_bytes > WAITING_BYTES:
            self.close()
            self._cut()

    async def send_all(self) -> None:
        """Sends until cancelled or nobody is there."""
        while not self._ws.closed:
            text = await self._queue.get()
            try:
                await self._ws.send_str(text)
            except ConnectionError:
                return  # the reader sees it too
            self._waiting_bytes -= len(text)

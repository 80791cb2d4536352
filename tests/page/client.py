"""A page as a test plays it: real websockets to a real server, and what came over them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.core.clock import Clock
from sandbox.discord import Sandbox
from sandbox.page.botkeeper import BotKeeper
from sandbox.page.guard import MARK
from sandbox.page.server import PageServer
from sandbox.stage import Stage, stage

Body = dict[str, Any]
WAIT_S = 8.0


class Window:
    """One window. `frames` are all that came, oldest first."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.frames: list[Body] = []
        self._news = asyncio.Event()
        self._seq = 0

    async def listen(self) -> None:
        """Reads until the server closes."""
        async for message in self.ws:
            self.frames.append(json.loads(message.data))
            self._news.set()

    async def ask(self, verb: str, /, **fields: Any) -> Body:
        """Sends a frame; its answer."""
        self._seq += 1
        seq = self._seq
        await self.ws.send_str(json.dumps({"seq": seq, "do": verb, **fields}))
        return await self.until(lambda frame: frame["type"] == "reply" and frame["seq"] == seq)

    async def do(self, verb: str, /, **fields: Any) -> Body:
        """Sends a frame that must succeed."""
        answer = await self.ask(verb, **fields)
        assert answer["ok"], answer
        return answer

    async def refused(self, verb: str, /, **fields: Any) -> str:
        """Sends a frame that must be refused; in which words."""
        answer = await self.ask(verb, **fields)
        assert not answer["ok"], answer
        return str(answer["error"])

    async def until(self, predicate: Callable[[Body], bool]) -> Body:
        """The first frame of all for which that holds, also one that came already."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for frame in self.frames:
                    if predicate(frame):
                        return frame
                self._news.clear()
                await self._news.wait()

    async def settled(self) -> list[Body]:
        """All frames, once everything told before this is here."""
        await self.ask("nothing")
        return self.frames

    def of(self, kind: str) -> list[Body]:
        """The frames of a type."""
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def state(self) -> Body:
        """The newest state."""
        return self.of("state")[-1]

    def channel(self, name: str) -> Body:
        """A channel of the newest state. Raises KeyError where this person does not see it."""
        for guild in self.state["guilds"]:
            for channel in guild["channels"]:
                if channel["name"] == name:
                    return dict(channel)
        raise KeyError(name)

    def id_of(self, name: str) -> str:
        """The id of a channel."""
        return str(self.channel(name)["id"])

    async def message(self, op: str, text: str = "") -> Body:
        """The first message told of with that op whose JSON holds the text."""
        frame = await self.until(
            lambda one: one["type"] == "message" and one["op"] == op and text in json.dumps(one["message"])
        )
        return dict(frame["message"])

    async def interaction(self, interaction_id: str, state: str) -> Body:
        """What was told when an interaction came into that state."""
        return await self.until(
            lambda one: (
                one["type"] == "interaction" and one["interaction_id"] == interaction_id and one["state"] == state
            )
        )


@dataclass(kw_only=True)
class Room:
    """A stage with a page, and as many windows as a test opens."""

    stage: Stage
    keeper: BotKeeper
    page: PageServer
    session: aiohttp.ClientSession
    stack: AsyncExitStack

    @property
    def sandbox(self) -> Sandbox:
        """The loopback Discord."""
        return self.stage.sandbox

    @property
    def origin(self) -> str:
        """The page's own origin."""
        return self.page.url.rstrip("/")

    async def connect(self, origin: str | None = None) -> Window:
        """A window that has not said yet who it is."""
        ws = await self.session.ws_connect(f"{self.origin}/ws", origin=origin or self.origin)
        window = Window(ws)
        reader = asyncio.create_task(window.listen())

        async def close() -> None:
            await ws.close()
            await reader

        self.stack.push_async_callback(close)
        return window

    async def window(self, person: str) -> Window:
        """A window of that person, with its state."""
        window = await self.connect()
        await window.do("be", person=person)
        await window.until(lambda frame: frame["type"] == "state")
        return window

    async def upload(self, data: bytes, filename: str, **headers: str) -> aiohttp.ClientResponse:
        """Sends a file as the page does; headers given replace its own."""
        form = aiohttp.FormData(quote_fields=False)  # as browsers do
        form.add_field("file", data, filename=filename)
        return await self.session.post(
            f"{self.origin}/upload", data=form, headers={"Origin": self.origin, MARK: "1", **headers}
        )


@asynccontextmanager
async def serve(built: Stage) -> AsyncIterator[Room]:
    """A page for that stage."""
    async with (
        BotKeeper.on(built) as keeper,
        PageServer.start(built, keeper) as page,
        aiohttp.ClientSession() as session,
        AsyncExitStack() as stack,
    ):
        yield Room(stage=built, keeper=keeper, page=page, session=session, stack=stack)


@asynccontextmanager
async def room(folder: Path, *, clock: Clock | None = None) -> AsyncIterator[Room]:
    """A stage without a bot, and its page."""
    async with stage(folder, scale=0.02, picture_side=64, clock=clock) as built, serve(built) as opened:
        yield opened

"""The bot's process as a person rules it: start, stop, kill, restart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from typing import Self

from bot.core.clock import Clock, SystemClock
from sandbox.discord import ClientRefused
from sandbox.stage import BotProcess, Stage

# A drain takes as long as what is being sent; a stop that takes longer than this is a kill.
STOP_WITHIN_S = 20.0


class BotState(StrEnum):
    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    DEAD = "dead"


class BotKeeper:
    """Use `on`. `starts` counts the processes, `seconds` is what the last one took until it was ready."""

    def __init__(self, stage: Stage, clock: Clock) -> None:
        self._stage = stage
        self._clock = clock
        self._stack = AsyncExitStack()
        self._state = BotState.DEAD
        self._bot: BotProcess | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.seconds: float | None = None
        self.starts = 0
        self.on_change: Callable[[], None] | None = None

    @classmethod
    @asynccontextmanager
    async def on(cls, stage: Stage, *, clock: Clock | None = None) -> AsyncIterator[Self]:
        """Keeps a bot on that stage; none is started yet. What still runs at the end is killed."""
        keeper = cls(stage, clock or SystemClock())
        try:
            yield keeper
        finally:
            keeper.on_change = None
            await keeper.kill()

    @property
    def state(self) -> BotState:
        """A bot that somebody else started on the stage is running as soon as it is connected."""
        if self._bot is None and self._stage.sandbox.gateway.connected:
            return BotState.RUNNING
        return self._state

    @property
    def log_path(self) -> str | None:
        """Where the last process writes its log."""
        return None if self._bot is None else str(self._bot.log_path)

    async def start(self) -> None:
        """Starts a process and waits until it is ready. Raises ClientRefused where one runs, or where it ends first."""
        if self.state is not BotState.DEAD:
            raise ClientRefused(f"the bot is {self.state}")
        self._enter(BotState.STARTING)
        self.starts += 1
        self.seconds = None
        began = self._clock.monotonic()
        try:
            await self._stage.sandbox.bot_gone()
            bot = await self._stack.enter_async_context(self._stage.bot(ready=False))
        except BaseException:
            self._enter(BotState.DEAD)
            raise
        self._bot = bot
        self._watcher = asyncio.create_task(self._until_end(bot))
        try:
            await self._stage.until_ready(bot)
        except (RuntimeError, TimeoutError):
            await self.kill()
            raise ClientRefused(f"the bot did not become ready; its log: {bot.log_path}") from None
        self.seconds = self._clock.monotonic() - began
        self._enter(BotState.RUNNING)

    async def stop(self) -> None:
        """As `docker stop`: asks it to end, and kills it where it does not."""
        if self._bot is None or self.state is not BotState.RUNNING:
            raise ClientRefused(f"the bot is {self.state}")
        self._enter(BotState.STOPPING)
        self._bot.terminate()
        try:
            await self._bot.wait(STOP_WITHIN_S)
        except TimeoutError:
            pass  # it is killed below
        await self.kill()

    async def kill(self) -> None:
        """As `kill -9`; nothing happens where none runs."""
        if self._bot is not None:
            self._bot.kill()
        if self._watcher is not None:
            await self._watcher

    async def restart(self) -> None:
        """Stops it where it runs, and starts it."""
        if self.state is not BotState.DEAD:
            await self.stop()
        await self.start()

    async def _until_end(self, bot: BotProcess) -> None:
        await bot.process.wait()
        await self._stack.aclose()
        self._enter(BotState.DEAD)

    def _enter(self, state: BotState) -> None:
        self._state = state
        if self.on_change is not None:
            self.on_change()

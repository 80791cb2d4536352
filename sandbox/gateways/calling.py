"""How a pretend gateway calls back: when the work is done, or as badly as the switch says.

Nothing is ever sent to a real host: only addresses under one of `tunnels` are called, at the loopback address there.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import StrEnum

import aiohttp

from sandbox.gateways.answers import Pauses
from sandbox.gateways.works import Work, Works

_LOOK_EVERY_S = 0.005
_DUPLICATES = 5
_TIMEOUT = aiohttp.ClientTimeout(total=5.0)


class Habit(StrEnum):
    """When a gateway calls."""

    ONCE = "once"
    DUPLICATE = "duplicate"  # five times
    EARLY = "early"  # before the order is answered, and not again
    FORGED = "forged"  # before the work is done: lies at the address, and the truth beside it
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One call as it is sent."""

    body: bytes
    headers: Mapping[str, str]


class Caller:
    """Calls for one gateway.

    `tunnels` leads from the beginning of a public address to a loopback one, as a proxy does. `answers` are the
    statuses that came back, in order, "forged" ones too.
    """

    def __init__(self, *, works: Works, pauses: Pauses) -> None:
        self._works = works
        self._pauses = pauses
        self._tasks: set[asyncio.Task[None]] = set()
        self.habit = Habit.ONCE
        self.tunnels: dict[str, str] = {}
        self.answers: list[int] = []

    async def accepted(
        self, address: str, work: Work, truth: Callable[[Work], Callback], lie: Callable[[Work], Callback]
    ) -> None:
        """An order that wants to be called about was taken and is not answered yet."""
        public = next((public for public in self.tunnels if address.startswith(public)), None)
        if public is None:
            return
        url = self.tunnels[public] + address.removeprefix(public)
        match self.habit:
            case Habit.EARLY:
                await self._call(url, truth(work))
            case Habit.FORGED:
                self._begin(self._forge(url, truth(work), lie(work)))
            case Habit.ONCE | Habit.DUPLICATE:
                times = _DUPLICATES if self.habit is Habit.DUPLICATE else 1
                self._begin(self._when_done(url, work, truth, times))
            case Habit.NEVER:
                pass

    async def close(self) -> None:
        """Ends calls under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, calling: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(calling)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _when_done(self, url: str, work: Work, truth: Callable[[Work], Callback], times: int) -> None:
        while not work.is_closed and not self._works.is_ready(work):
            await self._pauses.wait(_LOOK_EVERY_S)
            if self._pauses.is_closing:
                return
        callback = truth(work)
        for _ in range(times):
            await self._call(url, callback)

    async def _forge(self, url: str, truth: Callback, lie: Callback) -> None:
        await self._call(url, lie)
        wrong = "0" if url[-1] != "0" else "1"
        await self._call(url[:-1] + wrong, truth)

    async def _call(self, url: str, callback: Callback) -> None:
        headers = {"Content-Type": "application/json", **callback.headers}
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.post(url, data=callback.body, headers=headers) as answer,
            ):
                self.answers.append(answer.status)
        except (aiohttp.ClientError, TimeoutError):
            self.answers.append(0)  # nobody there

"""The loops that look, again and again, whether the staff is to be told something."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")

# A card that stands a moment later is soon enough; what cannot wait wakes the loop.
LOOK_EVERY_S = 2.0
# Cards under way at once: one channel that stalls must not hold up those of other guilds.
AT_ONCE = 8

Round = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Loop:
    """One round and what wakes it."""

    round: Round
    wanted: asyncio.Event = field(default_factory=asyncio.Event)


class Rounds:
    """Runs every round again and again, none behind another. What goes wrong in one is logged and tried again."""

    def __init__(self, rounds: Sequence[Round], *, look_every_s: float = LOOK_EVERY_S) -> None:
        self._loops = tuple(_Loop(one) for one in rounds)
        self._look_every_s = look_every_s

    def nudge(self) -> None:
        """There is something to tell."""
        for loop in self._loops:
            loop.wanted.set()

    async def run(self) -> None:
        """Goes round until cancelled."""
        async with asyncio.TaskGroup() as group:
            for loop in self._loops:
                group.create_task(self._repeat(loop))

    async def _repeat(self, loop: _Loop) -> None:
        while True:
            loop.wanted.clear()
            try:
                await loop.round()
            except Exception:  # the staff's cards are never worth the process
                log.exception("the staff has to wait")
            try:
                async with asyncio.timeout(self._look_every_s):
                    await loop.wanted.wait()
            except TimeoutError:
                continue


async def side_by_side(do: Callable[[T], Awaitable[None]], things: Iterable[T]) -> None:
    """Does it with each of them, a few at a time. Raises an ExceptionGroup of what that raised."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(thing: T) -> None:
        async with gate:
            await do(thing)

    async with asyncio.TaskGroup() as group:
        for thing in things:
            group.create_task(one(thing))

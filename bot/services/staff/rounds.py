"""The loop that looks, again and again, whether the staff is to be told something."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

log = logging.getLogger(__name__)

# A card that stands a moment later is soon enough; what cannot wait wakes the loop.
LOOK_EVERY_S = 2.0

Round = Callable[[], Awaitable[None]]


class Rounds:
    """Runs every round in turn. What goes wrong in one is logged and holds up none of the others."""

    def __init__(self, rounds: Sequence[Round], *, look_every_s: float = LOOK_EVERY_S) -> None:
        self._rounds = tuple(rounds)
        self._look_every_s = look_every_s
        self._wanted = asyncio.Event()

    def nudge(self) -> None:
        """There is something to tell."""
        self._wanted.set()

    async def run(self) -> None:
        """Goes round until cancelled."""
        while True:
            self._wanted.clear()
            for one in self._rounds:
                try:
                    await one()
                except Exception:  # the staff's cards are never worth the process
                    log.exception("the staff has to wait")
            try:
                async with asyncio.timeout(self._look_every_s):
                    await self._wanted.wait()
            except TimeoutError:
                continue

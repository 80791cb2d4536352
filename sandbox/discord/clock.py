"""The sandbox's own time, which can be put forward, and the snowflakes made from it."""

from collections.abc import Callable

from bot.core.clock import Clock, Millis, SystemClock
from bot.core.ids import DISCORD_EPOCH_MS

_SEQUENCE_BITS = 22  # below the time stand worker, process and increment (Discord API reference, "Snowflakes")


class SandboxClock:
    """A clock on top of another one. It is a `bot.core.clock.Clock`: a bot in the same process may share it."""

    def __init__(self, base: Clock | None = None) -> None:
        self._base: Clock = base if base is not None else SystemClock()
        self._ahead_ms = 0
        self.on_forward: Callable[[], None] | None = None

    @property
    def ahead_ms(self) -> int:
        """How far it was put forward."""
        return self._ahead_ms

    def now(self) -> Millis:
        return Millis(self._base.now() + self._ahead_ms)

    def monotonic(self) -> float:
        return self._base.monotonic() + self._ahead_ms / 1_000

    def forward(self, *, seconds: float = 0.0, minutes: float = 0.0) -> None:
        """Puts the clock forward: `forward(minutes=16)` outlives every interaction token."""
        self._ahead_ms += round((seconds + minutes * 60) * 1_000)
        if self.on_forward is not None:
            self.on_forward()


class Snowflakes:
    """Gives ids that carry the sandbox's time and are never given twice."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given = 0

    def new(self, *, made_ago_ms: int = 0) -> int:
        """An id made now, or as if made `made_ago_ms` milliseconds ago."""
        self._given = (self._given + 1) % (1 << _SEQUENCE_BITS)
        return ((self._clock.now() - made_ago_ms - DISCORD_EPOCH_MS) << _SEQUENCE_BITS) | self._given

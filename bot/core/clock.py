"""Time as an argument. The only file that reads the machine's clock."""

import time
from datetime import UTC, datetime
from typing import NewType, Protocol

# Milliseconds since 1970-01-01T00:00:00Z: the unit of Discord's snowflakes.
Millis = NewType("Millis", int)

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Clock(Protocol):
    """What the rooms ask for the time."""

    def now(self) -> Millis:
        """Wall time in milliseconds since 1970 (UTC)."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring how long something took."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved; tests and the demo move it."""

    def __init__(self, start: int = 1_800_000_000_000) -> None:
        self._now = start

    def now(self) -> Millis:
        return Millis(self._now)

    def monotonic(self) -> float:
        return self._now / SECOND_MS

    def advance(self, *, ms: int = 0, seconds: float = 0.0) -> None:
        """Moves the clock; a negative step moves it back, as a bad host clock would."""
        self._now += ms + round(seconds * SECOND_MS)


def utc(moment: int) -> datetime:
    """The moment as an aware UTC datetime."""
    return datetime.fromtimestamp(moment / SECOND_MS, tz=UTC)


def millis(moment: datetime) -> Millis:
    """The aware datetime as milliseconds since 1970."""
    return Millis(round(moment.timestamp() * SECOND_MS))

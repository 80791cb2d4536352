"""How far the host's clock is from Discord's, measured on every interaction for free."""

from collections import deque

from bot.interactions.model import STALE_MS, Received

# The smallest difference among this many arrivals is taken for the skew: few, so that a clock set right (or wrong)
# in mid-run costs few interactions.
ARRIVALS = 8


class ClockSkew:
    """Tells an interaction that is old from a host clock that is wrong."""

    def __init__(self) -> None:
        self._differences: deque[int] = deque(maxlen=ARRIVALS)

    def is_stale(self, received: Received) -> bool:
        """True for a replay that Discord takes no answer to any more; the first arrivals always pass.

        Discord itself is the judge of what passes wrongly: it takes no acknowledgement after 3 s.
        """
        difference = received.received_at - received.created_at
        self._differences.append(difference)
        return difference - self.skew_ms > STALE_MS

    @property
    def skew_ms(self) -> int:
        """Host time less Discord's, in milliseconds, the shortest way included; 0 before the first arrival."""
        return min(self._differences, default=0)

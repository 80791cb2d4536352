"""How long each step took, from the call to the first picture."""

from bot.core.clock import SECOND_MS, Clock

# Less than this from the call to the demo's own start is no set-up.
SET_UP_S = 1.0


class Pace:
    """Begins when it is made. `since` is when the call was made, in seconds since 1970; None where nobody said it."""

    def __init__(self, clock: Clock, since: float | None) -> None:
        self._clock = clock
        self._last = clock.monotonic()
        self._steps: list[tuple[str, float]] = []
        before = 0.0 if since is None else clock.now() / SECOND_MS - since
        if before >= SET_UP_S:
            self._steps.append(("set-up", before))

    def step(self, name: str) -> None:
        """That step has just ended."""
        now = self._clock.monotonic()
        self._steps.append((name, now - self._last))
        self._last = now

    def line(self) -> str:
        """All steps, and what they come to."""
        total = sum(seconds for _, seconds in self._steps)
        return " · ".join(f"{name} {seconds:.1f} s" for name, seconds in (*self._steps, ("total", total)))

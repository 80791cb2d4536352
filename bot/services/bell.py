"""Wakes loops from rooms that are built before them."""

from collections.abc import Callable


class Bell:
    """Whoever listens is woken by every ring; a ring that nobody hears is lost, as loops look by themselves too."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def listen(self, wake: Callable[[], None]) -> None:
        """Wakes this one too from now on."""
        self._listeners.append(wake)

    def ring(self) -> None:
        """Something changed that people should see soon."""
        for wake in self._listeners:
            wake()

"""Double clicks: the second press of the same button by the same member within seconds is left out."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from bot.core.clock import SECOND_MS
from bot.core.errors import Refusal, RefusalReason
from bot.interactions.model import Received

# Nobody wants the same thing anew so soon; a slow client's second click comes within this.
WINDOW_MS = 4 * SECOND_MS


class Presses:
    """Remembers presses for seconds. Their moments are Discord's, which made the interactions' ids.

    In memory alone: one process serves all presses, and a restart takes longer than a double click.
    """

    def __init__(self) -> None:
        self._at: dict[Hashable, int] = {}

    @contextmanager
    def once(self, received: Received, what: Hashable) -> Iterator[None]:
        """Raises Refusal UNDER_WAY for a double click. A press that is refused may be repeated at once."""
        key = (received.guild_id, received.member_id, what)
        at = received.created_at
        self._forget(before=at - 2 * WINDOW_MS)
        if abs(at - self._at.get(key, at - WINDOW_MS)) < WINDOW_MS:
            raise Refusal(RefusalReason.UNDER_WAY)
        self._at[key] = at
        try:
            yield
        except Refusal:
            self._at.pop(key, None)  # a slow request may have been forgotten meanwhile
            raise

    def _forget(self, *, before: int) -> None:
        for key in [key for key, at in self._at.items() if at < before]:
            del self._at[key]

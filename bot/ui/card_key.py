"""When a member's card must be edited: what a change of it is."""

import math
from typing import Protocol

from bot.jobs.model import State

# Up to this place in line every step forward is told; further back only steps of about a tenth, or each job that
# starts would mean an edit for everybody behind it.
_EXACT_PLACES = 10
_PLACE_STEP = 1.1
Key = tuple[object, ...]
# The key of a card that waits for a moderator: nothing of it changes until it ends.
WAITS_FOR_LEAVE: Key = ("leave",)


class Telling(Protocol):
    """What a card's key is made of; a glance and a whole progress both have it."""

    @property
    def state(self) -> State | None: ...
    @property
    def place(self) -> int | None: ...
    @property
    def is_fetching(self) -> bool: ...
    @property
    def is_parked(self) -> bool: ...
    @property
    def is_cancel_requested(self) -> bool: ...
    @property
    def is_overdue(self) -> bool: ...
    @property
    def is_late(self) -> bool: ...
    @property
    def gateway(self) -> str | None: ...
    @property
    def retry_at(self) -> int | None: ...


def _step(place: int | None) -> int | None:
    """The place, or beyond the first few the step it lies on."""
    if place is None or place <= _EXACT_PLACES:
        return place
    return _EXACT_PLACES + math.ceil(math.log(place / _EXACT_PLACES, _PLACE_STEP))


def key_of(progress: Telling) -> Key:
    """What a change of the card is: not the words, which hold times that move."""
    if progress.state is None:
        return WAITS_FOR_LEAVE
    return (
        progress.state,
        _step(progress.place),
        progress.is_fetching,
        progress.is_parked,
        progress.is_cancel_requested,
        progress.is_overdue,
        progress.is_late,
        progress.gateway,
        progress.retry_at,
    )

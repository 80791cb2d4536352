"""What the tests of the watch share: errors, randomness that can be foretold, and a turn."""

import random

from bot.core.errors import (
    BadRequest,
    Charged,
    GenerationFailed,
    Moderated,
    NotAuthorised,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    RetryLater,
    UnknownWork,
)
from bot.core.requests import ProviderName
from bot.providers.watch import HealthWatch, Turn

ACME = ProviderName("acme")
OTHER = ProviderName("other")
GONE = OutcomeUnknown("silence")
BUSY = RetryLater("429", retry_after_s=20.0, is_busy=True)
NO_KEY = NotAuthorised("401", charged=Charged.NO)
NO_FUNDS = OutOfFunds("402", charged=Charged.NO)
ALIVE: tuple[ProviderError, ...] = (
    Moderated("no", charged=Charged.NO),
    BadRequest("400", charged=Charged.NO),
    GenerationFailed("gave up", charged=Charged.NO),
    UnknownWork("404"),
)


class Dice:
    """Randomness that can be thrown again."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def token_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


class Middle(Dice):
    """Randomness that is none: always the middle."""

    def __init__(self) -> None:
        super().__init__(0)

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


def turn(watch: HealthWatch) -> Turn:
    given_leave = watch.begin(ACME)
    assert isinstance(given_leave, Turn)
    return given_leave

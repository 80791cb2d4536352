"""How long a model takes, from its own recent successes, else from the catalogue."""

from collections.abc import Sequence
from typing import Protocol

from bot.core.clock import Clock
from bot.db import Database
from bot.jobs.looks import store as looks

# Fewer successes than this say less than the catalogue does.
_ENOUGH = 5
# Polls are planned from below the median: an estimate too low costs a few polls, one too high costs waiting.
_LOW = 0.4
_MEDIAN = 0.5
_HIGH = 0.9
# The log-normal's 99th percentile, from what can be told of fifty samples, and from the median alone. A lost call may
# lie among the samples, so the highest say little.
_TAIL = 0.95
_TAIL_BY = 1.46
_TAIL_BY_TYPICAL = 3.65
# Medians move slowly and every card asks for them: a sample is good for so long.
_FRESH_S = 5.0


def quantile(sample: Sequence[float], share: float) -> float:
    """The value below which `share` of the sample lies; the sample is not empty."""
    ordered = sorted(sample)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Paced(Protocol):
    """A model of any kind, as the catalogue has it."""

    @property
    def key(self) -> str:
        """Unique among all models."""
        ...

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def typical_s(self) -> float: ...


class Pace:
    """Reads the model's last successes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._samples: dict[str, tuple[float, tuple[float, ...]]] = {}

    async def _sample(self, offer: Paced) -> tuple[float, ...]:
        now = self._clock.monotonic()
        good_until, sample = self._samples.get(offer.key, (now, ()))
        if now < good_until:
            return sample
        provider, model = offer.provider, offer.model
        sample = await self._database.read(lambda reader: looks.recent_seconds(reader, provider=provider, model=model))
        self._samples[offer.key] = (now + _FRESH_S, sample)
        return sample

    async def low_estimate_s(self, offer: Paced) -> float:
        """Seconds to plan polls with."""
        sample = await self._sample(offer)
        return quantile(sample, _LOW) if len(sample) >= _ENOUGH else offer.typical_s

    async def tail_s(self, offer: Paced) -> float:
        """Seconds that 99 of 100 stay below."""
        sample = await self._sample(offer)
        return quantile(sample, _TAIL) * _TAIL_BY if len(sample) >= _ENOUGH else offer.typical_s * _TAIL_BY_TYPICAL

    async def range_s(self, offer: Paced) -> tuple[float, float]:
        """Seconds to promise: the median, and what nine of ten stay below."""
        sample = await self._sample(offer)
        if len(sample) < _ENOUGH:
            return offer.typical_s, offer.typical_s * 2
        return quantile(sample, _MEDIAN), quantile(sample, _HIGH)

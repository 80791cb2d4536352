"""When a job at a gateway is looked at next: the schedule, fed with the model's own pace."""

from bot.core.ids import Randomness
from bot.jobs.schedule import PollPace, called_wait_s, poll_wait_s
from bot.providers.catalogue import Offer
from bot.providers.registry import Registry
from bot.services.pace import Pace


class Rhythm:
    """Seconds until the next poll."""

    def __init__(self, *, registry: Registry, pace: Pace, randomness: Randomness) -> None:
        self._registry = registry
        self._pace = pace
        self._randomness = randomness

    async def wait_s(
        self, offer: Offer, *, waited_s: float, asked_s: float | None, polls: int, is_called: bool = False
    ) -> float:
        """After `polls` polls and `waited_s` seconds since the submit; `asked_s` is what the gateway said last.

        `is_called`: the gateway will call when it is done.
        """
        jitter = self._randomness.uniform(-1.0, 1.0)
        if is_called:
            tail_s = await self._pace.tail_s(offer)
            return called_wait_s(tail_s=tail_s, waited_s=waited_s, asked_s=asked_s, jitter=jitter)
        facts = self._registry.facts(offer.provider)
        typical_s = await self._pace.low_estimate_s(offer)
        pace = PollPace(typical_s=typical_s, shortest_s=facts.poll_min_s, longest_s=facts.poll_max_s)
        return poll_wait_s(pace, polls=polls, waited_s=waited_s, asked_s=asked_s, jitter=jitter)

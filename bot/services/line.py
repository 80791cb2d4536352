"""How those who wait in line stand, for their cards: the place, and how long it may take."""

from bot.core.clock import Clock, Millis
from bot.core.ids import JobId
from bot.db import Reader
from bot.jobs.line import store
from bot.jobs.line.order import Standing
from bot.jobs.model import Caps, Job, State

# All cards are looked at twice a second, and the changed ones are read one after another: a line that was put in order
# is good for so long. A place that has changed meanwhile is told at the next look.
_FRESH_S = 0.25


class LineView:
    """The line in the order in which the runner, which has the same `caps`, will start it."""

    def __init__(self, *, caps: Caps, clock: Clock) -> None:
        self._caps = caps
        self._clock = clock
        self._good_until = clock.monotonic()
        self._standings: dict[JobId, Standing] = {}

    def everyone(self, reader: Reader, *, now: Millis) -> dict[JobId, Standing]:
        """Everyone's standing; whoever is put off until later does not stand in line."""
        self._standings = store.standings(reader, now=now, weights=self._caps.weights)
        self._good_until = self._clock.monotonic() + _FRESH_S
        return self._standings

    def of(self, reader: Reader, job: Job, *, now: Millis) -> Standing | None:
        """One job's; None where it does not wait in line."""
        if job.state is not State.QUEUED or (job.run_at is not None and job.run_at > now):
            return None
        if self._clock.monotonic() < self._good_until and job.id in self._standings:
            return self._standings[job.id]
        weights = self._caps.weights
        return store.standings(reader, now=now, weights=weights, provider=job.provider).get(job.id)

    def ready_in_s(self, standing: Standing | None, *, provider: str, usual_s: float) -> float | None:
        """Seconds until the result may be expected: the time of those before, taken to be as slow, and its own.

        None where it does not wait in line, the gateway is off, or nobody knows how long it takes.
        """
        caps = self._caps
        cap = caps.by_provider.get(provider)
        if standing is None or cap is None or usual_s <= 0:
            return None
        return usual_s * (1 + standing.rounds(cap=cap, per_guild=caps.per_guild, per_member=caps.per_member))

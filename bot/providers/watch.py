"""Watches every gateway: who may be asked now, who asks first after an illness, and how many requests in a minute.

The rules are in `bot.providers.health`; here are the state, the clock, the log and the rate limit. Nothing is kept
on disk: a process that starts anew tries each gateway once and soon knows.

    match watch.begin(name):
        case Wait() as wait: put the work off by wait.seconds
        case Turn() as turn:
            with turn:
                await watch.pace(name)
                try: answer = await provider.submit(...)
                except ProviderError as error: turn.failed(error); raise
                turn.succeeded()
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiolimiter import AsyncLimiter

from bot.core.clock import Clock
from bot.core.errors import ProviderError
from bot.core.ids import Randomness
from bot.core.requests import ProviderName
from bot.providers import health as rules
from bot.providers.health import JITTER, Health, Obstacle, Trouble

log = logging.getLogger(__name__)

# The longest submit (180 s for a gateway that draws while we wait) three times over: uploads, a payment, a repeat.
# A probe that was forgotten all the same keeps the gateway shut no longer than this.
SUBMIT_PROBE_S = 600.0
# A poll is bounded by 15 s; twice that leaves room for its wait under the rate limit.
POLL_PROBE_S = 30.0
_MINUTE_S = 60.0
_WELL = Health()
# A gateway that was not reached comes back by itself; an account does not.
_LEVELS = {Trouble.UNREACHABLE: logging.WARNING, Trouble.BUSY: logging.INFO, Trouble.ACCOUNT: logging.ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """No request may go to the gateway for `seconds`, because of `trouble`; then ask again."""

    seconds: float
    trouble: Trouble


class Turn:
    """Leave to send one request now. Enter it at once; the first verdict counts.

    Left without a verdict (cancelled, crashed, never sent) it says nothing of the gateway, and a probe is free again.
    """

    __slots__ = ("_name", "_number", "_watch")

    def __init__(self, watch: "HealthWatch", name: ProviderName, number: int | None) -> None:
        self._watch: HealthWatch | None = watch
        self._name = name
        self._number = number

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if (watch := self._verdict()) is not None:
            watch._released(self._name, self._number)

    def succeeded(self) -> None:
        """The gateway answered as a well one does, be it with a demand for payment."""
        if (watch := self._verdict()) is not None:
            watch._succeeded(self._name)

    def failed(self, error: ProviderError) -> None:
        """The request failed. A refusal of this one work (moderation, parameters, gave up) is a success here."""
        if (watch := self._verdict()) is not None:
            watch._failed(self._name, error, self._number)

    def _verdict(self) -> "HealthWatch | None":
        watch, self._watch = self._watch, None
        return watch


class HealthWatch:
    """The health of all gateways of this process; a name that it does not know yet is well.

    `rates` are requests per minute, None or absent for no limit. No method but `pace` waits, and none raises.
    """

    def __init__(self, clock: Clock, randomness: Randomness, rates: Mapping[ProviderName, int | None]) -> None:
        self._clock = clock
        self._randomness = randomness
        self._healths: dict[ProviderName, Health] = {}
        self._limiters = {name: _limiter(rate) for name, rate in rates.items() if rate is not None}

    def begin(self, name: ProviderName) -> Turn | Wait:
        """Leave to submit, or how long to wait. To a gateway that was ill one request goes at a time, as a probe."""
        now = self._clock.monotonic()
        blocked = rules.obstacle(self._health(name), now)
        if blocked is not None:
            return Wait(seconds=self._spread_s(blocked), trouble=blocked.trouble)
        self._change(name, lambda known: rules.claimed(known, now, lease_s=SUBMIT_PROBE_S))
        probe = self._health(name).probe
        return Turn(self, name, None if probe is None else probe.number)

    def is_healthy(self, name: ProviderName) -> bool:
        """Whether routing may choose it: not ill, or due to be tried again."""
        return rules.is_healthy(self._health(name), self._clock.monotonic())

    def wait_s(self, name: ProviderName) -> float:
        """Seconds until a submit may go; 0 where it may now."""
        found = rules.obstacle(self._health(name), self._clock.monotonic())
        return 0.0 if found is None else found.seconds

    def trouble(self, name: ProviderName) -> Trouble | None:
        """What ails it: an illness until a success ends it, BUSY while it is paused, None where it is well."""
        return rules.trouble_at(self._health(name), self._clock.monotonic())

    def for_polls(self, name: ProviderName) -> float:
        """Asked right before a poll: 0 where it may go now, else seconds to put it off.

        Polls wait for a gateway that asked a poll for time, and for one that cannot be reached; of the latter one goes
        as the probe, for which 0 is the leave, and `poll_failed` or `poll_succeeded` tells how it ended. One that never
        tells is forgotten after POLL_PROBE_S.
        """
        now = self._clock.monotonic()
        blocked = rules.poll_obstacle(self._health(name), now)
        if blocked is not None:
            return self._spread_s(blocked)
        if self._health(name).illness is Trouble.UNREACHABLE:
            self._change(name, lambda known: rules.claimed(known, now, lease_s=POLL_PROBE_S, is_poll=True))
        return 0.0

    def poll_succeeded(self, name: ProviderName) -> None:
        """A poll was answered: the gateway can be reached. Neither its account nor a pause is in order by that."""
        self._change(name, rules.poll_succeeded)

    def poll_failed(self, name: ProviderName, error: ProviderError) -> None:
        """A poll failed; that nothing was reached counts as it does for a submit, a refusal is an answer."""
        failure, jitter = rules.failure_of(error), self._jitter()
        if failure is None:
            self.poll_succeeded(name)
        else:
            now = self._clock.monotonic()
            self._change(name, lambda known: rules.poll_failed(known, failure, now=now, jitter=jitter))

    async def pace(self, name: ProviderName) -> None:
        """Waits until one more request keeps to the gateway's requests per minute; in the order of asking."""
        limiter = self._limiters.get(name)
        if limiter is not None:
            await limiter.acquire()

    def _succeeded(self, name: ProviderName) -> None:
        self._change(name, rules.succeeded)

    def _failed(self, name: ProviderName, error: ProviderError, number: int | None) -> None:
        failure = rules.failure_of(error)
        if failure is None:
            self._succeeded(name)
            return
        now, jitter = self._clock.monotonic(), self._jitter()
        self._change(name, lambda known: rules.failed(known, failure, now=now, jitter=jitter, number=number))

    def _released(self, name: ProviderName, number: int | None) -> None:
        if number is not None:
            self._change(name, lambda known: rules.released(known, number))

    def _health(self, name: ProviderName) -> Health:
        return self._healths.get(name, _WELL)

    def _change(self, name: ProviderName, change: Callable[[Health], Health]) -> None:
        before = self._health(name)
        after = change(before)
        self._healths[name] = after
        _log_change(name, before, after, now=self._clock.monotonic())

    def _jitter(self) -> float:
        return self._randomness.uniform(-1.0, 1.0)

    def _spread_s(self, found: Obstacle) -> float:
        """Only ever longer: those that wait for one gateway shall not all come back at one moment."""
        return found.seconds * (1 + JITTER * self._randomness.uniform(0.0, 1.0))


def _limiter(rate: int) -> AsyncLimiter:
    """A bucket of one second: a minute's worth at once would be a burst that no gateway means by its limit."""
    per_second = rate / _MINUTE_S
    return AsyncLimiter(per_second, 1.0) if per_second >= 1 else AsyncLimiter(1, 1 / per_second)


def _log_change(name: ProviderName, before: Health, after: Health, *, now: float) -> None:
    """One event for each transition; what changes nothing about who may go says nothing."""
    if after.illness is not None and (after.illness is not before.illness or after.open_until > before.open_until):
        is_news = after.illness is not before.illness
        level = logging.INFO if not is_news else _LEVELS[after.illness]
        fields = {"provider": name, "trouble": after.illness, "seconds": round(after.open_until - now, 1)}
        log.log(level, "a gateway is held back", extra=fields)
    elif before.illness is not None and after.illness is None:
        fields = {"provider": name, "trouble": before.illness, "seconds": round(now - before.ill_since, 1)}
        log.info("a gateway is back", extra=fields)
    elif after.probes > before.probes:
        fields = {"provider": name, "trouble": after.illness, "seconds": round(now - after.ill_since, 1)}
        log.info("a gateway is tried again", extra=fields)
    if after.pauses > before.pauses:
        fields = {"provider": name, "trouble": Trouble.BUSY, "seconds": round(after.pause_until - now, 1)}
        log.info("a gateway asks for time", extra=fields)

"""Whatever gateways do and whoever asks: one probe, bounded waits, a way back."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.clock import ManualClock
from bot.core.errors import ProviderError, RetryLater
from bot.providers.health import ACCOUNT_MAX_S, UNREACHABLE_MAX_S, Trouble
from bot.providers.retry_after import RETRY_AFTER_MAX_S
from bot.providers.watch import POLL_PROBE_S, SUBMIT_PROBE_S, HealthWatch, Turn, Wait
from tests.providers.watching import ACME, ALIVE, GONE, NO_FUNDS, NO_KEY, Dice, turn


@dataclass(slots=True)
class _Model:
    """What a witness saw, who knows of the gateway only what it was told."""

    clock: ManualClock
    watch: HealthWatch
    turns: list[Turn] = field(default_factory=list)
    polls_paused_until: float = 0.0
    probes: dict[int, float] = field(default_factory=dict)  # turns that are probes, by id, until when

    def live_probes(self) -> int:
        return sum(self.clock.monotonic() < until for until in self.probes.values())

    def is_ill(self) -> bool:
        return self.watch.trouble(ACME) in (Trouble.UNREACHABLE, Trouble.ACCOUNT)

    def note(self) -> None:
        """A gateway that is closed has no probes: what was one is a request like any other."""
        if not self.is_ill():
            self.probes.clear()

    def begin(self) -> None:
        was_ill = self.is_ill()
        asked = self.watch.begin(ACME)
        if isinstance(asked, Wait):
            assert 0 < asked.seconds <= 1.1 * ACCOUNT_MAX_S
            return
        if was_ill:
            assert self.live_probes() == 0
            self.probes[id(asked)] = self.clock.monotonic() + SUBMIT_PROBE_S
        self.turns.append(asked)

    def poll(self, error: ProviderError | None) -> None:
        was_unreachable = self.watch.trouble(ACME) is Trouble.UNREACHABLE
        is_paused = self.clock.monotonic() < self.polls_paused_until
        if self.watch.for_polls(ACME) > 0:
            assert was_unreachable or is_paused
            return
        assert not was_unreachable or self.live_probes() == 0
        if error is None:
            self.watch.poll_succeeded(ACME)
        else:
            self.watch.poll_failed(ACME, error)
            if isinstance(error, RetryLater) and error.is_busy:
                self.polls_paused_until = self.clock.monotonic() + self.watch.wait_s(ACME)

    def end(self, index: int, error: ProviderError | None) -> None:
        if not self.turns:
            return
        going = self.turns.pop(index % len(self.turns))
        self.probes.pop(id(going), None)
        with going:
            if error is None:
                going.succeeded()
                assert not self.is_ill()
                assert self.watch.is_healthy(ACME)
            else:
                going.failed(error)

    def drop(self, index: int) -> None:
        if self.turns:
            before = self.watch.wait_s(ACME) if not self.probes else None
            going = self.turns.pop(index % len(self.turns))
            self.probes.pop(id(going), None)
            with going:
                pass
            assert before is None or self.watch.wait_s(ACME) == before

    def check(self) -> None:
        bounds = {Trouble.UNREACHABLE: UNREACHABLE_MAX_S, Trouble.ACCOUNT: ACCOUNT_MAX_S, Trouble.BUSY: 0.0}
        found = self.watch.trouble(ACME)
        most = max(RETRY_AFTER_MAX_S, 0.0 if found is None else bounds[found])
        assert 0.0 <= self.watch.wait_s(ACME) <= most + 1e-6


_ASKED = st.one_of(st.none(), st.sampled_from([0.0, 5.0, 120.0, 1e9, -1.0, math.inf, math.nan]))
_ERRORS = st.one_of(
    st.sampled_from([GONE, NO_KEY, NO_FUNDS, *ALIVE]),
    st.builds(lambda asked, is_busy: RetryLater("x", retry_after_s=asked, is_busy=is_busy), _ASKED, st.booleans()),
)
_VERDICTS = st.one_of(st.none(), _ERRORS)
_INDEX = st.integers(0, 9)
_STEPS: st.SearchStrategy[Callable[[_Model], None]] = st.one_of(
    st.just(_Model.begin),
    st.builds(lambda index, error: lambda model: model.end(index, error), _INDEX, _VERDICTS),
    st.builds(lambda index: lambda model: model.drop(index), _INDEX),
    st.builds(lambda error: lambda model: model.poll(error), _VERDICTS),
    st.builds(
        lambda seconds: lambda model: model.clock.advance(seconds=seconds), st.sampled_from([0.5, 16.0, 70.0, 700.0])
    ),
)


@settings(deadline=None)  # the machine may be busy
@given(steps=st.lists(_STEPS, max_size=60), seed=st.integers(0, 9))
def test_whatever_happens_there_is_one_probe_a_bounded_wait_and_a_way_back(
    steps: list[Callable[[_Model], None]], seed: int
) -> None:
    clock = ManualClock(start=0)
    model = _Model(clock=clock, watch=HealthWatch(clock, Dice(seed), {}))
    for step in steps:
        step(model)
        model.note()
        model.check()
    while model.turns:
        model.drop(0)
    clock.advance(seconds=max(ACCOUNT_MAX_S, POLL_PROBE_S))
    with turn(model.watch) as going:
        going.succeeded()
    assert model.watch.trouble(ACME) is None

"""Requests per minute: how many may go to a gateway, and when."""

import asyncio
import selectors

import pytest

from bot.core.clock import ManualClock
from bot.core.requests import ProviderName
from bot.providers.catalogue import Catalogue
from bot.providers.watch import HealthWatch, Turn
from tests.providers.watching import ACME, OTHER, Middle


class _Skipping(selectors.DefaultSelector):
    """Waits no second: it says that they have passed. A look takes a microsecond, so that time never stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing would ever happen again"
        self.passed_s += max(timeout, 1e-6)
        return super().select(0)


class _SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only by waiting."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.passed_s


def paced(rate: int | None, requests: int) -> list[float]:
    """At which second each of the requests, all asked for at once, may go."""
    watch = HealthWatch(ManualClock(), Middle(), {ACME: rate})
    went: list[float] = []

    async def ask() -> None:
        await watch.pace(ACME)
        went.append(asyncio.get_running_loop().time())

    async def ask_all() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(requests):
                group.create_task(ask())

    with asyncio.Runner(loop_factory=_SkippingLoop) as runner:
        runner.run(ask_all())
    return went


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (120, [0.0, 0.0, 0.5, 1.0, 1.5]),
        (60, [0.0, 1.0, 2.0]),
        (90, [0.0, 1 / 3, 1.0]),
        (6, [0.0, 10.0, 20.0]),
        (1, [0.0, 60.0]),
        (None, [0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_requests_keep_to_the_rate_with_a_burst_of_one_second(rate: int | None, expected: list[float]) -> None:
    assert paced(rate, len(expected)) == pytest.approx(expected, abs=1e-3)


def test_no_minute_holds_more_than_the_rate_and_its_burst() -> None:
    went = paced(500, 1_200)
    most = max(sum(start <= at < start + 60 for at in went) for start in went)
    assert 490 <= most <= 500 + 9


async def test_a_gateway_without_a_rate_is_not_kept_waiting() -> None:
    watch = HealthWatch(ManualClock(), Middle(), {})
    for _ in range(1_000):
        await watch.pace(ACME)


async def test_one_gateways_rate_does_not_slow_another() -> None:
    watch = HealthWatch(ManualClock(), Middle(), {ACME: 1, OTHER: 1_000_000})
    await watch.pace(ACME)
    second = asyncio.create_task(watch.pace(ACME))
    for _ in range(100):
        await watch.pace(OTHER)
    assert not second.done()
    second.cancel()
    await asyncio.wait([second])


def test_every_shipped_gateway_has_a_rate(catalogue: Catalogue) -> None:
    rates = {name: facts.requests_per_minute for name, facts in catalogue.providers.items()}
    assert rates == {"locus": 120, "pixazo": 120, "apiinone": 120, "apiframe": 500, "xai": 120}
    assert isinstance(HealthWatch(ManualClock(), Middle(), rates).begin(ProviderName("locus")), Turn)

"""The watch over all gateways: turns, waits, polls and the log."""

import asyncio
import logging

import pytest

from bot.core.clock import ManualClock
from bot.core.errors import ProviderError, RetryLater
from bot.providers.health import Trouble
from bot.providers.watch import POLL_PROBE_S, SUBMIT_PROBE_S, HealthWatch, Turn, Wait
from tests.providers.watching import ACME, ALIVE, BUSY, GONE, NO_FUNDS, NO_KEY, OTHER, Dice, Middle, turn


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(start=1_000_000)


@pytest.fixture
def watch(clock: ManualClock) -> HealthWatch:
    return HealthWatch(clock, Middle(), {})


def fail(watch: HealthWatch, error: ProviderError, times: int = 1) -> None:
    for _ in range(times):
        with turn(watch) as going:
            going.failed(error)


def test_any_number_may_go_to_a_gateway_that_is_well(watch: HealthWatch) -> None:
    turns = [turn(watch) for _ in range(20)]
    for going in turns:
        with going:
            going.succeeded()
    assert watch.is_healthy(ACME)
    assert (watch.wait_s(ACME), watch.trouble(ACME), watch.for_polls(ACME)) == (0.0, None, 0.0)


def test_three_lost_answers_make_the_others_wait_and_only_for_that_gateway(watch: HealthWatch) -> None:
    fail(watch, GONE, times=3)
    assert watch.begin(ACME) == Wait(seconds=15.0 * 1.05, trouble=Trouble.UNREACHABLE)
    assert (watch.wait_s(ACME), watch.trouble(ACME)) == (15.0, Trouble.UNREACHABLE)
    assert not watch.is_healthy(ACME)
    assert watch.is_healthy(OTHER)
    assert isinstance(watch.begin(OTHER), Turn)


def test_those_that_wait_come_back_spread_and_never_early(clock: ManualClock) -> None:
    watch = HealthWatch(clock, Dice(7), {})
    fail(watch, GONE, times=3)
    least = watch.wait_s(ACME)
    waits = {wait.seconds for _ in range(100) if isinstance(wait := watch.begin(ACME), Wait)}
    assert len(waits) == 100
    assert least <= min(waits) < max(waits) <= least * 1.1


@pytest.mark.parametrize("error", ALIVE)
def test_a_refusal_of_the_work_is_a_success_of_the_gateway(error: ProviderError, watch: HealthWatch) -> None:
    fail(watch, GONE, times=2)
    fail(watch, error)
    fail(watch, GONE, times=2)
    assert watch.is_healthy(ACME)


@pytest.mark.parametrize("error", [NO_KEY, NO_FUNDS])
def test_an_account_that_needs_the_operator_stops_submits_and_not_polls(
    error: ProviderError, watch: HealthWatch
) -> None:
    fail(watch, error)
    assert watch.begin(ACME) == Wait(seconds=60.0 * 1.05, trouble=Trouble.ACCOUNT)
    assert watch.for_polls(ACME) == 0.0
    watch.poll_succeeded(ACME)
    assert watch.trouble(ACME) is Trouble.ACCOUNT


def test_a_busy_gateway_is_paused_for_all_and_stays_healthy(watch: HealthWatch, clock: ManualClock) -> None:
    fail(watch, BUSY)
    assert watch.begin(ACME) == Wait(seconds=20.0 * 1.05, trouble=Trouble.BUSY)
    assert (watch.is_healthy(ACME), watch.for_polls(ACME)) == (True, 0.0)
    clock.advance(seconds=20)
    assert isinstance(watch.begin(ACME), Turn)
    assert watch.trouble(ACME) is None


def test_one_probe_goes_whose_success_lets_all_go(watch: HealthWatch, clock: ManualClock) -> None:
    fail(watch, GONE, times=3)
    clock.advance(seconds=15)
    assert watch.is_healthy(ACME)
    with turn(watch) as probe:
        assert watch.begin(ACME) == Wait(seconds=1.05, trouble=Trouble.UNREACHABLE)
        assert watch.for_polls(ACME) == 1.05
        probe.succeeded()
    assert watch.trouble(ACME) is None
    turn(watch), turn(watch)


def test_one_probe_goes_whose_failure_makes_all_wait_longer(watch: HealthWatch, clock: ManualClock) -> None:
    fail(watch, GONE, times=3)
    clock.advance(seconds=15)
    fail(watch, GONE)
    assert watch.wait_s(ACME) == 30.0


def test_a_probe_that_ends_without_a_verdict_changes_nothing_and_frees_its_place(
    watch: HealthWatch, clock: ManualClock
) -> None:
    fail(watch, GONE, times=3)
    clock.advance(seconds=15)

    def crash() -> None:
        with turn(watch):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash()
    assert (watch.wait_s(ACME), watch.trouble(ACME)) == (0.0, Trouble.UNREACHABLE)
    with turn(watch):
        assert watch.wait_s(ACME) == 1.0


async def test_a_probe_that_is_cancelled_frees_its_place(watch: HealthWatch, clock: ManualClock) -> None:
    fail(watch, GONE, times=3)
    clock.advance(seconds=15)
    under_way = asyncio.Event()

    async def submit() -> None:
        with turn(watch):
            under_way.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(submit())
    await under_way.wait()
    assert isinstance(watch.begin(ACME), Wait)
    task.cancel()
    await asyncio.wait([task])
    assert isinstance(watch.begin(ACME), Turn)


def test_a_turn_without_a_verdict_says_nothing_of_a_well_gateway(watch: HealthWatch) -> None:
    fail(watch, GONE, times=2)
    with turn(watch):
        pass
    fail(watch, GONE)
    assert watch.trouble(ACME) is Trouble.UNREACHABLE


def test_only_the_first_verdict_of_a_turn_counts(watch: HealthWatch) -> None:
    with turn(watch) as going:
        going.succeeded()
        for _ in range(3):
            going.failed(NO_KEY)
    assert watch.is_healthy(ACME)
    with turn(watch) as going:
        going.failed(NO_KEY)
        going.succeeded()
    assert not watch.is_healthy(ACME)


def test_a_probe_that_is_forgotten_keeps_the_gateway_shut_for_a_bounded_time(
    watch: HealthWatch, clock: ManualClock
) -> None:
    fail(watch, GONE, times=3)
    clock.advance(seconds=15)
    forgotten = turn(watch)
    clock.advance(seconds=SUBMIT_PROBE_S)
    with turn(watch):
        forgotten.failed(GONE)  # too late to speak for the gateway
        assert watch.wait_s(ACME) == 1.0


def test_of_ten_thousand_polls_one_goes_to_a_gateway_that_was_unreachable(
    watch: HealthWatch, clock: ManualClock
) -> None:
    for _ in range(3):
        watch.poll_failed(ACME, RetryLater("no answer to a poll"))
    assert watch.for_polls(ACME) == 15.0 * 1.05
    clock.advance(seconds=15)
    assert [watch.for_polls(ACME) for _ in range(10_000)].count(0.0) == 1
    assert isinstance(watch.begin(ACME), Wait)
    watch.poll_failed(ACME, RetryLater("no answer to a poll"))
    assert watch.wait_s(ACME) == 30.0
    clock.advance(seconds=30)
    assert watch.for_polls(ACME) == 0.0
    watch.poll_succeeded(ACME)
    assert (watch.trouble(ACME), watch.for_polls(ACME), watch.wait_s(ACME)) == (None, 0.0, 0.0)


def test_a_429_to_a_poll_holds_the_other_polls_too(watch: HealthWatch, clock: ManualClock) -> None:
    watch.poll_failed(ACME, BUSY)
    assert watch.wait_s(ACME) == 20.0
    assert watch.for_polls(ACME) == 20.0 * 1.05
    clock.advance(seconds=20)
    assert watch.for_polls(ACME) == 0.0


def test_a_poll_probe_that_never_tells_is_forgotten(watch: HealthWatch, clock: ManualClock) -> None:
    fail(watch, GONE, times=3)
    clock.advance(seconds=15)
    assert watch.for_polls(ACME) == 0.0
    assert watch.for_polls(ACME) > 0.0
    clock.advance(seconds=POLL_PROBE_S)
    assert watch.for_polls(ACME) == 0.0


@pytest.mark.parametrize("error", ALIVE)
def test_a_poll_that_hears_of_the_work_has_reached_the_gateway(error: ProviderError, watch: HealthWatch) -> None:
    fail(watch, GONE, times=3)
    watch.poll_failed(ACME, error)
    assert watch.trouble(ACME) is None


def test_each_transition_is_logged_once_and_no_request_is(
    watch: HealthWatch, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def told() -> list[tuple[str, str, object, object, object]]:
        seen = [
            (one.levelname, one.getMessage(), *(vars(one)[name] for name in ("provider", "trouble", "seconds")))
            for one in caplog.records
        ]
        caplog.clear()
        return seen

    for _ in range(10):
        with turn(watch) as going:
            going.succeeded()
    fail(watch, GONE, times=2)
    assert told() == []
    late = [turn(watch) for _ in range(5)]
    fail(watch, GONE)
    for going in late:
        going.failed(GONE)
    for _ in range(50):
        watch.begin(ACME)
    assert told() == [("WARNING", "a gateway is held back", "acme", "unreachable", 15.0)]
    clock.advance(seconds=15)
    fail(watch, GONE)
    assert told() == [
        ("INFO", "a gateway is tried again", "acme", "unreachable", 15.0),
        ("INFO", "a gateway is held back", "acme", "unreachable", 30.0),
    ]
    clock.advance(seconds=30)
    fail(watch, NO_KEY)
    assert told()[1:] == [("ERROR", "a gateway is held back", "acme", "account", 60.0)]
    clock.advance(seconds=60)
    with turn(watch) as going:
        going.succeeded()
    assert told()[1:] == [("INFO", "a gateway is back", "acme", "account", 105.0)]
    for going in [turn(watch) for _ in range(5)]:
        going.failed(BUSY)
    assert told() == [("INFO", "a gateway asks for time", "acme", "busy", 20.0)]

"""Time as an argument."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import DAY_MS, ManualClock, Millis, SystemClock, millis, utc

YEAR_2000, YEAR_2100 = 946_684_800_000, 4_102_444_800_000


def test_the_manual_clock_stands_still_until_it_is_moved_in_either_direction() -> None:
    clock = ManualClock(start=1_000)
    assert (clock.now(), clock.now(), clock.monotonic()) == (1_000, 1_000, 1.0)
    clock.advance(ms=500, seconds=1.5)
    assert (clock.now(), clock.monotonic()) == (3_000, 3.0)
    clock.advance(seconds=-2)
    assert clock.now() == 1_000


def test_the_system_clock_speaks_milliseconds_of_this_century_and_never_measures_backwards() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    assert YEAR_2000 < clock.now() < YEAR_2100
    assert clock.monotonic() >= before


@given(st.integers(0, YEAR_2100))
def test_a_moment_survives_the_way_through_a_datetime(moment: int) -> None:
    assert millis(utc(moment)) == moment


def test_a_datetime_of_another_zone_is_the_same_moment() -> None:
    elsewhere = datetime(2026, 1, 2, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert utc(millis(elsewhere)) == datetime(2026, 1, 1, 23, 30, tzinfo=UTC)


def test_a_day_has_its_milliseconds() -> None:
    assert utc(Millis(DAY_MS)) == datetime(1970, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [0.0004, -0.0004])
def test_less_than_half_a_millisecond_moves_nothing(seconds: float) -> None:
    clock = ManualClock(start=7)
    clock.advance(seconds=seconds)
    assert clock.now() == 7

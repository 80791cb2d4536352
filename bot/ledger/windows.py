"""Calendar windows: the day, the week and the month of a moment, in a zone of the world.

A window is `[starts_at, ends_at)` in milliseconds UTC, found once and stored, never "+24 h": a day may last
23 or 25 hours, begin at 01:00 (São Paulo, 2018-11-04) or not exist at all (Samoa, 2011-12-30).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from bot.core.clock import Millis, millis, utc

_DAY = timedelta(days=1)


class WindowKind(StrEnum):
    """How long a ceiling counts before it starts anew."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The moments from `starts_at` up to, not including, `ends_at`."""

    kind: WindowKind
    starts_at: Millis
    ends_at: Millis


def window_of(kind: WindowKind, at: Millis, zone: tzinfo = UTC) -> Window:
    """The window of the kind that holds the moment."""
    match kind:
        case WindowKind.DAY:
            return day_window(at, zone)
        case WindowKind.WEEK:
            return week_window(at, zone)
        case WindowKind.MONTH:
            return month_window(at, zone)
        case _:
            assert_never(kind)


def day_window(at: Millis, zone: tzinfo = UTC) -> Window:
    """The local calendar day that holds the moment."""
    day = _day(at, zone)
    return Window(kind=WindowKind.DAY, starts_at=_begin(day, zone), ends_at=_begin(day + _DAY, zone))


def week_window(at: Millis, zone: tzinfo = UTC) -> Window:
    """The local calendar week that holds the moment, from the beginning of Monday."""
    day = _day(at, zone)
    monday = day - day.weekday() * _DAY
    return Window(kind=WindowKind.WEEK, starts_at=_begin(monday, zone), ends_at=_begin(monday + 7 * _DAY, zone))


def month_window(at: Millis, zone: tzinfo = UTC) -> Window:
    """The local calendar month that holds the moment."""
    first = utc(at).astimezone(zone).date().replace(day=1)
    if _begin(_next_month(first), zone) <= at:
        first = _next_month(first)
    ends_at = _begin(_next_month(first), zone)
    return Window(kind=WindowKind.MONTH, starts_at=_begin(first, zone), ends_at=ends_at)


def _day(at: Millis, zone: tzinfo) -> date:
    day = utc(at).astimezone(zone).date()
    # Where clocks go back over midnight, a moment of the new day shows yesterday's date for the second time.
    while _begin(day + _DAY, zone) <= at:
        day += _DAY
    return day


def _next_month(first: date) -> date:
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


@lru_cache(maxsize=4_096)  # a request asks for the same few midnights again and again
def _begin(day: date, zone: tzinfo) -> Millis:
    """The first moment at which clocks in the zone show this date, or would have shown it."""
    midnight = datetime.combine(day, time(), tzinfo=zone)
    # PEP 495: in a fold, fold=0 is the earlier moment; in a gap fold=0 is the later and fold=1 the earlier
    # reading, and the jump itself lies between the two.
    first, second = millis(midnight), millis(midnight.replace(fold=1))
    return first if second >= first else _jump(second, first, zone)


def _jump(low: Millis, high: Millis, zone: tzinfo) -> Millis:
    """The moment in `(low, high]` at which the zone's clocks jump."""
    before = utc(low).astimezone(zone).utcoffset()
    while high - low > 1:
        middle = Millis((low + high) // 2)
        if utc(middle).astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high

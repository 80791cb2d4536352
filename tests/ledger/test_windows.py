"""Calendar windows in every zone, through every jump of its clocks."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.clock import HOUR_MS, Millis, millis, utc
from bot.ledger.windows import WindowKind, day_window, month_window, week_window, window_of
from tests.ledger.book import at


@pytest.mark.parametrize(
    ("zone", "moment", "starts", "ends", "hours"),
    [
        ("UTC", "2026-05-15T12:00", "2026-05-15T00:00", "2026-05-16T00:00", 24),
        ("UTC", "2026-05-15T00:00", "2026-05-15T00:00", "2026-05-16T00:00", 24),
        ("UTC", "2026-05-15T23:59:59.999", "2026-05-15T00:00", "2026-05-16T00:00", 24),
        ("Asia/Tokyo", "2026-05-15T15:00", "2026-05-15T15:00", "2026-05-16T15:00", 24),
        # spring forward and fall back inside the day
        ("Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00", 25),
        ("Australia/Lord_Howe", "2026-04-04T20:00", "2026-04-04T13:00", "2026-04-05T13:30", 24.5),
        # midnight does not exist: the day begins at 01:00
        ("America/Sao_Paulo", "2018-11-04T12:00", "2018-11-04T03:00", "2018-11-05T02:00", 23),
        ("America/Sao_Paulo", "2018-11-04T02:59", "2018-11-03T03:00", "2018-11-04T03:00", 24),
        # midnight comes twice: the first one begins the day
        ("America/Havana", "2026-11-01T04:30", "2026-11-01T04:00", "2026-11-02T05:00", 25),
        # clocks go back at midnight: the day has its last hour twice
        ("America/Sao_Paulo", "2018-02-18T02:30", "2018-02-17T02:00", "2018-02-18T03:00", 25),
        # clocks go back at 00:01: yesterday's date for the second time is already today's window
        ("America/Goose_Bay", "2010-11-07T03:30", "2010-11-07T03:00", "2010-11-08T04:00", 25),
        # the gap begins before midnight: the day begins at 00:30
        ("America/Toronto", "1919-03-31T12:00", "1919-03-31T04:30", "1919-04-01T04:00", 23.5),
        # a day that never was
        ("Pacific/Apia", "2011-12-30T09:59", "2011-12-29T10:00", "2011-12-30T10:00", 24),
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T10:00", "2011-12-31T10:00", 24),
    ],
)
def test_the_day_of_a_moment(zone: str, moment: str, starts: str, ends: str, hours: float) -> None:
    window = day_window(at(moment), ZoneInfo(zone))
    assert (window.kind, window.starts_at, window.ends_at) == (WindowKind.DAY, at(starts), at(ends))
    assert window.ends_at - window.starts_at == hours * HOUR_MS


@pytest.mark.parametrize(
    ("zone", "moment", "starts", "ends"),
    [
        ("UTC", "2026-01-31T23:59", "2026-01-01T00:00", "2026-02-01T00:00"),
        ("UTC", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
        ("UTC", "2026-12-31T12:00", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("Europe/Berlin", "2026-03-31T22:30", "2026-03-31T22:00", "2026-04-30T22:00"),
        ("Europe/Berlin", "2026-10-31T22:59", "2026-09-30T22:00", "2026-10-31T23:00"),
    ],
)
def test_the_month_of_a_moment(zone: str, moment: str, starts: str, ends: str) -> None:
    window = month_window(at(moment), ZoneInfo(zone))
    assert (window.kind, window.starts_at, window.ends_at) == (WindowKind.MONTH, at(starts), at(ends))


def test_the_default_is_utc() -> None:
    moment = at("2026-05-15T12:00")
    assert day_window(moment) == day_window(moment, ZoneInfo("UTC"))
    assert month_window(moment) == month_window(moment, ZoneInfo("UTC"))


class BackOverMidnight(tzinfo):
    """A zone whose clocks go back from 00:30 on 1 June 2026 to 23:30 on 31 May."""

    TURN = datetime(2026, 6, 1, 0, 30, tzinfo=UTC).replace(tzinfo=None)

    def utcoffset(self, moment: datetime | None) -> timedelta:
        assert moment is not None
        wall = moment.replace(tzinfo=None, fold=0)
        is_second = wall >= self.TURN or (moment.fold == 1 and wall >= self.TURN - timedelta(hours=1))
        return timedelta(hours=0 if is_second else 1)

    def dst(self, moment: datetime | None) -> timedelta:
        return self.utcoffset(moment)

    def tzname(self, _moment: datetime | None) -> str:
        return "back over midnight"

    def fromutc(self, moment: datetime) -> datetime:
        turn_utc = (self.TURN - timedelta(hours=1)).replace(tzinfo=self)
        shifted = moment if moment >= turn_utc else moment + timedelta(hours=1)
        return shifted.replace(fold=int(turn_utc <= moment < turn_utc + timedelta(hours=1)))


def test_yesterdays_date_shown_again_belongs_to_the_window_that_has_begun() -> None:
    zone = BackOverMidnight()
    shown_again = at("2026-05-31T23:45")
    assert utc(shown_again).astimezone(zone).date() == date(2026, 5, 31)
    assert day_window(shown_again, zone).starts_at == at("2026-05-31T23:00")
    assert month_window(shown_again, zone).starts_at == at("2026-05-31T23:00")
    assert month_window(shown_again, zone).ends_at == at("2026-07-01T00:00")


def zone_names() -> list[str]:
    return sorted(name for name in zoneinfo.available_timezones() if name != "localtime")


def test_months_and_days_of_2026_to_2028_follow_each_other_without_a_gap_in_every_zone() -> None:
    first, last = at("2026-01-01T00:00"), at("2029-01-01T00:00")
    assert len(zone_names()) > 300
    for name in zone_names():
        zone = ZoneInfo(name)
        month = month_window(first, zone)
        while month.ends_at < last:
            following = month_window(month.ends_at, zone)
            assert following.starts_at == month.ends_at, name
            assert month_window(Millis(month.ends_at - 1), zone) == month, name
            if offset(month.starts_at, zone) != offset(month.ends_at, zone):
                assert_days_fill(month.starts_at, month.ends_at, zone, name)
            month = following


def assert_days_fill(starts_at: Millis, ends_at: Millis, zone: ZoneInfo, name: str) -> None:
    moment = starts_at
    while moment < ends_at:
        day = day_window(moment, zone)
        assert day.starts_at == moment, name
        assert day_window(Millis(day.ends_at - 1), zone) == day, name
        assert 22 * HOUR_MS <= day.ends_at - day.starts_at <= 26 * HOUR_MS, name
        moment = day.ends_at
    assert moment == ends_at, name


def offset(moment: Millis, zone: ZoneInfo) -> timedelta | None:
    return utc(moment).astimezone(zone).utcoffset()


def test_a_window_holds_its_start_and_not_its_end() -> None:
    day = day_window(millis(datetime(2026, 5, 15, 12, tzinfo=UTC)))
    assert day_window(day.starts_at) == day
    assert day_window(day.ends_at) != day


@pytest.mark.parametrize(
    ("zone", "moment", "starts", "ends", "hours"),
    [
        ("UTC", "2026-05-15T12:00", "2026-05-11T00:00", "2026-05-18T00:00", 168),
        ("UTC", "2026-05-11T00:00", "2026-05-11T00:00", "2026-05-18T00:00", 168),
        ("UTC", "2027-01-02T12:00", "2026-12-28T00:00", "2027-01-04T00:00", 168),
        ("Europe/Berlin", "2026-03-29T12:00", "2026-03-22T23:00", "2026-03-29T22:00", 167),
        ("Europe/Berlin", "2026-10-25T12:00", "2026-10-18T22:00", "2026-10-25T23:00", 169),
        ("Pacific/Kiritimati", "2026-05-10T10:00", "2026-05-10T10:00", "2026-05-17T10:00", 168),
        ("Etc/GMT+12", "2026-05-11T11:59", "2026-05-04T12:00", "2026-05-11T12:00", 168),
        ("Pacific/Apia", "2011-12-31T12:00", "2011-12-26T10:00", "2012-01-01T10:00", 144),
    ],
)
def test_the_week_of_a_moment_begins_on_monday(zone: str, moment: str, starts: str, ends: str, hours: int) -> None:
    window = week_window(at(moment), ZoneInfo(zone))
    assert (window.kind, window.starts_at, window.ends_at) == (WindowKind.WEEK, at(starts), at(ends))
    assert window.ends_at - window.starts_at == hours * HOUR_MS


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(zone=st.sampled_from(zone_names()), moment=st.integers(at("2026-01-01T00:00"), at("2028-12-31T00:00")))
def test_every_window_holds_its_moment_and_the_next_one_begins_at_its_end(zone: str, moment: int) -> None:
    where = ZoneInfo(zone)
    for kind in WindowKind:
        window = window_of(kind, Millis(moment), where)
        assert window.kind is kind
        assert window.starts_at <= moment < window.ends_at
        assert window_of(kind, window.starts_at, where) == window
        assert window_of(kind, window.ends_at, where).starts_at == window.ends_at
    week = window_of(WindowKind.WEEK, Millis(moment), where)
    assert utc(Millis(week.starts_at + 2 * HOUR_MS)).astimezone(where).weekday() == 0

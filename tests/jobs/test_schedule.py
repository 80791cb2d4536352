"""When to poll and when to try again."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.schedule import RETRY_FIRST_S, RETRY_MAX_S, PollPace, called_wait_s, poll_wait_s, retry_wait_s

TYPICAL = st.floats(0.01, 3_600)
JITTER = st.floats(-1, 1)
POLLS = st.integers(0, 10_000)
WAITED = st.floats(0, 1e6)
ASKED = st.one_of(st.none(), st.floats(0, 3_600))


def wait(typical_s: float = 8.0, *, polls: int, waited_s: float = 0.0, jitter: float = 0.0) -> float:
    return poll_wait_s(PollPace(typical_s=typical_s), polls=polls, waited_s=waited_s, asked_s=None, jitter=jitter)


@pytest.mark.parametrize(
    ("typical_s", "polls", "waited_s", "expected"),
    [
        (8.0, 0, 0.0, 4.8),  # the first wait is long
        (8.0, 1, 4.8, 1.9596),  # then a steady beat
        (8.0, 5, 20.0, 1.9596),
        (8.0, 9, 24.0, 1.9596),
        (8.0, 9, 25.0, 2.0596),  # late: slower by a tenth of the time that it is late
        (8.0, 3, 25.0, 2.0596),  # however many polls there were
        (8.0, 13, 60.0, 5.5596),
        (8.0, 60, 600.0, 15.0),  # never slower than this
        (120.0, 0, 0.0, 30.0),  # an estimate that is far off costs no more than this
        (1_000.0, 1, 30.0, 15.0),
    ],
)
def test_one_long_first_wait_then_a_steady_beat_that_slows_down_when_it_is_late(
    typical_s: float, polls: int, waited_s: float, expected: float
) -> None:
    assert wait(typical_s, polls=polls, waited_s=waited_s) == pytest.approx(expected, abs=1e-4)


def test_late_polls_are_each_a_tenth_slower_than_the_one_before_without_a_jump() -> None:
    waits: list[float] = []
    waited_s = 0.0
    while waited_s < 140:  # before the bound of 15 s
        waits.append(wait(polls=len(waits), waited_s=waited_s))
        waited_s += waits[-1]
    growth = [later / sooner for sooner, later in itertools.pairwise(waits[1:])]
    assert max(waits) < 15.0
    assert growth[0] == pytest.approx(1.0)
    assert growth[-5:] == pytest.approx([1.1] * 5)
    assert all(sooner <= later + 1e-9 for sooner, later in itertools.pairwise(growth))


@given(TYPICAL, POLLS, WAITED, JITTER)
def test_a_poll_is_never_later_than_the_gateway_advises(
    typical_s: float, polls: int, waited_s: float, jitter: float
) -> None:
    pace = PollPace(typical_s=typical_s, shortest_s=5.0, longest_s=10.0)
    assert 5.0 <= poll_wait_s(pace, polls=polls, waited_s=waited_s, asked_s=5.0, jitter=jitter) <= 10.0


@pytest.mark.parametrize(
    ("tail_s", "waited_s", "expected"),
    [
        (30.0, 0.0, 30.0),  # the call is trusted to come
        (30.0, 5.0, 25.0),
        (30.0, 27.0, 30.0),  # that look came early by its jitter
        (30.0, 31.0, 30.0),  # a net
        (30.0, 500.0, 30.0),
        (9_000.0, 0.0, 300.0),  # an estimate that is far off costs no more than this
    ],
)
def test_work_that_will_be_called_about_is_looked_at_late_and_then_seldom(
    tail_s: float, waited_s: float, expected: float
) -> None:
    assert called_wait_s(tail_s=tail_s, waited_s=waited_s, asked_s=5.0, jitter=0.0) == expected
    assert called_wait_s(tail_s=tail_s, waited_s=waited_s, asked_s=400.0, jitter=0.0) == 400.0
    assert called_wait_s(tail_s=tail_s, waited_s=waited_s, asked_s=None, jitter=1.0) == pytest.approx(1.1 * expected)


@given(TYPICAL, POLLS, WAITED, ASKED, JITTER)
def test_a_poll_is_never_sooner_than_was_asked_nor_later_than_the_bound(
    typical_s: float, polls: int, waited_s: float, asked_s: float | None, jitter: float
) -> None:
    pace = PollPace(typical_s=typical_s, shortest_s=0.5)
    seconds = poll_wait_s(pace, polls=polls, waited_s=waited_s, asked_s=asked_s, jitter=jitter)
    least = max(0.5, asked_s or 0.0)
    assert least <= seconds <= max(least, 33.0)


@given(TYPICAL, st.integers(1, 5_000), WAITED)
def test_later_polls_never_come_quicker(typical_s: float, polls: int, waited_s: float) -> None:
    now = wait(typical_s, polls=polls, waited_s=waited_s)
    assert wait(typical_s, polls=polls + 1, waited_s=waited_s) >= now
    assert wait(typical_s, polls=polls, waited_s=waited_s + 60) >= now


@given(st.floats(0.01, 1_800), POLLS)
def test_slower_models_are_polled_less_often(typical_s: float, polls: int) -> None:
    assert wait(typical_s * 2, polls=polls) >= wait(typical_s, polls=polls)


@given(JITTER, POLLS)
def test_jitter_moves_a_poll_by_a_tenth_at_most(jitter: float, polls: int) -> None:
    assert wait(polls=polls, jitter=jitter) == pytest.approx(wait(polls=polls), rel=0.1001)


@pytest.mark.parametrize(("failures", "expected"), [(0, 2.0), (1, 4.0), (2, 8.0), (4, 32.0), (5, 60.0), (10**6, 60.0)])
def test_what_failed_is_tried_after_doubling_waits(failures: int, expected: float) -> None:
    assert retry_wait_s(failures=failures, asked_s=None, jitter=0.0) == expected


@given(st.integers(0, 10_000), ASKED, JITTER)
def test_a_retry_is_never_sooner_than_was_asked_and_bounded(
    failures: int, asked_s: float | None, jitter: float
) -> None:
    seconds = retry_wait_s(failures=failures, asked_s=asked_s, jitter=jitter)
    least = max(asked_s or 0.0, RETRY_FIRST_S * 0.9)
    assert least <= seconds <= max(least, RETRY_MAX_S * 1.1)
    assert retry_wait_s(failures=failures + 1, asked_s=asked_s, jitter=jitter) >= seconds


def test_the_schedule_is_close_to_the_best_there_is() -> None:
    """Reliability notes 4.6: log-normal, median 8 s, p95 20 s: 1.05 s added at 3.8 polls a job."""
    chance = random.Random(46)
    sigma = math.log(20 / 8) / 1.6449
    delays, polls_made, jobs = 0.0, 0, 4_000
    for _ in range(jobs):
        ready_s, now_s, polls = chance.lognormvariate(math.log(8), sigma), 0.0, 0
        while True:
            now_s += wait(polls=polls, waited_s=now_s, jitter=chance.uniform(-1, 1))
            polls += 1
            if now_s >= ready_s:
                break
        delays += now_s - ready_s
        polls_made += polls
    assert 0.8 < delays / jobs < 1.3
    assert 3.2 < polls_made / jobs < 4.4


def test_a_job_that_hangs_for_ten_minutes_costs_tens_of_polls_not_hundreds() -> None:
    now_s, polls = 0.0, 0
    while now_s < 600:
        now_s += wait(polls=polls, waited_s=now_s)
        polls += 1
    assert polls < 80

"""When a gateway is held back, for how long, and who asks it first afterwards."""

import math
from dataclasses import replace

import pytest

from bot.core.errors import (
    BadRequest,
    Charged,
    GenerationFailed,
    Moderated,
    NotAuthorised,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    RetryLater,
    UnknownWork,
)
from bot.providers.health import (
    ACCOUNT_MAX_S,
    BUSY_MAX_S,
    LOOK_MAX_S,
    LOOK_MIN_S,
    UNREACHABLE_MAX_S,
    WAIT_MIN_S,
    Failure,
    Health,
    Obstacle,
    Trouble,
    claimed,
    failed,
    failure_of,
    is_healthy,
    obstacle,
    poll_failed,
    poll_obstacle,
    poll_succeeded,
    released,
    succeeded,
    trouble_at,
)

WELL = Health()
GONE = Failure(trouble=Trouble.UNREACHABLE)
BUSY = Failure(trouble=Trouble.BUSY)
ACCOUNT = Failure(trouble=Trouble.ACCOUNT)
LEASE_S = 100.0


def missed(times: int, *, now: float = 0.0, health: Health = WELL) -> Health:
    for _ in range(times):
        health = failed(health, GONE, now=now, jitter=0.0)
    return health


def probe_fails(health: Health, failure: Failure, *, jitter: float = 0.0) -> tuple[Health, float]:
    """The cool-down passes, a probe goes and fails; the health then, and for how long it is held back."""
    now = health.open_until
    health = claimed(health, now, lease_s=LEASE_S)
    assert health.probe is not None
    health = failed(health, failure, now=now, jitter=jitter, number=health.probe.number)
    return health, health.open_until - now


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RetryLater("refused"), GONE),
        (RetryLater("502", retry_after_s=9.0), Failure(trouble=Trouble.UNREACHABLE, asked_s=9.0)),
        (RetryLater("429", is_busy=True), BUSY),
        (RetryLater("429", is_busy=True, retry_after_s=9.0), Failure(trouble=Trouble.BUSY, asked_s=9.0)),
        (OutcomeUnknown("silence"), GONE),
        (NotAuthorised("401", charged=Charged.NO), ACCOUNT),
        (OutOfFunds("402", charged=Charged.NO), ACCOUNT),
        (Moderated("no", charged=Charged.YES), None),
        (BadRequest("400", charged=Charged.NO), None),
        (GenerationFailed("gave up", charged=Charged.NO), None),
        (UnknownWork("404"), None),
    ],
)
def test_an_error_says_what_ails_the_gateway_or_that_nothing_does(
    error: ProviderError, expected: Failure | None
) -> None:
    assert failure_of(error) == expected


def test_a_new_gateway_is_well() -> None:
    assert obstacle(WELL, 0.0) is None
    assert is_healthy(WELL, 0.0)
    assert trouble_at(WELL, 0.0) is None
    assert claimed(WELL, 0.0, lease_s=LEASE_S) == WELL  # any number of requests may go


@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_answer_or_two_hold_nothing_back(times: int) -> None:
    health = missed(times)
    assert obstacle(health, 0.0) is None
    assert is_healthy(health, 0.0)


def test_the_third_in_a_row_holds_the_gateway_back_for_a_while() -> None:
    health = missed(3, now=100.0)
    assert obstacle(health, 105.0) == Obstacle(seconds=10.0, trouble=Trouble.UNREACHABLE)
    assert obstacle(health, 114.99) == Obstacle(seconds=WAIT_MIN_S, trouble=Trouble.UNREACHABLE)
    assert (is_healthy(health, 105.0), is_healthy(health, 115.0)) == (False, True)
    assert obstacle(health, 115.0) is None
    assert trouble_at(health, 115.0) is Trouble.UNREACHABLE  # until a success says otherwise


@pytest.mark.parametrize("failure", [None, BUSY])
def test_an_answer_between_ends_the_row(failure: Failure | None) -> None:
    health = missed(2)
    health = succeeded(health) if failure is None else failed(health, failure, now=0.0, jitter=0.0)
    assert missed(2, health=health).illness is None
    assert missed(3, health=health).illness is Trouble.UNREACHABLE


def test_a_refused_key_or_an_empty_account_holds_it_back_at_once() -> None:
    health = failed(WELL, ACCOUNT, now=100.0, jitter=0.0)
    assert obstacle(health, 100.0) == Obstacle(seconds=60.0, trouble=Trouble.ACCOUNT)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (GONE, [15.0, 30.0, 60.0, 120.0, 240.0, UNREACHABLE_MAX_S, UNREACHABLE_MAX_S]),
        (ACCOUNT, [60.0, 120.0, 240.0, 480.0, ACCOUNT_MAX_S, ACCOUNT_MAX_S]),
    ],
)
def test_each_failed_probe_holds_it_back_for_twice_as_long_up_to_a_bound(
    failure: Failure, expected: list[float]
) -> None:
    health = missed(3) if failure is GONE else failed(WELL, failure, now=0.0, jitter=0.0)
    seen = [health.open_until]
    while len(seen) < len(expected):
        health, cooldown_s = probe_fails(health, failure)
        seen.append(cooldown_s)
    assert seen == expected
    assert health.ill_since == 0.0


@pytest.mark.parametrize(("jitter", "expected"), [(-1.0, 27.0), (0.0, 30.0), (1.0, 33.0)])
def test_a_cool_down_is_jittered_by_a_tenth(jitter: float, expected: float) -> None:
    assert probe_fails(missed(3), GONE, jitter=jitter)[1] == pytest.approx(expected)


def test_the_jitter_never_leads_above_the_bound() -> None:
    health = replace(missed(3), openings=10_000)
    assert probe_fails(health, GONE, jitter=1.0)[1] == UNREACHABLE_MAX_S


@pytest.mark.parametrize(
    ("asked_s", "expected"),
    [
        (9.0, 15.0),
        (90.0, 90.0),
        (1e9, 120.0),
        (math.inf, 120.0),
        (-5.0, 15.0),
        (-math.inf, 15.0),
        (math.nan, 15.0),
        (0.0, 15.0),
        (None, 15.0),
    ],
)
def test_a_retry_after_is_honoured_up_to_two_minutes(asked_s: float | None, expected: float) -> None:
    asked = Failure(trouble=Trouble.UNREACHABLE, asked_s=asked_s)
    assert failed(missed(2), asked, now=0.0, jitter=0.0).open_until == expected


def test_an_unreachable_gateway_that_asks_for_time_gets_it_before_it_counts_as_ill() -> None:
    health = failed(WELL, Failure(trouble=Trouble.UNREACHABLE, asked_s=40.0), now=0.0, jitter=0.0)
    assert obstacle(health, 0.0) == Obstacle(seconds=40.0, trouble=Trouble.BUSY)
    assert is_healthy(health, 0.0)
    sooner = failed(health, Failure(trouble=Trouble.UNREACHABLE, asked_s=5.0), now=0.0, jitter=0.0)
    assert sooner.pause_until == 40.0


def test_one_probe_goes_and_the_others_look_again_ever_later() -> None:
    health = claimed(missed(3), 15.0, lease_s=LEASE_S)
    waits = [obstacle(health, at) for at in (15.0, 19.0, 60.0)]
    assert [wait.seconds for wait in waits if wait is not None] == [LOOK_MIN_S, 4.0, LOOK_MAX_S]
    assert {wait.trouble for wait in waits if wait is not None} == {Trouble.UNREACHABLE}
    assert is_healthy(health, 15.0)
    assert obstacle(health, 15.0 + LEASE_S) is None  # a probe that never ends counts as lost


def test_a_probe_that_says_nothing_lets_another_go() -> None:
    first = claimed(missed(3), 15.0, lease_s=LEASE_S)
    freed = released(first, 0)
    assert obstacle(freed, 16.0) is None
    assert freed.open_until == first.open_until
    second = claimed(freed, 16.0, lease_s=LEASE_S)
    assert released(second, 0) == second  # the first one's number is not the second's


def test_a_probe_of_an_earlier_illness_is_a_request_like_any_other() -> None:
    earlier = claimed(missed(3), 15.0, lease_s=LEASE_S)
    assert earlier.probe is not None
    again = claimed(missed(3, health=succeeded(earlier)), 15.0, lease_s=LEASE_S)
    late = failed(again, GONE, now=16.0, jitter=0.0, number=earlier.probe.number)
    assert (late.probe, late.open_until) == (again.probe, again.open_until)
    assert released(again, earlier.probe.number) == again


def test_what_was_under_way_when_it_was_held_back_says_nothing_new() -> None:
    down = missed(3)
    assert missed(5, now=1.0, health=down).open_until == down.open_until
    shut = failed(WELL, ACCOUNT, now=0.0, jitter=0.0)
    assert failed(shut, ACCOUNT, now=1.0, jitter=0.0) == shut
    assert missed(5, now=1.0, health=shut).illness is Trouble.ACCOUNT
    probed = claimed(down, 15.0, lease_s=LEASE_S)
    late = failed(probed, GONE, now=16.0, jitter=0.0)
    assert (late.probe, late.open_until) == (probed.probe, down.open_until)


def test_a_success_ends_every_illness_whoever_brings_it() -> None:
    for ill in (missed(3), failed(WELL, ACCOUNT, now=0.0, jitter=0.0)):
        well = succeeded(probe_fails(ill, GONE)[0])
        assert (well.illness, well.openings, well.missed_submits) == (None, 0, 0)
        assert obstacle(well, 0.0) is None
        assert missed(3, health=well).open_until == 15.0  # all begins anew


def test_another_illness_begins_with_its_own_first_cool_down() -> None:
    health, _ = probe_fails(missed(3), GONE)
    health, cooldown_s = probe_fails(health, ACCOUNT)
    assert (health.illness, cooldown_s) == (Trouble.ACCOUNT, 60.0)
    health, cooldown_s = probe_fails(health, GONE)
    assert (health.illness, cooldown_s) == (Trouble.UNREACHABLE, 15.0)
    shut = failed(health, ACCOUNT, now=health.open_until - 1, jitter=0.0)  # one that was under way brings the news
    assert (shut.illness, shut.open_until) == (Trouble.ACCOUNT, health.open_until + 59)


@pytest.mark.parametrize(("asked_s", "expected"), [(None, 2.0), (1.0, 2.0), (40.0, 40.0), (1e9, 120.0)])
def test_a_busy_gateway_is_paused_and_not_ill(asked_s: float | None, expected: float) -> None:
    health = failed(WELL, Failure(trouble=Trouble.BUSY, asked_s=asked_s), now=100.0, jitter=0.0)
    assert obstacle(health, 100.0) == Obstacle(seconds=expected, trouble=Trouble.BUSY)
    assert is_healthy(health, 100.0)
    assert (trouble_at(health, 100.0), trouble_at(health, 100.0 + expected)) == (Trouble.BUSY, None)


def test_a_gateway_that_stays_busy_is_paused_for_longer_up_to_a_bound() -> None:
    health, seen = WELL, []
    for _ in range(7):
        now = health.pause_until
        health = failed(health, BUSY, now=now, jitter=0.0)
        seen.append(health.pause_until - now)
    assert seen == [2.0, 4.0, 8.0, 16.0, 32.0, BUSY_MAX_S, BUSY_MAX_S]
    assert health.illness is None
    assert failed(succeeded(health), BUSY, now=1_000.0, jitter=0.0).pause_until == 1_002.0


def test_many_that_are_told_at_once_count_once_and_the_longest_request_is_kept() -> None:
    health = WELL
    for asked_s in (None, None, 30.0, 5.0):
        health = failed(health, Failure(trouble=Trouble.BUSY, asked_s=asked_s), now=10.0, jitter=0.0)
    assert (health.pauses, health.pause_until) == (1, 40.0)


def test_a_success_does_not_cut_a_pause_short_that_another_request_was_told_of() -> None:
    health = succeeded(failed(WELL, Failure(trouble=Trouble.BUSY, asked_s=30.0), now=0.0, jitter=0.0))
    assert obstacle(health, 0.0) == Obstacle(seconds=30.0, trouble=Trouble.BUSY)
    assert obstacle(health, 30.0) is None


def test_a_probe_that_hears_busy_has_reached_the_gateway_but_not_the_account() -> None:
    health, _ = probe_fails(missed(3), BUSY)
    assert (health.illness, health.pause_until) == (None, 17.0)
    health, _ = probe_fails(failed(WELL, ACCOUNT, now=0.0, jitter=0.0), BUSY)
    assert (health.illness, health.probe) == (Trouble.ACCOUNT, None)
    assert obstacle(health, 60.0) == Obstacle(seconds=2.0, trouble=Trouble.ACCOUNT)
    assert obstacle(health, 62.0) is None


def test_a_late_busy_leaves_the_probe_of_an_account_under_way() -> None:
    health = claimed(failed(WELL, ACCOUNT, now=0.0, jitter=0.0), 60.0, lease_s=LEASE_S)
    assert failed(health, BUSY, now=61.0, jitter=0.0).probe == health.probe


def test_polls_that_reach_nothing_count_like_submits() -> None:
    health = poll_failed(missed(2), GONE, now=0.0, jitter=0.0)
    assert health.illness is Trouble.UNREACHABLE
    assert poll_failed(health, GONE, now=1.0, jitter=0.0).open_until == health.open_until


def test_a_poll_that_is_answered_ends_the_row_of_polls_but_not_that_of_submits() -> None:
    """A gateway may answer every question and take no work."""
    health = WELL
    for _ in range(5):
        health = poll_succeeded(poll_failed(health, GONE, now=0.0, jitter=0.0))
    assert health == WELL
    for _ in range(3):
        health = poll_succeeded(health)
        health = failed(health, GONE, now=0.0, jitter=0.0)
    assert health.illness is Trouble.UNREACHABLE


def test_an_answered_poll_opens_the_way_but_the_next_lost_submit_shuts_it_for_longer() -> None:
    health = poll_succeeded(missed(3))
    assert obstacle(health, 0.0) is None
    assert missed(1, health=health).open_until == 30.0
    assert missed(2, health=succeeded(health)).illness is None


def test_an_answered_poll_forgets_what_only_polls_have_seen() -> None:
    health = WELL
    for _ in range(3):
        health = poll_failed(health, GONE, now=0.0, jitter=0.0)
    assert health.illness is Trouble.UNREACHABLE
    assert poll_succeeded(health) == WELL


def test_an_answered_poll_mends_no_account_and_ends_no_pause() -> None:
    shut = failed(WELL, ACCOUNT, now=0.0, jitter=0.0)
    assert poll_succeeded(shut) == shut
    paused = failed(WELL, BUSY, now=0.0, jitter=0.0)
    assert poll_succeeded(paused) == paused


def test_a_poll_that_hears_busy_pauses_the_gateway() -> None:
    health = poll_failed(missed(3), Failure(trouble=Trouble.BUSY, asked_s=20.0), now=0.0, jitter=0.0)
    assert (health.illness, health.pause_until) == (None, 20.0)


def test_a_key_that_is_refused_for_a_poll_holds_submits_back_and_no_polls() -> None:
    for before in (WELL, missed(3)):
        health = poll_failed(before, ACCOUNT, now=0.0, jitter=0.0)
        assert obstacle(health, 0.0) == Obstacle(seconds=60.0, trouble=Trouble.ACCOUNT)
        assert poll_obstacle(health, 0.0) is None
        assert poll_failed(health, ACCOUNT, now=1.0, jitter=0.0) == health


def test_a_refused_poll_shuts_nothing_once_a_submit_was_taken_after_one() -> None:
    """An earlier key may have ordered that one job, which is polled for minutes; a refused submit is believed anew."""
    health = succeeded(claimed(poll_failed(WELL, ACCOUNT, now=0.0, jitter=0.0), 60.0, lease_s=LEASE_S))
    assert poll_failed(health, ACCOUNT, now=61.0, jitter=0.0).illness is None
    shut = failed(health, ACCOUNT, now=62.0, jitter=0.0)
    assert shut.illness is Trouble.ACCOUNT
    assert poll_failed(succeeded(shut), ACCOUNT, now=130.0, jitter=0.0).illness is Trouble.ACCOUNT


def test_a_poll_that_is_asked_for_time_holds_the_other_polls_for_as_long() -> None:
    busy = Failure(trouble=Trouble.BUSY, asked_s=20.0)
    health = succeeded(poll_failed(WELL, busy, now=0.0, jitter=0.0))
    assert poll_obstacle(health, 5.0) == Obstacle(seconds=15.0, trouble=Trouble.BUSY)
    assert poll_obstacle(health, 20.0) is None
    assert poll_obstacle(failed(WELL, busy, now=0.0, jitter=0.0), 5.0) is None


def test_a_poll_can_be_the_probe() -> None:
    ill = claimed(missed(3), 15.0, lease_s=LEASE_S, is_poll=True)
    longer = poll_failed(ill, GONE, now=15.0, jitter=0.0)
    assert (longer.probe, longer.open_until) == (None, 45.0)
    assert poll_succeeded(ill).probe is None
    by_submit = claimed(missed(3), 15.0, lease_s=LEASE_S)
    assert poll_failed(by_submit, GONE, now=15.0, jitter=0.0).probe == by_submit.probe


def test_an_account_that_shuts_after_an_answered_poll_begins_with_its_first_cool_down() -> None:
    health = poll_succeeded(probe_fails(missed(3), GONE)[0])
    assert failed(health, ACCOUNT, now=0.0, jitter=0.0).open_until == 60.0

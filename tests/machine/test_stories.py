"""Single lives that chance meets too seldom, each told from its request to its end."""

from collections.abc import Iterator

import pytest

from bot.core.clock import HOUR_MS, MINUTE_MS
from bot.core.ids import JobId, hold_id_of
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.ledger import store as ledger
from bot.ledger.model import HoldState
from bot.services.collecting import MAX_FETCHES
from bot.services.repeating import MAX_REPEATS
from tests.machine.machine import LifeMachine
from tests.machine.outside import OnFetch, OnPoll, OnSubmit, Script

PLAIN, KEYED = (1, 10, "plain-model"), (1, 10, "keyed-model")
IN_THE_REQUEST, AFTER_THE_CHARGE = 0, 1


@pytest.fixture
def life() -> Iterator[LifeMachine]:
    """A bot that was just started; the laws must hold, and everything must end, when its story is over."""
    begun = LifeMachine()
    begun.start()
    yield begun
    begun.the_laws_hold()
    begun.teardown()


def job_of(life: LifeMachine) -> Job:
    """The one job there is."""
    (row,) = life.memory.read(lambda reader: reader.all("SELECT id FROM job"))
    found = life.memory.read(lambda reader: jobs.get(reader, JobId(row["id"])))
    assert found is not None
    return found


def hold_of(life: LifeMachine) -> HoldState:
    """What became of its hold."""
    found = life.memory.read(lambda reader: ledger.hold_of(reader, hold_id_of(job_of(life).id)))
    assert found is not None
    return found.state


def test_a_result_whose_address_is_gone_each_time_ends_after_a_bounded_number_of_fetches(life: LifeMachine) -> None:
    life.ask(PLAIN, None)
    life.work_on([Script(submit=OnSubmit.ACCEPTED)], None, 0)
    steps = 0
    while not job_of(life).has_ended and steps < 100:
        life.work_on([Script(fetch=OnFetch.GONE)], None, 0)
        steps += 1
    job = job_of(life)
    assert (job.state, job.reason, hold_of(life)) == (State.FAILED, "result_gone", HoldState.POSTED)
    assert steps <= 2 * MAX_FETCHES


def test_a_late_result_of_an_unknown_job_is_still_booked_and_posted(life: LifeMachine) -> None:
    life.ask(PLAIN, None)
    life.work_on([Script(submit=OnSubmit.ACCEPTED)], None, 0)
    life.clock.advance(ms=HOUR_MS)
    life.work_on([Script(poll=OnPoll.RUNNING)], None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.UNKNOWN, HoldState.OPEN)
    life.work_on([Script()] * 3, None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.DONE, HoldState.POSTED)
    assert len(life.outside.posts) == 1


def test_an_unknown_job_that_has_its_result_already_is_collected_where_it_stands(life: LifeMachine) -> None:
    life.ask(PLAIN, None)
    life.work_on([Script(submit=OnSubmit.ACCEPTED), Script()], None, 0)
    assert job_of(life).result is not None
    # Its gateway was switched off and on again in between: nobody could read what it had brought.
    life.memory.connection.execute("UPDATE job SET state = 'unknown'")
    life.work_on([Script()], None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.DELIVERING, HoldState.POSTED)


def test_a_request_that_died_is_repeated_with_its_key_until_the_gateway_can_answer(life: LifeMachine) -> None:
    life.ask(KEYED, None)
    life.work_on([Script()], AFTER_THE_CHARGE, 0)
    for _ in range(MAX_REPEATS - 1):
        life.work_on([Script(submit=OnSubmit.BUSY)], None, 0)
        assert (job_of(life).state, hold_of(life)) == (State.SUBMITTING, HoldState.OPEN)
    life.work_on([Script()] * 3, None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.DONE, HoldState.POSTED)


@pytest.mark.parametrize("answer", [OnSubmit.BUSY, OnSubmit.REFUSED])
def test_a_gateway_that_does_not_let_us_ask_again_leaves_the_money_held(life: LifeMachine, answer: OnSubmit) -> None:
    life.ask(KEYED, None)
    life.work_on([Script()], AFTER_THE_CHARGE, 0)
    life.work_on([Script(submit=answer)] * MAX_REPEATS, None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.UNKNOWN, HoldState.OPEN)


def test_a_request_that_died_without_a_key_is_never_sent_again(life: LifeMachine) -> None:
    life.ask(PLAIN, None)
    life.work_on([Script()], IN_THE_REQUEST, 0)
    assert (job_of(life).state, hold_of(life)) == (State.UNKNOWN, HoldState.OPEN)
    life.clock.advance(ms=25 * HOUR_MS)
    life.work_on([Script()], None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.FAILED, HoldState.PRESUMED)
    assert life.outside.book == {}


def test_a_cancel_while_a_busy_gateway_is_asked_buys_nothing_more(life: LifeMachine) -> None:
    life.ask(PLAIN, None)
    life.work_on([Script(submit=OnSubmit.BUSY, is_cancelled_meanwhile=True)], None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.CANCELLED, HoldState.VOIDED)


def test_a_cancelled_request_that_died_is_not_called_free(life: LifeMachine) -> None:
    life.ask(KEYED, None)
    life.work_on([Script(is_cancelled_meanwhile=True)], AFTER_THE_CHARGE + 3, 0)
    job = job_of(life)
    assert (job.state, job.is_cancel_requested, life.outside.charged(job.idempotency_key)) == (
        State.SUBMITTING,
        True,
        4,
    )
    life.work_on([Script()] * 3, None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.CANCELLED, HoldState.POSTED)
    assert life.outside.posts == {}


def test_a_cancel_while_the_picture_is_fetched_keeps_it_private(life: LifeMachine) -> None:
    life.ask(PLAIN, None)
    life.work_on([Script(), Script(is_cancelled_meanwhile=True), Script()], None, 0)
    assert (job_of(life).state, hold_of(life)) == (State.CANCELLED, HoldState.POSTED)
    assert (life.outside.posts, list(life.outside.handed.values())) == ({}, [1])


def test_nothing_that_was_queued_again_and_is_not_wanted_is_sent(life: LifeMachine) -> None:
    life.ask(PLAIN, None)
    # As a process leaves it that stopped before it sent, in the very moment of a cancel.
    life.memory.connection.execute("UPDATE job SET cancel_requested_at = ?", (life.clock.now() - MINUTE_MS,))
    life.work_on([Script()], None, 0)
    assert (job_of(life).state, hold_of(life), life.outside.book) == (State.CANCELLED, HoldState.VOIDED, {})

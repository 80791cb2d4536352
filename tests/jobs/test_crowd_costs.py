"""What the runner asks at each turn must not grow with the number of jobs that wait."""

from functools import partial

import pytest

from bot.jobs import store
from tests.jobs.bench import NOW, OWNER, ROOMY, later, new
from tests.jobs.memory import Memory

FEW, MANY = 20, 2_000
# Instructions of SQLite's machine between two calls of the counter.
COARSE = 10


def crowd(size: int) -> Memory:
    """So many wait, one of them is due."""
    memory = Memory()
    for number in range(size):
        at = later(number + store.AHEAD_MS if number else 0)
        memory.write(partial(store.insert, job=new(f"{number:05}", at=at)))
    memory.connection.execute("UPDATE job SET state = 'waiting'")
    return memory


def steps(memory: Memory, question: str) -> int:
    """How much SQLite did for it, in units of `COARSE` instructions."""
    count = 0

    def counted() -> int:
        nonlocal count
        count += 1
        return 0

    memory.connection.set_progress_handler(counted, COARSE)
    try:
        if question == "has due":
            assert memory.read(partial(store.has_due, now=NOW, caps=ROOMY))
        elif question == "has nothing due":
            assert not memory.read(partial(store.has_due, now=later(-1 - store.AHEAD_MS), caps=ROOMY))
        elif question == "next due":
            assert memory.read(partial(store.next_due, after=NOW)) == later(1 + store.AHEAD_MS)
        else:
            assert len(memory.write(partial(store.claim_due, owner=OWNER, now=NOW, limit=5, looks=5, steps=5))) == 1
            assert memory.write(partial(store.claim_queued, owner=OWNER, now=NOW, limit=5, caps=ROOMY)) == ()
    finally:
        memory.connection.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("question", ["has due", "has nothing due", "next due", "claim"])
def test_a_hundred_times_as_many_waiting_jobs_cost_no_more_at_each_turn(question: str) -> None:
    few, many = crowd(FEW), crowd(MANY)
    try:
        assert steps(many, question) <= 2 * steps(few, question) + 5
    finally:
        few.close()
        many.close()


def line(size: int) -> Memory:
    """So many stand in line, of three guilds and thirty members."""
    memory = Memory()
    for number in range(size):
        member = number % 30
        memory.write(partial(store.insert, job=new(f"{number:05}", at=later(number), guild=member % 3, member=member)))
    return memory


def claim_steps(memory: Memory) -> int:
    """How much SQLite did to start the next job, in units of `COARSE` instructions."""
    count = 0

    def counted() -> int:
        nonlocal count
        count += 1
        return 0

    memory.connection.set_progress_handler(counted, COARSE)
    try:
        claimed = memory.write(partial(store.claim_queued, owner=OWNER, now=later(MANY), limit=1, caps=ROOMY))
    finally:
        memory.connection.set_progress_handler(None, 0)
    assert len(claimed) == 1
    return count


def test_a_longer_line_of_the_same_members_costs_a_claim_no_more() -> None:
    few, many = line(60), line(MANY)
    try:
        assert claim_steps(many) <= 1.5 * claim_steps(few)
    finally:
        few.close()
        many.close()

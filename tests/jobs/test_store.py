"""The job engine's SQL: what is claimed in which order, and that nobody writes without the fence."""

import itertools
import sqlite3
from dataclasses import replace
from functools import partial

import pytest

from bot.core.clock import Millis
from bot.core.errors import FenceLost
from bot.core.ids import GuildId, JobId, MemberId
from bot.db import Transaction
from bot.jobs import store
from bot.jobs.line import store as line
from bot.jobs.looks import store as looks
from bot.jobs.model import AT_THE_GATEWAY, ENDED, MOVES, Caps, Job, State
from bot.jobs.store import Because
from tests.jobs.bench import NOW, OTHER, OWNER, ROOMY, events, ids, later, new, put, row
from tests.jobs.memory import Memory

LOOKED_AT = (State.SUBMITTING, State.WAITING, State.DELIVERING, State.UNKNOWN)
CANCELLED = "cancelled by the member"


def claim_due(memory: Memory, *, limit: int = 100, now: int = NOW) -> tuple[Job, ...]:
    return memory.write(
        partial(store.claim_due, owner=OWNER, now=later(now - NOW), limit=limit, looks=limit, steps=limit)
    )


def claim_queued(memory: Memory, *, limit: int = 100, caps: Caps = ROOMY, now: int = NOW) -> tuple[Job, ...]:
    return memory.write(partial(store.claim_queued, owner=OWNER, now=later(now - NOW), limit=limit, caps=caps))


# Accepting


def test_an_unknown_job_takes_an_id_once_and_none_that_is_taken(memory: Memory) -> None:
    def adopt(name: str, external_id: str, provider: str = "pixazo") -> bool:
        return memory.write(
            lambda tx: store.adopt(tx, JobId(name), provider=provider, external_id=external_id, now=Millis(NOW - 1))
        )

    put(memory, "a", State.UNKNOWN, provider="pixazo")
    put(memory, "b", State.UNKNOWN, provider="pixazo")
    put(memory, "c", State.SUBMITTING, provider="pixazo")
    assert not adopt("a", "work-1", provider="locus")
    assert adopt("a", "work-1")
    assert (row(memory, "a").external_id, row(memory, "a").run_at) == ("work-1", NOW - 1)
    assert events(memory, "a")[-1] == ("unknown", "unknown", "the gateway called about it as work-1")
    assert [adopt("a", "work-2"), adopt("b", "work-1"), adopt("c", "work-3")] == [False] * 3
    assert row(memory, "b").external_id is None


def test_an_accepted_job_is_queued_due_at_once_and_logged(memory: Memory) -> None:
    memory.write(partial(store.insert, job=new("a")))
    job = row(memory, "a")
    assert (job.state, job.run_at, job.created_at, job.lease_owner, job.attempt) == (State.QUEUED, NOW, NOW, None, 0)
    assert not job.has_ended
    assert not job.is_cancel_requested
    assert events(memory, "a") == [(None, "queued", None)]


def test_a_job_and_its_key_are_accepted_once(memory: Memory) -> None:
    memory.write(partial(store.insert, job=new("a")))
    for again in (new("a"), replace(new("b"), idempotency_key=new("a").idempotency_key)):
        with pytest.raises(sqlite3.IntegrityError):
            memory.write(partial(store.insert, job=again))
    assert memory.read(lambda reader: store.get(reader, JobId("b"))) is None


def test_live_are_jobs_that_somebody_works_on_of_all_and_of_one_member(memory: Memory) -> None:
    for number, state in enumerate(State):
        put(memory, f"own-{number}", state)
    put(memory, "other-guild", guild=2)
    put(memory, "other-member", member=11)
    counted = memory.read(lambda reader: looks.live_count(reader, guild_id=GuildId(1), member_id=MemberId(10)))
    assert counted == (7, 5)
    assert memory.read(partial(looks.live_count, guild_id=GuildId(9), member_id=MemberId(9))) == (7, 0)


# Claiming


def test_due_jobs_are_claimed_the_longest_due_first_and_only_once(memory: Memory) -> None:
    for name, state, run_at in (
        ("b", State.WAITING, later(-10)),
        ("a", State.DELIVERING, later(-10)),
        ("c", State.UNKNOWN, later(-20)),
        ("d", State.SUBMITTING, NOW),
        ("soon", State.DELIVERING, later(1)),
        ("ahead", State.WAITING, later(store.AHEAD_MS)),
        ("too early", State.WAITING, later(store.AHEAD_MS + 1)),
    ):
        put(memory, name, state, run_at=run_at)
    first = claim_due(memory, limit=4)
    assert ids(first) == ["c", "a", "b", "d"]
    assert {(job.lease_owner, job.lease_seq) for job in first} == {(OWNER, 1)}
    assert ids(claim_due(memory)) == ["ahead"]  # the lease of a look is written before its time
    assert claim_due(memory) == ()
    assert ids(claim_due(memory, now=later(1))) == ["soon", "too early"]


def test_a_crowd_of_looks_keeps_no_other_step_waiting_nor_the_other_way_round(memory: Memory) -> None:
    for number in range(6):
        put(memory, f"look{number}", State.WAITING, run_at=later(-10))
        put(memory, f"step{number}", State.WAITING, run_at=NOW, result="{}")
    claim = partial(store.claim_due, owner=OWNER, now=NOW)
    assert ids(memory.write(partial(claim, limit=3, looks=2, steps=2))) == ["look0", "step0", "step1"]
    assert ids(memory.write(partial(claim, limit=9, looks=0, steps=1))) == ["step2"]
    assert ids(memory.write(partial(claim, limit=9, looks=1, steps=0))) == ["look1"]


@pytest.mark.parametrize("state", State)
def test_a_claim_looks_only_at_states_that_wait_for_the_runner(memory: Memory, state: State) -> None:
    put(memory, "a", state)
    assert ids(claim_due(memory)) == (["a"] if state in LOOKED_AT else [])
    assert ids(claim_queued(memory)) == (["a"] if state is State.QUEUED else [])


def test_a_claim_of_a_queued_job_is_the_intent(memory: Memory) -> None:
    put(memory, "a")
    (job,) = claim_queued(memory, now=later(5))
    assert (job.state, job.attempt, job.submitted_at, job.lease_owner, job.lease_seq) == (
        State.SUBMITTING,
        1,
        later(5),
        OWNER,
        1,
    )
    assert row(memory, "a") == job
    assert events(memory, "a")[1:] == [("queued", "submitting", None)]
    assert claim_queued(memory) == ()


def test_a_members_queued_jobs_go_in_the_order_in_which_they_were_accepted(memory: Memory) -> None:
    for name, at in (("b", 0), ("c", -5), ("a", 0)):
        put(memory, name, at=later(at))
    put(memory, "put off", at=later(-9), run_at=later(1))
    assert ids(claim_queued(memory, limit=2)) == ["c", "a"]
    assert ids(claim_queued(memory)) == ["b"]


def test_a_provider_is_given_no_more_jobs_than_its_cap_and_one_that_is_off_leaves_none_waiting(memory: Memory) -> None:
    for number, provider in enumerate(["locus"] * 4 + ["pixazo"] * 2 + ["gone"]):
        put(memory, f"{number}", provider=provider, guild=number)
    caps = Caps(by_provider={"locus": 2, "pixazo": 5}, per_guild=9)
    assert ids(claim_queued(memory, caps=caps)) == ["6", "0", "1", "4", "5"]
    assert claim_queued(memory, caps=caps) == ()


def test_a_guild_is_given_no_more_jobs_than_its_cap_while_others_pass_it(memory: Memory) -> None:
    for number, guild in enumerate([1, 1, 1, 2]):
        put(memory, f"{number}", guild=guild)
    caps = Caps(by_provider={"locus": 9}, per_guild=2)
    assert ids(claim_queued(memory, caps=caps)) == ["0", "3", "1"]


@pytest.mark.parametrize(
    ("state", "columns", "is_counted"),
    [
        (State.SUBMITTING, {}, True),
        (State.WAITING, {}, True),
        (State.WAITING, {"result": "{}"}, False),  # drawn: the gateway is done with it
        (State.WAITING, {"is_parked": 1}, False),  # waits for a person
        (State.DELIVERING, {}, False),
        (State.UNKNOWN, {}, False),
        (State.DONE, {}, False),
    ],
)
def test_a_place_is_taken_by_what_a_gateway_is_at_work_on(
    memory: Memory, state: State, columns: dict[str, object], *, is_counted: bool
) -> None:
    put(memory, "first", state, owner=None, **columns)
    put(memory, "next")
    counted = memory.read(line.at_work)
    assert (counted.by_provider, counted.by_guild, counted.by_member) == (
        ({"locus": 1}, {1: 1}, {(1, 10): 1}) if is_counted else ({}, {}, {})
    )
    caps = Caps(by_provider={"locus": 1}, per_guild=1)
    assert ids(claim_queued(memory, caps=caps)) == ([] if is_counted else ["next"])


def test_whether_a_claim_would_find_something_is_known_without_a_write(memory: Memory) -> None:
    full = Caps(by_provider={"locus": 0}, per_guild=9)

    def has_due(caps: Caps = ROOMY) -> bool:
        return memory.read(partial(store.has_due, now=NOW, caps=caps))

    assert not has_due()
    put(memory, "a")
    assert (has_due(), has_due(full)) == (True, False)
    put(memory, "b", State.WAITING)
    assert has_due(full)


def test_a_job_that_vanished_is_not_claimed(memory: Memory) -> None:
    with pytest.raises(FenceLost):
        memory.write(lambda tx: store._lease(tx, JobId("nobody"), OWNER))


def test_the_next_moment_is_the_earliest_of_jobs_without_a_lease(memory: Memory) -> None:
    assert memory.read(partial(store.next_due, after=NOW)) is None
    put(memory, "due", State.WAITING)
    put(memory, "leased", State.WAITING, owner=OTHER, run_at=later(1))
    put(memory, "reviewed", State.REVIEWING, run_at=later(2))
    put(memory, "over", State.DONE, run_at=later(3))
    assert memory.read(partial(store.next_due, after=NOW)) is None
    put(memory, "late", State.UNKNOWN, run_at=later(9))
    put(memory, "soon", run_at=later(4))
    assert memory.read(partial(store.next_due, after=NOW)) == later(4)
    assert memory.read(partial(store.next_due, after=later(4))) == later(9)


# Moving


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_only_the_moves_of_the_table_are_made(memory: Memory, before: State, after: State) -> None:
    job = put(memory, "a", before, owner=OWNER, failures=2, crashes=2)
    if after not in MOVES[before]:
        with pytest.raises(ValueError, match="no move from"):
            memory.write(partial(store.move, job=job, to=after, now=NOW))
        assert row(memory, "a") == job
        return
    memory.write(partial(store.move, job=job, to=after, now=later(7), note="why"))
    moved = row(memory, "a")
    assert (moved.state, moved.lease_owner, moved.failures, moved.crashes) == (after, None, 0, 0)
    assert moved.finished_at == (later(7) if after in ENDED else None)
    assert moved.run_at == (None if after in ENDED else later(7))
    assert (moved.has_ended, moved.reason) == (after in ENDED, "why")
    assert events(memory, "a")[1:] == [(before, after, "why")]


def test_every_state_has_its_moves_and_ends_have_none() -> None:
    assert set(MOVES) == set(State)
    assert {state for state, moves in MOVES.items() if not moves} == set(ENDED)
    reached = set().union(*MOVES.values())
    assert reached == set(State)
    assert AT_THE_GATEWAY.isdisjoint(ENDED)


def test_a_move_says_when_to_look_next_and_keeps_an_earlier_reason(memory: Memory) -> None:
    job = put(memory, "a", State.SUBMITTING, owner=OWNER, reason="first")
    memory.write(partial(store.move, job=job, to=State.QUEUED, now=NOW, run_at=later(60), detail="busy"))
    moved = row(memory, "a")
    assert (moved.run_at, moved.reason) == (later(60), "first")
    assert events(memory, "a")[-1] == ("submitting", "queued", "busy")
    (again,) = claim_queued(memory, now=later(60))
    memory.write(partial(store.move, job=again, to=State.FAILED, now=NOW, note="second", detail="payment 9"))
    assert row(memory, "a").reason == "second"
    assert events(memory, "a")[-1] == ("submitting", "failed", "second · payment 9")


def _moved(tx: Transaction, job: Job) -> None:
    store.move(tx, job, State.WAITING, now=NOW)


def _put_off(tx: Transaction, job: Job) -> None:
    store.reschedule(tx, job, run_at=NOW, because=Because.FAILED)


def _answered(tx: Transaction, job: Job) -> None:
    store.record_result(tx, job, result="{}", at=NOW)


@pytest.mark.parametrize("change", [_moved, _put_off, _answered])
@pytest.mark.parametrize(
    "stranger",
    [
        {"lease_owner": OTHER},
        {"lease_owner": None},
        {"lease_seq": 5},
        {"state": State.UNKNOWN},
        {"state": State.DONE, "finished_at": NOW},
    ],
)
def test_a_worker_that_lost_its_fence_changes_nothing(
    memory: Memory, change: partial[None], stranger: dict[str, object]
) -> None:
    put(memory, "a", State.SUBMITTING)
    (job,) = claim_due(memory)
    names = ", ".join(f"{name} = :{name}" for name in stranger)
    memory.connection.execute(f"UPDATE job SET {names}", stranger)  # noqa: S608
    before = row(memory, "a")
    with pytest.raises(FenceLost):
        memory.write(partial(change, job=job))
    assert row(memory, "a") == before
    assert len(events(memory, "a")) == 1


def test_a_lost_fence_undoes_the_whole_transaction(memory: Memory) -> None:
    job = put(memory, "a", State.WAITING, owner=OTHER)

    def write(tx: Transaction) -> None:
        store.record_accepted(tx, job.id, external_id="x", deadline_at=NOW)
        store.move(tx, replace(job, lease_owner=OWNER), State.DELIVERING, now=NOW)

    with pytest.raises(FenceLost):
        memory.write(write)
    assert row(memory, "a").external_id is None


@pytest.mark.parametrize(
    ("because", "polls", "failures", "crashes"),
    [
        (Because.NOTHING_NEW, 4, 0, 0),
        (Because.SAME_AGAIN, 3, 2, 0),
        (Because.FAILED, 3, 3, 0),
        (Because.CRASHED, 3, 2, 2),
    ],
)
def test_a_job_that_stays_counts_why(memory: Memory, because: Because, polls: int, failures: int, crashes: int) -> None:
    job = put(memory, "a", State.WAITING, owner=OWNER, polls=3, failures=2, crashes=1, result="{}")
    memory.write(partial(store.reschedule, job=job, run_at=later(9), because=because))
    stays = row(memory, "a")
    assert (stays.polls, stays.failures, stays.crashes) == (polls, failures, crashes)
    assert (stays.state, stays.run_at, stays.lease_owner, stays.result) == (State.WAITING, later(9), None, "{}")
    assert len(events(memory, "a")) == 1


def test_an_answer_that_is_of_no_use_can_be_forgotten(memory: Memory) -> None:
    job = put(memory, "a", State.WAITING, result="{}")
    memory.write(partial(store.reschedule, job=job, run_at=NOW, because=Because.FAILED, keep_result=False))
    assert row(memory, "a").result is None


def test_what_a_gateway_says_is_kept(memory: Memory) -> None:
    job = put(memory, "a", State.SUBMITTING)
    memory.write(lambda tx: store.record_accepted(tx, job.id, external_id="x", deadline_at=later(60), is_parked=True))
    parked = row(memory, "a")
    assert (parked.external_id, parked.deadline_at, parked.is_parked) == ("x", later(60), True)
    for at, result in ((5, "first"), (8, "second")):
        memory.write(partial(store.record_result, job=job, result=result, at=later(at)))
    known = row(memory, "a")
    assert (known.result, known.drawn_at) == ("second", later(5))


def test_events_are_only_ever_added(memory: Memory) -> None:
    put(memory, "a")
    for sql in ("UPDATE job_event SET note = 'x'", "DELETE FROM job_event"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            memory.connection.execute(sql)
    assert events(memory, "a") == [(None, "queued", None)]


# Cancelling and waking


@pytest.mark.parametrize("state", State)
def test_a_cancel_ends_a_queued_job_and_is_only_a_wish_at_a_gateway(memory: Memory, state: State) -> None:
    put(memory, "a", state)
    for at in (3, 9):
        was = memory.write(partial(store.request_cancel, job_id=JobId("a"), now=later(at)))
        assert was is (State.CANCELLED if state is State.QUEUED and at == 9 else state)
    job = row(memory, "a")
    is_wish = state is State.QUEUED or state in AT_THE_GATEWAY
    assert job.cancel_requested_at == (later(3) if is_wish else None)
    assert memory.read(lambda reader: store.is_cancel_requested(reader, JobId("a"))) is is_wish
    if state is State.QUEUED:
        assert (job.state, job.finished_at, job.reason) == (State.CANCELLED, later(3), CANCELLED)
        assert events(memory, "a")[1:] == [("queued", "cancelled", CANCELLED)]
    else:
        assert job.state is state


def test_a_cancel_of_no_job_says_so(memory: Memory) -> None:
    assert memory.write(partial(store.request_cancel, job_id=JobId("?"), now=NOW)) is None
    assert not memory.read(lambda reader: store.is_cancel_requested(reader, JobId("?")))


@pytest.mark.parametrize("state", State)
def test_a_callback_brings_the_next_look_forward_and_never_back(memory: Memory, state: State) -> None:
    put(memory, "a", state, run_at=later(60))
    is_woken = state in (State.WAITING, State.UNKNOWN)
    for at in (5, 9):
        assert memory.write(partial(store.wake, job_id=JobId("a"), now=later(at))) is is_woken
    assert row(memory, "a").run_at == later(5 if is_woken else 60)


# Leases


def test_the_last_write_of_a_process_gives_back_its_own_leases(memory: Memory) -> None:
    put(memory, "own", State.WAITING, owner=OWNER)
    put(memory, "busy", State.WAITING, owner=OWNER)
    put(memory, "theirs", State.WAITING, owner=OTHER)
    assert memory.write(partial(store.release_leases, owner=OWNER, working={JobId("busy")})) == 1
    assert [row(memory, name).lease_owner for name in ("own", "busy", "theirs")] == [None, OWNER, OTHER]
    assert memory.write(partial(store.release_leases, owner=OWNER)) == 1
    assert row(memory, "own").crashes == 0


def test_a_start_breaks_the_leases_of_the_dead_and_counts_a_crash(memory: Memory) -> None:
    put(memory, "dead", State.SUBMITTING, owner=OTHER)
    put(memory, "own", State.WAITING, owner=OWNER)
    put(memory, "free", State.WAITING)
    put(memory, "over", State.DONE, owner=OTHER)
    assert memory.write(partial(store.take_over, owner=OWNER)) == 1
    assert [(row(memory, name).lease_owner, row(memory, name).crashes) for name in ("dead", "own", "free")] == [
        (None, 1),
        (OWNER, 0),
        (None, 0),
    ]


# Looking


def test_live_jobs_come_the_oldest_first(memory: Memory) -> None:
    for number, state in enumerate(State):
        put(memory, f"{number}", state, at=later(-number))
    assert [job.state for job in memory.read(store.live)] == [state for state in reversed(State) if state not in ENDED]


def test_the_pace_is_taken_from_the_models_last_successes(memory: Memory) -> None:
    for number in range(looks.PACE_SAMPLE + 5):
        put(memory, f"{number}", State.DONE, submitted_at=NOW, drawn_at=later(1_000 * number))
    put(memory, "slow", State.DONE, provider="pixazo", submitted_at=NOW, drawn_at=later(10**6))
    put(memory, "undrawn", State.FAILED, submitted_at=NOW)
    sample = memory.read(partial(looks.recent_seconds, provider="locus", model="m"))
    assert len(sample) == looks.PACE_SAMPLE
    assert (sample[0], sample[-1]) == (54.0, 5.0)
    assert memory.read(partial(looks.recent_seconds, provider="locus", model="other")) == ()


def test_a_job_that_nobody_would_ever_look_at_cannot_be_stored_and_would_be_found(memory: Memory) -> None:
    put(memory, "a", State.WAITING)
    with pytest.raises(sqlite3.IntegrityError):
        memory.connection.execute("UPDATE job SET run_at = NULL")
    assert memory.read(looks.stuck) == ()
    memory.connection.execute("PRAGMA ignore_check_constraints = ON")
    memory.connection.execute("UPDATE job SET run_at = NULL")
    assert memory.read(looks.stuck) == ("a",)


# For the operator


def test_jobs_in_a_state_are_listed_the_latest_first_and_no_more_than_asked_for(memory: Memory) -> None:
    for number, name in enumerate("abc"):
        put(memory, name, State.UNKNOWN, at=later(number))
    put(memory, "done", State.DONE, at=later(9))
    assert ids(memory.read(partial(looks.list_by_state, state=State.UNKNOWN, limit=2))) == ["c", "b"]
    assert ids(memory.read(partial(looks.list_by_state, state=State.DONE, limit=2))) == ["done"]
    assert memory.read(partial(looks.list_by_state, state=State.FAILED, limit=2)) == ()


def test_first_letters_find_every_job_that_begins_with_them(memory: Memory) -> None:
    for name in ("abc", "abd", "b", "x_y"):
        put(memory, name)
    found = {prefix: ids(memory.read(partial(looks.find_by_prefix, prefix=prefix, limit=9))) for prefix in "ab_%"}
    assert found == {"a": ["abc", "abd"], "b": ["b"], "_": [], "%": []}
    assert ids(memory.read(partial(looks.find_by_prefix, prefix="ab", limit=1))) == ["abc"]


def test_a_jobs_own_events_come_back_in_their_order(memory: Memory) -> None:
    job = put(memory, "a", State.UNKNOWN)
    put(memory, "b")
    memory.write(lambda tx: store.move(tx, job, State.FAILED, now=later(5), detail="told"))
    logged = memory.read(lambda reader: looks.events_of(reader, job.id))
    assert [(one.at, one.before, one.after, one.note) for one in logged] == [
        (NOW, None, State.QUEUED, None),
        (NOW + 5, State.UNKNOWN, State.FAILED, "told"),
    ]


def test_a_job_that_goes_to_another_gateway_queues_with_that_ones_payload_and_counts_attempts_anew(
    memory: Memory,
) -> None:
    put(memory, "a", State.QUEUED)
    (job,) = claim_queued(memory)
    change = partial(
        store.reroute,
        job=job,
        provider="other",
        model="m2",
        payload="{}",
        payload_version=2,
        now=later(5),
        detail="from here to there: busy",
    )
    memory.write(change)
    moved = row(memory, "a")
    assert (moved.state, moved.provider, moved.model, moved.payload_version) == (State.QUEUED, "other", "m2", 2)
    assert (moved.attempt, moved.run_at, moved.lease_owner) == (0, later(5), None)
    assert moved.idempotency_key == job.idempotency_key
    assert events(memory, "a")[-1] == ("submitting", "queued", "from here to there: busy")
    with pytest.raises(FenceLost):
        memory.write(change)


def test_an_attempt_that_was_not_made_is_not_counted(memory: Memory) -> None:
    put(memory, "a", State.QUEUED)
    (job,) = claim_queued(memory)
    assert job.attempt == 1
    memory.write(partial(store.uncount_attempt, job_id=job.id))
    assert row(memory, "a").attempt == 0

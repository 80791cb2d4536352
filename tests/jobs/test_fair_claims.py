"""Claims follow the line: with the real store, nobody keeps another waiting, and every cap holds."""

from collections import Counter
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.jobs import store
from bot.jobs.line import store as line
from bot.jobs.model import Caps, Job
from tests.jobs.bench import NOW, OWNER, ids, later, put, row
from tests.jobs.memory import Memory

ONE = Caps(by_provider={"locus": 1}, per_guild=9)
MANY = 1_000


def claim(memory: Memory, caps: Caps, *, limit: int = 64, at: int = 10**6) -> tuple[Job, ...]:
    """What the runner does; the jobs are left without a lease."""
    claimed = memory.write(partial(store.claim_queued, owner=OWNER, now=later(at), limit=limit, caps=caps))
    memory.connection.execute("UPDATE job SET lease_owner = NULL")
    return claimed


def end(memory: Memory, name: str) -> None:
    """The job ends, whatever its state."""
    memory.connection.execute(
        "UPDATE job SET state = 'done', run_at = NULL, finished_at = ? WHERE id = ?", (int(NOW), name)
    )


def one_after_another(memory: Memory, caps: Caps, count: int) -> list[str]:
    """The next so many that start, each as the oldest of those at work ends."""
    started = ids(claim(memory, caps))
    for done in range(count):
        end(memory, started[done])
        started += ids(claim(memory, caps))
    return started[:count]


def crowd(memory: Memory, name: str, count: int, *, guild: int = 1, member: int = 10, provider: str = "locus") -> None:
    """So many jobs of one member, one after another."""
    for number in range(count):
        put(memory, f"{name}{number:04}", at=later(number), guild=guild, member=member, provider=provider)


@pytest.mark.parametrize("cap", [1, 3])
def test_one_request_of_another_guild_is_next_behind_a_thousand_of_the_first(memory: Memory, cap: int) -> None:
    caps = Caps(by_provider={"locus": cap}, per_guild=9)
    crowd(memory, "a", MANY)
    at_work = ids(claim(memory, caps))
    assert len(at_work) == cap
    put(memory, "b", guild=2, member=20, at=later(MANY))
    end(memory, at_work[0])
    assert ids(claim(memory, caps)) == ["b"]


def test_another_member_is_next_behind_one_who_floods_their_guild(memory: Memory) -> None:
    crowd(memory, "a", MANY)
    (first,) = claim(memory, ONE)
    put(memory, "b", member=11, at=later(MANY))
    end(memory, first.id)
    assert ids(claim(memory, ONE)) == ["b"]


def test_who_has_eight_at_work_is_not_next_again(memory: Memory) -> None:
    caps = Caps(by_provider={"locus": 8}, per_guild=9)
    crowd(memory, "a", 20)
    at_work = ids(claim(memory, caps))
    crowd(memory, "b", 20, guild=2, member=20)
    end(memory, at_work[0])
    assert ids(claim(memory, caps)) == ["b0000"]


def test_guilds_that_both_wait_take_turns_and_their_members_do(memory: Memory) -> None:
    crowd(memory, "a", 20)
    put(memory, "x0", member=11, at=later(50))
    put(memory, "x1", member=11, at=later(51))
    crowd(memory, "b", 20, guild=2, member=20)
    started = one_after_another(memory, ONE, 8)
    assert started == ["a0000", "b0000", "x0", "b0001", "a0001", "b0002", "x1", "b0003"]


def test_a_guild_of_twice_the_weight_is_started_twice_as_often(memory: Memory) -> None:
    caps = Caps(by_provider={"locus": 2}, per_guild=9, weights={1: 2})
    crowd(memory, "a", 40)
    crowd(memory, "b", 40, guild=2, member=20)
    started = one_after_another(memory, caps, 30)
    for start in range(30):
        for stop in range(start + 1, 31):
            mine = sum(name[0] == "a" for name in started[start:stop])
            assert abs(mine - 2 * (stop - start) / 3) <= 1


def test_turns_do_not_depend_on_the_clock(memory: Memory) -> None:
    crowd(memory, "a", 5)
    crowd(memory, "b", 5, guild=2, member=20)
    started: list[str] = []
    for at in (10**6, 10**4, 10**9, 10**5):
        claimed = ids(claim(memory, ONE, at=at))
        started += claimed
        end(memory, claimed[0])
    assert started == ["a0000", "b0000", "a0001", "b0001"]


def test_a_member_has_no_more_at_work_than_their_cap_while_others_pass(memory: Memory) -> None:
    caps = Caps(by_provider={"locus": 9, "pixazo": 9}, per_guild=9, per_member=2)
    for number, (member, provider) in enumerate([(10, "locus"), (10, "pixazo"), (10, "locus"), (11, "locus")]):
        put(memory, f"{number}", member=member, provider=provider)
    put(memory, "elsewhere", guild=2, member=10)
    assert sorted(ids(claim(memory, caps))) == ["0", "1", "3", "elsewhere"]
    assert claim(memory, caps) == ()
    assert not memory.read(partial(line.has_next, now=later(10**6), caps=caps))


def test_a_guild_that_waits_at_two_gateways_gives_its_next_place_to_the_member_who_waits_for_a_turn(
    memory: Memory,
) -> None:
    caps = Caps(by_provider={"locus": 9, "pixazo": 9}, per_guild=1)
    crowd(memory, "a", 30)
    put(memory, "b0", member=11, provider="pixazo", at=later(90))
    put(memory, "b1", member=11, provider="pixazo", at=later(91))
    assert one_after_another(memory, caps, 5) == ["a0000", "b0", "a0001", "b1", "a0002"]


def test_a_job_that_is_put_off_stands_in_no_line_and_takes_its_place_when_it_is_back(memory: Memory) -> None:
    put(memory, "late", at=later(0), run_at=later(100))
    put(memory, "a", at=later(1))
    put(memory, "b", member=11, at=later(2))
    stands = partial(line.standings, weights={})
    assert [str(name) for name in memory.read(partial(stands, now=later(50)))] == ["a", "b"]
    assert [str(name) for name in memory.read(partial(stands, now=later(100)))] == ["late", "b", "a"]
    assert ids(claim(memory, ONE, at=100)) == ["late"]


def test_each_gateway_has_its_own_line(memory: Memory) -> None:
    crowd(memory, "a", 2)
    crowd(memory, "p", 2, provider="pixazo", guild=2, member=20)
    whole = memory.read(partial(line.standings, now=later(10), weights={}))
    assert {str(name): one.place for name, one in whole.items()} == {"a0000": 1, "a0001": 2, "p0000": 1, "p0001": 2}
    assert memory.read(partial(line.standings, now=later(10), weights={}, provider="pixazo")).keys() == {
        "p0000",
        "p0001",
    }


def test_a_turn_at_a_gateway_that_took_nothing_does_not_count_at_the_next(memory: Memory) -> None:
    caps = Caps(by_provider={"locus": 1, "pixazo": 1}, per_guild=9)
    put(memory, "a")
    (job,) = claim(memory, caps)
    memory.write(
        partial(
            store.reroute,
            job=row(memory, job.id),
            provider="pixazo",
            model="m",
            payload="{}",
            payload_version=1,
            now=NOW,
            detail="",
        )
    )
    put(memory, "other", provider="pixazo", guild=2, member=20, at=later(9))
    assert ids(claim(memory, caps)) == ["a"]


def test_jobs_of_gateways_that_are_off_are_started_under_the_guilds_caps(memory: Memory) -> None:
    caps = Caps(by_provider={"locus": 1}, per_guild=2)
    crowd(memory, "gone", 3, provider="gone")
    put(memory, "lost", provider="lost", guild=2)
    assert memory.read(partial(store.has_due, now=NOW, caps=caps))
    assert ids(claim(memory, caps, limit=2)) == ["gone0000", "gone0001"]
    assert ids(claim(memory, caps)) == ["lost"]


def test_what_a_claim_would_find_is_known_beforehand(memory: Memory) -> None:
    crowd(memory, "a", 3)
    crowd(memory, "b", 1, guild=2, member=20)
    for caps, is_found in (
        (Caps(by_provider={"locus": 9}, per_guild=1), True),
        (Caps(by_provider={"locus": 9}, per_guild=9, per_member=1), True),
        (Caps(by_provider={"locus": 1}, per_guild=9), False),
    ):
        memory.connection.execute("UPDATE job SET state = 'waiting', run_at = ? WHERE id = 'a0000'", (later(10**7),))
        assert memory.read(partial(line.has_next, now=later(9), caps=caps)) is is_found
    memory.connection.execute("UPDATE job SET state = 'waiting', run_at = ? WHERE id = 'b0000'", (later(10**7),))
    for caps in (
        Caps(by_provider={"locus": 9}, per_guild=1),
        Caps(by_provider={"locus": 9}, per_guild=9, per_member=1),
    ):
        assert not memory.read(partial(line.has_next, now=later(9), caps=caps))
        assert claim(memory, caps) == ()


# Any crowd, any order of ends

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 3), st.integers(1, 3), st.sampled_from(["locus", "pixazo"])),
        st.tuples(st.just("end"), st.integers(0, 9), st.just(0), st.just("")),
    ),
    max_size=40,
)


@given(
    steps=STEPS,
    caps=st.builds(
        Caps,
        by_provider=st.fixed_dictionaries({"locus": st.integers(1, 3), "pixazo": st.integers(1, 2)}),
        per_guild=st.integers(1, 4),
        per_member=st.integers(1, 3),
        weights=st.dictionaries(st.integers(1, 3), st.integers(1, 3)),
    ),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_cap_holds_nothing_that_fits_waits_and_all_end(
    steps: list[tuple[str, int, int, str]], caps: Caps
) -> None:
    memory = Memory()
    try:
        at_work: list[str] = []
        for number, (what, first, second, provider) in enumerate(steps):
            if what == "add":
                name = f"{number:03}"
                put(memory, name, guild=first, member=second, provider=provider, at=later(number))
            elif at_work:
                end(memory, at_work.pop(first % len(at_work)))
            at_work += _claimed_within(memory, caps)
        waited = 0
        while at_work:
            end(memory, at_work.pop(0))
            at_work += _claimed_within(memory, caps)
            waited += 1
        assert waited <= len(steps)
        assert memory.connection.execute("SELECT count(*) FROM job WHERE state <> 'done'").fetchone()[0] == 0
    finally:
        memory.close()


def _claimed_within(memory: Memory, caps: Caps) -> list[str]:
    """One claim; checks what must hold after any."""
    would = memory.read(partial(line.has_next, now=later(10**6), caps=caps))
    claimed = ids(claim(memory, caps))
    assert would is bool(claimed)
    busy = memory.read(line.at_work)
    assert all(jobs <= caps.by_provider[name] for name, jobs in busy.by_provider.items())
    assert all(jobs <= caps.per_guild for jobs in busy.by_guild.values())
    assert all(jobs <= caps.per_member for jobs in busy.by_member.values())
    for one in memory.connection.execute("SELECT * FROM job WHERE state = 'queued'"):
        fits = busy.fits(one["guild_id"], one["member_id"], caps) and busy.has_room(one["provider"], caps)
        assert not fits
    return claimed


CROWDS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.sampled_from(["locus", "pixazo"])), min_size=1, max_size=25
)


@given(past=CROWDS, waiting=CROWDS, weights=st.dictionaries(st.integers(1, 3), st.integers(1, 3)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_claim_of_many_starts_them_as_claims_of_one_would(
    past: list[tuple[int, int, str]], waiting: list[tuple[int, int, str]], weights: dict[int, int]
) -> None:
    caps = Caps(by_provider={"locus": 7, "pixazo": 5}, per_guild=6, per_member=4, weights=weights)
    started: list[list[str]] = []
    for limit in (64, 1):
        memory = Memory()
        try:
            for number, (guild, member, provider) in enumerate(past):
                put(memory, f"past{number:03}", guild=guild, member=member, provider=provider, at=later(number))
                claim(memory, caps)
                end(memory, f"past{number:03}")
            for number, (guild, member, provider) in enumerate(waiting):
                put(memory, f"{number:03}", guild=guild, member=member, provider=provider, at=later(number))
            started.append([])
            while claimed := claim(memory, caps, limit=limit):
                started[-1] += ids(claimed)
        finally:
            memory.close()
    assert started[0] == started[1]


@given(
    arrivals=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3)), min_size=1, max_size=40),
    cap=st.integers(1, 3),
    weights=st.dictionaries(st.integers(1, 4), st.integers(1, 3)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nobody_waits_for_ever_whoever_comes_after(
    arrivals: list[tuple[int, int, int]], cap: int, weights: dict[int, int]
) -> None:
    """While a guild waits, each other starts at most its weight of jobs; while a member does, each other one job."""
    memory = Memory()
    caps = Caps(by_provider={"locus": cap}, per_guild=99, weights=weights)
    passed: dict[object, Counter[object]] = {}
    try:
        at_work: list[str] = []
        for number, (guild, member, ends) in enumerate([*arrivals, *[(0, 0, 1)] * len(arrivals)]):
            if guild:
                put(memory, f"{number:03}", guild=guild, member=member, at=later(number))
            for _ in range(min(ends, len(at_work))):
                end(memory, at_work.pop(0))
            while claimed := claim(memory, caps, limit=1):
                at_work += ids(claimed)
                _count_passed(memory, claimed[0], passed, weights)
    finally:
        memory.close()


def _count_passed(memory: Memory, started: Job, passed: dict[object, Counter[object]], weights: dict[int, int]) -> None:
    rows = memory.connection.execute("SELECT DISTINCT guild_id, member_id FROM job WHERE state = 'queued'").fetchall()
    guilds = {one["guild_id"] for one in rows}
    members = {(one["guild_id"], one["member_id"]) for one in rows if one["guild_id"] == started.guild_id}
    mine = (started.guild_id, started.member_id)
    for gone in [who for who in passed if not isinstance(who, tuple) and who not in guilds]:
        del passed[gone]
    passed.pop(started.guild_id, None)
    passed.pop(mine, None)
    for guild in guilds - {started.guild_id}:
        seen = passed.setdefault(guild, Counter())
        seen[started.guild_id] += 1
        assert seen[started.guild_id] <= weights.get(started.guild_id, 1)
    for member in members - {mine}:
        seen = passed.setdefault(member, Counter())
        seen[mine] += 1
        assert seen[mine] <= 1

"""The order of the line by itself: who goes next, and how everyone stands."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import Millis
from bot.core.ids import GuildId, JobId, MemberId
from bot.jobs.line.order import Standing, Turns, Waiting, in_order, rank

NONE = Turns(guilds={}, members={})


def line_of(who: str) -> tuple[Waiting, ...]:
    """`a1 b1`: guild and member of each job, the oldest first; a job is named by its member and its number."""
    seen: Counter[str] = Counter()
    jobs = []
    for at, name in enumerate(who.split()):
        seen[name] += 1
        guild, member = GuildId(ord(name[0])), MemberId(ord(name[1]))
        job_id = JobId(f"{name}.{seen[name]}")
        jobs.append(Waiting(id=job_id, guild_id=guild, member_id=member, created_at=Millis(at)))
    return tuple(jobs)


def turns_of(guilds: Mapping[str, Sequence[int]], members: Mapping[str, int]) -> Turns:
    """The same names with their turns."""
    return Turns(
        guilds={GuildId(ord(name)): turns for name, turns in guilds.items()},
        members={(GuildId(ord(name[0])), MemberId(ord(name[1]))): turn for name, turn in members.items()},
    )


def taken_one_by_one(waiting: Sequence[Waiting], turns: Turns, weights: Mapping[int, int]) -> list[JobId]:
    """What a claim does, again and again: the smallest rank of the members' first jobs, then the turn is theirs."""
    guilds = {guild: list(starts) for guild, starts in turns.guilds.items()}
    members = dict(turns.members)
    left = sorted(waiting, key=lambda job: (job.created_at, job.id))
    taken: list[JobId] = []
    while left:
        firsts: dict[tuple[int, int], Waiting] = {}
        for job in left:
            firsts.setdefault((job.guild_id, job.member_id), job)
        now = Turns(guilds=guilds, members=members)
        chosen = min(firsts.values(), key=lambda job: rank(job, now, weight=weights.get(job.guild_id, 1)))
        turn = 10**9 + len(taken)
        guilds.setdefault(chosen.guild_id, []).insert(0, turn)
        members[chosen.guild_id, chosen.member_id] = turn
        taken.append(chosen.id)
        left.remove(chosen)
    return taken


@pytest.mark.parametrize(
    ("waiting", "turns", "weights", "order"),
    [
        ("a1 a1 a1", NONE, {}, "a1.1 a1.2 a1.3"),
        ("a1 a1 a1 b1", NONE, {}, "a1.1 b1.1 a1.2 a1.3"),
        ("a1 a1 a1 a2", NONE, {}, "a1.1 a2.1 a1.2 a1.3"),
        ("a1 a1 a2 b1 b1 c1", NONE, {}, "a1.1 b1.1 c1.1 a2.1 b1.2 a1.2"),
        ("a1 a1 b1", turns_of({"a": [5]}, {"a1": 5}), {}, "b1.1 a1.1 a1.2"),
        ("a1 b1 a2", turns_of({"a": [5], "b": [7]}, {"a1": 5, "b1": 7}), {}, "a2.1 b1.1 a1.1"),
        ("a1 b1", turns_of({"a": [5], "b": [9]}, {"a1": 8, "b1": 4}), {}, "a1.1 b1.1"),
        ("a1 a1 a1 a1 b1 b1", NONE, {"a": 2}, "a1.1 b1.1 a1.2 a1.3 b1.2 a1.4"),
        ("a1 a1 b1 b1", turns_of({"a": [6, 5], "b": [7]}, {}), {"a": 2}, "a1.1 a1.2 b1.1 b1.2"),
        ("a1 a1 b1 b1", turns_of({"a": [8, 5], "b": [7]}, {}), {"a": 2}, "a1.1 b1.1 a1.2 b1.2"),
        ("a1 a1 b1 b1", turns_of({"a": [8], "b": [7]}, {}), {"a": 2}, "a1.1 b1.1 a1.2 b1.2"),
    ],
)
def test_the_order_of_a_line(waiting: str, turns: Turns, weights: Mapping[str, int], order: str) -> None:
    assert " ".join(in_order(line_of(waiting), turns, {ord(name): weight for name, weight in weights.items()})) == order


def test_a_standing_counts_those_before_in_the_line_the_guild_and_among_ones_own() -> None:
    stands = in_order(line_of("a1 a1 a2 b1"), NONE, {})
    assert stands == {
        "a1.1": Standing(place=1, in_guild=1, of_member=1),
        "b1.1": Standing(place=2, in_guild=1, of_member=1),
        "a2.1": Standing(place=3, in_guild=2, of_member=1),
        "a1.2": Standing(place=4, in_guild=3, of_member=2),
    }


@pytest.mark.parametrize(
    ("place", "in_guild", "of_member", "rounds"), [(8, 1, 1, 2.0), (8, 6, 1, 3.0), (8, 6, 4, 4.0), (1, 1, 1, 1.0)]
)
def test_the_narrowest_cap_says_how_long_it_takes(place: int, in_guild: int, of_member: int, rounds: float) -> None:
    standing = Standing(place=place, in_guild=in_guild, of_member=of_member)
    assert standing.rounds(cap=4, per_guild=2, per_member=1) == rounds


@st.composite
def lines(draw: st.DrawFn) -> tuple[tuple[Waiting, ...], Turns, dict[int, int]]:
    """Any line after any past, for three guilds of any weight."""
    names = [f"{guild}{member}" for guild in "abc" for member in "123"]
    weights = {ord(guild): draw(st.integers(1, 4)) for guild in "abc"}
    past = draw(st.lists(st.sampled_from(names), max_size=30))
    here = draw(st.lists(st.booleans(), min_size=30, max_size=30))  # a member's turns count wherever they were
    members = {name: turn for turn, name in enumerate(past, start=1)}
    guilds = {
        guild: [turn for turn, name in reversed(list(enumerate(past, start=1))) if name[0] == guild and here[turn - 1]]
        for guild in "abc"
    }
    return line_of(" ".join(draw(st.lists(st.sampled_from(names), max_size=25)))), turns_of(guilds, members), weights


@given(drawn=lines())
def test_everyones_place_is_when_claims_would_take_them(
    drawn: tuple[tuple[Waiting, ...], Turns, dict[int, int]],
) -> None:
    waiting, turns, weights = drawn
    stands = in_order(waiting, turns, weights)
    assert list(stands) == taken_one_by_one(waiting, turns, weights)
    assert [one.place for one in stands.values()] == list(range(1, len(waiting) + 1))


@given(drawn=lines())
def test_before_a_guilds_next_turn_each_other_has_at_most_its_weight_of_turns(
    drawn: tuple[tuple[Waiting, ...], Turns, dict[int, int]],
) -> None:
    waiting, turns, weights = drawn
    guild_of = {job.id: job.guild_id for job in waiting}
    order = [guild_of[job_id] for job_id in in_order(waiting, turns, weights)]
    for guild in set(order):
        since: Counter[int] = Counter()
        for other in order[: len(order) - order[::-1].index(guild)]:
            if other == guild:
                since.clear()
            else:
                since[other] += 1
                assert since[other] <= weights[other]


@given(past=st.lists(st.sampled_from("ab"), max_size=12), size=st.integers(1, 30))
def test_two_to_one_is_kept_within_one_job_over_any_stretch(past: list[str], size: int) -> None:
    guilds = {
        guild: [turn for turn, name in reversed(list(enumerate(past, start=1))) if name == guild] for guild in "ab"
    }
    order = list(in_order(line_of("a1 " * 60 + "b1 " * 30), turns_of(guilds, {}), {ord("a"): 2}))
    names = "".join(job_id[0] for job_id in order)
    for start in range(len(names) - size):
        assert abs(names[start : start + size].count("a") - 2 * size / 3) <= 1

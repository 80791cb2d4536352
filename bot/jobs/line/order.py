"""The order of a gateway's line: guilds take turns, in each its members do, and a member's jobs go as they came.

Next is the guild whose start was the longest ago, by weight: of weight w, its w-th last start at this gateway. So a
guild of weight 2 goes twice where others go once, and a guild that waits sees each other one at most its weight of
times before its own next turn, whatever they queue. Within it next is the member whose last start in this guild, at
any gateway, was the longest ago. Who never had a start goes first, the oldest job before the others.

A start is told by its turn: a number that grows with every start and stands in the job's row, so that a restart and a
changed clock change nothing. Nothing is saved up: a guild that stays away has one turn (its weight of them) when it
comes back, then waits as the others do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import GuildId, JobId, MemberId

# Each guild's last starts are read up to its weight, and a heavy one's turns come together: few are enough.
MAX_WEIGHT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A queued job whose time has come, with no more than its place depends on."""

    id: JobId
    guild_id: GuildId
    member_id: MemberId
    created_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """What has been started: each guild's last turns at one gateway, the latest first, and each member's last.

    A member's counts at any gateway, but in one guild alone. Who has had none is missing.
    """

    guilds: Mapping[GuildId, Sequence[int]]
    members: Mapping[tuple[GuildId, MemberId], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many go before this job at its gateway, in its guild and among its member's own, itself counted: from 1."""

    place: int
    in_guild: int
    of_member: int

    def rounds(self, *, cap: int, per_guild: int, per_member: int) -> float:
        """How many jobs' time passes until it starts where the caps are full, the narrowest of them counting."""
        return max(self.place / cap, self.in_guild / per_guild, self.of_member / per_member)


# Compared from left to right; the smallest goes next.
Rank = tuple[int, int, int, int, str]


def rank(job: Waiting, turns: Turns, *, weight: int) -> Rank:
    """Where the first job of a member stands among such jobs of everyone."""
    starts = turns.guilds.get(job.guild_id, ())
    by_weight = starts[weight - 1] if len(starts) >= weight else 0
    last = starts[0] if starts else 0
    return by_weight, last, turns.members.get((job.guild_id, job.member_id), 0), job.created_at, job.id


def in_order(waiting: Iterable[Waiting], turns: Turns, weights: Mapping[int, int]) -> dict[JobId, Standing]:
    """Everyone's standing, the next to go first: what taking the smallest rank again and again would give.

    No start between two turns of a guild changes the order in which the guilds had theirs. So one round of turns is
    put in order, and everyone's later jobs follow in rounds like it.
    """
    by_guild: dict[GuildId, list[Waiting]] = defaultdict(list)
    for job in sorted(waiting, key=_age):
        by_guild[job.guild_id].append(job)
    slots: list[tuple[int, _Slot, Waiting, int, int]] = []
    for guild_id, jobs in by_guild.items():
        weight = weights.get(guild_id, 1)
        starts = turns.guilds.get(guild_id, ())
        line = _in_guild(jobs, turns)
        first = line[0][0]
        tie = (turns.members.get((guild_id, first.member_id), 0), first.created_at, first.id)
        for number, (job, of_member) in enumerate(line):
            round_number, turn = divmod(number, weight)
            slots.append((round_number, _slot(starts, weight, turn, tie), job, number + 1, of_member))
    slots.sort(key=lambda slot: slot[:2])
    return {
        job.id: Standing(place=place, in_guild=in_guild, of_member=of_member)
        for place, (_, _, job, in_guild, of_member) in enumerate(slots, start=1)
    }


_Slot = tuple[int, int, int, tuple[int, int, str]]


def _slot(starts: Sequence[int], weight: int, turn: int, tie: tuple[int, int, str]) -> _Slot:
    """Where a guild's n-th turn of a round stands in the round, n from 0."""
    behind = weight - 1 - turn
    if len(starts) > behind:
        return starts[behind], 0, 0, tie
    return 0, turn, starts[0] if starts else 0, tie


def _in_guild(jobs: Sequence[Waiting], turns: Turns) -> list[tuple[Waiting, int]]:
    """A guild's jobs, the oldest first, in the order of its members, each with its number among its member's own."""
    seen: Counter[MemberId] = Counter()
    firsts: dict[MemberId, tuple[int, int, str]] = {}
    numbered: list[tuple[Waiting, int]] = []
    for job in jobs:
        seen[job.member_id] += 1
        if job.member_id not in firsts:
            firsts[job.member_id] = (turns.members.get((job.guild_id, job.member_id), 0), *_age(job))
        numbered.append((job, seen[job.member_id]))
    numbered.sort(key=lambda one: (one[1], firsts[one[0].member_id]))
    return numbered


def _age(job: Waiting) -> tuple[int, str]:
    return job.created_at, job.id

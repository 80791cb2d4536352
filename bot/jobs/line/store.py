"""SQL of the line: who waits, who had which turn, what gateways are at work on, and who of it may start now."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from bot.core.clock import Millis
from bot.core.ids import GuildId, JobId, MemberId
from bot.db import Reader, Row
from bot.jobs.line.order import Rank, Standing, Turns, Waiting, in_order, rank
from bot.jobs.model import Caps

# A claim looks at this many jobs of gateways that are off; more only matters when that many in front are all blocked.
CLAIM_WINDOW = 500
# Turns of starts that a claim has yet to write: after every one that is written.
_YET_TO_COME = 1 << 62

# Whoever holds a lease on a job has moved it out of the line.
_WAITS = "state = 'queued' AND finished_at IS NULL AND run_at <= :now"
_LAST_TURN = "(SELECT max(turn) FROM job WHERE guild_id = one.guild_id AND member_id = one.member_id AND turn > 0)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """How many jobs the gateways are at work on; a claim adds what it starts."""

    by_provider: Counter[str]
    by_guild: Counter[int]
    by_member: Counter[tuple[int, int]]

    def add(self, provider: str, guild_id: int, member_id: int, *, jobs: int = 1) -> None:
        """Counts jobs of a member of a guild."""
        self.by_provider[provider] += jobs
        self.by_guild[guild_id] += jobs
        self.by_member[guild_id, member_id] += jobs

    def has_room(self, provider: str, caps: Caps) -> bool:
        """True where the gateway may be given one more."""
        return self.by_provider[provider] < caps.by_provider[provider]

    def fits(self, guild_id: int, member_id: int, caps: Caps) -> bool:
        """True where neither the guild nor the member has all that they may have at once."""
        return self.by_guild[guild_id] < caps.per_guild and self.by_member[guild_id, member_id] < caps.per_member


def at_work(reader: Reader) -> AtWork:
    """What the gateways are at work on."""
    found = AtWork(by_provider=Counter(), by_guild=Counter(), by_member=Counter())
    for row in reader.all(
        "SELECT provider, guild_id, member_id, count(*) AS jobs FROM job"
        " WHERE finished_at IS NULL AND state IN ('submitting', 'waiting') AND result IS NULL AND is_parked = 0"
        " GROUP BY provider, guild_id, member_id"
    ):
        found.add(row["provider"], row["guild_id"], row["member_id"], jobs=row["jobs"])
    return found


def has_next(reader: Reader, *, now: Millis, caps: Caps) -> bool:
    """True where a claim would start something; who of them is not asked."""
    names = _waited_for(reader)
    if not names:
        return False  # spares the count of what gateways are at work on
    busy = at_work(reader)
    open_ones = [name for name in names if name not in caps.by_provider or busy.has_room(name, caps)]
    full = json.dumps([list(who) for who in busy.by_member if not busy.fits(*who, caps)])
    guilds = json.dumps([guild_id for guild_id, jobs in busy.by_guild.items() if jobs >= caps.per_guild])
    return any(
        reader.one(
            f"SELECT 1 FROM job WHERE {_WAITS} AND provider = :provider"  # noqa: S608
            " AND guild_id NOT IN (SELECT value FROM json_each(:guilds)) AND (guild_id, member_id) NOT IN"
            " (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:full)) LIMIT 1",
            {"now": now, "provider": name, "guilds": guilds, "full": full},
        )
        is not None
        for name in open_ones
    )


def next_to_start(reader: Reader, *, now: Millis, limit: int, caps: Caps) -> tuple[JobId, ...]:
    """The jobs that a claim starts: in the order of the line, as far as the caps allow, at most `limit`."""
    names = _waited_for(reader)
    if not names:
        return ()  # spares the count of what gateways are at work on
    busy = at_work(reader)
    gone = [name for name in names if name not in caps.by_provider]
    found = _of_nobody(reader, gone, now=now, limit=limit, caps=caps, busy=busy)
    turns = count(_YET_TO_COME)
    lines = [
        _Line(reader, name, now=now, caps=caps) for name in names if name not in gone and busy.has_room(name, caps)
    ]
    while len(found) < limit:
        firsts = [(first, line) for line in lines if (first := line.first(busy)) is not None]
        if not firsts:
            break
        # Where a guild may have one more, and waits at several gateways, its members' turns decide.
        (_, job), here = min(firsts, key=lambda one: one[0][0][2:])
        turn = next(turns)
        for line in lines:
            line.note(job, turn)
        here.take(reader, job, turn, now=now)
        busy.add(here.provider, job.guild_id, job.member_id)
        found.append(job.id)
    return tuple(found)


class _Line:
    """The first waiting job of each member at one gateway, as a claim takes from them."""

    def __init__(self, reader: Reader, provider: str, *, now: Millis, caps: Caps) -> None:
        self.provider = provider
        self._caps = caps
        self._best: tuple[Rank, Waiting] | None = None
        self._firsts: dict[tuple[int, int], Waiting] = {}
        members: dict[tuple[GuildId, MemberId], int] = {}
        for row in _firsts(reader, provider, now=now):
            job = _waiting(row)
            self._firsts[job.guild_id, job.member_id] = job
            members[job.guild_id, job.member_id] = row["turn"] or 0
        guilds = _guild_turns(reader, provider, {job.guild_id for job in self._firsts.values()}, caps.weights)
        self._guilds, self._members = guilds, members

    def first(self, busy: AtWork) -> tuple[Rank, Waiting] | None:
        """Who goes next here; None where nobody may."""
        if not busy.has_room(self.provider, self._caps):
            return None
        while self._firsts:
            if self._best is None:
                turns, weights = Turns(guilds=self._guilds, members=self._members), self._caps.weights
                self._best = min(
                    (rank(job, turns, weight=weights.get(job.guild_id, 1)), job) for job in self._firsts.values()
                )
            job = self._best[1]
            if busy.fits(job.guild_id, job.member_id, self._caps):
                return self._best
            # In one claim nobody comes to have less: who has all that they may have is forgotten.
            self._firsts = {who: one for who, one in self._firsts.items() if busy.fits(*who, self._caps)}
            self._best = None
        return None

    def note(self, job: Waiting, turn: int) -> None:
        """The member is given a turn, at whichever gateway. A turn only puts back, so another best one stays best."""
        who = job.guild_id, job.member_id
        self._members[who] = turn
        if self._best is not None and (self._best[1].guild_id, self._best[1].member_id) == who:
            self._best = None

    def take(self, reader: Reader, job: Waiting, turn: int, *, now: Millis) -> None:
        """The job is started here: the member's next one takes its place."""
        self._guilds[job.guild_id].insert(0, turn)
        row = reader.one(
            f"SELECT * FROM job WHERE {_WAITS} AND provider = :provider AND guild_id = :guild"  # noqa: S608
            " AND member_id = :member AND (created_at, id) > (:at, :id) ORDER BY created_at, id LIMIT 1",
            {
                "now": now,
                "provider": self.provider,
                "guild": job.guild_id,
                "member": job.member_id,
                "at": job.created_at,
                "id": job.id,
            },
        )
        if row is None:
            del self._firsts[job.guild_id, job.member_id]
        else:
            self._firsts[job.guild_id, job.member_id] = _waiting(row)


def standings(
    reader: Reader, *, now: Millis, weights: Mapping[int, int], provider: str | None = None
) -> dict[JobId, Standing]:
    """How everyone stands who waits for a gateway, or for this `provider`; who is put off does not stand in line."""
    only = "" if provider is None else " AND provider = :provider"
    by_provider: dict[str, list[Waiting]] = {}
    for row in reader.all(
        f"SELECT id, provider, guild_id, member_id, created_at FROM job WHERE {_WAITS}{only}",  # noqa: S608
        {"now": now, "provider": provider},
    ):
        by_provider.setdefault(row["provider"], []).append(_waiting(row))
    found: dict[JobId, Standing] = {}
    for name, waiting in by_provider.items():
        guilds = _guild_turns(reader, name, {job.guild_id for job in waiting}, weights)
        turns = Turns(guilds=guilds, members=_member_turns(reader, name))
        found |= in_order(waiting, turns, weights)
    return found


def _waited_for(reader: Reader) -> list[str]:
    """The gateways that have a line."""
    # SQLite would read everyone who waits, by the index of states, to find the least name.
    these = "FROM job INDEXED BY job_line WHERE state = 'queued' AND finished_at IS NULL"
    rows = reader.all(
        f"WITH RECURSIVE one (provider) AS (SELECT min(provider) {these}"  # noqa: S608
        f" UNION ALL SELECT (SELECT min(provider) {these} AND provider > one.provider) FROM one"
        " WHERE one.provider IS NOT NULL) SELECT provider FROM one WHERE provider IS NOT NULL"
    )
    return [row["provider"] for row in rows]


def _of_nobody(
    reader: Reader, gone: Sequence[str], *, now: Millis, limit: int, caps: Caps, busy: AtWork
) -> list[JobId]:
    """Jobs of gateways that are off by now: the handler must end them or send them elsewhere, or they wait for ever."""
    found: list[JobId] = []
    for provider in gone:
        for row in reader.all(
            f"SELECT id, guild_id, member_id FROM job WHERE {_WAITS} AND provider = :provider"  # noqa: S608
            " ORDER BY created_at, id LIMIT :window",
            {"now": now, "provider": provider, "window": CLAIM_WINDOW},
        ):
            if len(found) < limit and busy.fits(row["guild_id"], row["member_id"], caps):
                busy.add(provider, row["guild_id"], row["member_id"])
                found.append(JobId(row["id"]))
    return found


def _firsts(reader: Reader, provider: str, *, now: Millis) -> list[Row]:
    # From one member to the next by the index, however many jobs each has waiting. The next one is looked for in the
    # same guild, then in the next guild: SQLite seeks by one inequality, not by a pair.
    these = f"job WHERE {_WAITS} AND provider = :provider"
    order = "ORDER BY guild_id, member_id, created_at, id LIMIT 1"
    return reader.all(
        "WITH RECURSIVE first (id, guild_id, member_id, created_at) AS ("  # noqa: S608
        f" SELECT * FROM (SELECT id, guild_id, member_id, created_at FROM {these} {order})"
        " UNION ALL SELECT next.id, next.guild_id, next.member_id, next.created_at FROM first JOIN job AS next"
        " ON next.id = coalesce("
        f"(SELECT id FROM {these} AND guild_id = first.guild_id AND member_id > first.member_id {order}),"
        f" (SELECT id FROM {these} AND guild_id > first.guild_id {order})))"
        f" SELECT one.*, {_LAST_TURN} AS turn FROM first AS one",
        {"now": now, "provider": provider},
    )


def _guild_turns(
    reader: Reader, provider: str, guild_ids: set[GuildId], weights: Mapping[int, int]
) -> dict[GuildId, list[int]]:
    """The guilds' last turns at the gateway, the latest first, as many as their weights ask for."""
    return {
        guild_id: [
            row["turn"]
            for row in reader.all(
                "SELECT turn FROM job WHERE provider = ? AND guild_id = ? AND turn IS NOT NULL"
                " ORDER BY turn DESC LIMIT ?",
                (provider, guild_id, weights.get(guild_id, 1)),
            )
        ]
        for guild_id in guild_ids
    }


def _member_turns(reader: Reader, provider: str) -> dict[tuple[GuildId, MemberId], int]:
    """The last turns of members who wait at the gateway."""
    rows = reader.all(
        f"SELECT guild_id, member_id, {_LAST_TURN} AS turn FROM (SELECT DISTINCT guild_id, member_id FROM job"  # noqa: S608
        " WHERE state = 'queued' AND finished_at IS NULL AND provider = ?) AS one",
        (provider,),
    )
    return {(GuildId(row["guild_id"]), MemberId(row["member_id"])): row["turn"] or 0 for row in rows}


def _waiting(row: Row) -> Waiting:
    return Waiting(
        id=JobId(row["id"]),
        guild_id=GuildId(row["guild_id"]),
        member_id=MemberId(row["member_id"]),
        created_at=Millis(row["created_at"]),
    )

"""A guild's book of any length, with every layer of limits, as a month of work would have left it: built in bulk.

The real schema with its triggers, the limits that the policy itself gives, counters that are the sums of the entries:
`bot.ledger.check` finds nothing, as a test holds. Two entries for each job, spread evenly over the first thirty days.
"""

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from bot.core.clock import DAY_MS, SECOND_MS, Millis, millis
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, hold_id_of, new_idempotency_key, new_job_id
from bot.core.money import Ticks, usd
from bot.db import Transaction
from bot.db.connection import configure_writer
from bot.db.schema import migrate
from bot.ledger.model import Ceilings, Limit, Unit
from bot.ledger.policy import Key, key_of, limits_for, member_scope
from bot.ledger.rules import store as rules
from bot.ledger.rules.model import Asked, Draft, Span, Terms, Whom

GUILD = GuildId(81_000_000_000_000_001)
ADMIN = MemberId(99)
ROLE = 7
MEMBERS = 300
DAYS = 30
STARTS_AT = millis(datetime(2027, 1, 1, tzinfo=UTC))
PRICE = usd("0.04")
# Every fiftieth job was voided, every ninety-seventh is only presumed.
VOIDED, PRESUMED = 50, 97
_ENOUGH = Ticks(10**17)
_MANY = 10**6
_CACHE_KIB = 1_000_000
_ID_SEED = 1

CEILINGS = Ceilings(
    bot_monthly=_ENOUGH,
    guild_monthly=_ENOUGH,
    guild_daily=_ENOUGH,
    member_daily=_ENOUGH,
    member_daily_pictures=10**9,
    provider_daily={"pixazo": _ENOUGH, "locus": _ENOUGH},
    provider_monthly={"pixazo": _ENOUGH, "locus": _ENOUGH},
)
# What each member asks for in turn: channel, command, provider, model.
WAYS = (
    (ChannelId(5), "imagine", "pixazo", "grok-imagine-quality"),
    (ChannelId(6), "imagine", "locus", "grok-imagine"),
    (ChannelId(5), "edit", "pixazo", "grok-imagine-quality"),
    (ChannelId(6), "upscale", "pixazo", "grok-imagine-quality"),
)


def layers() -> tuple[Draft, ...]:
    """A rule of every kind, none of which refuses anything."""

    def money(whom: Whom, span: Span = Span.DAY, name: str = "") -> Draft:
        return Draft(whom=whom, name=name, unit=Unit.MONEY, span=span, amount=_ENOUGH)

    def often(unit: Unit, span: Span, minutes: int | None = None) -> Draft:
        return Draft(whom=Whom.EVERYONE, unit=unit, span=span, minutes=minutes, amount=_MANY)

    return (
        *(money(Whom.GUILD, span) for span in (Span.DAY, Span.WEEK, Span.MONTH)),
        *(money(Whom.CHANNEL, name=str(channel)) for channel in sorted({way[0] for way in WAYS})),
        *(money(Whom.COMMAND, name=command) for command in sorted({way[1] for way in WAYS})),
        *(money(Whom.MODEL, name=f"{provider}/{model}") for provider, model in sorted({way[2:] for way in WAYS})),
        money(Whom.ROLE, name=str(ROLE)),
        money(Whom.MEMBER, Span.WEEK, name="1"),
        often(Unit.PICTURES, Span.WEEK),
        often(Unit.REQUESTS, Span.MONTH),
        often(Unit.REQUESTS, Span.ROLLING, minutes=60),
        Draft(whom=Whom.PURPOSE, name="event", unit=Unit.MONEY, span=Span.WEEK, amount=PRICE),
    )


def asked_by(member: int, way: int) -> Asked:
    """The request of a member, by number, for one of the ways."""
    channel, command, provider, model = WAYS[way % len(WAYS)]
    return Asked(
        guild_id=GUILD,
        member_id=MemberId(member + 1),
        roles=frozenset({ROLE}),
        channel_id=channel,
        command=command,
        provider=provider,
        model=model,
        pictures=1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One job of the book; `number` counts in the order of time."""

    job_id: JobId
    number: int
    at: Millis

    @property
    def member(self) -> int:
        return self.number % MEMBERS

    @property
    def way(self) -> int:
        return self.number // MEMBERS

    @property
    def day(self) -> int:
        return (self.at - STARTS_AT) // DAY_MS

    @property
    def closed_as(self) -> str:
        if self.number % VOIDED == VOIDED - 1:
            return "void"
        return "presume" if self.number % PRESUMED == PRESUMED - 1 else "post"

    @property
    def closed_at(self) -> Millis:
        return Millis(self.at + 20 * SECOND_MS)


class _Randomness:
    """Ids that are the same each time, and as scattered as real ones."""

    def __init__(self) -> None:
        self._random = random.Random(_ID_SEED)

    def token_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


def build(path: Path, entries: int) -> None:
    """Makes the file, which must not exist. About a minute for a million entries."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        configure_writer(connection)
        migrate(connection)
        # All or nothing is not needed here: a book that was not finished is thrown away.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", f"cache_size = -{_CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        _Builder(connection, entries // 2).run()
        connection.execute("COMMIT")
        configure_writer(connection)
    finally:
        connection.close()


class _Builder:
    """Writes the tables one after the other, each in the order of its own key as far as that is quicker."""

    def __init__(self, connection: sqlite3.Connection, jobs: int) -> None:
        self._connection = connection
        self._jobs = jobs
        self._tx = Transaction(connection)
        self._counters: dict[Key, int] = {}
        self._rows: list[tuple[Key, Limit]] = []
        self._taken: Counter[int] = Counter()
        self._of = cache(self._counters_of)
        self._limits = cache(self._limits_of)

    def run(self) -> None:
        """Writes everything."""
        for draft in layers():
            rules.set_rule(self._tx, GUILD, draft, at=STARTS_AT)
        by_id = sorted(self._works, key=lambda one: one.job_id)
        many = self._connection.executemany
        many(
            "INSERT INTO hold (hold_id, job_id, guild_id, member_id, amount, pictures, price_version, state, opened_at,"
            " closed_at, roles) VALUES (?, ?, ?, ?, ?, 1, '1', ?, ?, ?, ?)",
            (self._hold(work) for work in by_id),
        )
        many("INSERT INTO hold_leg (hold_id, counter_id, amount) VALUES (?, ?, ?)", self._legs(by_id))
        many(
            "INSERT INTO counter (id, scope, unit, window_kind, starts_at, ends_at, limit_amount, spent)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self._counter_rows(),
        )
        many(
            "INSERT INTO job (id, kind, state, guild_id, channel_id, member_id, provider, model, payload,"
            " payload_version, idempotency_key, attempt, result, created_at, submitted_at, drawn_at, finished_at)"
            " VALUES (?, ?, 'done', ?, ?, ?, ?, ?, ?, 1, ?, 1, ?, ?, ?, ?, ?)",
            (self._job(work) for work in self._works),
        )
        many(
            "INSERT INTO job_event (job_id, at, to_state) VALUES (?, ?, 'queued')",
            ((work.job_id, work.at) for work in self._works),
        )
        many(
            "INSERT INTO entry (hold_id, kind, amount, pictures, basis, note, at) VALUES (?, ?, ?, 1, ?, '', ?)",
            (row for work in self._works for row in _entries(work)),
        )
        self._tx.execute("INSERT INTO ledger_clock (id, last_seen) VALUES (1, ?)", (self._works[-1].at,))

    def _limits_of(self, way: int, day: int) -> tuple[Limit, ...]:
        """Those of the last member, who is named by no rule; they differ from the others' by the name alone."""
        at = Millis(STARTS_AT + day * DAY_MS)
        return limits_for(CEILINGS, asked_by(MEMBERS - 1, way), at=at, terms=self._terms)

    @cached_property
    def _terms(self) -> Terms:
        """What the guild has set; nobody is marked, so it is the same for every member."""
        return rules.terms_of(self._tx, GUILD, MemberId(1), zone=UTC)

    @cached_property
    def _works(self) -> list[_Work]:
        randomness, step_ms = _Randomness(), DAYS * DAY_MS // self._jobs
        return [
            _Work(job_id=new_job_id(randomness), number=number, at=Millis(STARTS_AT + number * step_ms))
            for number in range(self._jobs)
        ]

    def _counters_of(self, member: int, way: int, day: int) -> tuple[tuple[int, Unit], ...]:
        """The counters of one member's requests of a kind on a day, by number, and what they count."""
        found = []
        for limit in self._limits(way, day):
            is_own = limit.scope.startswith("member:")
            key = key_of(replace(limit, scope=member_scope(GUILD, MemberId(member + 1))) if is_own else limit)
            if key not in self._counters:
                self._counters[key] = len(self._counters) + 1
                self._rows.append((key, limit))
            found.append((self._counters[key], limit.unit))
        return tuple(found)

    def _hold(self, work: _Work) -> tuple[object, ...]:
        state = {"post": "posted", "void": "voided", "presume": "presumed"}[work.closed_as]
        names = (hold_id_of(work.job_id), work.job_id, GUILD, work.member + 1)
        return (*names, PRICE, state, work.at, work.closed_at, str(ROLE))

    def _legs(self, works: list[_Work]) -> Iterator[tuple[object, ...]]:
        for work in works:
            for counter, unit in self._of(work.member, work.way % len(WAYS), work.day):
                weight = PRICE if unit is Unit.MONEY else 1
                if work.closed_as != "void":
                    self._taken[counter] += weight
                yield (work.job_id, counter, weight)

    def _counter_rows(self) -> Iterator[tuple[object, ...]]:
        for place, ((scope, unit, kind, starts_at), limit) in enumerate(self._rows, 1):
            yield (place, scope, unit, kind, starts_at, limit.window.ends_at, limit.amount, self._taken[place])

    @staticmethod
    def _job(work: _Work) -> tuple[object, ...]:
        channel, command, provider, model = WAYS[work.way % len(WAYS)]
        payload = json.dumps({"prompt": f"a lighthouse of stained glass, number {work.number}"})
        result = json.dumps({"served_model": model})
        asked = (work.job_id, command, GUILD, channel, work.member + 1, provider, model, payload)
        times = (work.at, work.at + SECOND_MS, work.closed_at - SECOND_MS, work.closed_at)
        return (*asked, new_idempotency_key(work.job_id), result, *times)


def _entries(work: _Work) -> Iterator[tuple[object, ...]]:
    yield (work.job_id, "hold", PRICE, None, work.at)
    yield (work.job_id, work.closed_as, PRICE, "listed" if work.closed_as == "post" else None, work.closed_at)

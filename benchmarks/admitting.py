"""Requests accepted per second under every layer of limits, in books of several lengths.

Ours is the admission as the bot runs it, all callers at once through the writer. Beside it stand the bare statements in
plain sqlite3: those that one admission of the same member runs, written down and run again with other ids in this
thread, a commit each. Both work on the same file in turn, and rounds of all books alternate; medians are compared.
"""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import book
from benchmarks.rows import Row
from bot.core.clock import DAY_MS, SECOND_MS, ManualClock, Millis
from bot.core.crashpoints import NONE
from bot.core.ids import (
    DISCORD_EPOCH_MS,
    ChannelId,
    InteractionId,
    JobId,
    SystemRandomness,
    hold_id_of,
    new_idempotency_key,
    new_job_id,
)
from bot.db import Database, Transaction
from bot.db.connection import configure_writer
from bot.interactions import store as interactions
from bot.interactions.model import Received
from bot.jobs import store as jobs
from bot.jobs.model import State
from bot.ledger import store as ledger
from bot.services.admission import Admission, Rules
from bot.services.newwork import NewWork

T = TypeVar("T")
CALLERS = (1, 100)
MEMBERS = 100
# Few enough that the jobs under way stay below the bot's own bound; between rounds they are ended.
EACH = 400
ROUNDS = 5
# The month's last day: later than everything in the book, every window of it is counted in.
_BEGIN = book.STARTS_AT + book.DAYS * DAY_MS
_APART_MS = SECOND_MS
# Counters, not sums: with ten times the entries the rate stays, and the statements take what they took in an empty book
# but for some levels more of the trees. The commit has more to do once rows of new ids no longer share their pages.
GROWTH_AIM, WORK_AIM = 0.7, 1.5
Statement = tuple[str, Any]
_Order = tuple[Received, NewWork]


class _Recording(sqlite3.Connection):
    """Writes down every statement and what it was given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said: list[Statement] = []

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.said.append((sql, parameters))
        return super().execute(sql, parameters)


class _Plain(Database):
    """The database's own promise over one connection in this thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def write(self, work: Callable[[Transaction], T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        result = work(Transaction(self._connection))
        self._connection.execute("COMMIT")
        return result


@dataclass(kw_only=True)
class _Desk:
    """One book, opened from both sides."""

    database: Database
    plain: sqlite3.Connection
    templates: "list[_Template]"
    ours: dict[int, list[float]] = field(default_factory=dict)
    bare: list[float] = field(default_factory=list)
    work_us: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """What one admission of a member ran. `names` are the values that another one has others for."""

    statements: tuple[Statement, ...]
    names: tuple[object, ...]

    def renamed(self, names: tuple[object, ...]) -> list[Statement]:
        """The same for another job."""
        other = dict(zip(self.names, names, strict=True))
        return [(sql, _renamed(params, other)) for sql, params in self.statements]


def _renamed(params: Any, other: Mapping[object, object]) -> Any:
    if isinstance(params, dict):
        return {name: other.get(value, value) for name, value in params.items()}
    return tuple(other.get(value, value) for value in params)


def _names(received: Received, job_id: JobId) -> tuple[object, ...]:
    return (received.id, received.created_at, job_id, new_idempotency_key(job_id))


def admission(database: Database) -> Admission:
    """The bot's own."""
    return Admission(
        database=database,
        rules=Rules(ceilings=book.CEILINGS, member_jobs=EACH),
        clock=ManualClock(Millis(_BEGIN)),
        randomness=SystemRandomness(),
        crashpoints=NONE,
        wake=lambda: None,
    )


class _Crowd:
    """So many members, who take turns, each with the next of the ways; a request a second."""

    def __init__(self, members: int) -> None:
        self._numbers = count()
        self.members = members

    def ask(self, requests: int) -> list[_Order]:
        """The next requests."""
        return [self._one(next(self._numbers)) for _ in range(requests)]

    def _one(self, number: int) -> _Order:
        asked, at = book.asked_by(number % self.members, number // self.members), _BEGIN + number * _APART_MS
        received = Received(
            id=InteractionId((at - DISCORD_EPOCH_MS) << 22),
            command=str(asked.command),
            guild_id=asked.guild_id,
            channel_id=ChannelId(asked.channel_id or 0),
            member_id=asked.member_id,
            token="t",  # noqa: S106 - nobody's
            received_at=Millis(at),
            roles=asked.roles,
        )
        work = NewWork(
            kind=str(asked.command),
            provider=str(asked.provider),
            model=str(asked.model),
            payload='{"prompt": "a lighthouse of stained glass"}',
            payload_version=1,
            amount=book.PRICE,
            pictures=1,
            price_version="1",
        )
        return received, work


def _receive_all(tx: Transaction, orders: Sequence[_Order]) -> None:
    for received, _ in orders:
        interactions.receive(tx, received)


def _end_all(tx: Transaction) -> None:
    """Every job that is under way: nothing was charged."""
    for row in tx.all("SELECT * FROM job WHERE finished_at IS NULL"):
        job = jobs.read_job(row)
        ledger.void(tx, hold_id=hold_id_of(job.id), at=Millis(_BEGIN), reason="")
        jobs.move(tx, job, State.CANCELLED, now=Millis(_BEGIN))
    tx.execute("DELETE FROM interaction")


async def _templates(recording: _Recording, crowd: _Crowd) -> list[_Template]:
    """One admission of each member in each of their ways, after one that has made the counters."""
    database = _Plain(recording)
    door = admission(database)
    found: list[_Template] = []
    for turn in range(2 * len(book.WAYS)):
        orders = crowd.ask(crowd.members)
        await database.write(partial(_receive_all, orders=orders))
        for received, work in orders:
            recording.said.clear()
            job_id = await door.admit(received, work)
            if turn >= len(book.WAYS):
                found.append(_Template(statements=tuple(recording.said[1:-1]), names=_names(received, job_id)))
        await database.write(_end_all)
    return found


@asynccontextmanager
async def _desk(path: Path, crowd: _Crowd) -> AsyncIterator[_Desk]:
    recording = sqlite3.connect(path, isolation_level=None, factory=_Recording)
    configure_writer(recording)
    # Only what they have in common is wanted of it: how often each is committed does not matter.
    recording.execute("PRAGMA synchronous = OFF")
    templates = await _templates(recording, crowd)
    recording.close()
    plain = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    configure_writer(plain)
    try:
        async with Database.open(path) as database:
            yield _Desk(database=database, plain=plain, templates=templates)
    finally:
        plain.close()


async def _ours(desk: _Desk, callers: int, orders: Sequence[_Order]) -> float:
    """Admissions per second of so many callers, each of which waits for its own."""
    await desk.database.write(partial(_receive_all, orders=orders))
    door, waiting = admission(desk.database), iter(orders)

    async def caller() -> None:
        for received, work in waiting:
            await door.admit(received, work)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(caller())
    took = time.perf_counter() - started
    await desk.database.write(_end_all)
    return len(orders) / took


async def _bare(desk: _Desk, orders: Sequence[_Order]) -> None:
    """The statements alone, a commit for each admission: the rate, and the time of the statements."""
    await desk.database.write(partial(_receive_all, orders=orders))
    randomness = SystemRandomness()
    pairs = zip(cycle(desk.templates), orders, strict=False)
    plan = [template.renamed(_names(received, new_job_id(randomness))) for template, (received, _) in pairs]
    execute, committing = desk.plain.execute, 0.0
    started = time.perf_counter()
    for statements in plan:
        execute("BEGIN IMMEDIATE")
        for sql, params in statements:
            execute(sql, params).fetchall()
        worked = time.perf_counter()
        execute("COMMIT")
        committing += time.perf_counter() - worked
    took = time.perf_counter() - started
    await desk.database.write(_end_all)
    desk.bare.append(len(orders) / took)
    desk.work_us.append((took - committing) / len(orders) * 1_000_000)


async def rows(books: Mapping[int, Path], *, rounds: int = ROUNDS, each: int = EACH) -> list[Row]:
    """The rates in each of the books, by their number of entries, and how the longest stands to the shortest."""
    crowd = _Crowd(min(MEMBERS, each))
    async with AsyncExitStack() as stack:
        desks = {one: await stack.enter_async_context(_desk(books[one], crowd)) for one in sorted(books)}
        for _ in range(rounds):
            for desk in desks.values():
                await _bare(desk, crowd.ask(each))
                for callers in CALLERS:
                    desk.ours.setdefault(callers, []).append(await _ours(desk, callers, crowd.ask(each)))
    found = [_row(entries, callers, desk) for callers in CALLERS for entries, desk in desks.items()]
    return [*found, *_growth(desks)]


def _row(entries: int, callers: int, desk: _Desk) -> Row:
    ours, bare = statistics.median(desk.ours[callers]), statistics.median(desk.bare)
    return Row(
        name=f"admissions per second, all layers, {_who(callers)}, {entries:,} entries",
        ours=f"{ours:,.0f}",
        beside=f"bare statements {bare:,.0f}",
        ratio=ours / bare,
    )


def _growth(desks: Mapping[int, _Desk]) -> list[Row]:
    """What ten or a hundred times as many entries change."""
    *_, before, longest = sorted(desks)
    shortest = min(desks)
    found = []
    for callers in CALLERS:
        rates = {entries: statistics.median(desk.ours[callers]) for entries, desk in desks.items()}
        for beside in dict.fromkeys((before, shortest)):
            ratio, is_aimed = rates[longest] / rates[beside], beside == before
            found.append(
                Row(
                    name=f"  {longest:,} entries against {beside:,}, {_who(callers)}",
                    ours=f"{rates[longest]:,.0f}",
                    beside=f"{rates[beside]:,.0f}",
                    ratio=ratio,
                    aim=f">= {GROWTH_AIM:g}" if is_aimed else "",
                    is_met=ratio >= GROWTH_AIM if is_aimed else None,
                )
            )
    work = {entries: statistics.median(desk.work_us) for entries, desk in desks.items()}
    ratio = work[longest] / work[shortest]
    return [
        *found,
        Row(
            name=f"  {longest:,} entries against {shortest:,}, statements without their commit",
            ours=f"{work[longest]:.0f} us",
            beside=f"{work[shortest]:.0f} us",
            ratio=ratio,
            aim=f"<= {WORK_AIM:g}",
            is_met=ratio <= WORK_AIM,
        ),
    ]


def _who(callers: int) -> str:
    return "1 caller" if callers == 1 else f"{callers} callers"

"""C2: the power goes. What was acknowledged is there, whatever else the disk had and had not written."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

from bot.core.ids import HoldId
from bot.core.money import Ticks
from bot.db import Reader, Transaction
from bot.db.connection import configure_writer, quick_check
from bot.db.schema import migrate
from bot.db.writer import Ticket, commit_batch
from bot.ledger import store
from bot.ledger.check import check
from tests.db.power import cuts
from tests.db.recorded import Acknowledged, Step, Sync, recorded
from tests.ledger.book import NOON, ceilings, request

CUTS = 100
BATCHES = 150
CALLERS_MAX = 4
NAME = "easel.sqlite"
# The bot keeps SQLite's 1,000; with fewer the log is folded into the file many times within a short load.
CHECKPOINT_PAGES = 100
ENOUGH = ceilings(bot=10_000, guild_month=10_000, guild_day=10_000, member=10_000, pictures=10_000)


def pay(tx: Transaction, *, name: str) -> None:
    """One job's money: held and posted."""
    store.hold(tx, request(name, 2, of=ENOUGH))
    store.post(tx, hold_id=HoldId(name), actual=Ticks(1), pictures=1, at=NOON, basis="listed", note="")


def commit(connection: sqlite3.Connection, works: Sequence[Callable[[Transaction], object]]) -> None:
    """One group commit, as the writer makes it; every caller must succeed."""
    loop = asyncio.new_event_loop()
    try:
        tickets = [Ticket(work, loop.create_future()) for work in works]
        commit_batch(connection, tickets)
    finally:
        loop.close()
    assert [ticket.error for ticket in tickets] == [None] * len(tickets)


def load(path: Path, *, synchronous: str | None = None) -> list[Step]:
    """A database that is made and worked on by the bot's own code; everything that it asked of the disk."""
    log: list[Step] = []
    chance, number = Random(1), 0
    with recorded(path, log) as connection:
        configure_writer(connection)
        if synchronous is not None:
            connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        migrate(connection)
        for _ in range(BATCHES):
            names = [f"hold-{number + more}" for more in range(chance.randint(1, CALLERS_MAX))]
            number += len(names)
            commit(connection, [partial(pay, name=name) for name in names])
            log += [Acknowledged(name=name) for name in names]
    return log


def start_again(folder: Path) -> tuple[tuple[str, ...], set[str]]:
    """What the next start finds: everything that is broken, and the jobs whose money was posted."""
    connection = sqlite3.connect(folder / NAME, isolation_level=None)
    try:
        configure_writer(connection)
        quick_check(connection)
        migrate(connection)
        reader = Reader(connection)
        return check(reader), {row["hold_id"] for row in reader.all("SELECT hold_id FROM hold WHERE state = 'posted'")}
    finally:
        connection.close()


def lost_by_cuts(log: Sequence[Step], folder: Path) -> list[int]:
    """How many acknowledged jobs each cut lost; no cut may break the file or the books."""
    lost = []
    for place, acknowledged in cuts(log, folder, count=CUTS, chance=Random(2)):
        broken, posted = start_again(place)
        assert broken == (), place.name
        lost.append(len(set(acknowledged) - posted))
    return lost


def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    log = load(tmp_path / NAME)
    assert Sync(file=NAME) in log, "the load is long enough to fold the log into the file"
    assert lost_by_cuts(log, tmp_path) == [0] * CUTS


def test_without_a_sync_for_each_commit_a_power_cut_would_lose_some(tmp_path: Path) -> None:
    """The test of the test: what `synchronous=FULL` is paid for."""
    assert max(lost_by_cuts(load(tmp_path / NAME, synchronous="NORMAL"), tmp_path)) > 0

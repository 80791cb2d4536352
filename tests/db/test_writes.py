"""Group commit: what a batch of callers is promised."""

import asyncio
import os
import random
import sqlite3
import threading
from functools import partial
from pathlib import Path

import pytest

from bot.core.errors import DatabaseUnavailable
from bot.db import Database, Transaction
from bot.db import writer as writer_module
from bot.db.connection import connect, hop
from tests.db.notes import add, break_commit, texts


class Mishap(Exception):
    """A caller's own error."""


class Fatal(BaseException):
    """What no `except Exception` sees."""


def write_then_fail(tx: Transaction) -> None:
    add("half")(tx)
    raise Mishap


async def test_a_write_is_seen_by_the_next_read(db: Database) -> None:
    assert await db.write(add("one")) == 1
    assert await db.read(texts) == ["one"]


async def test_rows_are_read_by_name_and_one_gives_none_for_nothing(db: Database) -> None:
    await db.write(add("one"))
    row = await db.read(lambda reader: reader.one("SELECT text FROM note WHERE id = :id", {"id": 1}))
    assert row is not None
    assert row["text"] == "one"
    assert await db.read(lambda reader: reader.one("SELECT text FROM note WHERE id = 2")) is None


async def test_one_callers_error_undoes_its_own_writes_and_no_others(db: Database) -> None:
    outcomes = await asyncio.gather(
        db.write(add("before")), db.write(write_then_fail), db.write(add("after")), return_exceptions=True
    )
    assert outcomes[0] == outcomes[2] == 1
    assert isinstance(outcomes[1], Mishap)
    assert await db.read(texts) == ["before", "after"]


async def test_a_broken_constraint_goes_to_its_caller_alone(db: Database) -> None:
    good, bad = await asyncio.gather(db.write(add("good")), db.write(add("")), return_exceptions=True)
    assert good == 1
    assert isinstance(bad, sqlite3.IntegrityError)
    assert await db.read(texts) == ["good"]


async def test_stop_iteration_reaches_the_caller_as_an_error(db: Database) -> None:
    def exhausted(_tx: Transaction) -> None:
        next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await db.write(exhausted)
    assert await db.write(add("still works")) == 1


async def test_a_transaction_cannot_be_used_after_its_function_returned(db: Database) -> None:
    escaped = await db.write(lambda tx: tx)
    with pytest.raises(RuntimeError, match="over"):
        escaped.execute("DELETE FROM note")
    reader = await db.read(lambda reader: reader)
    with pytest.raises(RuntimeError, match="over"):
        reader.one("SELECT 1")


async def test_a_failed_commit_fails_the_whole_batch_and_the_next_batch_works(db: Database) -> None:
    outcomes = await asyncio.gather(
        db.write(add("one")), db.write(break_commit), db.write(add("two")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * 3
    assert len({id(outcome) for outcome in outcomes}) == 3
    assert await db.read(texts) == []
    await db.write(add("three"))
    assert await db.read(texts) == ["three"]
    assert db.failed is None


async def test_after_a_failed_commit_the_connection_is_a_new_one(db: Database) -> None:
    await db.write(lambda tx: tx.execute("CREATE TEMP TABLE only_on_this_connection (a INTEGER)"))
    with pytest.raises(DatabaseUnavailable):
        await db.write(break_commit)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await db.write(lambda tx: tx.one("SELECT * FROM only_on_this_connection"))
    settings = await db.write(
        lambda tx: [tx.all(f"PRAGMA {name}")[0][0] for name in ("synchronous", "foreign_keys", "journal_mode")]
    )
    assert settings == [2, 1, "wal"]


async def test_a_begin_that_fails_fails_every_caller_of_the_batch(db: Database, path: Path) -> None:
    await db.write(lambda tx: tx.all("PRAGMA busy_timeout = 0"))
    intruder = sqlite3.connect(path, isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(db.write(add("one")), db.write(add("two")), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * 2
    intruder.execute("ROLLBACK")
    intruder.close()
    assert await db.write(add("three")) == 1


async def test_a_full_disk_refuses_writes_keeps_what_was_there_and_passes(db: Database) -> None:
    await db.write(add("before"))
    await db.write(lambda tx: tx.all(f"PRAGMA max_page_count = {tx.all('PRAGMA page_count')[0][0]}"))
    with pytest.raises(DatabaseUnavailable, match="full"):
        await db.write(add("x" * 100_000))
    assert await db.read(texts) == ["before"]
    # The bound belonged to the connection, which is gone: space is there again.
    await db.write(add("after"))
    assert await db.read(texts) == ["before", "after"]


async def test_work_that_swallows_a_full_disk_is_still_not_acknowledged(db: Database) -> None:
    await db.write(lambda tx: tx.all(f"PRAGMA max_page_count = {tx.all('PRAGMA page_count')[0][0]}"))

    def deaf(tx: Transaction) -> str:
        try:
            add("x" * 100_000)(tx)
        except sqlite3.Error:
            tx.execute("ROLLBACK")
        return "all is well"

    with pytest.raises(DatabaseUnavailable):
        await db.write(deaf)


async def test_while_the_file_is_gone_writes_fail_and_when_it_is_back_they_work(db: Database, path: Path) -> None:
    away = path.with_name("away")
    os.rename(path, away)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await db.write(break_commit)
    assert path.name not in os.listdir(path.parent)
    os.rename(away, path)
    assert await db.write(add("back")) == 1


async def test_a_caller_cancelled_before_its_work_began_is_skipped(db: Database) -> None:
    gate, entered = threading.Event(), threading.Event()

    def wait(_tx: Transaction) -> None:
        entered.set()
        gate.wait()

    first = asyncio.create_task(db.write(wait))
    await asyncio.to_thread(entered.wait)
    second = asyncio.create_task(db.write(add("never")))
    third = asyncio.create_task(db.write(add("yes")))
    await asyncio.sleep(0)
    assert db.queue_depth == 2
    second.cancel()
    gate.set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert second.cancelled()
    assert await db.read(texts) == ["yes"]


async def test_a_caller_cancelled_while_its_work_runs_has_written_all_the_same(db: Database) -> None:
    gate, entered = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        entered.set()
        gate.wait()
        add("kept")(tx)

    def slow_failure(tx: Transaction) -> None:
        slow(tx)
        raise Mishap

    for work in (slow, slow_failure):
        entered.clear()
        gate.clear()
        task = asyncio.create_task(db.write(work))
        await asyncio.to_thread(entered.wait)
        task.cancel()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await db.write(add("next")) == 1
    assert await db.read(texts) == ["kept", "next"]


async def test_a_failed_batch_leaves_a_cancelled_caller_cancelled(db: Database) -> None:
    gate, entered = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        entered.set()
        gate.wait()
        break_commit(tx)

    task = asyncio.create_task(db.write(slow))
    await asyncio.to_thread(entered.wait)
    task.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await db.write(add("next")) == 1


async def test_a_storm_of_1000_cancellations_leaves_the_connection_well(db: Database) -> None:
    chance = random.Random(7)
    tasks = [asyncio.create_task(db.write(add(f"{number}"))) for number in range(1_000)]
    for task in chance.sample(tasks, len(tasks)):
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    acknowledged = {f"{number}" for number, outcome in enumerate(outcomes) if outcome == 1}
    stored = await db.read(texts)
    assert acknowledged <= set(stored)
    assert len(stored) == len(set(stored))
    assert await asyncio.gather(*(db.write(add(f"later {number}")) for number in range(50))) == [1] * 50


async def test_more_callers_than_a_batch_holds_are_all_served(db: Database) -> None:
    count = 2 * writer_module.BATCH_MAX + 1
    assert await asyncio.gather(*(db.write(add(f"{number}")) for number in range(count))) == [1] * count


async def test_a_full_queue_refuses_at_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "QUEUE_MAX", 2)
    outcomes = await asyncio.gather(*(db.write(add(f"{number}")) for number in range(3)), return_exceptions=True)
    assert outcomes[:2] == [1, 1]
    assert isinstance(outcomes[2], DatabaseUnavailable)


async def test_a_dead_writer_fails_those_in_the_batch_those_waiting_and_those_who_come_later(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    gate, entered = threading.Event(), threading.Event()

    def die(_tx: Transaction) -> None:
        entered.set()
        gate.wait()
        raise Fatal

    watcher = asyncio.create_task(db.wait_closed())
    first = asyncio.create_task(db.write(die))
    await asyncio.to_thread(entered.wait)
    waiting = asyncio.create_task(db.write(add("never")))
    await asyncio.sleep(0)
    gate.set()
    outcomes = await asyncio.gather(first, waiting, watcher, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * 3
    with pytest.raises(DatabaseUnavailable, match="dead"):
        await db.write(add("later"))
    assert isinstance(db.failed, DatabaseUnavailable)
    assert "writer died" in caplog.text
    assert await db.read(texts) == []


async def test_a_cancelled_writer_task_fails_every_caller(db: Database) -> None:
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "database writer")
    waiting = asyncio.create_task(db.write(add("perhaps")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(DatabaseUnavailable, match="died"):
        await waiting
    with pytest.raises(DatabaseUnavailable, match="CancelledError"):
        await db.wait_closed()


async def test_the_hop_runs_one_function_whole_in_the_connections_thread_and_raises_what_it_raises(
    path: Path,
) -> None:
    connection = await connect(path, mode="rwc")
    try:
        threads = [await hop(connection, lambda _connection: threading.get_ident()) for _ in range(2)]
        assert threads[0] == threads[1] != threading.get_ident()
        with pytest.raises(sqlite3.OperationalError, match="syntax"):
            await hop(connection, lambda raw: raw.execute("nonsense"))
        counted = []

        def slow(_connection: sqlite3.Connection, gate: threading.Event) -> None:
            gate.wait()
            counted.append(1)

        gate = threading.Event()
        task = asyncio.create_task(hop(connection, partial(slow, gate=gate)))
        await asyncio.sleep(0)
        task.cancel()
        gate.set()
        await hop(connection, lambda _connection: None)
        assert counted == [1]
    finally:
        await connection.close()
    with pytest.raises(ValueError, match="no active connection"):
        await hop(connection, lambda _connection: None)

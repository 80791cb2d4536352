"""Opening, reading, closing."""

import asyncio
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from bot.core.errors import DatabaseCorrupt, DatabaseUnavailable, SchemaTooNew
from bot.db import Database, Reader, Transaction
from bot.db import readers as readers_module
from bot.db.connection import WAL_KEPT_BYTES, configure_writer
from bot.db.database import READERS
from tests.db.notes import add, texts

ENDING_S = 5.0
PAGE = 4096


def threads() -> set[str]:
    """The connections' threads; one that was told to end is given the moment that takes."""
    found = connection_threads()
    for thread in found:
        thread.join(ENDING_S)
    return {thread.name for thread in found if thread.is_alive()}


def connection_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name]


def overwrite(path: Path, piece: bytes, *, at: int) -> None:
    with path.open("r+b" if path.exists() else "wb") as file:
        file.seek(at)
        file.write(piece)


async def test_what_was_written_is_there_after_reopening(path: Path, scripts: Path) -> None:
    async with Database.open(path, scripts=scripts) as db:
        await db.write(add("kept"))
    async with Database.open(path, scripts=scripts) as db:
        assert await db.read(texts) == ["kept"]


async def test_an_open_database_has_a_thread_for_the_writer_and_each_reader(db: Database) -> None:
    assert db.failed is None
    assert len(connection_threads()) == 1 + READERS


async def test_the_real_schema_opens(path: Path) -> None:
    async with Database.open(path) as db:
        assert await db.read(lambda reader: reader.all("SELECT * FROM counter")) == []


async def test_the_writer_syncs_every_commit_and_holds_references(db: Database) -> None:
    def settings(tx: Transaction) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [tx.all(f"PRAGMA {name}")[0][0] for name in names]

    assert await db.write(settings) == ["wal", 2, 1, 5000]


async def test_on_leaving_what_waits_is_committed_and_no_thread_and_no_log_file_stays(
    path: Path, scripts: Path
) -> None:
    async with Database.open(path, scripts=scripts) as db:
        tasks = [asyncio.create_task(db.write(add(f"{number}"))) for number in range(300)]
        await asyncio.sleep(0)
    assert [task.result() for task in tasks] == [1] * 300
    assert threads() == set()
    assert [file.name for file in path.parent.glob("easel.sqlite*")] == ["easel.sqlite"]
    with pytest.raises(DatabaseUnavailable, match="closed"):
        await db.write(add("late"))
    with pytest.raises(DatabaseUnavailable, match="closed"):
        await db.read(texts)
    await db.wait_closed()
    assert db.failed is None


async def test_a_body_that_raises_leaves_no_thread(path: Path, scripts: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with Database.open(path, scripts=scripts):
            raise ZeroDivisionError
    assert threads() == set()


async def test_a_database_whose_connection_is_broken_closes_all_the_same(path: Path, scripts: Path) -> None:
    async with Database.open(path, scripts=scripts) as db:
        os.rename(path, path.with_name("away"))
        with pytest.raises(DatabaseUnavailable):
            await db.write(lambda tx: tx.execute("INSERT INTO mention (note_id) VALUES (-1)"))
    assert threads() == set()


async def test_closing_goes_to_its_end_while_it_is_being_cancelled(path: Path, scripts: Path) -> None:
    gate, entered = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> int:
        entered.set()
        gate.wait()
        return add("kept")(tx)

    async def serve() -> None:
        async with Database.open(path, scripts=scripts) as db:
            write = asyncio.create_task(db.write(slow))
            await asyncio.to_thread(entered.wait)
        write.result()

    task = asyncio.create_task(serve())
    await asyncio.to_thread(entered.wait)
    for _ in range(5):
        await asyncio.sleep(0)
        task.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert threads() == set()
    async with Database.open(path, scripts=scripts) as db:
        assert await db.read(texts) == ["kept"]


async def test_a_reader_sees_one_moment_while_writes_go_on(db: Database) -> None:
    await db.write(add("one"))
    seen, written = threading.Event(), threading.Event()

    def twice(reader: Reader) -> tuple[list[str], list[str]]:
        first = texts(reader)
        seen.set()
        written.wait()
        return first, texts(reader)

    task = asyncio.create_task(db.read(twice))
    await asyncio.to_thread(seen.wait)
    await db.write(add("two"))
    written.set()
    assert await task == (["one"], ["one"])
    assert await db.read(texts) == ["one", "two"]


async def test_a_reader_cannot_write(db: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="readonly"):
        await db.read(lambda reader: reader.all("INSERT INTO note (text) VALUES ('x')"))
    assert await db.read(texts) == []


async def test_a_wrong_statement_in_a_read_goes_to_its_caller_and_the_connection_stays_well(
    db: Database,
) -> None:
    for _ in range(5):
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await db.read(lambda reader: reader.all("SELECT * FROM missing"))
    assert await db.read(texts) == []


async def test_a_cancelled_read_gives_its_place_back(db: Database) -> None:
    gate = threading.Event()
    tasks = [asyncio.create_task(db.read(lambda _reader: gate.wait())) for _ in range(4)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.gather(*(db.read(texts) for _ in range(10))) == [[]] * 10


async def test_a_read_that_does_not_end_is_stopped_and_the_connection_stays_well(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C12: a snapshot that is held for ever would let the log grow for ever."""
    monkeypatch.setattr(readers_module, "LOOK_EVERY", 1_000)
    monkeypatch.setattr(readers_module, "LOOKS_MAX", 3)
    endless = "WITH RECURSIVE step (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM step) SELECT max(n) FROM step"
    for _ in range(2 * READERS):
        with pytest.raises(DatabaseUnavailable, match="interrupted"):
            await db.read(lambda reader: reader.one(endless))
    assert await asyncio.gather(*(db.read(texts) for _ in range(2 * READERS))) == [[]] * (2 * READERS)


async def test_a_log_that_grew_beside_a_long_read_is_folded_and_cut_back_after_it(db: Database, path: Path) -> None:
    """C12."""
    wal = path.with_name(f"{path.name}-wal")
    gate, entered = threading.Event(), threading.Event()

    def hold(reader: Reader) -> list[str]:
        found = texts(reader)
        entered.set()
        gate.wait()
        return found

    async def write_much() -> None:
        for _ in range(5):
            await asyncio.gather(*(db.write(add("x" * PAGE * 10)) for _ in range(100)))

    holding = asyncio.create_task(db.read(hold))
    await asyncio.to_thread(entered.wait)
    await write_much()
    beside = wal.stat().st_size
    gate.set()
    assert await holding == []
    assert beside > WAL_KEPT_BYTES

    await db.write(add("the checkpoint after this one gets to the end"))
    await db.write(add("so the log begins anew"))
    assert wal.stat().st_size <= WAL_KEPT_BYTES
    await write_much()
    assert wal.stat().st_size < beside, "with nobody in its way the checkpoint keeps up"


async def test_too_many_reads_are_refused_at_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers_module, "QUEUE_MAX", 3)
    outcomes = await asyncio.gather(*(db.read(texts) for _ in range(4)), return_exceptions=True)
    assert outcomes[:3] == [[]] * 3
    assert isinstance(outcomes[3], DatabaseUnavailable)


async def test_a_read_that_still_waits_when_the_database_closes_is_told_so(path: Path, scripts: Path) -> None:
    gate = threading.Event()
    async with Database.open(path, scripts=scripts) as db:
        tasks = [asyncio.create_task(db.read(lambda _reader: gate.wait())) for _ in range(2)]
        waiting = asyncio.create_task(db.read(texts))
        for _ in range(3):
            await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(gate.set)
    await asyncio.gather(*tasks)
    with pytest.raises(DatabaseUnavailable, match="closed"):
        await waiting


async def test_a_second_opening_for_reading_works_beside_the_writer_and_without_it(path: Path, scripts: Path) -> None:
    async with Database.open(path, scripts=scripts) as db:
        await db.write(add("one"))
        async with Database.open_readonly(path, scripts=scripts) as readers:
            assert await readers.read(texts) == ["one"]
            await db.write(add("two"))
            assert await readers.read(texts) == ["one", "two"]
    async with Database.open_readonly(path, scripts=scripts) as readers:
        assert await readers.read(texts) == ["one", "two"]


async def test_opening_for_reading_refuses_a_missing_file_and_makes_none(path: Path, scripts: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="unable to open"):
        async with Database.open_readonly(path, scripts=scripts):
            pass
    assert os.listdir(path.parent) == [scripts.name]


async def test_opening_for_reading_refuses_another_programs_schema(path: Path, scripts: Path) -> None:
    empty = path.with_name("no scripts")
    os.mkdir(empty)
    async with Database.open(path, scripts=empty):
        pass
    with pytest.raises(DatabaseUnavailable, match="waits for 0001_notes"):
        async with Database.open_readonly(path, scripts=scripts):
            pass
    async with Database.open(path, scripts=scripts):
        pass
    with pytest.raises(SchemaTooNew, match="upgrade"):
        async with Database.open_readonly(path, scripts=empty):
            pass


async def test_a_path_that_cannot_be_opened_is_refused_and_leaves_no_thread(tmp_path: Path, scripts: Path) -> None:
    for path in (tmp_path / "no such folder" / "easel.sqlite", tmp_path):
        with pytest.raises(DatabaseUnavailable, match="unable to open"):
            async with Database.open(path, scripts=scripts):
                pass
    assert threads() == set()


async def test_a_file_that_is_no_database_is_refused_with_advice(path: Path, scripts: Path) -> None:
    overwrite(path, b"not a database at all" * 100, at=0)
    with pytest.raises(DatabaseCorrupt, match="restore a backup"):
        async with Database.open(path, scripts=scripts):
            pass


async def test_a_damaged_page_is_refused_with_advice(path: Path, scripts: Path) -> None:
    async with Database.open(path, scripts=scripts) as db:
        await asyncio.gather(*(db.write(add("text " * 200)) for _ in range(40)))
    half = os.stat(path).st_size // 2 // PAGE * PAGE
    overwrite(path, b"\xff" * 64, at=half)
    with pytest.raises(DatabaseCorrupt, match="restore a backup"):
        async with Database.open(path, scripts=scripts):
            pass


def test_a_place_without_a_write_ahead_log_is_refused() -> None:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(DatabaseUnavailable, match="write-ahead"):
        configure_writer(memory)
    memory.close()

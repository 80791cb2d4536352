"""One connection: how it is opened, how work reaches its thread, and what a transaction may do with it."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

from bot.core.errors import DatabaseCorrupt, DatabaseUnavailable

T = TypeVar("T")
Params = Mapping[str, object] | Sequence[object]
Row = sqlite3.Row  # read by name: row["amount"]

BUSY_TIMEOUT_MS = 5_000  # only a backup or a reader's recovery can make the writer wait
CACHED_STATEMENTS = 256  # more than all the stores have, so that no statement is compiled twice
# A log that grew beyond this beside a long read is cut back when it begins anew; usually it has 4 MiB.
WAL_KEPT_BYTES = 16 * 1024 * 1024
# journal_mode is checked apart, since SQLite answers it instead of failing.
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA temp_store = MEMORY",  # a sort spills into no file: none can fill the disk, none holds what members wrote
)

# SQLite's primary result codes that speak of the file, the disk, the memory or the time and not of a statement
# (sqlite.org/rescode.html). After these SQLite may have rolled back the whole transaction by itself.
_TROUBLES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
_BROKEN_FILE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _primary_code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def is_trouble(error: BaseException) -> bool:
    """Whether the database itself is in trouble (disk full, I/O error, locked), not one statement."""
    return isinstance(error, sqlite3.Error) and _primary_code(error) in _TROUBLES


def unavailable(doing: str, error: BaseException) -> DatabaseUnavailable:
    """The error for callers: what was being done and SQLite's own words."""
    if _primary_code(error) in _BROKEN_FILE:
        return DatabaseCorrupt(f"{doing}: the database is damaged ({error}); restore a backup")
    return DatabaseUnavailable(f"{doing}: {error}")


def _expired(_sql: str, _params: Params) -> sqlite3.Cursor:
    raise RuntimeError("this transaction is over; its values must be taken out before the function returns")


class Reader:
    """Reads within one snapshot, for the length of one function."""

    __slots__ = ("_execute",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute: Callable[[str, Any], sqlite3.Cursor] = connection.execute

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row, or None."""
        return cast("Row | None", self._execute(sql, params).fetchone())

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row."""
        return self._execute(sql, params).fetchall()

    def expire(self) -> None:
        """Makes every later use an error: the function it was made for has returned."""
        self._execute = _expired


class Transaction(Reader):
    """Reads and writes that become durable together, or not at all."""

    __slots__ = ()

    def execute(self, sql: str, params: Params = ()) -> int:
        """Runs one statement; returns the number of rows it changed."""
        return self._execute(sql, params).rowcount


async def hop(connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Runs the whole function in the connection's own thread, in one hop.

    aiosqlite offers one hop per statement; a batch of 256 callers would take thousands. Its private
    `_execute` is what its public methods use (aiosqlite 0.22, `core.py`); only this function touches it.
    A cancelled caller does not stop the function: it runs to its end in the thread.
    """
    return cast("T", await connection._execute(work, connection._conn))  # type: ignore[no-untyped-call]


async def connect(path: Path, *, mode: str) -> aiosqlite.Connection:
    """Opens the file in the URI's `mode`: rwc, rw or ro (sqlite.org/uri.html). Raises DatabaseUnavailable.

    Transactions are ours alone (`isolation_level=None`). The caller closes the connection, or its thread
    keeps the process alive.
    """
    uri = _uri(path, mode)
    opening = aiosqlite.connect(uri, uri=True, isolation_level=None, cached_statements=CACHED_STATEMENTS)
    try:
        return await opening
    except sqlite3.Error as error:
        # The library tells its thread to stop and does not wait; one that outlives the loop dies with a traceback.
        await asyncio.to_thread(opening._thread.join)
        raise unavailable(f"opening {path}", error) from error


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


def configure(connection: sqlite3.Connection) -> None:
    """Rows by name, every commit on the disk before it is acknowledged, foreign keys held."""
    connection.row_factory = sqlite3.Row
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def configure_writer(connection: sqlite3.Connection) -> None:
    """As `configure`, with the write-ahead log.

    Raises DatabaseUnavailable where the file system cannot have one.
    """
    configure(connection)
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise DatabaseUnavailable(f"the data folder's file system gives no write-ahead log (it gave {mode!r})")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")


def quick_check(connection: sqlite3.Connection) -> None:
    """Raises DatabaseCorrupt where SQLite finds the file damaged."""
    findings = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    if findings != ["ok"]:
        raise DatabaseCorrupt(f"the database is damaged ({findings[0]}); restore a backup")

"""A disk that remembers: every write, truncation, sync and deletion that SQLite asks for, in their order.

The real code runs on it: `Driver` gives an apsw connection the few methods of `sqlite3.Connection` that
`bot.db` calls, since a VFS that apsw registers does not serve the `sqlite3` module.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import apsw

VFS_NAME = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Bytes at an offset of a file."""

    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """A file cut, or stretched by zeros, to `size` bytes."""

    file: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """A file that is gone; `is_synced` when its folder was synced too."""

    file: str
    is_synced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """All that was written to a file before is on the disk."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """What a caller was told to be safe."""

    name: str


Step = Write | Truncate | Delete | Sync | Acknowledged


class _File(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], log: list[Step]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = "" if path is None else os.path.basename(path)
        self._log = log

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._log.append(Write(file=self._name, offset=offset, data=bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._log.append(Truncate(file=self._name, size=newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._log.append(Sync(file=self._name))


class _Vfs(apsw.VFS):
    def __init__(self, log: list[Step]) -> None:
        self._log = log
        super().__init__(VFS_NAME, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(name, flags, self._log)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._log.append(Delete(file=os.path.basename(filename), is_synced=syncdir))


class _Row:
    """Read by name or by place, as `sqlite3.Row`."""

    def __init__(self, cursor: apsw.Cursor, values: tuple[Any, ...]) -> None:
        self._by_name = dict(zip((name for name, _ in cursor.get_description()), values, strict=True))
        self._values = values

    def __getitem__(self, key: str | int) -> Any:
        return self._by_name[key] if isinstance(key, str) else self._values[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)


class _Answer:
    def __init__(self, rows: list[_Row], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def fetchone(self) -> _Row | None:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[_Row]:
        return self._rows


class Driver:
    """An apsw connection as `bot.db` sees a connection; a statement has run to its end when `execute` returns."""

    def __init__(self, connection: apsw.Connection) -> None:
        connection.row_trace = _Row
        self._connection = connection
        self.row_factory: object = None  # set by `configure`; these rows are made by `_Row`

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, params: Any = ()) -> _Answer:
        rows = cast("list[_Row]", self._connection.execute(sql, params).fetchall())  # as `row_trace` makes them
        return _Answer(rows, self._connection.changes())


@contextmanager
def recorded(path: Path, log: list[Step]) -> Iterator[sqlite3.Connection]:
    """A connection whose every step on the disk is added to `log`."""
    vfs = _Vfs(log)
    connection = apsw.Connection(str(path), vfs=VFS_NAME)
    try:
        yield cast("sqlite3.Connection", Driver(connection))
    finally:
        connection.close()
        vfs.unregister()

"""The database as the other rooms see it: open, write, read."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from bot.core.crashpoints import NONE, Crashpoints
from bot.core.errors import DatabaseUnavailable
from bot.db import schema
from bot.db.connection import (
    Reader,
    Transaction,
    configure,
    configure_writer,
    connect,
    hop,
    quick_check,
    unavailable,
)
from bot.db.readers import Readers
from bot.db.writer import Writer

T = TypeVar("T")
READERS = 2  # one for a long report, one for everybody else


class Database:
    """One file, one writer, a few readers. Made by `open`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, crashpoints: Crashpoints = NONE, scripts: Path = schema.SCRIPTS
    ) -> "AsyncIterator[Database]":
        """Opens or makes the file, checks it, brings its schema up to date, and starts the writer.

        The caller holds the data folder's lock. Raises DatabaseCorrupt, SchemaTooNew, or DatabaseUnavailable
        for a path that cannot be used. On leaving, what was handed in is committed and every thread ends.
        """
        prepare = partial(_prepare_writer, crashpoints=crashpoints, scripts=scripts)
        connection = await _opened(path, "rwc", prepare)
        writer = Writer(connection, partial(_opened, path, "rw", configure_writer))
        async with AsyncExitStack() as stack:
            # Left last: the writer's connection closes after the readers' and folds the log into the file.
            stack.push_async_callback(_uninterrupted, writer.discard)
            readers = await _open_readers(stack, path, READERS, configure)
            task = asyncio.create_task(writer.run(), name="database writer")
            stack.push_async_callback(_uninterrupted, partial(_end, writer, task))
            stack.callback(readers.close)
            yield cls(writer, readers)

    @classmethod
    @asynccontextmanager
    async def open_readonly(cls, path: Path, *, scripts: Path = schema.SCRIPTS) -> AsyncIterator[Readers]:
        """Opens for reading alone, also beside a running bot; for the command line.

        Raises DatabaseUnavailable where there is no database or its schema is not this program's.
        """
        async with AsyncExitStack() as stack:
            readers = await _open_readers(stack, path, 1, partial(_prepare_reader, scripts=scripts))
            stack.callback(readers.close)
            yield readers

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs the function in a transaction of its own; returns its result once that is on the disk.

        Whatever the function raises undoes its own writes alone and is raised here. DatabaseUnavailable means
        that the write did not happen or nobody knows. A caller cancelled while it waits may have written.
        """
        return await self._writer.write(work)

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Runs the function on a `mode=ro` connection, within one snapshot; see `Readers.read`."""
        return await self._readers.read(work)

    @property
    def failed(self) -> DatabaseUnavailable | None:
        """Why the writer died, or None. A process whose writer died must end."""
        return self._writer.failure

    @property
    def queue_depth(self) -> int:
        """How many writes wait for their turn."""
        return self._writer.depth

    async def wait_closed(self) -> None:
        """Returns when the database was closed; raises DatabaseUnavailable as soon as the writer died."""
        await self._writer.wait_ended()


async def _opened(path: Path, mode: str, prepare: Callable[[sqlite3.Connection], None]) -> aiosqlite.Connection:
    """A connection made ready in its thread; closed again where that fails."""
    connection = await connect(path, mode=mode)
    try:
        await hop(connection, prepare)
    except BaseException as error:
        await _uninterrupted(connection.close)
        if isinstance(error, sqlite3.Error):
            raise unavailable(f"opening {path}", error) from error
        raise
    return connection


async def _open_readers(
    stack: AsyncExitStack, path: Path, count: int, prepare: Callable[[sqlite3.Connection], None]
) -> Readers:
    connections = []
    for _ in range(count):
        connection = await _opened(path, "ro", prepare)
        stack.push_async_callback(_uninterrupted, connection.close)
        connections.append(connection)
    return Readers(connections)


def _prepare_writer(connection: sqlite3.Connection, *, crashpoints: Crashpoints, scripts: Path) -> None:
    configure_writer(connection)
    quick_check(connection)
    schema.migrate(connection, crashpoints=crashpoints, folder=scripts)


def _prepare_reader(connection: sqlite3.Connection, *, scripts: Path) -> None:
    configure(connection)
    known = schema.scripts_in(scripts)
    schema.refuse_newer(connection, known)
    schema.refuse_older(connection, known)


async def _end(writer: Writer, task: "asyncio.Task[None]") -> None:
    writer.close()
    await asyncio.wait({task})


async def _uninterrupted(close: Callable[[], Coroutine[object, object, None]]) -> None:
    """Awaits `close()` to its end even while this task is cancelled; the cancellation goes on afterwards.

    A connection left open would keep its thread, and with it the process, alive for ever.
    """
    closing = asyncio.ensure_future(close())
    cancelled: asyncio.CancelledError | None = None
    while not closing.done():
        try:
            await asyncio.wait({closing})
        except asyncio.CancelledError as error:
            cancelled = error
    closing.result()
    if cancelled is not None:
        raise cancelled

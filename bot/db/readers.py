"""Read-only connections: a function runs whole, in one hop, within one snapshot."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import TypeVar

import aiosqlite

from bot.core.errors import DatabaseUnavailable
from bot.db.connection import Reader, hop, is_trouble, unavailable

T = TypeVar("T")
QUEUE_MAX = 10_000  # as for writes: beyond that it is more honest to refuse

# A read is stopped when its long statements have taken this many of SQLite's own operations, about a minute's worth:
# as long as its snapshot is held, no checkpoint gets past it and the log grows. Counted, so no clock is needed here.
LOOK_EVERY = 1_000_000
LOOKS_MAX = 5_000


def read_snapshot(connection: sqlite3.Connection, work: Callable[[Reader], T]) -> T:
    """In the thread: all that the function reads is of one moment.

    A savepoint outside a transaction opens a deferred one (sqlite.org/lang_savepoint.html); it can never turn
    into a writing one here, since the connection is `mode=ro`.
    """
    looks = count(1)
    connection.set_progress_handler(lambda: next(looks) > LOOKS_MAX, LOOK_EVERY)
    connection.execute("SAVEPOINT snapshot")
    reader = Reader(connection)
    try:
        return work(reader)
    except sqlite3.Error as error:
        if is_trouble(error):
            raise unavailable("the read failed", error) from error
        raise
    finally:
        reader.expire()
        connection.execute("RELEASE snapshot")


class Readers:
    """A few connections that take turns."""

    def __init__(self, connections: Sequence[aiosqlite.Connection]) -> None:
        self._idle = list(connections)
        self._places = asyncio.Semaphore(len(self._idle))
        self._waiting = 0
        self._is_closed = False

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Runs the function on a `mode=ro` connection.

        Raises DatabaseUnavailable when closed, overrun, broken or endless, and whatever the function raises.
        """
        if self._is_closed:
            raise DatabaseUnavailable("the database is closed")
        if self._waiting >= QUEUE_MAX:
            raise DatabaseUnavailable(f"{QUEUE_MAX} reads wait already")
        self._waiting += 1
        try:
            async with self._places:
                return await self._read(work)
        finally:
            self._waiting -= 1

    async def _read(self, work: Callable[[Reader], T]) -> T:
        # A cancelled caller gives back a connection whose thread is at work: the next one queues behind it.
        if self._is_closed:
            raise DatabaseUnavailable("the database is closed")
        connection = self._idle.pop()
        try:
            return await hop(connection, partial(read_snapshot, work=work))
        finally:
            self._idle.append(connection)

    def close(self) -> None:
        """Takes no more work. The connections are closed by whoever opened them."""
        self._is_closed = True

"""The writer: one task that owns the only read-write connection and commits for everybody.

A caller's cancellation never touches the connection: the caller awaits a future, the work runs elsewhere.
Work whose caller was cancelled before it began is skipped; work that has begun is committed whether or not
anybody still waits, so a cancelled caller must treat its write as "perhaps".
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import aiosqlite

from bot.core.errors import DatabaseUnavailable
from bot.db.connection import Transaction, hop, is_trouble, unavailable

T = TypeVar("T")
BATCH_MAX = 256  # bounds how long the first caller of a batch waits for the last: about 20 ms
QUEUE_MAX = 10_000  # some two seconds of work; beyond that it is more honest to refuse
_LOG = logging.getLogger(__name__)


class Ticket:
    """One caller's work, and where its outcome goes."""

    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Callable[[Transaction], object], future: "asyncio.Future[Any]") -> None:
        self.work = work
        self.future = future
        self.result: object = None
        self.error: Exception | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        """In the thread: runs the work within a savepoint and keeps its result, or its error alone."""
        connection.execute("SAVEPOINT caller")
        tx = Transaction(connection)
        try:
            self.result = self.work(tx)
        except Exception as error:
            if is_trouble(error):
                raise
            connection.execute("ROLLBACK TO caller")
            self.error = error
        finally:
            tx.expire()
        connection.execute("RELEASE caller")

    def settle(self) -> None:
        """In the loop, after the COMMIT: tells the caller, if it still waits."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        elif isinstance(self.error, StopIteration):
            # A future refuses StopIteration, since it would end the awaiting coroutine in silence.
            self.fail(RuntimeError("the work raised StopIteration"), cause=self.error)
        else:
            self.future.set_exception(self.error)

    def fail(self, error: Exception, *, cause: BaseException | None) -> None:
        """In the loop: tells the caller that its work did not happen, or that nobody knows."""
        if not self.future.done():
            error.__cause__ = cause
            self.future.set_exception(error)


def commit_batch(connection: sqlite3.Connection, batch: Sequence[Ticket]) -> None:
    """In the thread: runs every ticket and commits them together.

    An exception means that none was committed or, when COMMIT itself failed, that nobody knows.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        for ticket in batch:
            if not ticket.future.cancelled():
                ticket.run(connection)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


class Writer:
    """Takes work from many callers; `run` is the task that commits it."""

    def __init__(self, connection: aiosqlite.Connection, reopen: Callable[[], Awaitable[aiosqlite.Connection]]) -> None:
        self._connection: aiosqlite.Connection | None = connection
        self._reopen = reopen
        self._waiting: deque[Ticket] = deque()
        self._running: Sequence[Ticket] = ()
        self._arrived = asyncio.Event()
        self._ended = asyncio.Event()
        self._is_closing = False
        self.failure: DatabaseUnavailable | None = None

    @property
    def depth(self) -> int:
        """How many callers wait for their turn."""
        return len(self._waiting)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """See `Database.write`."""
        if self.failure is not None:
            raise DatabaseUnavailable("the writer is dead") from self.failure
        if self._is_closing:
            raise DatabaseUnavailable("the database is closed")
        if len(self._waiting) >= QUEUE_MAX:
            raise DatabaseUnavailable(f"{QUEUE_MAX} writes wait already")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(Ticket(work, future))
        self._arrived.set()
        return await future

    async def run(self) -> None:
        """Commits until `close`; whatever ends it earlier fails every caller, waiting and later."""
        try:
            while batch := await self._next_batch():
                self._running = batch
                await self._commit(batch)
        except BaseException as error:
            self.failure = DatabaseUnavailable(f"the writer died: {type(error).__name__}")
            self.failure.__cause__ = error
            _LOG.critical("writer died", exc_info=error)
            for ticket in (*self._running, *self._waiting):
                ticket.fail(DatabaseUnavailable("the writer died"), cause=error)
            self._waiting.clear()
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._ended.set()

    async def wait_ended(self) -> None:
        """Returns when the writer was closed; raises DatabaseUnavailable when it died."""
        await self._ended.wait()
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """Takes no more work; `run` ends after what waits already."""
        self._is_closing = True
        self._arrived.set()

    async def discard(self) -> None:
        """Closes the connection; what it had not committed is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _next_batch(self) -> Sequence[Ticket]:
        """Everything that waits, up to the bound; nothing once closed."""
        while not self._waiting:
            if self._is_closing:
                return ()
            self._arrived.clear()
            await self._arrived.wait()
        return [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]

    async def _commit(self, batch: Sequence[Ticket]) -> None:
        try:
            if self._connection is None:
                self._connection = await self._reopen()
            await hop(self._connection, lambda connection: commit_batch(connection, batch))
        except (sqlite3.Error, DatabaseUnavailable) as error:
            # After a failed fsync pages may look clean and never have been written: start from the disk.
            _LOG.error("a batch of %d writes failed: %s", len(batch), error)
            await self.discard()
            for ticket in batch:
                ticket.fail(unavailable("the write was not committed", error), cause=error)
            return
        for ticket in batch:
            ticket.settle()

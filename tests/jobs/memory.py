"""A database in memory: the real schema and the real transactions, without threads, so that thousands are cheap."""

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from bot.db import Database, Reader, Transaction
from bot.db.connection import configure
from bot.db.schema import migrate

T = TypeVar("T")


@cache
def _fresh() -> bytes:
    """The file of a database that was just made."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    configure(connection)
    migrate(connection)
    image = connection.serialize()
    connection.close()
    return image


class Memory:
    """One connection; `write` is a transaction, undone when it raises, `read` a look."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.deserialize(_fresh())
        configure(self.connection)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs the work as `Database.write` would."""
        self.connection.execute("BEGIN IMMEDIATE")
        tx = Transaction(self.connection)
        try:
            result = work(tx)
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        finally:
            tx.expire()
        self.connection.execute("COMMIT")
        return result

    def read(self, work: Callable[[Reader], T]) -> T:
        """Runs the work as `Database.read` would."""
        reader = Reader(self.connection)
        try:
            return work(reader)
        finally:
            reader.expire()

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()


class MemoryDatabase(Database):
    """The same behind the database's own methods: each write is committed before the caller goes on."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def write(self, work: Callable[[Transaction], T]) -> T:
        return self.memory.write(work)

    async def read(self, work: Callable[[Reader], T]) -> T:
        return self.memory.read(work)

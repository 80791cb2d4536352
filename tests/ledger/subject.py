"""The ledger under test, as an object, so that a wrong one can stand in its place."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from bot.core.clock import Millis
from bot.core.ids import HoldId
from bot.core.money import Ticks
from bot.db import Transaction
from bot.ledger import store
from bot.ledger.model import Held, HoldRequest, Limit, Posted
from bot.ledger.repricing import store as repricing

T = TypeVar("T")


class Subject:
    """The true ledger. A mutant overrides one method with one mistake."""

    def transact(self, connection: sqlite3.Connection, work: Callable[[Transaction], T]) -> T:
        """Runs the work whole or not at all, as the writer does."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self.transaction(connection))
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return result

    def transaction(self, connection: sqlite3.Connection) -> Transaction:
        """What the work gets to write with."""
        return Transaction(connection)

    def effective_now(self, tx: Transaction, at: Millis) -> Millis:
        """See `store.effective_now`."""
        return store.effective_now(tx, at)

    def hold(self, tx: Transaction, request: HoldRequest) -> Held:
        """See `store.hold`."""
        return store.hold(tx, request)

    def reprice(self, tx: Transaction, hold_id: HoldId, amount: Ticks, limits: tuple[Limit, ...], at: Millis) -> Held:
        """See `repricing.reprice`."""
        return repricing.reprice(
            tx, hold_id=hold_id, amount=amount, limits=limits, price_version="2026-06", at=at, note="elsewhere"
        )

    def post(self, tx: Transaction, hold_id: HoldId, actual: Ticks, pictures: int, at: Millis) -> Posted:
        """See `store.post`."""
        return store.post(tx, hold_id=hold_id, actual=actual, pictures=pictures, at=at, basis="reported", note="")

    def void(self, tx: Transaction, hold_id: HoldId, at: Millis) -> None:
        """See `store.void`."""
        store.void(tx, hold_id=hold_id, at=at, reason="")

    def presume(self, tx: Transaction, hold_id: HoldId, at: Millis) -> Posted:
        """See `store.presume`."""
        return store.presume(tx, hold_id=hold_id, at=at)

    def adjust(self, tx: Transaction, hold_id: HoldId, difference: int, at: Millis) -> None:
        """See `store.adjust`."""
        store.adjust(tx, hold_id=hold_id, difference=difference, at=at, reason="", author="operator")

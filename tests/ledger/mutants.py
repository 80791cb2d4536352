"""Ledgers with one mistake each. A test that cannot tell them from the true one would prove nothing."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from bot.core.clock import Millis
from bot.core.errors import Refusal
from bot.core.ids import HoldId
from bot.core.money import MAX_TICKS, ZERO, Ticks
from bot.db import Transaction
from bot.ledger import store
from bot.ledger.model import AlreadyClosed, Held, HoldRequest, HoldState, Limit, Posted
from bot.ledger.windows import WindowKind, day_window, month_window
from tests.ledger.subject import Subject

T = TypeVar("T")

_BOOK_AGAIN = """
UPDATE counter SET spent = spent + :difference, overrun = overrun + MAX(0, :difference)
FROM hold_leg AS leg WHERE leg.hold_id = :hold_id AND leg.counter_id = counter.id AND unit = 'money'
"""
_KEEP_HELD = """
UPDATE counter SET held = held + :kept
FROM hold_leg AS leg WHERE leg.hold_id = :hold_id AND leg.counter_id = counter.id AND unit = 'money'
"""
_LEGS = """
SELECT counter.* FROM hold_leg AS leg JOIN counter ON counter.id = leg.counter_id
WHERE leg.hold_id = ? AND unit = 'money'
"""
_TAKE_AWAY = "UPDATE counter SET spent = spent - :spent WHERE id = :id"
_GIVE = """
INSERT INTO counter (scope, unit, window_kind, starts_at, ends_at, limit_amount, spent, overrun)
VALUES (:scope, :unit, :window_kind, :starts_at, :ends_at, :limit_amount, :spent, :spent)
ON CONFLICT (scope, unit, window_kind, starts_at) DO UPDATE
SET spent = counter.spent + excluded.spent, overrun = counter.overrun + excluded.overrun
"""


class DoublePostAccepted(Subject):
    """A repeated callback books the price again."""

    def post(self, tx: Transaction, hold_id: HoldId, actual: Ticks, pictures: int, at: Millis) -> Posted:
        try:
            return super().post(tx, hold_id, actual, pictures, at)
        except AlreadyClosed:
            tx.execute(_BOOK_AGAIN, {"hold_id": hold_id, "difference": actual})
            return Posted(amount=actual, released=ZERO, overrun=ZERO)


class HoldLeakedOnDenial(Subject):
    """What was held before the limit that refused stays held."""

    def transact(self, connection: sqlite3.Connection, work: Callable[[Transaction], T]) -> T:
        refused: list[Refusal] = []

        def forgetful(tx: Transaction) -> T | None:
            try:
                return work(tx)
            except Refusal as error:
                refused.append(error)
                return None

        result = super().transact(connection, forgetful)
        if refused:
            raise refused[0]
        return result  # type: ignore[return-value]


class PostInTheWrongWindow(Subject):
    """The price falls into the window of the post, not of the hold."""

    def post(self, tx: Transaction, hold_id: HoldId, actual: Ticks, pictures: int, at: Millis) -> Posted:
        posted = super().post(tx, hold_id, actual, pictures, at)
        for row in tx.all(_LEGS, (hold_id,)):
            window = day_window(at) if row["window_kind"] == WindowKind.DAY else month_window(at)
            if window.starts_at == row["starts_at"]:
                continue
            moved = dict(row) | {"spent": actual, "starts_at": window.starts_at, "ends_at": window.ends_at}
            tx.execute(_TAKE_AWAY, {"id": row["id"], "spent": actual})
            tx.execute(_GIVE, moved)
        return posted


class ActualReleasedInsteadOfHold(Subject):
    """What the hold had over the price stays held for ever."""

    def post(self, tx: Transaction, hold_id: HoldId, actual: Ticks, pictures: int, at: Millis) -> Posted:
        posted = super().post(tx, hold_id, actual, pictures, at)
        tx.execute(_KEEP_HELD, {"hold_id": hold_id, "kept": posted.released})
        return posted


class HeldIgnored(Subject):
    """The condition looks at what is spent, not at what is held; nor does the table's CHECK help."""

    def transaction(self, connection: sqlite3.Connection) -> Transaction:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return _Rewriting(connection, "counter.held + counter.spent + excluded.held", "counter.spent + excluded.held")


class GuildUnchecked(Subject):
    """The guild's limits do not bind."""

    def hold(self, tx: Transaction, request: HoldRequest) -> Held:
        limits = tuple(
            replace(limit, amount=MAX_TICKS) if limit.scope.startswith("guild:") else limit for limit in request.limits
        )
        return super().hold(tx, replace(request, limits=limits))


class VoidAfterPost(Subject):
    """A late cancellation takes back what was paid."""

    def void(self, tx: Transaction, hold_id: HoldId, at: Millis) -> None:
        try:
            super().void(tx, hold_id, at)
        except AlreadyClosed as error:
            if error.state is not HoldState.POSTED:
                raise
            booked = sum(entry.amount for entry in store.entries_of(tx, hold_id) if entry.kind in ("post", "adjust"))
            tx.execute(_BOOK_AGAIN, {"hold_id": hold_id, "difference": -booked})


class OverrunForgotten(Subject):
    """Never more than the hold is booked, whatever was charged."""

    def post(self, tx: Transaction, hold_id: HoldId, actual: Ticks, pictures: int, at: Millis) -> Posted:
        held = store.hold_of(tx, hold_id)
        most = held.amount if held else actual
        return super().post(tx, hold_id, min(actual, most), pictures, at)


class ClockTrusted(Subject):
    """A clock that jumps back opens yesterday's allowance again."""

    def effective_now(self, tx: Transaction, at: Millis) -> Millis:
        super().effective_now(tx, at)
        return at


class RepriceUnchecked(Subject):
    """A dearer gateway is paid beyond the limits; nor does the table's CHECK help."""

    def transaction(self, connection: sqlite3.Connection) -> Transaction:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return _Rewriting(connection, "held - :weight + :needed + spent <= :limit", "TRUE")


class RepriceForgetsTheOldPrice(Subject):
    """What was held for the first gateway stays held beside what is held for the next; nor does the CHECK help."""

    def transaction(self, connection: sqlite3.Connection) -> Transaction:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return _Rewriting(connection, "SET held = held - :weight + :needed", "SET held = held + :needed")


class RepriceKeepsTheOldGateway(Subject):
    """The hold weighs on the gateway that it left, too."""

    def transaction(self, connection: sqlite3.Connection) -> Transaction:
        return _Rewriting(connection, "DELETE FROM hold_leg WHERE", "DELETE FROM hold_leg WHERE 0 AND")


class RepriceForgetsToRelease(Subject):
    """What the hold weighed on the gateway that it left stays held for ever."""

    def transaction(self, connection: sqlite3.Connection) -> Transaction:
        return _Rewriting(connection, "SET held = held - :weight WHERE", "SET held = held WHERE :weight >= 0 AND")


class VoidCountsAsARequest(Subject):
    """What was given back has used up one of the member's requests; nor does the table's CHECK help."""

    def transaction(self, connection: sqlite3.Connection) -> Transaction:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return _Rewriting(connection, "ELSE :requests END", "ELSE MAX(1, :requests) END")


class RepriceOfAClosedHold(Subject):
    """A hold that was given back is held anew; nor does the table's CHECK help."""

    def transaction(self, connection: sqlite3.Connection) -> Transaction:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return super().transaction(connection)

    def reprice(self, tx: Transaction, hold_id: HoldId, amount: Ticks, limits: tuple[Limit, ...], at: Millis) -> Held:
        try:
            return super().reprice(tx, hold_id, amount, limits, at)
        except AlreadyClosed as error:
            if error.state is not HoldState.VOIDED:
                raise
            tx.execute(_KEEP_HELD, {"hold_id": hold_id, "kept": amount})
            return Held(hold_id=hold_id, amount=amount, pictures=0)


class _Rewriting(Transaction):
    """Changes a piece of the statements on their way."""

    __slots__ = ()

    def __init__(self, connection: sqlite3.Connection, piece: str, instead: str) -> None:
        super().__init__(connection)
        true = self._execute

        def execute(sql: str, params: Any) -> sqlite3.Cursor:
            return true(sql.replace(piece, instead), params)

        self._execute = execute


MUTANTS: tuple[type[Subject], ...] = (
    DoublePostAccepted,
    HoldLeakedOnDenial,
    PostInTheWrongWindow,
    ActualReleasedInsteadOfHold,
    HeldIgnored,
    GuildUnchecked,
    VoidAfterPost,
    OverrunForgotten,
    ClockTrusted,
    RepriceUnchecked,
    RepriceForgetsTheOldPrice,
    RepriceKeepsTheOldGateway,
    RepriceForgetsToRelease,
    VoidCountsAsARequest,
    RepriceOfAClosedHold,
)

"""The SQL of scopes that have drifted."""

from collections.abc import Iterable

from bot.core.clock import Millis
from bot.core.errors import Refusal, RefusalReason
from bot.db import Reader, Transaction
from bot.ledger.model import Limit

_DRIFTED = "SELECT scope FROM drift"
_FORGET = "DELETE FROM drift"
_MARK = "INSERT INTO drift (scope, found_at) VALUES (?, ?)"


def drifted(reader: Reader) -> frozenset[str]:
    """The scopes that the last check found to differ."""
    return frozenset(row["scope"] for row in reader.all(_DRIFTED))


def mark(tx: Transaction, scopes: Iterable[str], *, at: Millis) -> None:
    """These have drifted, and no others."""
    tx.execute(_FORGET)
    for scope in sorted(scopes):
        tx.execute(_MARK, (scope, at))


def refuse_drifted(reader: Reader, limits: Iterable[Limit]) -> None:
    """Raises Refusal BOOKS where a counter that the request would weigh on cannot be trusted."""
    broken = drifted(reader)
    if broken and any(limit.scope in broken for limit in limits):
        raise Refusal(RefusalReason.BOOKS)

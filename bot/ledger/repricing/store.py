"""Pricing an open hold anew, in one transaction with its job's move to another gateway.

The windows and pictures of the hold stay. The counters are checked and changed by one conditional statement each, as
in `bot.ledger.store`.
"""

from collections.abc import Mapping, Sequence

from bot.core.clock import Millis
from bot.core.ids import HoldId
from bot.core.money import MAX_TICKS, Ticks
from bot.db import Row, Transaction
from bot.ledger.model import AlreadyClosed, EntryKind, Held, Limit, Unit
from bot.ledger.store import add_entry, known, refusal
from bot.ledger.windows import Window, WindowKind

_REPRICE_HOLD = """
UPDATE hold SET amount = :amount, price_version = :price_version WHERE hold_id = :hold_id AND state = 'open'
RETURNING pictures
"""

_MONEY_LEGS = """
SELECT leg.amount AS weight, counter.* FROM hold_leg AS leg JOIN counter ON counter.id = leg.counter_id
WHERE leg.hold_id = ? AND counter.unit = 'money' ORDER BY counter.id
"""

# Less may always be held, also under a limit that was lowered; more only where the limit of today allows it.
_REPRICE_COUNTER = """
UPDATE counter
SET held = held - :weight + :needed,
    limit_amount = CASE WHEN :needed > :weight THEN :limit ELSE limit_amount END
WHERE id = :id AND (:needed <= :weight OR held - :weight + :needed + spent <= :limit)
"""

_REPRICE_LEG = "UPDATE hold_leg SET amount = :needed WHERE hold_id = :hold_id AND counter_id = :id"


def reprice(
    tx: Transaction,
    *,
    hold_id: HoldId,
    amount: Ticks,
    limits: Sequence[Limit],
    price_version: str,
    at: Millis,
    note: str,
) -> Held:
    """Gives an open hold another amount, in the windows it was opened in; nothing was charged for it so far.

    `limits` are those of today, of which the amounts count: each bounds the hold's own window of the same scope, unit
    and kind; a limit that is no longer among them bounds as it did. Less is always allowed. Raises Refusal as `hold`
    does, AlreadyClosed, UnknownHold; after each the caller's transaction must be rolled back.
    """
    if not 0 <= amount <= MAX_TICKS:
        raise ValueError(f"an amount lies between 0 and {MAX_TICKS}")
    row = tx.one(_REPRICE_HOLD, {"hold_id": hold_id, "amount": amount, "price_version": price_version})
    if row is None:
        raise AlreadyClosed(hold_id, known(tx, hold_id).state)
    today = {(limit.scope, limit.window.kind): limit.amount for limit in limits if limit.unit is Unit.MONEY}
    for leg in tx.all(_MONEY_LEGS, (hold_id,)):
        limit = _limit_of(leg, today)
        terms = {"id": leg["id"], "weight": leg["weight"], "needed": amount, "limit": limit.amount}
        if not tx.execute(_REPRICE_COUNTER, terms):
            raise refusal(tx, limit, amount, own=leg["weight"])
        tx.execute(_REPRICE_LEG, {"id": leg["id"], "needed": amount, "hold_id": hold_id})
    add_entry(tx, hold_id, EntryKind.REPRICE, amount, row["pictures"], at=at, note=note)
    return Held(hold_id=hold_id, amount=amount, pictures=row["pictures"])


def _limit_of(leg: Row, today: Mapping[tuple[str, WindowKind], int]) -> Limit:
    """The limit that bounds the counter of a leg now, in the window the hold was opened in."""
    kind = WindowKind(leg["window_kind"])
    return Limit(
        scope=leg["scope"],
        unit=Unit(leg["unit"]),
        window=Window(kind=kind, starts_at=Millis(leg["starts_at"]), ends_at=Millis(leg["ends_at"])),
        amount=today.get((leg["scope"], kind), leg["limit_amount"]),
    )

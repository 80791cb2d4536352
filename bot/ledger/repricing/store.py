"""Pricing an open hold anew, in one transaction with its job's move to another gateway.

The hold keeps its moment and its pictures. The counters are checked and changed by one conditional statement each, as
in `bot.ledger.store`; what it weighed on and no longer has to, the counters of the gateway it leaves, it leaves too.
"""

from collections.abc import Sequence

from bot.core.clock import Millis
from bot.core.ids import HoldId
from bot.core.money import MAX_TICKS, Ticks
from bot.db import Row, Transaction
from bot.ledger.model import AlreadyClosed, EntryKind, Held, Limit, Standing, weight
from bot.ledger.store import add_entry, known, refusal, reserve

_REPRICE_HOLD = """
UPDATE hold SET amount = :amount, price_version = :price_version WHERE hold_id = :hold_id AND state = 'open'
RETURNING pictures
"""

_LEGS = """
SELECT leg.amount AS weight, counter.* FROM hold_leg AS leg JOIN counter ON counter.id = leg.counter_id
WHERE leg.hold_id = ?
"""

# Less may always be held, also under a limit that was lowered; more only where the limit of today allows it.
_REPRICE_COUNTER = """
UPDATE counter
SET held = held - :weight + :needed,
    limit_amount = CASE WHEN :needed > :weight THEN :limit ELSE limit_amount END,
    met_limit = :limit, met_rule = :rule, met_subject = :subject
WHERE id = :id AND (:needed <= :weight OR held - :weight + :needed + spent <= :limit)
RETURNING held, spent
"""

_REPRICE_LEG = "UPDATE hold_leg SET amount = :needed WHERE hold_id = :hold_id AND counter_id = :id"
_RELEASE = "UPDATE counter SET held = held - :weight WHERE id = :id"
_DROP_LEG = "DELETE FROM hold_leg WHERE hold_id = :hold_id AND counter_id = :id"


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
    """Gives an open hold another amount and other limits; nothing was charged for it so far.

    `limits` are all that bind it now, in the windows of the moment it was opened at, as `policy.limits_for` gives them
    for that moment. Less is always allowed on a counter that it weighs on already; one that is new to it must have
    room; one that is no longer among them is released. Raises Refusal as `hold` does for the first in their order,
    AlreadyClosed, UnknownHold, ValueError for no limits; after each the caller's transaction must be rolled back.
    """
    if not 0 <= amount <= MAX_TICKS:
        raise ValueError(f"an amount lies between 0 and {MAX_TICKS}")
    if not limits:
        raise ValueError("a hold without a limit would be unbounded")
    row = tx.one(_REPRICE_HOLD, {"hold_id": hold_id, "amount": amount, "price_version": price_version})
    if row is None:
        raise AlreadyClosed(hold_id, known(tx, hold_id).state)
    pictures = row["pictures"]
    legs = {(leg["scope"], leg["unit"], leg["window_kind"], leg["starts_at"]): leg for leg in tx.all(_LEGS, (hold_id,))}
    standings = []
    for limit in limits:
        leg = legs.pop((limit.scope, limit.unit.value, limit.window.kind.value, limit.window.starts_at), None)
        needed = weight(limit.unit, amount=amount, pictures=pictures)
        if leg is None:
            standings.append(reserve(tx, hold_id, limit, needed))
        else:
            standings.append(_reweigh(tx, hold_id, leg, limit, needed))
    for leg in legs.values():
        _release(tx, hold_id, leg)
    add_entry(tx, hold_id, EntryKind.REPRICE, amount, pictures, at=at, note=note)
    return Held(hold_id=hold_id, amount=amount, pictures=pictures, standings=tuple(standings))


def _reweigh(tx: Transaction, hold_id: HoldId, leg: Row, limit: Limit, needed: int) -> Standing:
    terms = {"id": leg["id"], "weight": leg["weight"], "needed": needed, "limit": limit.amount}
    terms |= {"rule": limit.rule, "subject": limit.subject}
    counter = tx.one(_REPRICE_COUNTER, terms)
    if counter is None:
        raise refusal(tx, limit, needed, own=leg["weight"])
    tx.execute(_REPRICE_LEG, {"id": leg["id"], "needed": needed, "hold_id": hold_id})
    return Standing(limit=limit, held=counter["held"], spent=counter["spent"])


def _release(tx: Transaction, hold_id: HoldId, leg: Row) -> None:
    tx.execute(_RELEASE, {"id": leg["id"], "weight": leg["weight"]})
    tx.execute(_DROP_LEG, {"id": leg["id"], "hold_id": hold_id})

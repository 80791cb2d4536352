"""The SQL of alerts: written with the booking that passed a threshold, read by whoever tells it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import GuildId, HoldId
from bot.db import Reader, Row, Transaction
from bot.ledger.alerts import passed
from bot.ledger.model import Limit, Standing, Unit
from bot.ledger.windows import Window, WindowKind

_RAISE = """
INSERT INTO alert
    (scope, unit, window_kind, starts_at, threshold, guild_id, rule, ends_at, limit_amount, taken, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
RETURNING *
"""

_UNTOLD = "SELECT * FROM alert WHERE told_at IS NULL ORDER BY at, scope, unit, starts_at, threshold LIMIT ?"

_TELL = """
UPDATE alert SET told_at = ?
WHERE scope = ? AND unit = ? AND window_kind = ? AND starts_at = ? AND threshold = ? AND told_at IS NULL
"""

_COUNTERS = """
SELECT counter.* FROM hold_leg AS leg JOIN counter ON counter.id = leg.counter_id WHERE leg.hold_id = ?
ORDER BY counter.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`taken` of the limit has reached `threshold` percent. No guild: the limit is the operator's over all guilds."""

    limit: Limit
    threshold: int
    taken: int
    guild_id: GuildId | None
    at: Millis


def note_held(
    tx: Transaction, standings: Iterable[Standing], *, guild_id: GuildId, thresholds: Sequence[int], at: Millis
) -> tuple[Alert, ...]:
    """Writes down what a hold has newly passed, once per window and threshold, and returns it.

    `standings` are those that `store.hold` and `reprice` give. A member's own limits are nobody else's business.
    """
    found = []
    for standing in standings:
        limit = standing.limit
        if limit.scope.startswith("member:"):
            continue
        whose = None if limit.scope == "bot" or limit.scope.startswith("provider:") else guild_id
        key = (limit.scope, limit.unit.value, limit.window.kind.value, limit.window.starts_at)
        taken = standing.held + standing.spent
        for threshold in passed(standing, thresholds):
            facts = (whose, limit.rule, limit.window.ends_at, limit.amount, taken, at)
            found += [_alert_from(row) for row in tx.all(_RAISE, (*key, threshold, *facts))]
    return tuple(found)


def note_booked(
    tx: Transaction, *, hold_id: HoldId, guild_id: GuildId, thresholds: Sequence[int], at: Millis
) -> tuple[Alert, ...]:
    """The same after a post or a correction, which pass a threshold where they book more than was held.

    The limits are those of the last hold that was accepted there.
    """
    standings = [
        Standing(limit=_limit_from(row), held=row["held"], spent=row["spent"]) for row in tx.all(_COUNTERS, (hold_id,))
    ]
    return note_held(tx, standings, guild_id=guild_id, thresholds=thresholds, at=at)


def untold(reader: Reader, *, limit: int) -> tuple[Alert, ...]:
    """What nobody was told yet, the oldest first."""
    return tuple(_alert_from(row) for row in reader.all(_UNTOLD, (limit,)))


def told(tx: Transaction, alert: Alert, *, at: Millis) -> bool:
    """Remembers that it was told; False where it was already."""
    limit = alert.limit
    key = (limit.scope, limit.unit.value, limit.window.kind.value, limit.window.starts_at, alert.threshold)
    return tx.execute(_TELL, (at, *key)) == 1


def _limit_from(row: Row, *, rule: str = "") -> Limit:
    kind = WindowKind(row["window_kind"])
    window = Window(kind=kind, starts_at=Millis(row["starts_at"]), ends_at=Millis(row["ends_at"]))
    return Limit(scope=row["scope"], unit=Unit(row["unit"]), window=window, amount=row["limit_amount"], rule=rule)


def _alert_from(row: Row) -> Alert:
    return Alert(
        limit=_limit_from(row, rule=row["rule"]),
        threshold=row["threshold"],
        taken=row["taken"],
        guild_id=None if row["guild_id"] is None else GuildId(row["guild_id"]),
        at=Millis(row["at"]),
    )

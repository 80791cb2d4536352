"""The SQL of alerts: written with the booking that passed a threshold, read by whoever tells it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import GuildId, HoldId
from bot.db import Reader, Row, Transaction
from bot.ledger.alerts import passed
from bot.ledger.model import Limit, Standing, Unit
from bot.ledger.store import standing_of
from bot.ledger.windows import Window, WindowKind

FULL = 100  # percent: nothing is left
# When operators hear of what bounds all guilds together, or a gateway.
OPERATORS_PERCENTS = (50, 80, FULL)

_RAISE = """
INSERT INTO alert
    (scope, unit, window_kind, starts_at, threshold, limit_amount, guild_id, rule, subject, ends_at, taken, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
RETURNING *
"""

_UNTOLD = """
SELECT * FROM alert WHERE told_at IS NULL ORDER BY at, scope, unit, starts_at, limit_amount, threshold LIMIT ?
"""

_TELL = """
UPDATE alert SET told_at = ?
WHERE scope = ? AND unit = ? AND window_kind = ? AND starts_at = ? AND threshold = ? AND limit_amount = ?
    AND told_at IS NULL
"""

_COUNTERS = """
SELECT counter.* FROM hold_leg AS leg JOIN counter ON counter.id = leg.counter_id
WHERE leg.hold_id = ? AND counter.met_limit IS NOT NULL
ORDER BY counter.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`taken` of the limit has reached `threshold` percent, or for 100 so much that a request found no room beside it.

    No guild: the limit is the operator's over all guilds.
    """

    limit: Limit
    threshold: int
    taken: int
    guild_id: GuildId | None
    at: Millis


def note_held(
    tx: Transaction, standings: Iterable[Standing], *, guild_id: GuildId, thresholds: Sequence[int], at: Millis
) -> tuple[Alert, ...]:
    """Writes down what a hold has newly passed, once per window, limit and threshold, and returns it.

    `standings` are those that `store.hold` and `reprice` give. A member's own limits are nobody else's business.
    """
    found: list[Alert] = []
    for standing in standings:
        for threshold in passed(standing, _percents(standing.limit, thresholds)):
            found += _raise(tx, standing, threshold, guild_id=guild_id, at=at)
    return tuple(found)


def note_booked(
    tx: Transaction, *, hold_id: HoldId, guild_id: GuildId, thresholds: Sequence[int], at: Millis
) -> tuple[Alert, ...]:
    """The same after a post or a correction, which pass a threshold where they book more than was held.

    The limits are those that the last hold met there.
    """
    standings = [
        Standing(
            limit=_limit_from(row, amount=row["met_limit"], rule=row["met_rule"], subject=row["met_subject"]),
            held=row["held"],
            spent=row["spent"],
        )
        for row in tx.all(_COUNTERS, (hold_id,))
    ]
    return note_held(tx, standings, guild_id=guild_id, thresholds=thresholds, at=at)


def note_refused(
    tx: Transaction, limit: Limit, *, guild_id: GuildId, thresholds: Sequence[int], at: Millis
) -> tuple[Alert, ...]:
    """A limit is used up as well where the next request finds no room in what is left: that is told as its whole."""
    if FULL not in _percents(limit, thresholds):
        return ()
    return _raise(tx, standing_of(tx, limit), FULL, guild_id=guild_id, at=at)


def _raise(tx: Transaction, standing: Standing, threshold: int, *, guild_id: GuildId, at: Millis) -> tuple[Alert, ...]:
    limit = standing.limit
    if limit.scope.startswith("member:"):
        return ()
    whose = None if _is_of_all(limit) else guild_id
    key = (*_key(limit), threshold, limit.amount)
    facts = (whose, limit.rule, limit.subject, limit.window.ends_at, standing.held + standing.spent, at)
    return tuple(_alert_from(row) for row in tx.all(_RAISE, (*key, *facts)))


def _percents(limit: Limit, thresholds: Sequence[int]) -> Sequence[int]:
    """A guild says what it wants to hear of its own limits alone."""
    return OPERATORS_PERCENTS if _is_of_all(limit) else thresholds


def _is_of_all(limit: Limit) -> bool:
    return limit.scope == "bot" or limit.scope.startswith("provider:")


def untold(reader: Reader, *, limit: int) -> tuple[Alert, ...]:
    """What nobody was told yet, the oldest first."""
    return tuple(_alert_from(row) for row in reader.all(_UNTOLD, (limit,)))


def told(tx: Transaction, alert: Alert, *, at: Millis) -> bool:
    """Remembers that it was told; False where it was already."""
    return tx.execute(_TELL, (at, *_key(alert.limit), alert.threshold, alert.limit.amount)) == 1


def _key(limit: Limit) -> tuple[str, str, str, Millis]:
    return limit.scope, limit.unit.value, limit.window.kind.value, limit.window.starts_at


def _limit_from(row: Row, *, amount: int, rule: str, subject: str) -> Limit:
    kind = WindowKind(row["window_kind"])
    window = Window(kind=kind, starts_at=Millis(row["starts_at"]), ends_at=Millis(row["ends_at"]))
    unit = Unit(row["unit"])
    return Limit(scope=row["scope"], unit=unit, window=window, amount=amount, rule=rule, subject=subject)


def _alert_from(row: Row) -> Alert:
    return Alert(
        limit=_limit_from(row, amount=row["limit_amount"], rule=row["rule"], subject=row["subject"]),
        threshold=row["threshold"],
        taken=row["taken"],
        guild_id=None if row["guild_id"] is None else GuildId(row["guild_id"]),
        at=Millis(row["at"]),
    )

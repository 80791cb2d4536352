"""The SQL of corrections. What a correction changes in money is `bot.ledger.store.adjust`.

Entries are never touched: counters and the sums by day are what they give, and can be made anew from them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.errors import EaselError
from bot.core.ids import HoldId
from bot.db import Transaction
from bot.ledger.check import Where, findings, named
from bot.ledger.check import store as checks
from bot.ledger.check.store import Balance, CrookedSpend
from bot.ledger.drifting.store import mark
from bot.ledger.model import NotAdjustable
from bot.ledger.store import known

_CONFIRM = """
INSERT INTO entry (hold_id, kind, amount, pictures, note, author, at, correction)
SELECT hold_id, 'adjust', 0, 0, :reason, :author, :at, 'adjustment' FROM hold
WHERE hold_id = :hold_id AND state = 'presumed' AND NOT EXISTS (
    SELECT 1 FROM entry WHERE entry.hold_id = hold.hold_id AND entry.kind = 'adjust'
)
"""

# Where the limit was changed by hand it may be too low for the truth; it is raised just so far.
_REPAIR_COUNTER = """
UPDATE counter SET held = :held, spent = :spent, overrun = :overrun,
    limit_amount = CASE WHEN limit_amount < :held + :spent - :overrun THEN :held + :spent - :overrun
        ELSE limit_amount END
WHERE id = :id
"""

_FORGET_SPEND = """
DELETE FROM spend WHERE guild_id = :guild_id AND day = :day AND member_id = :member_id AND command = :command
    AND provider = :provider AND model = :model
"""

_BOOK_SPEND = """
INSERT INTO spend VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


_COARSE_ANEW = """
INSERT INTO {table}
SELECT {keys}, SUM(jobs), SUM(pictures), SUM(amount), SUM(presumed_jobs), SUM(presumed_pictures), SUM(presumed_amount)
FROM spend GROUP BY {keys}
"""


class BrokenEntries(EaselError):
    """The entries, holds or legs themselves are broken; the message names the first finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A row that was made anew: which, and its numbers before and after."""

    row: str
    before: tuple[int, ...]
    after: tuple[int, ...]


def confirm(tx: Transaction, *, hold_id: HoldId, at: Millis, reason: str, author: str) -> None:
    """A person says that what was presumed was charged as presumed. Raises NotAdjustable, UnknownHold."""
    facts = {"hold_id": hold_id, "reason": reason, "author": author, "at": at}
    if not tx.execute(_CONFIRM, facts):
        state = known(tx, hold_id).state
        raise NotAdjustable(f"hold {hold_id} is {state}; nothing about it waits to be confirmed")


def rebuild(tx: Transaction) -> tuple[Repair, ...]:
    """Makes every counter and every sum of a day what the entries give; returns what was changed. Nothing has drifted
    then.

    Raises BrokenEntries where the entries cannot be trusted; the caller's transaction is then undone.
    """
    broken = next((one for one in findings(tx) if one.where < Where.COUNTER), None)
    if broken is not None:
        raise BrokenEntries(broken.told)
    repairs = (*_repaired_counters(tx), *_repaired_spend(tx), *_repaired_coarse(tx))
    mark(tx, frozenset(), at=Millis(0))
    return repairs


def _repaired_counters(tx: Transaction) -> Iterator[Repair]:
    for balance in checks.balances(tx):
        held, spent, overrun = balance.replayed
        least = held + spent - overrun
        if balance.kept == balance.replayed and balance.limit_amount >= least:
            continue
        tx.execute(_REPAIR_COUNTER, {"id": balance.id, "held": held, "spent": spent, "overrun": overrun})
        yield Repair(
            row=f"counter {balance.id} ({_counter(balance)}): held, spent, overrun, limit",
            before=(*balance.kept, balance.limit_amount),
            after=(*balance.replayed, max(balance.limit_amount, least)),
        )


def _counter(balance: Balance) -> str:
    return f"{balance.scope} {balance.unit} {balance.window_kind} from {balance.starts_at}"


def _repaired_spend(tx: Transaction) -> Iterator[Repair]:
    for spend in checks.crooked_spend(tx):
        key = _key(spend)
        tx.execute(_FORGET_SPEND, key)
        if any(spend.booked):
            tx.execute(_BOOK_SPEND, (*key.values(), *spend.booked))
        row = f"the sum of {named(spend)}: jobs, pictures, ticks, then the same as presumed"
        yield Repair(row=row, before=spend.kept, after=spend.booked)


def _repaired_coarse(tx: Transaction) -> Iterator[Repair]:
    """Where a row is wrong, its whole table is made anew: it is small."""
    crooked = checks.crooked_coarse(tx)
    for table in dict.fromkeys(one.table for one in crooked):
        tx.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two constants
        tx.execute(_COARSE_ANEW.format(table=table, keys=checks.COARSE[table]))
    for one in crooked:
        row = f"the {one.table} of guild {one.guild_id} from {one.day}: as above"
        yield Repair(row=row, before=one.kept, after=one.booked)


def _key(spend: CrookedSpend) -> dict[str, object]:
    return {
        "guild_id": spend.guild_id,
        "day": spend.day,
        "member_id": spend.member_id,
        "command": spend.command,
        "provider": spend.provider,
        "model": spend.model,
    }

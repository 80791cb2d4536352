"""The ledger's SQL. Every function runs inside a transaction that its caller opened and may share.

Counters are checked and changed by one conditional statement each, never read, compared and written. Entries
are only added. A balance is the sum of the entries over the legs of their holds; the counters keep the same
sums in the same transaction, and `bot.ledger.check` proves it.
"""

from collections.abc import Sequence

from bot.core.clock import Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import ChannelId, GuildId, HoldId, JobId, MemberId
from bot.core.money import MAX_TICKS, ZERO, Ticks
from bot.db import Reader, Row, Transaction
from bot.ledger.model import (
    AlreadyClosed,
    AlreadyHeld,
    Basis,
    CorrectionKind,
    Entry,
    EntryKind,
    Held,
    Hold,
    HoldRequest,
    HoldState,
    Limit,
    NotAdjustable,
    Posted,
    Standing,
    Unit,
    UnknownHold,
)
from bot.ledger.pacing.store import keep_pace

NOTE_LENGTH = 500  # as in the schema; a gateway's words can be long

_SEE = """
INSERT INTO ledger_clock (id, last_seen) VALUES (1, :at)
ON CONFLICT (id) DO UPDATE
SET last_seen = CASE
    WHEN excluded.last_seen > ledger_clock.last_seen THEN excluded.last_seen ELSE ledger_clock.last_seen END
RETURNING last_seen
"""

_OPEN_HOLD = """
INSERT INTO hold
    (hold_id, job_id, guild_id, member_id, amount, pictures, price_version, opened_at, purpose, roles,
    parent_channel_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hold_id) DO NOTHING
"""

# The first hold of a window makes its row, later ones add to it; no row comes back where the limit forbids. Whoever
# needs nothing of a limit is not refused by it, also where more is taken than it now allows.
_RESERVE = """
INSERT INTO counter
    (scope, unit, window_kind, starts_at, ends_at, limit_amount, held, met_limit, met_rule, met_subject)
SELECT :scope, :unit, :kind, :starts_at, :ends_at, :limit, :needed, :limit, :rule, :subject WHERE :needed <= :limit
ON CONFLICT (scope, unit, window_kind, starts_at) DO UPDATE
SET held = counter.held + excluded.held,
    limit_amount = CASE WHEN counter.held + counter.spent + excluded.held <= excluded.limit_amount
        THEN excluded.limit_amount ELSE counter.limit_amount END,
    met_limit = excluded.met_limit, met_rule = excluded.met_rule, met_subject = excluded.met_subject
WHERE excluded.held = 0 OR counter.held + counter.spent + excluded.held <= excluded.limit_amount
RETURNING id, held, spent
"""

# The same for a limit that was lifted for this hold: it always fits, and where more is taken than the rule allows, the
# limit "as of the last hold that was accepted" is what is taken.
_RESERVE_LIFTED = """
INSERT INTO counter
    (scope, unit, window_kind, starts_at, ends_at, limit_amount, held, met_limit, met_rule, met_subject)
SELECT :scope, :unit, :kind, :starts_at, :ends_at, CASE WHEN :needed > :limit THEN :needed ELSE :limit END, :needed,
    :limit, :rule, :subject
WHERE true
ON CONFLICT (scope, unit, window_kind, starts_at) DO UPDATE
SET held = counter.held + :needed,
    limit_amount = CASE
        WHEN counter.held + counter.spent + :needed > :limit THEN counter.held + counter.spent + :needed
        ELSE :limit END,
    met_limit = excluded.met_limit, met_rule = excluded.met_rule, met_subject = excluded.met_subject
RETURNING id, held, spent
"""

_ADD_LEG = "INSERT INTO hold_leg (hold_id, counter_id, amount) VALUES (?, ?, ?)"

_ADD_ENTRY = """
INSERT INTO entry (hold_id, kind, amount, pictures, basis, note, at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""

_CLOSE_HOLD = """
UPDATE hold SET state = :state, closed_at = :at WHERE hold_id = :hold_id AND state = 'open'
RETURNING amount, pictures
"""

# The counters named by the hold's legs, so a post at any time falls into the windows of its hold.
_SETTLE = """
UPDATE counter
SET held = held - leg.amount,
    spent = spent + CASE unit WHEN 'money' THEN :amount WHEN 'pictures' THEN :pictures ELSE :requests END,
    overrun = overrun + CASE unit WHEN 'money' THEN :over_amount WHEN 'pictures' THEN :over_pictures ELSE 0 END
FROM hold_leg AS leg WHERE leg.hold_id = :hold_id AND leg.counter_id = counter.id
"""

_ADJUST_ENTRY = """
INSERT INTO entry (hold_id, kind, amount, pictures, note, author, at, correction)
SELECT hold_id, 'adjust', :difference, 0, :reason, :author, :at, :kind FROM hold
WHERE hold_id = :hold_id AND state IN ('posted', 'presumed') AND :difference + (
    SELECT SUM(entry.amount) FROM entry
    WHERE entry.hold_id = hold.hold_id AND entry.kind IN ('post', 'presume', 'adjust')
) BETWEEN 0 AND :most
"""

_ADJUST_COUNTERS = """
UPDATE counter SET spent = spent + :difference, overrun = overrun + :over
FROM hold_leg AS leg WHERE leg.hold_id = :hold_id AND leg.counter_id = counter.id AND unit = 'money'
"""

_STANDING = """
SELECT held, spent FROM counter WHERE scope = ? AND unit = ? AND window_kind = ? AND starts_at = ?
"""

_HOLD = "SELECT * FROM hold WHERE hold_id = ?"
_OPEN_HOLDS = "SELECT * FROM hold WHERE state = 'open' ORDER BY opened_at, hold_id"
_ENTRIES = "SELECT * FROM entry WHERE hold_id = ? ORDER BY id"


def effective_now(tx: Transaction, at: Millis) -> Millis:
    """The moment to choose windows by: never before one that was seen already.

    A clock that jumps back a day would otherwise open yesterday's allowance again.
    """
    return Millis(tx.all(_SEE, {"at": at})[0]["last_seen"])


def last_seen(reader: Reader) -> Millis | None:
    """The latest moment that `effective_now` was asked for; None before the first."""
    row = reader.one("SELECT last_seen FROM ledger_clock")
    return None if row is None else Millis(row["last_seen"])


def hold(tx: Transaction, request: HoldRequest) -> Held:
    """Reserves the worst case under every limit of the request, in its order.

    Raises Refusal for the first pace or limit that does not allow it (PACE; BUDGET for money, else QUOTA; its facts
    are rule, subject, scope, unit, window, limit, left, needed, starts_at and resets_at in milliseconds UTC),
    AlreadyHeld for an id that exists. After either the caller's transaction must be rolled back, as `Database.write`
    does by itself.
    """
    asked = (request.hold_id, request.job_id, request.guild_id, request.member_id)
    terms = (request.amount, request.pictures, request.price_version, request.at)
    facts = (request.purpose, " ".join(str(role) for role in request.roles), request.parent_channel_id)
    if not tx.execute(_OPEN_HOLD, asked + terms + facts):
        raise AlreadyHeld(f"hold {request.hold_id} exists")
    for pace in request.paces:
        keep_pace(tx, request, pace)
    standings = tuple(reserve(tx, request.hold_id, limit, request.needed(limit.unit)) for limit in request.limits)
    add_entry(tx, request.hold_id, EntryKind.HOLD, request.amount, request.pictures, at=request.at)
    return Held(hold_id=request.hold_id, amount=request.amount, pictures=request.pictures, standings=standings)


def reserve(tx: Transaction, hold_id: HoldId, limit: Limit, needed: int) -> Standing:
    """One leg of a hold: takes so much of the limit, or raises Refusal as `hold` does."""
    counter = tx.one(_RESERVE_LIFTED if limit.is_lifted else _RESERVE, _counter_params(limit, needed))
    if counter is None:
        raise refusal(tx, limit, needed)
    tx.execute(_ADD_LEG, (hold_id, counter["id"], needed))
    return Standing(limit=limit, held=counter["held"], spent=counter["spent"])


def post(
    tx: Transaction, *, hold_id: HoldId, actual: Ticks, pictures: int, at: Millis, basis: Basis, note: str
) -> Posted:
    """Books what was really charged and made, in the windows of the hold, and releases the rest. Exactly once.

    What the hold did not cover is booked all the same, with an `overrun` entry beside it. Raises
    AlreadyClosed, UnknownHold, and ValueError for an amount that cannot be.
    """
    if not (0 <= actual <= MAX_TICKS and pictures >= 0):
        raise ValueError("what was charged cannot be less than nothing, or more than can be kept")
    held_amount, held_pictures = _close(tx, hold_id, HoldState.POSTED, at)
    over_amount, over_pictures = max(0, actual - held_amount), max(0, pictures - held_pictures)
    over = {"over_amount": over_amount, "over_pictures": over_pictures}
    _settle(tx, hold_id, amount=actual, pictures=pictures, requests=1, **over)
    add_entry(tx, hold_id, EntryKind.POST, actual, pictures, at=at, basis=basis, note=note)
    if over_amount or over_pictures:
        add_entry(tx, hold_id, EntryKind.OVERRUN, over_amount, over_pictures, at=at)
    released = max(0, held_amount - actual)
    return Posted(amount=actual, released=Ticks(released), overrun=Ticks(over_amount), overrun_pictures=over_pictures)


def void(tx: Transaction, *, hold_id: HoldId, at: Millis, reason: str) -> None:
    """Releases the whole hold: nothing was charged. Raises AlreadyClosed, UnknownHold."""
    amount, pictures = _close(tx, hold_id, HoldState.VOIDED, at)
    _settle(tx, hold_id)
    add_entry(tx, hold_id, EntryKind.VOID, amount, pictures, at=at, note=reason)


def presume(tx: Transaction, *, hold_id: HoldId, at: Millis) -> Posted:
    """Books the whole hold as spent, since nobody will know; a person can adjust it. Raises as `void`."""
    amount, pictures = _close(tx, hold_id, HoldState.PRESUMED, at)
    _settle(tx, hold_id, amount=amount, pictures=pictures, requests=1)
    add_entry(tx, hold_id, EntryKind.PRESUME, amount, pictures, at=at)
    return Posted(amount=Ticks(amount), released=ZERO, overrun=ZERO)


def adjust(
    tx: Transaction,
    *,
    hold_id: HoldId,
    difference: int,
    at: Millis,
    reason: str,
    author: str,
    kind: CorrectionKind = CorrectionKind.ADJUSTMENT,
) -> None:
    """Corrects what a posted or presumed hold booked, by a signed number of ticks, in the hold's own windows.

    More than was booked counts as an overrun too: no hold had covered it. Raises NotAdjustable for a hold in
    another state or a sum below nothing, UnknownHold, and ValueError for a difference of nothing.
    """
    if difference == 0 or abs(difference) > MAX_TICKS:
        raise ValueError("a correction is not nothing, and not more than can be kept")
    facts = {"hold_id": hold_id, "difference": difference, "reason": reason, "author": author, "at": at}
    facts |= {"kind": kind.value}
    if not tx.execute(_ADJUST_ENTRY, facts | {"most": MAX_TICKS}):
        state = known(tx, hold_id).state
        raise NotAdjustable(f"hold {hold_id} is {state}; {difference:+} ticks cannot be booked on it")
    tx.execute(_ADJUST_COUNTERS, {"hold_id": hold_id, "difference": difference, "over": max(0, difference)})


def standing(reader: Reader, limits: Sequence[Limit]) -> tuple[Standing, ...]:
    """How much of each limit is taken."""
    return tuple(standing_of(reader, limit) for limit in limits)


def open_holds(reader: Reader) -> tuple[Hold, ...]:
    """Every hold that was neither posted nor voided nor presumed, the oldest first."""
    return tuple(_hold_from(row) for row in reader.all(_OPEN_HOLDS))


def hold_of(reader: Reader, hold_id: HoldId) -> Hold | None:
    """The hold as it stands, or None."""
    row = reader.one(_HOLD, (hold_id,))
    return None if row is None else _hold_from(row)


def entries_of(reader: Reader, hold_id: HoldId) -> tuple[Entry, ...]:
    """The hold's lines in the book, the oldest first."""
    return tuple(
        Entry(
            kind=EntryKind(row["kind"]),
            amount=row["amount"],
            pictures=row["pictures"],
            basis=row["basis"],
            note=row["note"],
            author=row["author"],
            at=Millis(row["at"]),
            correction=correction_of(row),
        )
        for row in reader.all(_ENTRIES, (hold_id,))
    )


def _counter_params(limit: Limit, needed: int) -> dict[str, object]:
    window = limit.window
    return {
        "scope": limit.scope,
        "unit": limit.unit.value,
        "kind": window.kind.value,
        "starts_at": window.starts_at,
        "ends_at": window.ends_at,
        "limit": limit.amount,
        "rule": limit.rule,
        "subject": limit.subject,
        "needed": needed,
    }


def refusal(tx: Transaction, limit: Limit, needed: int, *, own: int = 0) -> Refusal:
    """Why the limit does not allow it; `own` is what the same hold takes of it already, and gives up."""
    reason = RefusalReason.BUDGET if limit.unit is Unit.MONEY else RefusalReason.QUOTA
    facts = {
        "rule": limit.rule,
        "subject": limit.subject,
        "scope": limit.scope,
        "unit": limit.unit.value,
        "window": limit.window.kind.value,
        "limit": limit.amount,
        "left": standing_of(tx, limit, own=own).left,
        "needed": needed,
        "starts_at": limit.window.starts_at,
        "resets_at": limit.window.ends_at,
    }
    return Refusal(reason, facts)


def _close(tx: Transaction, hold_id: HoldId, state: HoldState, at: Millis) -> tuple[int, int]:
    """Closes the hold, or says why not; returns what it held in ticks and pictures."""
    row = tx.one(_CLOSE_HOLD, {"hold_id": hold_id, "state": state.value, "at": at})
    if row is None:
        raise AlreadyClosed(hold_id, known(tx, hold_id).state)
    return row["amount"], row["pictures"]


def _settle(
    tx: Transaction,
    hold_id: HoldId,
    *,
    amount: int = 0,
    pictures: int = 0,
    requests: int = 0,
    over_amount: int = 0,
    over_pictures: int = 0,
) -> None:
    facts = {
        "amount": amount,
        "pictures": pictures,
        "requests": requests,
        "over_amount": over_amount,
        "over_pictures": over_pictures,
    }
    tx.execute(_SETTLE, facts | {"hold_id": hold_id})


def add_entry(
    tx: Transaction,
    hold_id: HoldId,
    kind: EntryKind,
    amount: int,
    pictures: int,
    *,
    at: Millis,
    basis: Basis | None = None,
    note: str = "",
) -> None:
    """Writes one line of the book."""
    tx.execute(_ADD_ENTRY, (hold_id, kind.value, amount, pictures, basis, note[:NOTE_LENGTH], at))


def standing_of(reader: Reader, limit: Limit, *, own: int = 0) -> Standing:
    """How much of the limit is taken, without the `own` part that a hold gives up."""
    window = limit.window
    row = reader.one(_STANDING, (limit.scope, limit.unit.value, window.kind.value, window.starts_at))
    return Standing(limit=limit, held=row["held"] - own if row else 0, spent=row["spent"] if row else 0)


def known(reader: Reader, hold_id: HoldId) -> Hold:
    """The hold as it stands. Raises UnknownHold."""
    found = hold_of(reader, hold_id)
    if found is None:
        raise UnknownHold(f"there is no hold {hold_id}")
    return found


def correction_of(row: Row) -> CorrectionKind | None:
    """What an entry corrects, from its columns; None where it is no correction."""
    if row["kind"] != EntryKind.ADJUST:
        return None
    return CorrectionKind(row["correction"] or CorrectionKind.ADJUSTMENT)


def _hold_from(row: Row) -> Hold:
    return Hold(
        hold_id=HoldId(row["hold_id"]),
        job_id=JobId(row["job_id"]),
        guild_id=GuildId(row["guild_id"]),
        member_id=MemberId(row["member_id"]),
        amount=Ticks(row["amount"]),
        pictures=row["pictures"],
        price_version=row["price_version"],
        state=HoldState(row["state"]),
        opened_at=Millis(row["opened_at"]),
        closed_at=None if row["closed_at"] is None else Millis(row["closed_at"]),
        purpose=row["purpose"],
        roles=tuple(int(role) for role in row["roles"].split()),
        parent_channel_id=None if row["parent_channel_id"] is None else ChannelId(row["parent_channel_id"]),
    )

"""The SQL of the check: the counters beside what holds and entries sum to. Reads everything."""

from dataclasses import dataclass

from bot.core.ids import HoldId
from bot.db import Reader
from bot.ledger.model import EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A counter, sums over holds by state (`_open`, `_posted`) and over the entries alone (`_replayed`)."""

    id: int
    scope: str
    unit: str
    window_kind: str
    starts_at: int
    limit_amount: int
    held: int
    spent: int
    overrun: int
    held_open: int
    spent_posted: int
    held_replayed: int
    spent_replayed: int
    overrun_replayed: int

    @property
    def kept(self) -> tuple[int, int, int]:
        """Held, spent and overrun as the counter says."""
        return self.held, self.spent, self.overrun

    @property
    def replayed(self) -> tuple[int, int, int]:
        """The same as the entries give it."""
        return self.held_replayed, self.spent_replayed, self.overrun_replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class CrookedLeg:
    """A leg that weighs `amount` on a counter of the scope where the hold's terms say `terms`."""

    hold_id: HoldId
    counter_id: int
    scope: str
    amount: int
    terms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrookedHold:
    """A hold whose state is not what its entries say."""

    hold_id: HoldId
    state: str
    openings: int
    closings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrookedTerms:
    """A hold that says `amount` where the entry that priced it last says `priced`."""

    hold_id: HoldId
    amount: int
    priced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry as it is replayed."""

    id: int
    hold_id: HoldId
    kind: EntryKind
    amount: int
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrookedSpend:
    """A sum of a day that is not what its entries book.

    `kept` and `booked` are jobs, pictures and ticks, then the same three of what is only presumed.
    """

    guild_id: int
    day: int
    member_id: int
    command: str
    provider: str
    model: str
    kept: tuple[int, ...]
    booked: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrookedCoarse:
    """A row of coarser sums that is not what the finer ones give; numbers as in `CrookedSpend`."""

    table: str
    guild_id: int
    day: int
    kept: tuple[int, ...]
    booked: tuple[int, ...]


# What each hold's entries say, apart from its state.
_BOOK = """
WITH book AS (
    SELECT hold_id,
        COUNT(*) FILTER (WHERE kind = 'hold') AS openings,
        COUNT(*) FILTER (WHERE kind IN ('post', 'void', 'presume')) AS closings,
        MAX(CASE kind WHEN 'post' THEN 'posted' WHEN 'void' THEN 'voided' WHEN 'presume' THEN 'presumed' END)
            AS closed_as,
        COALESCE(SUM(amount) FILTER (WHERE kind IN ('post', 'presume', 'adjust')), 0) AS amount,
        COALESCE(SUM(pictures) FILTER (WHERE kind IN ('post', 'presume')), 0) AS pictures,
        COUNT(*) FILTER (WHERE kind IN ('post', 'presume')) AS requests,
        COALESCE(SUM(amount) FILTER (WHERE kind = 'overrun' OR (kind = 'adjust' AND amount > 0)), 0)
            AS over_amount,
        COALESCE(SUM(pictures) FILTER (WHERE kind = 'overrun'), 0) AS over_pictures
    FROM entry GROUP BY hold_id
)
"""

_BALANCES = f"""{_BOOK}, weight AS (
    SELECT leg.counter_id, leg.amount AS held, hold.state, book.closings,
        CASE counter.unit WHEN 'money' THEN book.amount WHEN 'pictures' THEN book.pictures ELSE book.requests END
            AS spent,
        CASE counter.unit WHEN 'money' THEN book.over_amount WHEN 'pictures' THEN book.over_pictures ELSE 0 END
            AS overrun
    FROM hold_leg AS leg
    JOIN counter ON counter.id = leg.counter_id
    JOIN hold ON hold.hold_id = leg.hold_id
    LEFT JOIN book ON book.hold_id = leg.hold_id
), total AS (
    SELECT counter_id,
        SUM(held) FILTER (WHERE state = 'open') AS held_open,
        SUM(spent) FILTER (WHERE state IN ('posted', 'presumed')) AS spent_posted,
        SUM(held) FILTER (WHERE closings = 0) AS held_replayed,
        SUM(spent) AS spent_replayed,
        SUM(overrun) AS overrun_replayed
    FROM weight GROUP BY counter_id
)
SELECT id, scope, unit, window_kind, starts_at, limit_amount, held, spent, overrun,
    COALESCE(held_open, 0) AS held_open, COALESCE(spent_posted, 0) AS spent_posted,
    COALESCE(held_replayed, 0) AS held_replayed, COALESCE(spent_replayed, 0) AS spent_replayed,
    COALESCE(overrun_replayed, 0) AS overrun_replayed
FROM counter LEFT JOIN total ON total.counter_id = counter.id ORDER BY counter.id
"""  # noqa: S608 - joined from constants

_CROOKED_LEGS = """
SELECT leg.hold_id, leg.counter_id, counter.scope, leg.amount,
    CASE counter.unit WHEN 'money' THEN hold.amount WHEN 'pictures' THEN hold.pictures ELSE 1 END AS terms
FROM hold_leg AS leg
JOIN counter ON counter.id = leg.counter_id
JOIN hold ON hold.hold_id = leg.hold_id
WHERE leg.amount
    <> CASE counter.unit WHEN 'money' THEN hold.amount WHEN 'pictures' THEN hold.pictures ELSE 1 END
ORDER BY leg.hold_id, counter.id
"""

_CROOKED_HOLDS = f"""{_BOOK}
SELECT hold.hold_id, hold.state, COALESCE(openings, 0) AS openings, COALESCE(closings, 0) AS closings
FROM hold LEFT JOIN book ON book.hold_id = hold.hold_id
WHERE COALESCE(openings, 0) <> 1
    OR COALESCE(closings, 0) <> CASE hold.state WHEN 'open' THEN 0 ELSE 1 END
    OR COALESCE(closed_as, 'open') <> hold.state
ORDER BY hold.hold_id
"""  # noqa: S608 - joined from constants

_CROOKED_TERMS = """
SELECT hold.hold_id, hold.amount, entry.amount AS priced
FROM hold JOIN entry ON entry.id = (
    SELECT MAX(id) FROM entry WHERE entry.hold_id = hold.hold_id AND entry.kind IN ('hold', 'reprice')
)
WHERE hold.amount <> entry.amount ORDER BY hold.hold_id
"""

# By hold, then as written, so that a hold is replayed whole before the next begins.
_LINES = """
SELECT id, hold_id, kind, amount, pictures FROM entry WHERE (hold_id, id) > (?, ?) ORDER BY hold_id, id LIMIT ?
"""

# Ids grow by one and nothing is ever deleted, so one that is not there was taken away.
_GAP = """
SELECT MIN(entry.id) + 1 AS id FROM entry
WHERE NOT EXISTS (SELECT 1 FROM entry AS next WHERE next.id = entry.id + 1)
"""

# The coarser sums, and what they are made by.
COARSE = {
    "spend_of_day": "guild_id, day, command, provider, model",
    "spend_of_member": "guild_id, day, member_id",
}
_KEYS = ("guild_id", "day", "member_id", "command", "provider", "model")
_SUMS = ("jobs", "pictures", "amount", "presumed_jobs", "presumed_pictures", "presumed_amount")
_KEPT, _BOOKED = tuple(f"kept_{name}" for name in _SUMS), tuple(f"booked_{name}" for name in _SUMS)

_CROOKED_SPEND = f"""
SELECT {", ".join(_KEYS)}, {", ".join(f"SUM({name}) AS {name}" for name in _KEPT + _BOOKED)}
FROM (
    SELECT {", ".join(_KEYS)}, {", ".join(f"{name} AS kept_{name}, 0 AS booked_{name}" for name in _SUMS)} FROM spend
    UNION ALL
    SELECT {", ".join(_KEYS)}, {", ".join(f"0, {name}" for name in _SUMS)} FROM booking
) AS both_sides
GROUP BY {", ".join(_KEYS)}
HAVING {" OR ".join(f"SUM(kept_{name}) <> SUM(booked_{name})" for name in _SUMS)}
ORDER BY {", ".join(_KEYS)}
"""  # noqa: S608 - joined from constants

# Of each day of a guild; whichever row of it is wrong, all are made anew together.
_CROOKED_COARSE = " UNION ALL ".join(
    f"""
SELECT '{table}' AS coarse, guild_id, day, {", ".join(f"SUM({name}) AS {name}" for name in _KEPT + _BOOKED)}
FROM (
    SELECT {keys}, {", ".join(f"{name} AS kept_{name}, 0 AS booked_{name}" for name in _SUMS)} FROM {table}
    UNION ALL
    SELECT {keys}, {", ".join(f"0, SUM({name})" for name in _SUMS)} FROM spend GROUP BY {keys}
) AS both_sides
GROUP BY {keys}
HAVING {" OR ".join(f"SUM(kept_{name}) <> SUM(booked_{name})" for name in _SUMS)}
"""  # noqa: S608 - joined from constants
    for table, keys in COARSE.items()
)

_GUARDS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


def balances(reader: Reader) -> tuple[Balance, ...]:
    """Every counter beside what its holds and its entries sum to."""
    return tuple(Balance(**dict(row)) for row in reader.all(_BALANCES))


def crooked_legs(reader: Reader) -> tuple[CrookedLeg, ...]:
    """Legs that weigh something else than their hold says."""
    return tuple(CrookedLeg(**dict(row)) for row in reader.all(_CROOKED_LEGS))


def crooked_holds(reader: Reader) -> tuple[CrookedHold, ...]:
    """Holds whose state is not what their entries say."""
    return tuple(CrookedHold(**dict(row)) for row in reader.all(_CROOKED_HOLDS))


def crooked_terms(reader: Reader) -> tuple[CrookedTerms, ...]:
    """Holds of another amount than the one they were last priced at."""
    return tuple(CrookedTerms(**dict(row)) for row in reader.all(_CROOKED_TERMS))


def lines(reader: Reader, *, after: tuple[HoldId, int], limit: int) -> tuple[Line, ...]:
    """The next entries by hold and id, behind those of `after`; empty at the end."""
    return tuple(
        Line(
            id=row["id"],
            hold_id=HoldId(row["hold_id"]),
            kind=EntryKind(row["kind"]),
            amount=row["amount"],
            pictures=row["pictures"],
        )
        for row in reader.all(_LINES, (*after, limit))
    )


def first_missing(reader: Reader) -> int | None:
    """The lowest id of an entry that is not there although later ones are."""
    row = reader.one(f"SELECT gap.id FROM ({_GAP}) AS gap WHERE gap.id <= (SELECT MAX(id) FROM entry)")  # noqa: S608
    return None if row is None else row["id"]


def crooked_spend(reader: Reader) -> tuple[CrookedSpend, ...]:
    """Sums of days that are not what their entries book."""
    return tuple(
        CrookedSpend(
            **{name: row[name] for name in _KEYS},
            kept=tuple(row[name] for name in _KEPT),
            booked=tuple(row[name] for name in _BOOKED),
        )
        for row in reader.all(_CROOKED_SPEND)
    )


def crooked_coarse(reader: Reader) -> tuple[CrookedCoarse, ...]:
    """Rows of the coarser sums that are not what the finer ones give."""
    return tuple(
        CrookedCoarse(
            table=row["coarse"],
            guild_id=row["guild_id"],
            day=row["day"],
            kept=tuple(row[name] for name in _KEPT),
            booked=tuple(row[name] for name in _BOOKED),
        )
        for row in reader.all(_CROOKED_COARSE)
    )


def guards(reader: Reader) -> frozenset[str]:
    """The names of the triggers there are."""
    return frozenset(row["name"] for row in reader.all(_GUARDS))


def damage(reader: Reader) -> tuple[str, ...]:
    """What SQLite finds wrong with the file and with references between tables; empty when sound."""
    found = [str(row[0]) for row in reader.all("PRAGMA integrity_check") if row[0] != "ok"]
    # A table without row numbers has none to name.
    broken = [
        f"a row of {row[0]} refers to no {row[2]}" if row[1] is None else f"{row[0]} {row[1]} refers to no {row[2]}"
        for row in reader.all("PRAGMA foreign_key_check")
    ]
    return (*found, *broken)

"""The SQL of a comparison, over the scratch database of `bot/db/scratch`."""

from collections.abc import Sequence

from bot.core.clock import Millis
from bot.db import Reader, Row, Transaction
from bot.ledger.records.model import Charge
from bot.services.reconciling.model import Finding, Kind, StatementLine, Summary, Terms

LINES_NAMED = 5  # of the lines of one job

_ADD_LINE = """
INSERT INTO line (no, external_id, payment_ref, tx_hash, at, amount) VALUES (?, ?, ?, ?, ?, ?)
"""

_ADD_CHARGE = """
INSERT INTO charge (job_id, external_id, payment_ref, tx_hash, at, amount, hold_state, is_presumed, is_inside)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# The surest name first; of two jobs with one name the first.
_MATCH_BY_NAME = tuple(
    f"""
UPDATE line SET job_id = (SELECT MIN(charge.job_id) FROM charge WHERE charge.{name} = line.{name})
WHERE job_id IS NULL AND {name} IS NOT NULL
"""  # noqa: S608 - joined from constants
    for name in ("external_id", "payment_ref", "tx_hash")
)

_MARK_FOUND = "UPDATE charge SET is_found = 1 WHERE job_id IN (SELECT job_id FROM line WHERE job_id IS NOT NULL)"

_LEFT = """
SELECT * FROM line WHERE job_id IS NULL AND at IS NOT NULL AND amount > 0 AND at >= :at AND (at > :at OR no > :no)
ORDER BY at, no LIMIT :limit
"""

# The earliest that fits: with one price and windows of one length no other choice finds more pairs. What has a name on
# both sides and was not found by it is something else.
_CANDIDATE = """
SELECT job_id FROM charge
WHERE is_found = 0 AND at BETWEEN :at - :window AND :at + :window
    AND amount BETWEEN :amount - :tolerance AND :amount + :tolerance
    AND (external_id IS NULL OR :external_id IS NULL) AND (payment_ref IS NULL OR :payment_ref IS NULL)
    AND (tx_hash IS NULL OR :tx_hash IS NULL)
ORDER BY at, job_id LIMIT 1
"""

_TWIN = """
    EXISTS (SELECT 1 FROM charge AS twin WHERE twin.external_id = charge.external_id AND twin.job_id < charge.job_id)
"""

# Each kind of difference in an order of its own, so that a page begins where the one before ended: by line, by job, or
# as the jobs were copied.
_BY_JOB = frozenset({Kind.DOUBLED_IN_FILE, Kind.PRICED_DIFFERENTLY})
_FOUND = {
    Kind.MISSING_IN_LEDGER: """
SELECT no AS place, no AS first_line, NULL AS job_id, amount AS file_amount, 0 AS ledger_amount, NULL AS hold_state,
    0 AS is_presumed, at, COALESCE(external_id, payment_ref, tx_hash) AS name
FROM line WHERE job_id IS NULL AND amount <> 0 AND no > :after ORDER BY no LIMIT :limit
""",
    Kind.MISSING_IN_FILE: f"""
SELECT rowid AS place, NULL AS first_line, job_id, 0 AS file_amount, amount AS ledger_amount, hold_state, is_presumed,
    at, COALESCE(external_id, payment_ref, tx_hash) AS name
FROM charge WHERE is_found = 0 AND is_inside = 1 AND amount <> 0 AND NOT {_TWIN}
    AND rowid > :after ORDER BY rowid LIMIT :limit
""",  # noqa: S608 - joined from constants
    Kind.DOUBLED_IN_FILE: """
SELECT line.job_id AS place, MIN(line.no) AS first_line, charge.job_id, SUM(line.amount) AS file_amount,
    charge.amount AS ledger_amount, charge.hold_state, charge.is_presumed, charge.at, charge.external_id AS name
FROM line JOIN charge ON charge.job_id = line.job_id
WHERE line.job_id > :after AND line.amount > 0 AND :is_split = 0
GROUP BY line.job_id HAVING COUNT(*) > 1 ORDER BY line.job_id LIMIT :limit
""",
    Kind.DOUBLED_IN_LEDGER: f"""
SELECT rowid AS place, NULL AS first_line, job_id, 0 AS file_amount, amount AS ledger_amount, hold_state, is_presumed,
    at, external_id AS name
FROM charge WHERE is_inside = 1 AND amount <> 0 AND {_TWIN} AND rowid > :after ORDER BY rowid LIMIT :limit
""",  # noqa: S608 - joined from constants
    Kind.PRICED_DIFFERENTLY: """
SELECT line.job_id AS place, MIN(line.no) AS first_line, charge.job_id, SUM(line.amount) AS file_amount,
    charge.amount AS ledger_amount, charge.hold_state, charge.is_presumed, charge.at, charge.external_id AS name
FROM line JOIN charge ON charge.job_id = line.job_id
WHERE line.job_id > :after
GROUP BY line.job_id
HAVING (:is_split = 1 OR COUNT(*) FILTER (WHERE line.amount > 0) < 2)
    AND ABS(SUM(line.amount) - charge.amount) > :tolerance
ORDER BY line.job_id LIMIT :limit
""",
}

_LINES_OF = "SELECT no FROM line WHERE job_id = ? ORDER BY no LIMIT ?"

_SUMMARY = """
SELECT (SELECT COUNT(*) FROM line) AS lines, (SELECT COALESCE(SUM(amount), 0) FROM line) AS lines_amount,
    (SELECT COUNT(*) FROM line WHERE job_id IS NOT NULL) AS matched,
    COUNT(*) AS charges, COALESCE(SUM(amount), 0) AS charges_amount,
    COALESCE(SUM(is_presumed), 0) AS presumed,
    COALESCE(SUM(CASE is_presumed WHEN 1 THEN amount ELSE 0 END), 0) AS presumed_amount
FROM charge WHERE is_inside = 1 AND amount <> 0
"""


def add_lines(tx: Transaction, lines: Sequence[StatementLine]) -> None:
    """Takes over lines of the statement."""
    for one in lines:
        names = (_name(one.external_id), _name(one.payment_ref), _hash(one.tx_hash))
        tx.execute(_ADD_LINE, (one.number, *names, one.at, one.amount))


def add_charges(tx: Transaction, charges: Sequence[tuple[Charge, bool]]) -> None:
    """Takes over jobs of the book, each with whether it lies within the period."""
    for one, is_inside in charges:
        names = (_name(one.external_id), _name(one.payment_ref), _hash(one.tx_hash))
        facts = (one.at, one.amount, one.hold_state.value, int(one.is_presumed), int(is_inside))
        tx.execute(_ADD_CHARGE, (one.job_id, *names, *facts))


def span(reader: Reader) -> tuple[Millis, Millis] | None:
    """The first and the last moment of the statement; None where a line has none."""
    row = reader.one("SELECT MIN(at) AS first, MAX(at) AS last, COUNT(*) = COUNT(at) AS is_whole FROM line")
    return None if row is None or not row["is_whole"] or row["first"] is None else (row["first"], row["last"])


def match_by_name(tx: Transaction) -> None:
    """Gives each line the job that its external id, its payment reference or its transaction names."""
    for statement in _MATCH_BY_NAME:
        tx.execute(statement)
    tx.execute(_MARK_FOUND)


def match_by_time(tx: Transaction, terms: Terms, *, after: tuple[int, int], limit: int) -> tuple[int, int] | None:
    """Gives the next lines without a job one of their price and time; returns the last line, None at the end."""
    lines = tx.all(_LEFT, {"at": after[0], "no": after[1], "limit": limit})
    for line in lines:
        facts = {name: line[name] for name in ("at", "amount", "external_id", "payment_ref", "tx_hash")}
        found = tx.one(_CANDIDATE, facts | {"window": terms.window_ms, "tolerance": terms.tolerance})
        if found is not None:
            tx.execute("UPDATE line SET job_id = ? WHERE no = ?", (found["job_id"], line["no"]))
            tx.execute("UPDATE charge SET is_found = 1 WHERE job_id = ?", (found["job_id"],))
    return (lines[-1]["at"], lines[-1]["no"]) if lines else None


def findings(
    reader: Reader, kind: Kind, terms: Terms, *, after: int | str | None, limit: int
) -> tuple[tuple[Finding, ...], int | str | None]:
    """The next differences of the kind, the first ones after None, and the place behind them; None at the end."""
    if after is None:
        after = "" if kind in _BY_JOB else 0
    facts: dict[str, int | str] = {
        "after": after,
        "limit": limit,
        "tolerance": terms.tolerance,
        "is_split": int(terms.is_split),
    }
    rows = reader.all(_FOUND[kind], _named_in(_FOUND[kind], facts))
    return tuple(_finding(reader, kind, row) for row in rows), rows[-1]["place"] if rows else None


def summary(reader: Reader) -> Summary:
    """The sums of both sides."""
    rows = reader.all(_SUMMARY)
    return Summary(**dict(rows[0]))


def _named_in(sql: str, facts: dict[str, int | str]) -> dict[str, int | str]:
    return {name: value for name, value in facts.items() if f":{name}" in sql}


def _finding(reader: Reader, kind: Kind, row: Row) -> Finding:
    lines: tuple[int, ...] = () if row["first_line"] is None else (row["first_line"],)
    if lines and row["job_id"] is not None:
        lines = tuple(one["no"] for one in reader.all(_LINES_OF, (row["job_id"], LINES_NAMED)))
    return Finding(
        kind=kind,
        lines=lines,
        job_id=row["job_id"],
        file_amount=row["file_amount"],
        ledger_amount=row["ledger_amount"],
        hold_state=row["hold_state"],
        is_presumed=bool(row["is_presumed"]),
        at=None if row["at"] is None else Millis(row["at"]),
        name=row["name"],
    )


def _name(text: str | None) -> str | None:
    return (text or "").strip() or None


def _hash(text: str | None) -> str | None:
    """Transactions are named in hexadecimal, in either case."""
    name = _name(text)
    return None if name is None else name.lower()

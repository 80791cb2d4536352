"""What a comparison of a gateway's statement with the book is made of."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import MINUTE_MS, Millis
from bot.core.errors import EaselError

# A gateway's stamp lies between our submit and the end of the work; most need seconds, some ten minutes.
WINDOW_MS = 15 * MINUTE_MS


class CannotReconcile(EaselError):
    """The statement cannot be compared; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line of a statement: where it stands in the file, what names its job, and ticks (less than 0: a credit)."""

    number: int
    amount: int
    at: Millis | None = None
    external_id: str | None = None
    payment_ref: str | None = None
    tx_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How lines are matched: up to so many ticks apart is the same price; `is_split`: a job may have several lines."""

    tolerance: int = 0
    window_ms: int = WINDOW_MS
    is_split: bool = False


class Kind(StrEnum):
    """What differs."""

    MISSING_IN_LEDGER = "missing in the ledger"
    MISSING_IN_FILE = "missing in the file"
    DOUBLED_IN_FILE = "doubled in the file"
    DOUBLED_IN_LEDGER = "doubled in the ledger"
    PRICED_DIFFERENTLY = "priced differently"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference: the lines and the job it is about, the ticks on both sides, and how the job's hold stands.

    `lines` are numbers in the file, at most a few; `at` is the line's moment, or the job's.
    """

    kind: Kind
    lines: tuple[int, ...]
    job_id: str | None
    file_amount: int
    ledger_amount: int
    hold_state: str | None
    is_presumed: bool
    at: Millis | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Sums in ticks. `charges` are jobs of the period for which anything is booked, `presumed` those among them."""

    lines: int
    lines_amount: int
    matched: int
    charges: int
    charges_amount: int
    presumed: int
    presumed_amount: int

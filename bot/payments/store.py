"""The payments' SQL. Every function runs inside a transaction that its caller opened and may share."""

from bot.core.clock import Millis
from bot.core.errors import FenceLost
from bot.core.ids import JobId
from bot.core.money import Ticks
from bot.db import Reader, Row, Transaction
from bot.payments.model import AlreadyPaying, DaySpent, Payment, PaymentState, day_of
from bot.payments.policy import Approved
from bot.payments.signer import Signed

NOTE_LENGTH = 300

# A payment that was begun and never signed left nothing behind: the job may begin another.
_FORGET_UNSIGNED = "DELETE FROM payment WHERE job_id = ? AND state = 'unpaid' AND tx_hash IS NULL"

_BEGIN = """
INSERT INTO payment
    (job_id, challenge_id, amount, currency, recipient, expires_at, state, created_at, updated_at)
VALUES (:job_id, :challenge_id, :amount, :currency, :recipient, :expires_at, 'signing', :at, :at)
ON CONFLICT DO NOTHING
"""

# The first payment of a day makes its row, later ones add to it; no row changes where the limit forbids.
_COUNT = """
INSERT INTO payment_day (starts_at, signed)
SELECT :starts_at, :amount WHERE :amount <= :daily
ON CONFLICT (starts_at) DO UPDATE SET signed = payment_day.signed + excluded.signed
WHERE payment_day.signed + excluded.signed <= :daily
"""

_SIGNED = """
UPDATE payment SET state = 'sent', tx_hash = :tx_hash, valid_before = :valid_before, credential = :credential,
    updated_at = :at
WHERE job_id = :job_id AND state = 'signing'
RETURNING *
"""

_UNSIGNED = """
UPDATE payment SET state = 'unpaid', note = :note, updated_at = :at WHERE job_id = :job_id AND state = 'signing'
RETURNING amount, created_at
"""

_SETTLE = """
UPDATE payment SET state = :state, receipt = :receipt, credential = NULL, note = NULL, updated_at = :at
WHERE job_id = :job_id AND state IN ('sent', 'unknown')
"""

_DOUBT = """
UPDATE payment SET state = 'unknown', payment_id = coalesce(:payment_id, payment_id), note = :note, updated_at = :at
WHERE job_id = :job_id AND state IN ('sent', 'unknown')
"""

_DECIDE = """
UPDATE payment SET state = :state, credential = NULL, updated_at = :at
WHERE job_id = :job_id AND state IN ('sent', 'unknown')
"""


def begin(tx: Transaction, job_id: JobId, approved: Approved, *, at: Millis, daily: Ticks) -> None:
    """Writes the job's only payment in `signing` and counts it for the day of `at`.

    Raises AlreadyPaying and DaySpent; after either the caller's transaction must be rolled back, as `Database.write`
    does by itself.
    """
    tx.execute(_FORGET_UNSIGNED, (job_id,))
    challenge = approved.challenge
    begun = tx.execute(
        _BEGIN,
        {
            "job_id": job_id,
            "challenge_id": challenge.id,
            "amount": approved.amount,
            "currency": (challenge.charge.currency or "").lower(),
            "recipient": approved.recipient,
            "expires_at": approved.expires_at,
            "at": at,
        },
    )
    if not begun:
        raise AlreadyPaying(job_id)
    if not tx.execute(_COUNT, {"starts_at": day_of(at), "amount": approved.amount, "daily": daily}):
        raise DaySpent(f"{daily} ticks are the most for a day")


def signed(tx: Transaction, job_id: JobId, payment: Signed, *, credential: bytes, at: Millis) -> Payment:
    """Stores what is about to be sent; `credential` is sealed. Raises FenceLost."""
    facts = {
        "job_id": job_id,
        "tx_hash": payment.tx_hash.lower(),
        "valid_before": payment.valid_before,
        "credential": credential,
        "at": at,
    }
    row = tx.one(_SIGNED, facts)
    if row is None:
        raise FenceLost(job_id)
    return _payment(row)


def unsigned(tx: Transaction, job_id: JobId, *, note: str, at: Millis) -> None:
    """Nothing was signed: the payment is `unpaid`, and its day gets the amount back. Raises FenceLost."""
    row = tx.one(_UNSIGNED, {"job_id": job_id, "note": note[:NOTE_LENGTH], "at": at})
    if row is None:
        raise FenceLost(job_id)
    tx.execute(
        "UPDATE payment_day SET signed = signed - ? WHERE starts_at = ?",
        (row["amount"], day_of(row["created_at"])),
    )


def settled(tx: Transaction, job_id: JobId, *, receipt: str | None, is_ours: bool, at: Millis) -> None:
    """The gateway answered with success; `is_ours` says that the receipt names our transaction. Raises FenceLost."""
    state = PaymentState.SETTLED if is_ours else PaymentState.SETTLED_NO_RECEIPT
    _only_one(tx.execute(_SETTLE, {"job_id": job_id, "state": state, "receipt": receipt, "at": at}), job_id)


def doubted(tx: Transaction, job_id: JobId, *, payment_id: str | None, note: str, at: Millis) -> None:
    """The gateway answered with anything but success, or not at all. Raises FenceLost."""
    facts = {"job_id": job_id, "payment_id": payment_id, "note": note[:NOTE_LENGTH], "at": at}
    _only_one(tx.execute(_DOUBT, facts), job_id)


def decided(tx: Transaction, job_id: JobId, *, is_paid: bool, at: Millis) -> None:
    """The chain, or a person, has said what became of it. Raises FenceLost."""
    state = PaymentState.SETTLED_NO_RECEIPT if is_paid else PaymentState.UNPAID
    _only_one(tx.execute(_DECIDE, {"job_id": job_id, "state": state, "at": at}), job_id)


def get(reader: Reader, job_id: JobId) -> Payment | None:
    """The job's payment, or None."""
    row = reader.one("SELECT * FROM payment WHERE job_id = ?", (job_id,))
    return None if row is None else _payment(row)


def undecided(reader: Reader) -> tuple[Payment, ...]:
    """Every payment of which nobody knows whether it was made, the oldest first."""
    rows = reader.all("SELECT * FROM payment WHERE state IN ('signing', 'sent', 'unknown') ORDER BY created_at, job_id")
    return tuple(_payment(row) for row in rows)


def signed_on(reader: Reader, at: Millis) -> Ticks:
    """What was signed on the day of `at`."""
    row = reader.one("SELECT signed FROM payment_day WHERE starts_at = ?", (day_of(at),))
    return Ticks(0 if row is None else row["signed"])


def forget_credentials(tx: Transaction, *, final_before: Millis) -> int:
    """Deletes credentials that no chain takes any more; returns how many."""
    return tx.execute(
        "UPDATE payment SET credential = NULL WHERE credential IS NOT NULL AND valid_before <= ?", (final_before,)
    )


def _only_one(changed: int, job_id: JobId) -> None:
    if changed != 1:
        raise FenceLost(job_id)


def _payment(row: Row) -> Payment:
    return Payment(
        job_id=JobId(row["job_id"]),
        challenge_id=row["challenge_id"],
        amount=Ticks(row["amount"]),
        currency=row["currency"],
        recipient=row["recipient"],
        expires_at=Millis(row["expires_at"]),
        state=PaymentState(row["state"]),
        tx_hash=row["tx_hash"],
        valid_before=None if row["valid_before"] is None else Millis(row["valid_before"]),
        credential=row["credential"],
        payment_id=row["payment_id"],
        receipt=row["receipt"],
        note=row["note"],
        created_at=Millis(row["created_at"]),
        updated_at=Millis(row["updated_at"]),
    )

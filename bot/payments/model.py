"""A payment as it is stored, and what can go wrong with one."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.clock import DAY_MS, MINUTE_MS, Millis
from bot.core.errors import EaselError
from bot.core.ids import JobId
from bot.core.money import Ticks

# After a transaction's `valid_before` the chain takes it no more; a minute later every honest server has heard of it.
FINALITY_MS = MINUTE_MS


class PaymentState(StrEnum):
    """`signing → sent → settled`, and the other ends.

    Nothing left the machine in `signing`. `sent` is written before the first byte is, so it means "perhaps sent".
    `unknown` was answered with anything but success. `settled_no_receipt` was surely paid, by the gateway's success or
    by the chain, and no receipt says so. `unpaid` surely was not.
    """

    SIGNING = "signing"
    SENT = "sent"
    SETTLED = "settled"
    SETTLED_NO_RECEIPT = "settled_no_receipt"
    UNPAID = "unpaid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One row: the only payment that its job will ever make.

    `amount` in ticks. `tx_hash` and `valid_before` are there once it is signed, `credential` (sealed) while it may have
    to be sent again. `payment_id` is the gateway's handle for a refund, `note` what it answered instead of a success.
    """

    job_id: JobId
    challenge_id: str
    amount: Ticks
    currency: str
    recipient: str
    expires_at: Millis
    state: PaymentState
    tx_hash: str | None
    valid_before: Millis | None
    credential: bytes | None = field(repr=False)
    payment_id: str | None
    receipt: str | None
    note: str | None
    created_at: Millis
    updated_at: Millis

    @property
    def final_at(self) -> Millis:
        """From when the chain's silence means that it was not paid."""
        return Millis((self.valid_before or self.expires_at) + FINALITY_MS)

    @property
    def reference(self) -> str | None:
        """What an operator looks the payment up by."""
        return self.payment_id or self.tx_hash


class AlreadyPaying(EaselError):
    """The job, or another one with this challenge, has its payment already."""


class DaySpent(EaselError):
    """The day's limit does not allow this payment."""


def day_of(at: Millis) -> Millis:
    """The beginning of the day (UTC) that a payment counts for."""
    return Millis(at - at % DAY_MS)

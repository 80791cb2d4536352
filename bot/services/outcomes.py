"""How a job can end other than well, and what each error of a gateway means for the money."""

from enum import StrEnum

from bot.core.clock import HOUR_MS, MINUTE_MS
from bot.core.errors import (
    BadRequest,
    GenerationFailed,
    Moderated,
    NotAuthorised,
    OutOfFunds,
    ProviderError,
    RetryLater,
    UnknownWork,
)

# How long an `unknown` job keeps its hold before it is posted as presumed. In trials 297 of 299 such requests
# had been charged, so the hold is never given back by time alone.
GRACE_MS = 24 * HOUR_MS
# A gateway that may still finish is asked this often while the job is `unknown`.
LOOK_UP_MS = 5 * MINUTE_MS


class FailureReason(StrEnum):
    """Why a job failed or is unknown; kept on the job, turned into words by `bot.ui`."""

    MODERATED = "moderated"
    BAD_REQUEST = "bad_request"
    OUT_OF_FUNDS = "out_of_funds"
    NOT_AUTHORISED = "not_authorised"
    GENERATION_FAILED = "generation_failed"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    TOO_SLOW = "too_slow"
    LOST_TRACK = "lost_track"
    BAD_RESULT = "bad_result"
    RESULT_GONE = "result_gone"
    PROVIDER_OFF = "provider_off"
    PAYMENT_WANTED = "payment_wanted"
    SOURCE_GONE = "source_gone"
    SETTLED = "settled"  # by a person, after nobody could tell
    INTERNAL = "internal"


def payment_words(reference: str | None) -> str | None:
    """How the gateway's handle for a refund stands in a job's events; None where it gave none."""
    return None if reference is None else f"payment {reference}"


def told(error: ProviderError) -> str:
    """What a job's event says of an attempt that failed, with the handle for a refund: the next one has another."""
    return " · ".join(part for part in (str(error), payment_words(error.payment_ref)) if part)


def reason_of(error: ProviderError) -> FailureReason:
    """The reason a gateway's error stands for."""
    match error:
        case Moderated():
            return FailureReason.MODERATED
        case BadRequest():
            return FailureReason.BAD_REQUEST
        case OutOfFunds():
            return FailureReason.OUT_OF_FUNDS
        case NotAuthorised():
            return FailureReason.NOT_AUTHORISED
        case GenerationFailed():
            return FailureReason.GENERATION_FAILED
        case RetryLater():
            return FailureReason.UNREACHABLE
        case UnknownWork():
            return FailureReason.LOST_TRACK
        case _:
            return FailureReason.NO_ANSWER

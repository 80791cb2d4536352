"""What a gateway's refusal means, where gateways agree; each adapter names its own exceptions before it asks here."""

from bot.core.errors import (
    BadRequest,
    Charged,
    Moderated,
    NotAuthorised,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    RetryLater,
    UnknownWork,
)
from bot.providers.http import Answer
from bot.providers.wire import error_text, shown, speaks_of_moderation


def message_of(answer: Answer, secrets: tuple[str, ...], *, about: str = "") -> str:
    """What an operator may read of a refusal; never the prompt, a key or an address."""
    return f"HTTP {answer.status}{about}: {shown(error_text(answer.json), secrets=secrets)}"


def refused_submit(answer: Answer, *, secrets: tuple[str, ...], payment_ref: str | None = None) -> ProviderError:
    """The error for an answer to a submit that is no success. `secrets` begins with the prompt."""
    message = message_of(answer, secrets)
    match answer.status:
        case 400 | 422 if speaks_of_moderation(error_text(answer.json), secrets[0]):
            return Moderated(message, charged=Charged.NO, payment_ref=payment_ref)
        case 401 | 403:
            return NotAuthorised(message, charged=Charged.NO)
        case 402:
            return OutOfFunds(message, charged=Charged.NO)
        case 429:
            return RetryLater(message, retry_after_s=answer.retry_after_s, is_busy=True)
        case 301 | 307 | 308:  # never followed: the key stays with the configured host
            return BadRequest(f"HTTP {answer.status}: the gateway has moved", charged=Charged.NO)
        case status if 400 <= status < 500 and status != 408:
            return BadRequest(message, charged=Charged.NO)
        case _:  # 5xx on create: nothing says that no work was made
            return OutcomeUnknown(message, payment_ref=payment_ref)


def refused_poll(answer: Answer, *, secrets: tuple[str, ...]) -> ProviderError:
    """The error for an answer to a poll that is no success; an error about the question says nothing of the work."""
    message = message_of(answer, secrets, about=" to a poll")
    match answer.status:
        case 400 | 404 | 410:
            return UnknownWork(message)
        case 401 | 403:
            return NotAuthorised(message, charged=Charged.UNKNOWN)
        case 402:
            return OutOfFunds(message, charged=Charged.UNKNOWN)
        case _:
            return RetryLater(message, retry_after_s=answer.retry_after_s, is_busy=answer.status == 429)

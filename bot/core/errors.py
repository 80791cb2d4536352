"""Errors by what the reader may do.

    EaselError
    ├── Refusal            a person asked for what cannot be given; `reason` says which, `facts` fill the words
    ├── ProviderError      a gateway did not deliver; `charged` says whether money was spent
    │   ├── RetryLater         surely not accepted: the same request may be sent again after `retry_after_s`
    │   ├── Moderated          the gateway refused the prompt or the picture: change it
    │   ├── BadRequest         the gateway refused the parameters: our mistake or a changed wire
    │   ├── OutOfFunds         the operator must fill the account
    │   ├── NotAuthorised      the operator must mend the key
    │   ├── GenerationFailed   the gateway accepted, tried and gave up
    │   ├── UnknownWork        the gateway does not know the id that was polled
    │   └── OutcomeUnknown     sent, and nobody knows: never send again by itself
    ├── MediaError         a result could not be made into an asset
    │   ├── UnsafeAddress      the address is private, or not http(s): never fetched
    │   ├── DownloadFailed     may be tried again; `is_gone` when the address has expired, `is_ours` for our disk
    │   ├── TooLarge           more bytes, pixels or frames than the bound
    │   ├── MovingPicture      an animation where a still picture is wanted
    │   └── NotAPicture        the bytes do not decode as one of the formats we take
    ├── FenceLost          another worker owns the job now: stop
    ├── DatabaseUnavailable   the write did not happen, or nobody knows: do not accept
    │   ├── DatabaseCorrupt       the file is broken: restore a backup
    │   └── SchemaTooNew          a newer Easel wrote this database: upgrade
    ├── DataFolderBusy     another process owns the data folder: stop that one, or take another folder
    └── SettingsError      the process cannot start; `setting` names which

Only `bot.ui` turns these into words for members. Messages here are for operators and never hold a secret,
a prompt or a signed address.
"""

from collections.abc import Mapping
from enum import StrEnum

from bot.core.money import Ticks


class Charged(StrEnum):
    """Whether the gateway took money for a request."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class RefusalReason(StrEnum):
    """Every reason for which a request is refused before any money is spent."""

    PROMPT_EMPTY = "prompt_empty"
    PROMPT_TOO_LONG = "prompt_too_long"
    UNKNOWN_MODEL = "unknown_model"
    NO_PROVIDER = "no_provider"
    PROVIDER_DOWN = "provider_down"
    RATIO = "ratio"
    COUNT = "count"
    RESOLUTION = "resolution"
    FORMAT = "format"
    SOURCES = "sources"
    FACTOR = "factor"
    BAD_SOURCE = "bad_source"
    NO_ADDRESS = "no_address"
    UNKNOWN_STYLE = "unknown_style"
    NO_WAY = "no_way"
    BUDGET = "budget"
    QUOTA = "quota"
    PACE = "pace"
    PAUSED = "paused"
    BOOKS = "books"
    MEMBER_BLOCKED = "member_blocked"
    MODEL_NOT_ALLOWED = "model_not_allowed"
    SIZE_NOT_ALLOWED = "size_not_allowed"
    COUNT_NOT_ALLOWED = "count_not_allowed"
    QUEUE_FULL = "queue_full"
    MEMBER_BUSY = "member_busy"
    CANNOT_POST = "cannot_post"
    GUILD_ONLY = "guild_only"
    NO_RESULT = "no_result"
    RESULT_DELETED = "result_deleted"
    NO_WORDS = "no_words"
    PICTURE_GONE = "picture_gone"
    UNDER_WAY = "under_way"
    STALE = "stale"
    BUSY = "busy"
    RESTARTING = "restarting"


Fact = str | int


class EaselError(Exception):
    """The root of all errors that Easel raises on purpose."""


class Refusal(EaselError):
    """A request that is not accepted; nothing was charged."""

    def __init__(self, reason: RefusalReason, facts: Mapping[str, Fact] | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.facts: Mapping[str, Fact] = dict(facts or {})


class ProviderError(EaselError):
    """A gateway did not deliver.

    `payment_ref` is the gateway's handle for a refund, `cost` what it says it charged all the same; None where
    it gave none.
    """

    def __init__(
        self, message: str, *, charged: Charged, payment_ref: str | None = None, cost: Ticks | None = None
    ) -> None:
        super().__init__(message)
        self.charged = charged
        self.payment_ref = payment_ref
        self.cost = cost


class RetryLater(ProviderError):
    """Surely not accepted; may be sent again after `retry_after_s` seconds (None: the caller's own backoff).

    `is_busy`: the gateway is well and counts our requests (HTTP 429); else it was not reached, or is ill.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        payment_ref: str | None = None,
        is_busy: bool = False,
    ) -> None:
        super().__init__(message, charged=Charged.NO, payment_ref=payment_ref)
        self.retry_after_s = retry_after_s
        self.is_busy = is_busy


class Moderated(ProviderError):
    """The gateway's own rules refused the prompt or the picture."""


class BadRequest(ProviderError):
    """The gateway refused the parameters."""


class OutOfFunds(ProviderError):
    """The operator's account at the gateway is empty."""


class NotAuthorised(ProviderError):
    """The gateway refused the operator's key."""


class GenerationFailed(ProviderError):
    """The gateway accepted the request, tried and gave up."""


class UnknownWork(ProviderError):
    """The gateway does not know the id that was polled; perhaps it does not know it yet."""

    def __init__(self, message: str) -> None:
        super().__init__(message, charged=Charged.UNKNOWN)


class OutcomeUnknown(ProviderError):
    """The request was sent and no usable answer came."""

    def __init__(self, message: str, *, payment_ref: str | None = None) -> None:
        super().__init__(message, charged=Charged.UNKNOWN, payment_ref=payment_ref)


class MediaError(EaselError):
    """A result could not be made into an asset."""


class UnsafeAddress(MediaError):
    """The address is private, or not http(s); it was not fetched."""


class DownloadFailed(MediaError):
    """The download did not finish; it may be tried again."""

    def __init__(self, message: str, *, is_gone: bool = False, is_ours: bool = False) -> None:
        super().__init__(message)
        self.is_gone = is_gone
        self.is_ours = is_ours


class TooLarge(MediaError):
    """More bytes, pixels or frames than the bound."""


class MovingPicture(MediaError):
    """An animation where a still picture is wanted."""


class NotAPicture(MediaError):
    """The bytes do not decode as a picture of a format we take."""


class FenceLost(EaselError):
    """No row changed: another worker owns the job, or it has moved on."""


class DatabaseUnavailable(EaselError):
    """The write did not happen in time, or nobody can say whether it did."""


class DatabaseCorrupt(DatabaseUnavailable):
    """The database file is broken; the operator must restore a backup."""


class SchemaTooNew(DatabaseUnavailable):
    """A newer Easel wrote this database; the operator must upgrade."""


class DataFolderBusy(EaselError):
    """Another process owns the data folder; two would spend and deliver twice."""


class SettingsError(EaselError):
    """The process cannot start with these settings."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting

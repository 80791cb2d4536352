"""What the bot asks of every gateway, and what every gateway may answer.

One adapter file per gateway implements `Provider`. What a gateway can do and what it costs is data
(`bot.providers.catalogue`); an adapter only speaks the wire. A new gateway fits without a change here: it may
honour an idempotency key, call back, ask for payment by HTTP 402, or stream its answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NewType, Protocol, runtime_checkable

from bot.core.ids import IdempotencyKey
from bot.core.money import Ticks
from bot.core.requests import AskOrder, PictureOrder, ProviderName, SpeakOrder

ExternalId = NewType("ExternalId", str)  # the gateway's own id of the work


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPicture:
    """Where one finished picture lies: exactly one of `url` and `data` (decoded bytes) is set."""

    url: str | None = None
    data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The pictures are made.

    `cost` is what the gateway charged, in ticks, or None where it does not say; then the catalogue's listed
    price is taken. `served_model` is the model that really answered, where the gateway tells.
    """

    pictures: tuple[ResultPicture, ...]
    cost: Ticks | None = None
    served_model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The gateway took the request and will finish later; ask again under `external_id`.

    `poll_after_s` is the gateway's own advice. `approval_url` is set while a person must approve the call
    first (Locus answers 202): not a result, and never a reason to submit again.
    """

    external_id: ExternalId
    poll_after_s: float | None = None
    approval_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequired:
    """HTTP 402 with payment challenges; nothing is paid yet.

    Each of `challenges` is a `WWW-Authenticate: Payment` header as received.
    """

    challenges: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StillRunning:
    """A poll found the work unfinished. `is_told` False: nobody was asked, for this gateway has no way to ask."""

    poll_after_s: float | None = None
    is_told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A page that an answer rests on; the title is what the gateway gave, to be escaped like any text."""

    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """What the gateway counted; None where it does not say. `sources` are pages read in a search."""

    prompt: int | None = None
    answer: int | None = None
    reasoning: int | None = None
    sources: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAnswer:
    """A whole answer, without the model's reasoning.

    `cost` as in `Finished`. `is_cut` is True where it ended at `max_tokens`.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    served_model: str | None = None
    cost: Ticks | None = None
    usage: TokenUsage = TokenUsage()
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Spoken text; `media_type` such as "audio/mpeg", by the bytes where the gateway does not say."""

    data: bytes
    media_type: str
    cost: Ticks | None = None


Submission = Finished | Accepted | PaymentRequired
PollAnswer = Finished | StillRunning
AskSubmission = AskAnswer | Accepted | PaymentRequired
SpeakSubmission = Sound | Accepted | PaymentRequired

# Receives the text so far of a streamed answer.
PartialSink = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitContext:
    """What goes with an order.

    `idempotency_key` was stored before the first attempt and is the same on each. `callback_url` is set where
    this bot can be reached. `payment` is a stored `Authorization: Payment` credential. `sink` takes partial
    text.
    """

    idempotency_key: IdempotencyKey
    callback_url: str | None = None
    payment: str | None = None
    sink: PartialSink | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackHint:
    """A callback that passed the gateway's own checks: a reason to poll `external_id` now, never a result."""

    external_id: ExternalId


class Provider(Protocol):
    """One gateway.

    `submit` and `poll` raise `bot.core.errors.ProviderError` and nothing else. RetryLater from `submit`
    promises that the gateway did not accept; whatever may have been accepted is OutcomeUnknown. RetryLater
    from `poll` says nothing about the work, nor do NotAuthorised and other refusals of the question itself
    (`charged` is then unknown). `poll` raises UnknownWork when the gateway does not know the id.
    """

    @property
    def name(self) -> ProviderName:
        """The gateway's name in the settings and the catalogue."""
        ...

    @property
    def honours_idempotency_key(self) -> bool:
        """True where the same key may be submitted again and returns the first work."""
        ...

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        """Sends the order once. Never retries by itself."""
        ...

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        """Asks once how the work stands."""
        ...

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """The hint in a callback's raw body, or None where it is forged or not understood."""
        ...

    async def close(self) -> None:
        """Closes the gateway's connections."""
        ...


@runtime_checkable
class Preparer(Protocol):
    """A provider that takes sources only as addresses and offers a place to put them."""

    async def prepare(self, order: PictureOrder) -> PictureOrder:
        """The order with every source handed over, to be stored and submitted in place of the given one.

        Costs nothing and may be repeated, each time with other addresses: only an order that was stored as prepared
        is submitted again identically byte for byte. Raises ProviderError, never with a charge.
        """
        ...


@runtime_checkable
class Asker(Protocol):
    """A provider that answers questions. Errors as those of `Provider.submit`."""

    async def ask(self, order: AskOrder, context: SubmitContext) -> AskSubmission:
        """Sends the question once. `context.sink` is told the text so far where the gateway streams."""
        ...


@runtime_checkable
class Speaker(Protocol):
    """A provider that speaks texts. Errors as those of `Provider.submit`."""

    async def speak(self, order: SpeakOrder, context: SubmitContext) -> SpeakSubmission:
        """Sends the text once."""
        ...

"""Locus without a key: every call is paid by HTTP 402 (MPP). Pictures, answers and speech, while we wait.

Facts: POST to `<address>/grok/<endpoint>`, bodies as with a key. Unpaid it is answered 402 with one challenge; paid,
with the envelope of `bot.providers.locus_wire` and a `Payment-Receipt`. What was paid and then failed upstream comes as
HTTP 502 `{"success": false, "error": …, "paymentId": …}` (observed), refunded later and out of sight. An answer other
than success never says that nothing was charged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType, TracebackType
from typing import Any, TypeVar, cast

import aiohttp

from bot.core.errors import (
    BadRequest,
    Charged,
    GenerationFailed,
    Moderated,
    NotAuthorised,
    OutcomeUnknown,
    ProviderError,
    RetryLater,
)
from bot.core.money import ZERO
from bot.core.requests import AskOrder, ModelId, PictureOrder, ProviderName, SpeakOrder, Verb
from bot.providers.asking import checked, weight_of
from bot.providers.catalogue import AskOffer, Offer, SpeakOffer
from bot.providers.contract import (
    Accepted,
    AskAnswer,
    AskSubmission,
    CallbackHint,
    ExternalId,
    Finished,
    PaymentRequired,
    PollAnswer,
    Sound,
    SpeakSubmission,
    StillRunning,
    Submission,
    SubmitContext,
)
from bot.providers.http import Answer, JsonClient, off_loop
from bot.providers.locus import NAME, Slugs, picture_body, question_body, speech_body
from bot.providers.locus_wire import read_answer, read_speech, read_submit
from bot.providers.refusals import message_of, refused_submit
from bot.providers.sounds import checked_text
from bot.providers.sources import ability_of, weight
from bot.providers.wire import Text, WireModel, error_text, safe_id, speaks_of_moderation

# Nothing is polled: only a call that waits for an approval, which this way of access does not know.
_POLL_AFTER_S = 300.0
_SLUGS = Slugs()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidAnswer(Answer):
    """An answer with its headers of payment, as received."""

    challenges: tuple[str, ...] = ()
    receipt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidFinished(Finished):
    """The pictures are made and paid for; `receipt` is the `Payment-Receipt` header, where there is one."""

    receipt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidAskAnswer(AskAnswer):
    """The question is answered and paid for; `receipt` as above."""

    receipt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidSound(Sound):
    """The text is spoken and paid for; `receipt` as above."""

    receipt: str | None = None


Made = TypeVar("Made", PaidFinished, PaidAskAnswer, PaidSound)


class _Noting:
    """A request under way that remembers the headers of its answer."""

    def __init__(self, request: "aiohttp.client._RequestContextManager") -> None:
        self._request = request
        self.challenges: tuple[str, ...] = ()
        self.receipt: str | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        response = await self._request.__aenter__()
        self.challenges = tuple(response.headers.getall("WWW-Authenticate", ()))
        self.receipt = response.headers.get("Payment-Receipt")
        return response

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._request.__aexit__(kind, error, trace)


class PaidClient(JsonClient):
    """A JSON client whose answers to submits carry the headers of payment. Its `auth` is empty."""

    async def submit_paid(
        self, path: str, body: Mapping[str, object], headers: Mapping[str, str], *, heft: int
    ) -> PaidAnswer:
        """As `submit`."""
        return cast(PaidAnswer, await self.submit(path, body, headers, weight=heft))

    async def _read(self, request: "aiohttp.client._RequestContextManager", cap: int, **wanted: Any) -> Answer:
        noting = _Noting(request)
        answer = await super()._read(cast("aiohttp.client._RequestContextManager", noting), cap, **wanted)
        known = {field.name: getattr(answer, field.name) for field in fields(answer)}
        return PaidAnswer(**known, challenges=noting.challenges, receipt=noting.receipt)


class LocusMpp:
    """Adapter of `Provider`, `Asker` and `Speaker` of `bot.providers.contract`; the payment is somebody else's work.

    With `context.payment` None a call can cost nothing, so that every failure may be repeated. With a payment,
    RetryLater and OutcomeUnknown mean that no answer came; every other error that one came, and `charged` is `yes` for
    a success without what was ordered, else `unknown`.
    """

    def __init__(
        self,
        *,
        client: PaidClient,
        offers: Mapping[ModelId, Offer],
        ask_offers: Mapping[ModelId, AskOffer] = MappingProxyType({}),
        speak_offers: Mapping[ModelId, SpeakOffer] = MappingProxyType({}),
        slugs: Slugs = _SLUGS,
        edit_field: str = "image",
    ) -> None:
        self._client = client
        self._offers = offers
        self._ask_offers = ask_offers
        self._speak_offers = speak_offers
        self._slugs = slugs
        self._edit_field = edit_field

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def honours_idempotency_key(self) -> bool:
        return False

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        offer, _ = ability_of(self._offers.get(order.model), order)
        slug = self._slugs.edit if order.verb is Verb.EDIT else self._slugs.generate
        heft = weight(order.sources)
        body = await off_loop(heft, picture_body, order, offer, self._edit_field)
        return await self._call(slug, body, context, made=_pictures, texts=(order.prompt,), heft=heft)

    async def ask(self, order: AskOrder, context: SubmitContext) -> AskSubmission:
        """The answer as a whole: no stream is documented, so the sink is told nothing."""
        offer = checked(self._ask_offers.get(order.model), order)
        heft = weight_of(order)
        body = await off_loop(heft, question_body, order, offer)
        texts = tuple(message.text for message in reversed(order.messages))
        return await self._call(self._slugs.of_question(order), body, context, made=_answer, texts=texts, heft=heft)

    async def speak(self, order: SpeakOrder, context: SubmitContext) -> SpeakSubmission:
        checked_text(self._speak_offers.get(order.model), order)
        return await self._call(self._slugs.speak, speech_body(order), context, made=_sound, texts=(order.text,))

    async def _call(
        self,
        slug: str,
        body: Mapping[str, object],
        context: SubmitContext,
        *,
        made: Callable[[PaidAnswer, tuple[str, ...]], Made | Accepted],
        texts: tuple[str, ...],
        heft: int = 0,
    ) -> Made | Accepted | PaymentRequired:
        """POSTs once. `texts` are the member's, the one asked for first; no message ever shows one."""
        headers: dict[str, str] = {} if context.payment is None else {"Authorization": context.payment}
        try:
            answer = await self._client.submit_paid(f"/grok/{slug}", body, headers, heft=heft)
        except OutcomeUnknown as error:
            if context.payment is None:
                raise RetryLater(f"{error}; nothing was paid") from error
            raise
        secrets = (*texts, *headers.values())

        def read(whole: PaidAnswer) -> Made | Accepted | PaymentRequired:
            if context.payment is None:
                return _read_unpaid(whole, secrets, made)
            return _read_paid(whole, secrets, made)

        return await off_loop(answer.size, read, answer)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        """Always StillRunning, without a request: there is nothing to ask."""
        return StillRunning(poll_after_s=_POLL_AFTER_S, is_told=False)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """The gateway sends no callbacks."""
        return None

    async def close(self) -> None:
        await self._client.close()


class _Failure(WireModel):
    paymentId: Text = None  # noqa: N815 - the gateway's own spelling


def _read_unpaid(
    answer: PaidAnswer,
    secrets: tuple[str, ...],
    made: Callable[[PaidAnswer, tuple[str, ...]], Made | Accepted],
) -> Made | Accepted | PaymentRequired:
    """The answer to the probe: a challenge, a refusal, or a gift."""
    if answer.status == 402 and answer.challenges:
        return PaymentRequired(challenges=answer.challenges)
    if answer.is_success:
        gift = made(answer, secrets)
        return gift if isinstance(gift, Accepted) else replace(gift, cost=ZERO)
    refusal = refused_submit(answer, secrets=secrets)
    if isinstance(refusal, OutcomeUnknown):
        raise RetryLater(f"{refusal}; nothing was paid", retry_after_s=answer.retry_after_s)
    raise refusal


def _read_paid(
    answer: PaidAnswer,
    secrets: tuple[str, ...],
    made: Callable[[PaidAnswer, tuple[str, ...]], Made | Accepted],
) -> Made | Accepted | PaymentRequired:
    if answer.status == 402:
        return PaymentRequired(challenges=answer.challenges)
    if not answer.is_success:
        raise _refused_after_paying(answer, secrets)
    try:
        return made(answer, secrets)
    except (Moderated, GenerationFailed) as error:
        error.charged = Charged.YES  # a success is answered only once the payment is settled
        raise


def _pictures(answer: PaidAnswer, secrets: tuple[str, ...]) -> PaidFinished | Accepted:
    read = read_submit(answer, fee=ZERO, secrets=secrets, poll_after_s=_POLL_AFTER_S)
    return _receipted(PaidFinished, read, answer) if isinstance(read, Finished) else cast(Accepted, read)


def _answer(answer: PaidAnswer, secrets: tuple[str, ...]) -> PaidAskAnswer | Accepted:
    read = read_answer(answer, fee=ZERO, secrets=secrets, poll_after_s=_POLL_AFTER_S)
    return _receipted(PaidAskAnswer, read, answer) if isinstance(read, AskAnswer) else cast(Accepted, read)


def _sound(answer: PaidAnswer, secrets: tuple[str, ...]) -> PaidSound | Accepted:
    read = read_speech(answer, secrets=secrets, poll_after_s=_POLL_AFTER_S)
    return _receipted(PaidSound, read, answer) if isinstance(read, Sound) else cast(Accepted, read)


def _receipted(kind: type[Made], plain: Finished | AskAnswer | Sound, answer: PaidAnswer) -> Made:
    """What came, with the receipt that came with it; `kind` is the paid form of `plain`."""
    known = {field.name: getattr(plain, field.name) for field in fields(plain)}
    return kind(**known, receipt=answer.receipt)


def _refused_after_paying(answer: PaidAnswer, secrets: tuple[str, ...]) -> ProviderError:
    ref = safe_id(_Failure.read(answer.json).paymentId)
    message = message_of(answer, secrets)
    kind: type[BadRequest | GenerationFailed | Moderated | NotAuthorised] = GenerationFailed
    if answer.status in (400, 422) and speaks_of_moderation(error_text(answer.json), secrets[0]):
        kind = Moderated
    elif answer.status in (401, 403):
        kind = NotAuthorised
    elif answer.status < 500:
        kind = BadRequest
    return kind(message, charged=Charged.UNKNOWN, payment_ref=ref)

"""Locus without a key: every call is paid by HTTP 402 (MPP). Pictures, while we wait.

Facts: POST to `<address>/grok/<endpoint>`, bodies as with a key. Unpaid it is answered 402 with one challenge; paid,
with the envelope of `bot.providers.locus_wire` and a `Payment-Receipt`. What was paid and then failed upstream comes as
HTTP 502 `{"success": false, "error": …, "paymentId": …}` (observed), refunded later and out of sight. An answer other
than success never says that nothing was charged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import TracebackType
from typing import Any, cast

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
from bot.core.requests import ModelId, PictureOrder, ProviderName, Verb
from bot.providers.catalogue import Offer
from bot.providers.contract import (
    Accepted,
    CallbackHint,
    ExternalId,
    Finished,
    PaymentRequired,
    PollAnswer,
    StillRunning,
    Submission,
    SubmitContext,
)
from bot.providers.http import Answer, JsonClient, off_loop
from bot.providers.locus import NAME, Slugs, picture_body
from bot.providers.locus_wire import read_submit
from bot.providers.refusals import message_of, refused_submit
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
    """Adapter of `bot.providers.contract.Provider`; the payment itself is somebody else's work.

    With `context.payment` None a submit can cost nothing, so that every failure may be repeated. With a payment,
    RetryLater and OutcomeUnknown mean that no answer came; every other error that one came, and `charged` is `yes` for
    a success without a picture, else `unknown`.
    """

    def __init__(
        self,
        *,
        client: PaidClient,
        offers: Mapping[ModelId, Offer],
        slugs: Slugs = _SLUGS,
        edit_field: str = "image",
    ) -> None:
        self._client = client
        self._offers = offers
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
        read = _read_unpaid if context.payment is None else _read_paid
        headers = {} if context.payment is None else {"Authorization": context.payment}
        try:
            answer = await self._client.submit_paid(f"/grok/{slug}", body, headers, heft=heft)
        except OutcomeUnknown as error:
            if context.payment is None:
                raise RetryLater(f"{error}; nothing was paid") from error
            raise
        secrets = (order.prompt, *headers.values())
        return await off_loop(answer.size, read, answer, secrets)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        """Always StillRunning, without a request: there is nothing to ask."""
        return StillRunning(poll_after_s=_POLL_AFTER_S)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """The gateway sends no callbacks."""
        return None

    async def close(self) -> None:
        await self._client.close()


class _Failure(WireModel):
    paymentId: Text = None  # noqa: N815 - the gateway's own spelling


def _read_unpaid(answer: PaidAnswer, secrets: tuple[str, ...]) -> Submission:
    """The answer to the probe: a challenge, a refusal, or a gift."""
    if answer.status == 402 and answer.challenges:
        return PaymentRequired(challenges=answer.challenges)
    if answer.is_success:
        finished = _pictures(answer, secrets)
        return finished if isinstance(finished, Accepted) else replace(finished, cost=ZERO)
    refusal = refused_submit(answer, secrets=secrets)
    if isinstance(refusal, OutcomeUnknown):
        raise RetryLater(f"{refusal}; nothing was paid", retry_after_s=answer.retry_after_s)
    raise refusal


def _read_paid(answer: PaidAnswer, secrets: tuple[str, ...]) -> Submission:
    if answer.status == 402:
        return PaymentRequired(challenges=answer.challenges)
    if not answer.is_success:
        raise _refused_after_paying(answer, secrets)
    try:
        return _pictures(answer, secrets)
    except (Moderated, GenerationFailed) as error:
        error.charged = Charged.YES  # a success is answered only once the payment is settled
        raise


def _pictures(answer: PaidAnswer, secrets: tuple[str, ...]) -> PaidFinished | Accepted:
    read = read_submit(answer, fee=ZERO, secrets=secrets, poll_after_s=_POLL_AFTER_S)
    if isinstance(read, Finished):
        return PaidFinished(
            pictures=read.pictures, cost=read.cost, served_model=read.served_model, receipt=answer.receipt
        )
    return cast(Accepted, read)


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

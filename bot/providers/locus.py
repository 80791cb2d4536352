"""Locus by its Bearer key (wrapped access): draws while we wait, and answers with the pictures.

Facts: the gateway's page for image-generate, and its documents on wrapped access. No idempotency key, no
callbacks. A call above the wallet's limits is answered 202 and runs by itself once a person approves it; no
way to ask how it stands is documented. Paying each call by HTTP 402 is another access path and not spoken
here.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from bot.core.errors import (
    BadRequest,
    Charged,
    GenerationFailed,
    Moderated,
    NotAuthorised,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    RetryLater,
)
from bot.core.money import Ticks
from bot.core.requests import ModelId, PictureOrder, ProviderName
from bot.providers.catalogue import Offer, ProviderFacts
from bot.providers.contract import (
    Accepted,
    CallbackHint,
    ExternalId,
    Finished,
    PollAnswer,
    ResultPicture,
    StillRunning,
    Submission,
    SubmitContext,
)
from bot.providers.http import Answer, JsonClient, off_loop
from bot.providers.wire import (
    LENIENT_OBJECT,
    MAX_PICTURES,
    CostTicks,
    Flag,
    Items,
    Text,
    WireModel,
    decode_base64,
    error_text,
    is_url,
    picture_of,
    shown,
    speaks_of_moderation,
)

NAME = ProviderName("locus")
# The slug differs between the gateway's own documents for some endpoints; this one is the same in all.
IMAGE_SLUG = "image-generate"
_PENDING = "pending_approval"
_ID = re.compile(r"[\x21-\x7e]{1,200}")
_MODEL_CAP = 100


class _Picture(WireModel):
    url: Text = None
    b64_json: Text = None
    respect_moderation: Flag = None


class _Usage(WireModel):
    cost_in_usd_ticks: CostTicks = None


class _Data(WireModel):
    """The upstream body under `data`, or the note of a call that waits for an approval."""

    data: Items = ()
    usage: Annotated[_Usage, LENIENT_OBJECT] = _Usage()
    model: Text = None
    status: Text = None
    pending_approval_id: Text = None
    approval_url: Text = None


class _Envelope(WireModel):
    success: Flag = None
    data: Annotated[_Data, LENIENT_OBJECT] = _Data()
    paymentId: Text = None  # noqa: N815 - the gateway's own spelling


class Locus:
    """Adapter of `bot.providers.contract.Provider`.

    `offers` are the catalogue's models of this gateway by id; `client` carries the key as a Bearer token.
    """

    def __init__(
        self,
        *,
        client: JsonClient,
        offers: Mapping[ModelId, Offer],
        facts: ProviderFacts,
        image_slug: str = IMAGE_SLUG,
    ) -> None:
        self._client = client
        self._offers = offers
        self._facts = facts
        self._path = f"/{image_slug}"

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def honours_idempotency_key(self) -> bool:
        return False

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        offer = self._offers.get(order.model)
        if offer is None:
            raise BadRequest("the catalogue no longer has this model", charged=Charged.NO)
        answer = await self._client.submit(self._path, _body(order, offer), {})
        secrets = (order.prompt, *self._client.auth.values(), *self._client.auth["Authorization"].split()[1:])
        return await off_loop(answer.size, _read_with, answer, offer.fee, secrets, self._facts.poll_min_s)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        """Always StillRunning, without a request: no endpoint tells how a call that waits for an approval
        stands.

        The approved call runs at the gateway and its pictures never reach us by themselves, so the job ends
        at its deadline as one whose outcome is unknown.
        """
        return StillRunning(poll_after_s=self._facts.poll_max_s)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """The gateway sends no callbacks."""
        return None

    async def close(self) -> None:
        await self._client.close()


def _body(order: PictureOrder, offer: Offer) -> dict[str, object]:
    """The documented fields. Size and file format cannot be chosen."""
    body: dict[str, object] = {"model": offer.wire_model, "prompt": order.prompt, "n": order.count}
    if order.aspect_ratio is not None:
        body["aspect_ratio"] = order.aspect_ratio
    return {**body, "response_format": "url"}


def _read_with(answer: Answer, fee: Ticks, secrets: tuple[str, ...], poll_after_s: float) -> Submission:
    return read_submit(answer, fee=fee, secrets=secrets, poll_after_s=poll_after_s)


def read_submit(answer: Answer, *, fee: Ticks, secrets: tuple[str, ...], poll_after_s: float) -> Submission:
    """What the answer means. `fee` is added to the upstream cost; `secrets` (the prompt first) are never
    shown.

    Raises ProviderError.
    """
    envelope = _Envelope.read(answer.json)
    if not answer.is_success:
        raise _refused(answer, envelope, secrets)
    if (envelope.data.status or "").casefold() == _PENDING:
        return _pending(envelope.data, poll_after_s)
    if answer.status == 202:
        raise OutcomeUnknown("HTTP 202 that does not say what it waits for")
    if envelope.success is False:
        raise _unsuccessful(answer, envelope, secrets)
    return _finished(envelope.data, fee, envelope.paymentId)


def _pending(data: _Data, poll_after_s: float) -> Accepted:
    external_id = data.pending_approval_id
    if external_id is None or not _ID.fullmatch(external_id):
        raise OutcomeUnknown("waits for an approval without an id")
    approval_url = data.approval_url if data.approval_url and is_url(data.approval_url) else None
    return Accepted(external_id=ExternalId(external_id), poll_after_s=poll_after_s, approval_url=approval_url)


def _refused(answer: Answer, envelope: _Envelope, secrets: tuple[str, ...]) -> ProviderError:
    text = error_text(answer.json)
    message = f"HTTP {answer.status}: {shown(text, secrets=secrets)}"
    payment_ref = _payment_ref(envelope)
    match answer.status:
        case 400 | 422 if speaks_of_moderation(text, secrets[0]):
            return Moderated(message, charged=Charged.NO, payment_ref=payment_ref)
        case 401 | 403:
            return NotAuthorised(message, charged=Charged.NO)
        case 402:  # on this access path an empty wallet, never a payment challenge
            return OutOfFunds(message, charged=Charged.NO)
        case 429:
            return RetryLater(message, retry_after_s=answer.retry_after_s)
        case 502 if envelope.success is False:  # "upstream failed, not charged": the gateway's own words only
            return RetryLater(message, retry_after_s=answer.retry_after_s, payment_ref=payment_ref)
        case 301 | 307 | 308:  # never followed: the key stays with the configured host
            return BadRequest(f"HTTP {answer.status}: the gateway has moved", charged=Charged.NO)
        case status if 400 <= status < 500 and status != 408:
            return BadRequest(message, charged=Charged.NO)
        case _:  # 500 is documented as "the payment failed although the upstream succeeded"
            return OutcomeUnknown(message, payment_ref=payment_ref)


def _unsuccessful(answer: Answer, envelope: _Envelope, secrets: tuple[str, ...]) -> ProviderError:
    """HTTP 200 with `success:false`: not documented, so nobody knows what it cost."""
    text = error_text(answer.json)
    message = f"success:false: {shown(text, secrets=secrets)}"
    kind = Moderated if speaks_of_moderation(text, secrets[0]) else GenerationFailed
    return kind(message, charged=Charged.UNKNOWN, payment_ref=_payment_ref(envelope))


def _finished(data: _Data, fee: Ticks, payment_ref: str | None) -> Finished:
    items = [_Picture.read(item) if isinstance(item, dict) else item for item in data.data]
    found = [_picture(item) for item in items]
    pictures = tuple(picture for picture in found if picture is not None)
    upstream = data.usage.cost_in_usd_ticks
    cost = None if upstream is None else Ticks(upstream + fee)
    if pictures:
        served = data.model[:_MODEL_CAP] if data.model else None
        return Finished(pictures=pictures[:MAX_PICTURES], cost=cost, served_model=served)
    charged = Charged.YES if upstream else Charged.UNKNOWN
    if any(isinstance(item, _Picture) and item.respect_moderation is False for item in items):
        raise Moderated("the picture was withheld by moderation", charged=charged, payment_ref=payment_ref, cost=cost)
    raise GenerationFailed("an answer without a picture", charged=charged, payment_ref=payment_ref, cost=cost)


def _picture(item: object) -> ResultPicture | None:
    """One entry of the list.

    an object with `url` or `b64_json` (bare or as a data URI), or the address itself.
    """
    if not isinstance(item, _Picture):
        return picture_of(item)
    if item.url is not None and (picture := picture_of(item.url)) is not None:
        return picture
    data = decode_base64(item.b64_json) if item.b64_json is not None else None
    return None if data is None else ResultPicture(data=data)


def _payment_ref(envelope: _Envelope) -> str | None:
    ref = envelope.paymentId
    return ref if ref is not None and _ID.fullmatch(ref) else None

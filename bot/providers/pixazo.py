"""Pixazo (gateway.pixazo.ai): accepted at once, then asked for until it is done.

Facts: the gateway's pages for "Grok Imagine Pro Text to Image (Quality)" and "... Edit (Quality)". No idempotency key,
no price in any answer, callbacks without a signature, sources as addresses alone. FAILED does not say whether money
was taken; ERROR says "not charged".
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from bot.core.errors import Charged, GenerationFailed, Moderated, OutcomeUnknown, ProviderError, RetryLater, UnknownWork
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
from bot.providers.http import Answer, JsonClient
from bot.providers.refusals import refused_poll, refused_submit
from bot.providers.sources import ability_of
from bot.providers.wire import (
    LENIENT_OBJECT,
    MAX_PICTURES,
    Items,
    Text,
    WireModel,
    error_text,
    parse_callback,
    picture_of,
    safe_id,
    shown,
    speaks_of_moderation,
)

NAME = ProviderName("pixazo")
KEY_HEADER = "Ocp-Apim-Subscription-Key"
# Any other word is work that goes on: a word we do not know must never make us give up paid work.
_DONE, _FAILED, _ERROR = "completed", "failed", "error"


class _Output(WireModel):
    media_url: Items = ()


class _Work(WireModel):
    """The answer to a submit, to a poll, and a callback: fields of the vendor page, each optional."""

    request_id: Text = None
    status: Text = None
    error: object = None
    output: object = None
    media_url: Items = ()


class _Envelope(WireModel):
    output: Annotated[_Output, LENIENT_OBJECT] = _Output()


class Pixazo:
    """Adapter of `bot.providers.contract.Provider`.

    `offers` are the catalogue's models of this gateway by id; `client` carries the key in `KEY_HEADER`.
    """

    def __init__(self, *, client: JsonClient, offers: Mapping[ModelId, Offer], facts: ProviderFacts) -> None:
        self._client = client
        self._offers = offers
        self._facts = facts

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def honours_idempotency_key(self) -> bool:
        return False

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        offer, _ = ability_of(self._offers.get(order.model), order)
        model = offer.wire_model_for(order.verb)
        path = f"/{model}/v1/{model}-request"
        answer = await self._client.submit(path, _body(order), _headers(context))
        return read_submit(answer, secrets=self._secrets(order), poll_after_s=self._facts.poll_min_s)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        """The address is made of our own base and the id: the gateway's `polling_url` may name any host, and
        our key would go with the question."""
        if safe_id(external_id) is None:
            raise UnknownWork("the stored id is none that this gateway gives")
        answer = await self._client.poll(f"/v2/requests/status/{quote(external_id, safe='')}")
        return read_poll(answer, external_id, secrets=self._secrets(order), poll_after_s=self._facts.poll_min_s)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """Callbacks are not signed.

        whoever knows the address can send one, so nothing but the id is believed.
        """
        external_id = safe_id(_Work.read(parse_callback(body)).request_id)
        return None if external_id is None else CallbackHint(external_id=external_id)

    async def close(self) -> None:
        await self._client.close()

    def _secrets(self, order: PictureOrder) -> tuple[str, ...]:
        return (order.prompt, *self._client.auth.values())


def _body(order: PictureOrder) -> dict[str, object]:
    """The documented fields; `sync_mode` stays away, since it is unclear when the answer then comes."""
    body: dict[str, object] = {"prompt": order.prompt}
    if order.sources:
        body["image_urls"] = [source.url for source in order.sources]
    body["num_images"] = order.count
    if order.aspect_ratio is not None:
        body["aspect_ratio"] = order.aspect_ratio
    if order.resolution is not None:
        body["resolution"] = order.resolution.value
    if order.format is not None:
        body["output_format"] = order.format.value
    return body


def _headers(context: SubmitContext) -> dict[str, str]:
    headers = {"Cache-Control": "no-cache"}
    # "plain http:// URLs are rejected": better no callback than no picture.
    if context.callback_url is not None and context.callback_url.startswith("https://"):
        headers["X-Webhook-URL"] = context.callback_url
        headers["X-Webhook-Mode"] = "terminal"
    return headers


def read_submit(answer: Answer, *, secrets: tuple[str, ...], poll_after_s: float) -> Submission:
    """What the answer to a submit means.

    `secrets` are the prompt and the key: never shown. Raises ProviderError.
    """
    if answer.is_success:
        external_id = safe_id(_Work.read(answer.json).request_id)
        if external_id is None:
            raise OutcomeUnknown(f"HTTP {answer.status} without a request id")
        return Accepted(external_id=external_id, poll_after_s=poll_after_s)
    raise refused_submit(answer, secrets=secrets)


def read_poll(answer: Answer, external_id: ExternalId, *, secrets: tuple[str, ...], poll_after_s: float) -> PollAnswer:
    """What the answer to a poll means. Raises ProviderError."""
    if not answer.is_success:
        raise refused_poll(answer, secrets=secrets)
    work = _Work.read(answer.json)
    if work.request_id not in (None, external_id):
        raise RetryLater("the gateway answered for other work")
    match (work.status or "").strip().casefold():
        case status if status == _DONE:
            return _finished(work, answer.json)
        case status if status in (_FAILED, _ERROR):
            raise _gave_up(status, error_text(work.error), secrets)
        case _:
            return StillRunning(poll_after_s=answer.retry_after_s or poll_after_s)


def _gave_up(status: str, text: str, secrets: tuple[str, ...]) -> ProviderError:
    charged = Charged.NO if status == _ERROR else Charged.UNKNOWN
    message = f"{status.upper()}: {shown(text, secrets=secrets)}"
    kind = Moderated if speaks_of_moderation(text, secrets[0]) else GenerationFailed
    return kind(message, charged=charged)


def _finished(work: _Work, json: object) -> Finished:
    """Pictures lie in `output.media_url`.

    other models of the gateway give a string, a list or `output` itself.
    """
    inner = _Envelope.read(json).output.media_url
    direct = () if isinstance(work.output, dict) else _Output(media_url=work.output).media_url
    found = [picture_of(item) for item in (*inner, *direct, *work.media_url)]
    pictures: tuple[ResultPicture, ...] = tuple(picture for picture in found if picture is not None)
    if not pictures:
        raise GenerationFailed("COMPLETED without a picture", charged=Charged.UNKNOWN)
    return Finished(pictures=pictures[:MAX_PICTURES])

"""Apiframe v2 (api.apiframe.ai): a job is made under an idempotency key, then asked for until it is done.

Facts: the gateway's page for Grok Imagine, its documents and its OpenAPI document. The same key within 24 hours brings
back the first job. Only what succeeds is charged. The page and the OpenAPI document disagree on two names in a body
that takes no others (`bot.providers.spellings`). Upscaling is done by other models than Grok, from any address.
"""

import hmac
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from bot.core.errors import BadRequest, Charged, OutcomeUnknown, ProviderError, RetryLater, UnknownWork
from bot.core.ids import IdempotencyKey
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, SourcePicture, Verb
from bot.providers.apiframe_wire import Job, Uploaded, read_poll, read_submit
from bot.providers.catalogue import Offer, ProviderFacts
from bot.providers.contract import CallbackHint, ExternalId, PollAnswer, Submission, SubmitContext
from bot.providers.http import Answer, JsonClient
from bot.providers.refusals import refused_submit
from bot.providers.sources import ability_of, media_type
from bot.providers.spellings import Spellings
from bot.providers.wire import is_url, parse_callback, safe_id

NAME = ProviderName("apiframe")
KEY_HEADER = "X-API-Key"
SIGNATURE_HEADER = "x-webhook-signature"
PARAMS_KEYS = ("grokParams", "grokImagineParams")
WEBHOOK_KEYS = ("webhookUrl", "webhook_url")
# What was handed over for a submit that may be repeated; the addresses live one to two hours.
_MAX_PREPARED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upscaler:
    """How one of the enlarging models names its parameters and formats."""

    params_key: str
    factor_key: str


_UPSCALERS = {
    "topaz-image-upscale": _Upscaler(params_key="topazUpscaleParams", factor_key="upscale_factor"),
    "clarity-upscale": _Upscaler(params_key="clarityUpscaleParams", factor_key="scale_factor"),
}


class Apiframe:
    """Adapter of `Provider` and `Preparer` of `bot.providers.contract`.

    `client` carries the key in `KEY_HEADER`. `callback_keys` are the API keys whose signatures count, during a rotation
    the old one too. `params_key` and `webhook_key` are what the gateway is believed to call those two names at first.
    """

    def __init__(
        self,
        *,
        client: JsonClient,
        offers: Mapping[ModelId, Offer],
        facts: ProviderFacts,
        callback_keys: Sequence[str],
        params_key: str = PARAMS_KEYS[0],
        webhook_key: str = WEBHOOK_KEYS[0],
    ) -> None:
        self._client = client
        self._offers = offers
        self._facts = facts
        self._signing_keys = tuple(sha256(key.encode()).digest() for key in callback_keys)
        self._spellings = Spellings(
            (PARAMS_KEYS, WEBHOOK_KEYS), (params_key == PARAMS_KEYS[1], webhook_key == WEBHOOK_KEYS[1])
        )
        self._prepared: OrderedDict[IdempotencyKey, tuple[SourcePicture, ...]] = OrderedDict()

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def honours_idempotency_key(self) -> bool:
        return True

    async def prepare(self, order: PictureOrder) -> PictureOrder:
        sources = [await self._hand_over(source, order) for source in order.sources]
        return replace(order, sources=tuple(sources))

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        """Sends the job once, under one spelling of the two doubtful names after the other until one is understood.

        Each try goes under the same key, so that at most one job is made.
        """
        offer, _ = ability_of(self._offers.get(order.model), order)
        order = await self._prepared_once(order, context.idempotency_key)
        path, body = _request(order, offer.wire_model_for(order.verb), context)
        headers = {"Idempotency-Key": context.idempotency_key}

        async def send(spelled: Mapping[str, object]) -> Answer:
            return await self._client.submit(path, spelled, headers)

        answer = await self._spellings.negotiate(body, send)
        return read_submit(answer, secrets=self._secrets(order), poll_after_s=self._facts.poll_min_s)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        if safe_id(external_id) is None:
            raise UnknownWork("the stored id is none that this gateway gives")
        answer = await self._client.poll(f"/jobs/{external_id}")
        return read_poll(answer, external_id, secrets=self._secrets(order), facts=self._facts)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """The signature is checked over the raw bytes before anything is parsed; still only the id is believed."""
        given = next((value for name, value in headers.items() if name.casefold() == SIGNATURE_HEADER), "")
        seen = given.encode(errors="replace")
        wanted = [b"sha256=" + hmac.new(key, body, sha256).hexdigest().encode() for key in self._signing_keys]
        # All are compared, so that the time says nothing about which key fits.
        if not sum(hmac.compare_digest(seen, signature) for signature in wanted):
            return None
        found = Job.read(parse_callback(body)).any_id
        return None if found is None else CallbackHint(external_id=found)

    async def close(self) -> None:
        await self._client.close()

    async def _prepared_once(self, order: PictureOrder, key: IdempotencyKey) -> PictureOrder:
        """The order with addresses for sources; for one key always the same, or the gateway would refuse a repeat."""
        if all(source.data is None for source in order.sources):
            return order
        if key not in self._prepared:
            self._prepared[key] = (await self.prepare(order)).sources
            while len(self._prepared) > _MAX_PREPARED:
                self._prepared.popitem(last=False)
        return replace(order, sources=self._prepared[key])

    async def _hand_over(self, source: SourcePicture, order: PictureOrder) -> SourcePicture:
        if source.data is None:
            return source
        kind = media_type(source)
        answer = await self._client.upload(
            "/uploads", source.data, name=f"source.{kind.removeprefix('image/')}", media_type=kind
        )
        if not answer.is_success:
            raise _refused_upload(refused_submit(answer, secrets=self._secrets(order)))
        url = Uploaded.read(answer.json).url
        if url is None or not is_url(url):
            raise RetryLater("an upload was answered without an address")
        return SourcePicture(url=url)

    def _secrets(self, order: PictureOrder) -> tuple[str, ...]:
        return (order.prompt, *self._client.auth.values())


def _request(order: PictureOrder, wire_model: str, context: SubmitContext) -> tuple[str, dict[str, object]]:
    """Path and body under the first spellings. An object of parameters is sent only when something stands in it."""
    image = order.sources[0].url if order.sources else None
    body: dict[str, object] = {"model": wire_model}
    if order.verb is Verb.UPSCALE:
        path = "/images/upscale"
        body.update(_upscale(order, wire_model, image))
    else:
        path = "/images/generate"
        body["prompt"] = order.prompt
        params = {name: value for name, value in (("aspect_ratio", order.aspect_ratio), ("image", image)) if value}
        if params:
            body[PARAMS_KEYS[0]] = params
    if (context.callback_url or "").startswith("https://"):
        body[WEBHOOK_KEYS[0]] = context.callback_url
    return path, body


def _upscale(order: PictureOrder, wire_model: str, image: str | None) -> dict[str, object]:
    model = _UPSCALERS.get(wire_model)
    if model is None:
        raise BadRequest("this adapter does not know how that model is asked", charged=Charged.NO)
    params: dict[str, object] = {"image": image, model.factor_key: order.factor}
    if order.format is not None:
        params["output_format"] = "jpg" if order.format is PictureFormat.JPEG else order.format.value
    return {model.params_key: params}


def _refused_upload(error: ProviderError) -> ProviderError:
    """Nothing was ordered yet, so what would be unknown of a submit is merely to be tried again."""
    return RetryLater(str(error)) if isinstance(error, OutcomeUnknown) else error

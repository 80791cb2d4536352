"""xAI itself (api.x.ai/v1): pictures, answers and speech while we wait; pictures also deferred.

Facts: xAI's REST reference, pricing and cost pages. Every answer says what it cost, in ticks. No idempotency key, no
callbacks. A withheld picture comes with HTTP 200 and may have been charged; it is never asked for again by itself.
"""

from collections.abc import Mapping

from bot.core.errors import (
    Charged,
    GenerationFailed,
    Moderated,
    OutcomeUnknown,
    ProviderError,
    RetryLater,
    UnknownWork,
)
from bot.core.money import ZERO
from bot.core.requests import AskOrder, ModelId, PictureOrder, ProviderName, SearchKind, SpeakOrder, Verb
from bot.providers.asking import Reply, chat_body, checked, read_reply, responses_body, weight_of
from bot.providers.catalogue import AskOffer, Offer, ProviderFacts, SpeakOffer
from bot.providers.contract import (
    Accepted,
    AskSubmission,
    CallbackHint,
    ExternalId,
    PollAnswer,
    Sound,
    SpeakSubmission,
    StillRunning,
    Submission,
    SubmitContext,
)
from bot.providers.http import Answer, JsonClient, off_loop
from bot.providers.refusals import message_of, refused_poll, refused_submit
from bot.providers.sounds import checked_text, media_type_of
from bot.providers.sources import ability_of, as_uri, weight
from bot.providers.streaming import Stream
from bot.providers.upstream import Images, read_images
from bot.providers.wire import Text, WireModel, error_text, safe_id, shown, speaks_of_moderation

NAME = ProviderName("xai")
_TOOLS = {SearchKind.WEB: "web_search", SearchKind.X: "x_search", SearchKind.CODE: "code_interpreter"}
# Deferred work: those of the videos' page; any other word is work that goes on.
_FAILED = {"failed", "expired", "error"}


class _Deferred(WireModel):
    request_id: Text = None
    status: Text = None
    error: object = None
    response: object = None


class Xai:
    """Adapter of `Provider`, `Asker` and `Speaker` of `bot.providers.contract`.

    `client` carries the key as a Bearer token. `is_deferred`: pictures are ordered to be asked for later, so that a
    lost answer costs no more than a poll; only addresses come back then.
    """

    def __init__(
        self,
        *,
        client: JsonClient,
        offers: Mapping[ModelId, Offer],
        facts: ProviderFacts,
        ask_offers: Mapping[ModelId, AskOffer],
        speak_offers: Mapping[ModelId, SpeakOffer],
        is_deferred: bool = False,
    ) -> None:
        self._client = client
        self._offers = offers
        self._facts = facts
        self._ask_offers = ask_offers
        self._speak_offers = speak_offers
        self._is_deferred = is_deferred

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def honours_idempotency_key(self) -> bool:
        return False

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        offer, _ = ability_of(self._offers.get(order.model), order)
        path = "/images/edits" if order.verb is Verb.EDIT else "/images/generations"
        heft = weight(order.sources)
        body = await off_loop(heft, _body, order, offer)
        if self._is_deferred:
            body["deferred"] = True
        answer = await self._client.submit(path, body, {}, weight=heft)
        secrets = self._secrets(order.prompt)
        return await off_loop(answer.size, read_submit, answer, secrets, self._facts.poll_min_s)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        """For deferred pictures; while they are drawn the answer is an empty 202."""
        if safe_id(external_id) is None:
            raise UnknownWork("the stored id is none that this gateway gives")
        answer = await self._client.poll(f"/images/{external_id}")
        return read_poll(answer, external_id, self._secrets(order.prompt), self._facts.poll_min_s)

    async def ask(self, order: AskOrder, context: SubmitContext) -> AskSubmission:
        """Streams where a sink is given. Searches go by the Responses API, which alone has the tools."""
        offer = checked(self._ask_offers.get(order.model), order)
        secrets = self._secrets(*(message.text for message in reversed(order.messages)))
        heft = weight_of(order)
        path = "/responses" if order.search else "/chat/completions"
        body = await off_loop(heft, _ask_body, order, offer)
        stream = None if context.sink is None or not offer.streams else Stream(context.sink, secrets=secrets)
        if stream is not None:
            body["stream"] = True
            if not order.search:
                body["stream_options"] = {"include_usage": True}
        answer = await self._client.submit(
            path, body, {}, weight=heft, on_event=None if stream is None else stream.take
        )
        if not answer.is_success:
            raise _refused(answer, secrets)
        is_streamed = stream is not None and answer.is_streamed
        return read_reply(stream.reply() if stream is not None and is_streamed else Reply.read(answer.json), fee=ZERO)

    async def speak(self, order: SpeakOrder, context: SubmitContext) -> SpeakSubmission:
        """The answer is the sound itself; it does not say what it cost."""
        checked_text(self._speak_offers.get(order.model), order)
        body = {"text": order.text, "voice_id": order.voice, "language": order.language}
        answer = await self._client.submit("/tts", body, {}, wants_bytes=True)
        if not answer.is_success:
            raise _refused(answer, self._secrets(order.text))
        if not answer.raw:
            raise OutcomeUnknown("JSON where sound should be")
        return Sound(data=answer.raw, media_type=media_type_of(answer.raw, answer.media_type))

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """xAI sends no callbacks."""
        return None

    async def close(self) -> None:
        await self._client.close()

    def _secrets(self, *texts: str) -> tuple[str, ...]:
        return (*texts, *self._client.auth.values(), *self._client.auth["Authorization"].split()[1:])


def _body(order: PictureOrder, offer: Offer) -> dict[str, object]:
    """The documented fields. An edit of a single picture keeps its ratio (`ratios_of_one`), so none is sent there."""
    body: dict[str, object] = {"model": offer.wire_model_for(order.verb), "prompt": order.prompt, "n": order.count}
    sources = [{"url": as_uri(source), "type": "image_url"} for source in order.sources]
    if len(sources) == 1:
        body["image"] = sources[0]
    elif sources:
        body["images"] = sources
    if order.aspect_ratio is not None and len(sources) != 1:
        body["aspect_ratio"] = order.aspect_ratio
    if order.resolution is not None:
        body["resolution"] = order.resolution.value
    return {**body, "response_format": "url"}


def _ask_body(order: AskOrder, offer: AskOffer) -> dict[str, object]:
    """`max_completion_tokens` counts the reasoning too, so that the price stays below what is held."""
    if order.search:
        return responses_body(order, offer.wire_model, [{"type": _TOOLS[kind]} for kind in order.search])
    return chat_body(order, offer.wire_model, length_key="max_completion_tokens")


def read_submit(answer: Answer, secrets: tuple[str, ...], poll_after_s: float) -> Submission:
    """What the answer to an order of pictures means. Raises ProviderError."""
    if not answer.is_success:
        raise _refused(answer, secrets)
    deferred = _Deferred.read(answer.json)
    images = answer.json if isinstance(answer.json, dict) else {}
    if "data" not in images and (found := safe_id(deferred.request_id)) is not None:
        return Accepted(external_id=found, poll_after_s=poll_after_s)
    return read_images(Images.read(images), fee=ZERO, is_empty_withheld="data" in images)


def read_poll(answer: Answer, asked: ExternalId, secrets: tuple[str, ...], poll_after_s: float) -> PollAnswer:
    """What the answer to a poll means. Raises ProviderError."""
    if not answer.is_success:
        raise refused_poll(answer, secrets=secrets)
    deferred = _Deferred.read(answer.json)
    if safe_id(deferred.request_id) not in (None, asked):
        raise RetryLater("the gateway answered for another job")
    whole = deferred.response if isinstance(deferred.response, dict) else answer.json
    if answer.status == 200 and isinstance(whole, dict) and "data" in whole:
        return read_images(Images.read(whole), fee=ZERO, is_empty_withheld=True)
    if (deferred.status or "").strip().casefold() in _FAILED:
        text = error_text(deferred.error)
        kind = Moderated if speaks_of_moderation(text, secrets[0]) else GenerationFailed
        raise kind(f"{deferred.status}: {shown(text, secrets=secrets)}", charged=Charged.UNKNOWN)
    return StillRunning(poll_after_s=answer.retry_after_s or poll_after_s)


def _refused(answer: Answer, secrets: tuple[str, ...]) -> ProviderError:
    """Errors come as `{error: {message, type, param, code}}` and as `{code, error}`.

    403 may be the filter's, too. Where the words say that something was generated first, it may have been charged.
    """
    text = error_text(answer.json)
    if answer.status in (400, 403, 422) and speaks_of_moderation(text, secrets[0]):
        was_drawn = "generated" in text.casefold()
        return Moderated(message_of(answer, secrets), charged=Charged.UNKNOWN if was_drawn else Charged.NO)
    return refused_submit(answer, secrets=secrets)

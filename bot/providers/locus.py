"""Locus by its Bearer key (wrapped access): pictures, answers and speech while we wait.

Facts: the gateway's pages for image-generate and chat, and its documents on wrapped access. No idempotency key, no
callbacks, no streams. A call above the wallet's limits is answered 202 and runs by itself once a person approves it; no
way to ask how it stands is documented. Paying each call by HTTP 402 is another access path and not spoken here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.requests import AskOrder, ModelId, PictureOrder, ProviderName, SearchKind, SpeakOrder, Verb
from bot.providers.asking import chat_body, checked, weight_of
from bot.providers.catalogue import AskOffer, Offer, ProviderFacts, SpeakOffer
from bot.providers.contract import (
    AskSubmission,
    CallbackHint,
    ExternalId,
    PollAnswer,
    SpeakSubmission,
    StillRunning,
    Submission,
    SubmitContext,
)
from bot.providers.http import Answer, JsonClient, off_loop
from bot.providers.locus_wire import read_answer, read_speech, read_submit
from bot.providers.sounds import checked_text
from bot.providers.sources import ability_of, as_uri, weight

NAME = ProviderName("locus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slugs:
    """The last part of each endpoint's address.

    The gateway's own documents disagree on the three that search: its catalogue puts `chat-` in front.
    """

    generate: str = "image-generate"
    edit: str = "image-edit"
    chat: str = "chat"
    web: str = "web-search"
    x: str = "x-search"
    code: str = "code-execution"
    speak: str = "tts"

    def of_question(self, order: AskOrder) -> str:
        """Where the question goes: one kind of search each has an address of its own."""
        by_kind = {SearchKind.WEB: self.web, SearchKind.X: self.x, SearchKind.CODE: self.code}
        return by_kind[order.search[0]] if order.search else self.chat


class Locus:
    """Adapter of `Provider`, `Asker` and `Speaker` of `bot.providers.contract`.

    `client` carries the key as a Bearer token. `edit_field` is what the picture to be edited is called; the gateway's
    documents say `image`, its other wrappers `image_url`.
    """

    def __init__(
        self,
        *,
        client: JsonClient,
        offers: Mapping[ModelId, Offer],
        facts: ProviderFacts,
        ask_offers: Mapping[ModelId, AskOffer],
        speak_offers: Mapping[ModelId, SpeakOffer],
        slugs: Slugs = Slugs(),
        edit_field: str = "image",
    ) -> None:
        self._client = client
        self._offers = offers
        self._facts = facts
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
        answer = await self._client.submit(f"/{slug}", body, {}, weight=heft)
        secrets, poll_after_s = self._secrets(order.prompt), self._facts.poll_min_s

        def read(whole: Answer) -> Submission:
            return read_submit(whole, fee=offer.fee, secrets=secrets, poll_after_s=poll_after_s)

        return await off_loop(answer.size, read, answer)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        """Always StillRunning, without a request: no endpoint tells how a call that waits for an approval
        stands.

        The approved call runs at the gateway and its pictures never reach us by themselves, so the job ends
        at its deadline as one whose outcome is unknown.
        """
        return StillRunning(poll_after_s=self._facts.poll_max_s, is_told=False)

    async def ask(self, order: AskOrder, context: SubmitContext) -> AskSubmission:
        """The answer as a whole: no stream is documented, so the sink is told nothing."""
        offer = checked(self._ask_offers.get(order.model), order)
        heft = weight_of(order)
        body = await off_loop(heft, question_body, order, offer)
        answer = await self._client.submit(f"/{self._slugs.of_question(order)}", body, {}, weight=heft)
        secrets = self._secrets(*(message.text for message in reversed(order.messages)))
        return read_answer(answer, fee=offer.price.fee, secrets=secrets, poll_after_s=self._facts.poll_min_s)

    async def speak(self, order: SpeakOrder, context: SubmitContext) -> SpeakSubmission:
        checked_text(self._speak_offers.get(order.model), order)
        answer = await self._client.submit(f"/{self._slugs.speak}", speech_body(order), {})
        secrets, poll_after_s = self._secrets(order.text), self._facts.poll_min_s

        def read(whole: Answer) -> SpeakSubmission:
            return read_speech(whole, secrets=secrets, poll_after_s=poll_after_s)

        return await off_loop(answer.size, read, answer)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """The gateway sends no callbacks."""
        return None

    async def close(self) -> None:
        await self._client.close()

    def _secrets(self, *texts: str) -> tuple[str, ...]:
        return (*texts, *self._client.auth.values(), *self._client.auth["Authorization"].split()[1:])


def picture_body(order: PictureOrder, offer: Offer, edit_field: str) -> dict[str, object]:
    """The documented fields. Size and file format cannot be chosen, nor the ratio of an edit."""
    body: dict[str, object] = {"model": offer.wire_model_for(order.verb), "prompt": order.prompt, "n": order.count}
    if order.sources:
        body[edit_field] = as_uri(order.sources[0])
    if order.aspect_ratio is not None:
        body["aspect_ratio"] = order.aspect_ratio
    return {**body, "response_format": "url"}


def question_body(order: AskOrder, offer: AskOffer) -> dict[str, object]:
    """The documented fields, the same at all four addresses; `max_tokens` always, since the price follows it."""
    return chat_body(order, offer.wire_model, length_key="max_tokens")


def speech_body(order: SpeakOrder) -> dict[str, object]:
    """The documented fields; the codec stays the gateway's own."""
    return {"text": order.text, "voice_id": order.voice, "language": order.language}

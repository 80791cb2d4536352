"""API in One (apiin.one): a task is made, then asked for until it is done.

Facts: the gateway's page for Grok Imagine, and its documents. Nothing is charged for a task that fails; neither the
price nor an idempotency key is on the wire, callbacks are not signed. The page's examples and its documents name the
same things differently, and where a finished task keeps its pictures is documented nowhere: every place is searched.
HTTP 200 may carry an error.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from bot.core.errors import Charged, GenerationFailed, Moderated, OutcomeUnknown, ProviderError, RetryLater, UnknownWork
from bot.core.requests import ModelId, PictureOrder, ProviderName, Verb
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
    Text,
    WireModel,
    error_text,
    parse_callback,
    picture_of,
    safe_id,
    shown,
    speaks_of_moderation,
)

NAME = ProviderName("apiinone")
# Seen in the page, the documents and the gateway's clients. Any other word is work that goes on.
_DONE = {"completed", "complete", "success", "succeeded"}
_FAILED = {"failed", "fail", "error"}
_HOLDERS = ("output", "result", "response", "resultJson")
_PLACES = ("images", "image_urls", "image_url", "urls", "url", "resultUrls")
_SUCCESS_CODES = {"", "0", "200", "201", "202"}
# data > output > resultJson > images > item
_DEPTH = 5


class _Task(WireModel):
    """Names of a task in all shapes seen: under `data`, or the answer itself."""

    task_id: Text = None
    taskId: Text = None  # noqa: N815 - the gateway's own spelling
    id: Text = None
    status: Text = None
    state: Text = None
    error: object = None
    message: Text = None

    @property
    def any_id(self) -> ExternalId | None:
        return safe_id(self.task_id or self.taskId or self.id)

    @property
    def word(self) -> str:
        return (self.status or self.state or "").strip().casefold()


class _Error(WireModel):
    code: Text = None


class _Envelope(WireModel):
    code: Text = None
    data: Annotated[_Task, LENIENT_OBJECT] = _Task()
    error: object = None


class ApiInOne:
    """Adapter of `bot.providers.contract.Provider`.

    `offers` are the catalogue's models of this gateway by id; `client` carries the key as a Bearer token.
    `sends_callback_url`: newer pages of the gateway know `callback_url`, the older one does not.
    """

    def __init__(
        self,
        *,
        client: JsonClient,
        offers: Mapping[ModelId, Offer],
        facts: ProviderFacts,
        sends_callback_url: bool = True,
    ) -> None:
        self._client = client
        self._offers = offers
        self._facts = facts
        self._sends_callback_url = sends_callback_url

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def honours_idempotency_key(self) -> bool:
        return False

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        offer, _ = ability_of(self._offers.get(order.model), order)
        body = _body(order, offer)
        if self._sends_callback_url and (context.callback_url or "").startswith("https://"):
            body["callback_url"] = context.callback_url
        answer = await self._client.submit("/images/generations", body, {})
        return read_submit(answer, secrets=self._secrets(order), poll_after_s=self._facts.poll_min_s)

    async def poll(self, order: PictureOrder, external_id: ExternalId) -> PollAnswer:
        """Asks by the id alone; an id that could lead the key elsewhere is never asked for."""
        if safe_id(external_id) is None:
            raise UnknownWork("the stored id is none that this gateway gives")
        answer = await self._client.poll(f"/tasks/{external_id}")
        return read_poll(answer, external_id, secrets=self._secrets(order), poll_after_s=self._facts.poll_min_s)

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackHint | None:
        """Neither a signature nor the body's shape is documented: nothing but the id is believed."""
        found = _id_of(parse_callback(body))
        return None if found is None else CallbackHint(external_id=found)

    async def close(self) -> None:
        await self._client.close()

    def _secrets(self, order: PictureOrder) -> tuple[str, ...]:
        return (order.prompt, *self._client.auth.values(), *self._client.auth["Authorization"].split()[1:])


def _body(order: PictureOrder, offer: Offer) -> dict[str, object]:
    """The documented fields. An upscale sends the prompt too: the page's table does not call it optional."""
    body: dict[str, object] = {"model": offer.wire_model_for(order.verb), "prompt": order.prompt}
    if order.verb is Verb.UPSCALE:
        body["task_id"] = order.parent
    return body


def read_submit(answer: Answer, *, secrets: tuple[str, ...], poll_after_s: float) -> Submission:
    """What the answer to a create means. An id outweighs every word beside it: asking for it tells the truth.

    Raises ProviderError.
    """
    if answer.is_success:
        if (found := _id_of(answer.json)) is not None:
            return Accepted(external_id=found, poll_after_s=poll_after_s)
        if pictures := find_pictures(answer.json):
            return Finished(pictures=pictures)
        task = _Envelope.read(answer.json).data
        if task.word in _FAILED:
            raise _gave_up(_failure_text(task, _Task()), secrets)
        answer = _as_refusal(answer)
        if answer.is_success:
            raise OutcomeUnknown(f"HTTP {answer.status} without a task id")
    raise refused_submit(answer, secrets=secrets)


def read_poll(answer: Answer, asked: ExternalId, *, secrets: tuple[str, ...], poll_after_s: float) -> PollAnswer:
    """What the answer to a poll means. Raises ProviderError."""
    if not answer.is_success:
        raise refused_poll(answer, secrets=secrets)
    task, around = _Envelope.read(answer.json).data, _Task.read(answer.json)
    if _id_of(answer.json) not in (None, asked):
        raise RetryLater("the gateway answered for another task")
    word = task.word or around.word
    pictures = find_pictures(answer.json)
    if word in _FAILED:
        raise _gave_up(_failure_text(task, around), secrets)
    if word in _DONE or (not word and pictures):
        if not pictures:
            raise GenerationFailed("completed without a picture", charged=Charged.UNKNOWN)
        return Finished(pictures=pictures)
    refusal = _as_refusal(answer)
    if not word and not refusal.is_success:
        raise refused_poll(refusal, secrets=secrets)
    return StillRunning(poll_after_s=answer.retry_after_s or poll_after_s)


def _as_refusal(answer: Answer) -> Answer:
    """The answer with the status that its body speaks of, where HTTP said 200 and the body says otherwise."""
    envelope = _Envelope.read(answer.json)
    code = envelope.code or ""
    if code in _SUCCESS_CODES:
        if envelope.error is None:
            return answer
        code = _Error.read(envelope.error).code or ""
    is_status = code.isascii() and code.isdecimal() and len(code) == 3 and code[0] in "45"
    return replace(answer, status=int(code) if is_status else 500)


def _failure_text(task: _Task, around: _Task) -> str:
    return ": ".join(text for text in map(error_text, (task.error, task.message, around.error)) if text)


def _gave_up(text: str, secrets: tuple[str, ...]) -> ProviderError:
    """ "Successful requests are billed": a task that failed is not."""
    kind = Moderated if speaks_of_moderation(text, secrets[0]) else GenerationFailed
    return kind(f"failed: {shown(text, secrets=secrets)}", charged=Charged.NO)


def _id_of(body: object) -> ExternalId | None:
    """The task's id under `data`; beside it only where no error stands there: refusals carry ids of their own."""
    envelope = _Envelope.read(body)
    return envelope.data.any_id or (_Task.read(body).any_id if envelope.error is None else None)


def find_pictures(body: object) -> tuple[ResultPicture, ...]:
    """Every picture in an answer, wherever it stands, each once and in order; at most `MAX_PICTURES`."""
    outer = body if isinstance(body, dict) else {}
    found: dict[ResultPicture, None] = {}
    for root in (outer.get("data"), outer):
        for picture in _pictures(root, _DEPTH):
            found.setdefault(picture)
    return tuple(found)[:MAX_PICTURES]


def _pictures(value: object, depth: int) -> Iterator[ResultPicture]:
    """Pictures under the known names; inside those, also addresses that stand alone or in a list."""
    if not depth or not isinstance(value, dict):
        return
    for name in _PLACES:
        yield from _addresses(value.get(name), depth - 1)
    for name in _HOLDERS:
        inner = _unwrapped(value.get(name))
        yield from _pictures(inner, depth - 1)
        if not isinstance(inner, dict):
            yield from _addresses(inner, depth - 1)


def _addresses(value: object, depth: int) -> Iterator[ResultPicture]:
    if isinstance(value, list) and depth:
        for item in value:
            yield from _addresses(item, depth - 1)
    elif isinstance(value, dict):
        yield from _pictures(value, depth)
    elif (picture := picture_of(value)) is not None:
        yield picture


def _unwrapped(value: object) -> object:
    """Some gateways write their result as JSON inside a string."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value

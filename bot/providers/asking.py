"""Questions as the wires of xAI and Locus write them, and answers in both shapes that xAI gives.

`chat.completion`: `choices[0].message.content`, `citations` as a list of addresses. Responses: `output[]` of messages
with `content[].text` and `annotations[]` of `url_citation`. Reasoning (`reasoning_content`, items of that type) is
never read. Searches are answered in either shape by Locus, so both are tried on every answer.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from bot.core.errors import BadRequest, Charged, GenerationFailed, Moderated
from bot.core.money import Ticks
from bot.core.requests import AskOrder, Message, PictureFormat
from bot.providers.contract import AskAnswer, Citation, TokenUsage
from bot.providers.offers import Sources
from bot.providers.sources import as_uri, check_sources
from bot.providers.talk_offers import AskOffer
from bot.providers.upstream import served
from bot.providers.wire import LENIENT_OBJECT, CostTicks, Items, Text, Whole, WireModel, is_url

# xAI takes PNG, JPEG and WebP up to 10 MiB; its documents name no other number for Locus.
_PICTURE_BYTES_MAX = 10 * 1024 * 1024
# More sources than anyone reads; a title longer than this is no title.
MAX_CITATIONS = 50
_TITLE_CAP = 200
_CUT = {"length", "max_output_tokens"}
_WITHHELD = {"content_filter"}


def checked(offer: AskOffer | None, order: AskOrder) -> AskOffer:
    """The offer. Raises BadRequest, uncharged, for what the model cannot take."""
    if offer is None:
        raise BadRequest("the catalogue no longer has this model", charged=Charged.NO)
    if len(order.search) > offer.search_at_once or not set(order.search) <= set(offer.search):
        raise BadRequest("this model cannot search that way", charged=Charged.NO)
    if not 1 <= order.max_tokens <= offer.answer_max:
        raise BadRequest("an answer of that length cannot be asked for", charged=Charged.NO)
    takes = Sources(
        most=offer.pictures_max,
        takes_urls=True,
        takes_bytes=True,
        formats=tuple(PictureFormat),
        bytes_max=_PICTURE_BYTES_MAX,
    )
    check_sources(tuple(picture for message in order.messages for picture in message.pictures), takes)
    return offer


def weight_of(order: AskOrder) -> int:
    """Bytes that would be written as data URIs."""
    return sum(len(picture.data or b"") for message in order.messages for picture in message.pictures)


def chat_body(order: AskOrder, wire_model: str, *, length_key: str) -> dict[str, object]:
    """A chat completion's body. Stops and penalties stay away: reasoning models refuse them."""
    body: dict[str, object] = {"model": wire_model, "messages": [_chat_message(one) for one in order.messages]}
    return {**body, length_key: order.max_tokens, **_sampling(order)}


def responses_body(order: AskOrder, wire_model: str, tools: list[Mapping[str, str]]) -> dict[str, object]:
    """A Responses body; the limit there counts the reasoning too."""
    body: dict[str, object] = {"model": wire_model, "input": [_response_message(one) for one in order.messages]}
    return {**body, "tools": tools, "max_output_tokens": order.max_tokens, **_sampling(order)}


def _sampling(order: AskOrder) -> dict[str, object]:
    given = (("temperature", order.temperature), ("top_p", order.top_p))
    return {name: value for name, value in given if value is not None}


def _chat_message(message: Message) -> dict[str, object]:
    content: object = message.text
    if message.pictures:
        parts: list[object] = [{"type": "image_url", "image_url": {"url": as_uri(one)}} for one in message.pictures]
        content = [*parts, {"type": "text", "text": message.text}]
    return {"role": message.role.value, "content": content}


def _response_message(message: Message) -> dict[str, object]:
    content: object = message.text
    if message.pictures:
        parts: list[object] = [{"type": "input_image", "image_url": as_uri(one)} for one in message.pictures]
        content = [*parts, {"type": "input_text", "text": message.text}]
    return {"role": message.role.value, "content": content}


class _Details(WireModel):
    reasoning_tokens: Whole = None


class _Usage(WireModel):
    cost_in_usd_ticks: CostTicks = None
    prompt_tokens: Whole = None
    completion_tokens: Whole = None
    input_tokens: Whole = None
    output_tokens: Whole = None
    num_sources_used: Whole = None
    completion_tokens_details: Annotated[_Details, LENIENT_OBJECT] = _Details()
    output_tokens_details: Annotated[_Details, LENIENT_OBJECT] = _Details()

    def counted(self) -> TokenUsage:
        reasoning = self.completion_tokens_details.reasoning_tokens
        return TokenUsage(
            prompt=self.input_tokens if self.prompt_tokens is None else self.prompt_tokens,
            answer=self.output_tokens if self.completion_tokens is None else self.completion_tokens,
            reasoning=self.output_tokens_details.reasoning_tokens if reasoning is None else reasoning,
            sources=self.num_sources_used,
        )


class _Said(WireModel):
    content: object = None
    refusal: Text = None


class _Choice(WireModel):
    message: Annotated[_Said, LENIENT_OBJECT] = _Said()
    finish_reason: Text = None


class _Incomplete(WireModel):
    reason: Text = None


class _Item(WireModel):
    type: Text = None
    content: Items = ()


class _Part(WireModel):
    type: Text = None
    text: Text = None
    refusal: Text = None
    annotations: Items = ()


class _Annotation(WireModel):
    url: Text = None
    title: Text = None


class Reply(WireModel):
    """An answer in either shape."""

    choices: Items = ()
    output: Items = ()
    citations: Items = ()
    incomplete_details: Annotated[_Incomplete, LENIENT_OBJECT] = _Incomplete()
    model: Text = None
    usage: Annotated[_Usage, LENIENT_OBJECT] = _Usage()


def read_reply(reply: Reply, *, fee: Ticks, payment_ref: str | None = None) -> AskAnswer:
    """The answer; `fee` is added to the upstream cost.

    Raises Moderated where the model's filter stopped it or it refused without a text, GenerationFailed where there is
    no text; either may have been charged.
    """
    choice = _Choice.read(reply.choices[0] if reply.choices else None)
    parts = list(_parts(reply))
    text = "".join(part.text or "" for part in parts).strip()
    upstream = reply.usage.cost_in_usd_ticks
    cost = None if upstream is None else Ticks(upstream + fee)
    charged = Charged.YES if upstream else Charged.UNKNOWN
    reason = choice.finish_reason or reply.incomplete_details.reason
    if not text:
        is_refused = reason in _WITHHELD or choice.message.refusal or any(part.refusal for part in parts)
        kind = Moderated if is_refused else GenerationFailed
        raise kind("an answer without a text", charged=charged, payment_ref=payment_ref, cost=cost)
    return AskAnswer(
        text=text,
        citations=_citations(reply, parts),
        served_model=served(reply.model),
        cost=cost,
        usage=reply.usage.counted(),
        is_cut=reason in _CUT,
    )


def _parts(reply: Reply) -> Iterator[_Part]:
    """The pieces of text, reasoning left out: that of the first choice, else those of the messages in `output`."""
    if reply.choices:
        content = _Choice.read(reply.choices[0]).message.content
        for piece in content if isinstance(content, list) else [content]:
            yield _Part.read(piece) if isinstance(piece, dict) else _Part.read({"text": piece})
        return
    for item in map(_Item.read, reply.output):
        if item.type in ("message", None):
            yield from map(_Part.read, item.content)


def _citations(reply: Reply, parts: list[_Part]) -> tuple[Citation, ...]:
    """Those of the list and those in the text, each address once; the first title there is."""
    titles: dict[str, str | None] = {}
    annotations = [annotation for part in parts for annotation in part.annotations]
    for entry in (*annotations, *reply.citations):
        found = _Annotation.read(entry if isinstance(entry, dict) else {"url": entry})
        if found.url is not None and is_url(found.url):
            titles[found.url] = titles.get(found.url) or (found.title or "")[:_TITLE_CAP].strip() or None
    return tuple(Citation(url=url, title=title) for url, title in titles.items())[:MAX_CITATIONS]

"""Streamed answers: pieces however they fall, what reaches the sink, and what an early end means."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.clock import SystemClock
from bot.core.errors import Charged, GenerationFailed, Moderated, OutcomeUnknown, ProviderError, RetryLater
from bot.core.requests import ProviderName, SearchKind
from bot.providers import events, http
from bot.providers.catalogue import Catalogue
from bot.providers.contract import AskAnswer, PartialSink
from bot.providers.events import Lines, read_events
from bot.providers.registry import Access, Registry, build
from bot.providers.streaming import Stream
from sandbox.gateways import Break, Gateways, Outcome, broken_answer, lost_answer, outcome, status
from sandbox.gateways.faults import AnswerFault
from sandbox.gateways.replies import PAGES
from tests.providers.canned import Canned, raw_server
from tests.providers.conftest import CONTEXT, QUICK
from tests.providers.shapes import JSON
from tests.providers.test_asking import SECRET, question

XAI = ProviderName("xai")
SECRETS = ("why?", "key-123456")


class Told:
    """A sink that notes what it was told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def __call__(self, text: str) -> None:
        self.texts.append(text)


async def given_in(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def read_all(*chunks: bytes, cap: int = 10_000) -> list[object]:
    found: list[object] = []

    async def take(event: object) -> None:
        found.append(event)

    await read_events(given_in(*chunks), take, cap=cap)
    return found


async def test_events_are_read_as_the_standard_writes_them() -> None:
    stream = b': hello\r\n\r\nevent: x\nid: 1\ndata: {"a":\ndata: 1}\n\ndata:[2]\r\n\r\n\n\ndata: [DONE]\n\ndata: 3\n\n'
    assert await read_all(stream) == [{"a": 1}, [2]]


async def test_an_event_that_is_cut_off_is_not_read() -> None:
    assert await read_all(b"data: 1\n\ndata: 2\n") == [1]


@settings(deadline=None)  # the machine may be busy
@given(values=st.lists(JSON, max_size=5), sizes=st.lists(st.integers(min_value=1, max_value=7), min_size=1))
def test_chunks_may_fall_anywhere(values: list[object], sizes: list[int]) -> None:
    whole = b"".join(b"data: " + json.dumps(value).encode() + b"\r\n\r\n" for value in values)
    chunks: list[bytes] = []
    at = 0
    while at < len(whole):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(whole[at : at + size])
        at += size
    assert json.dumps(asyncio.run(read_all(*chunks, cap=10**6))) == json.dumps(values)


@pytest.mark.parametrize("stream", [b"data: {\n\n", b"data: \xff\n\n", b"data: oops\n\n"])
async def test_an_event_that_is_no_json_is_an_error(stream: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        await read_all(stream)


async def test_a_stream_without_end_is_left() -> None:
    with pytest.raises(ValueError, match="too long"):
        await read_all(b"data: 1\n\n" * 10, cap=20)


def test_a_line_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LINE_CAP", 10)
    lines = Lines()
    assert lines.feed(b"0123456789") == []
    with pytest.raises(ValueError, match="too long"):
        lines.feed(b"x")


@pytest.mark.parametrize("search", [(), (SearchKind.WEB,)], ids=["chat", "responses"])
async def test_the_sink_is_told_the_text_so_far_and_never_the_reasoning(
    search: tuple[SearchKind, ...], registry: Registry, gateways: Gateways
) -> None:
    told = Told()
    answer = await registry.asker(XAI).ask(question("xai", "Why?", *search), replace(CONTEXT, sink=told))
    assert isinstance(answer, AskAnswer)
    assert answer.text == "This is the sandbox speaking. You asked: Why?"
    assert len(told.texts) == 8
    assert told.texts[-1].strip() == answer.text
    assert all(later.startswith(sooner) for sooner, later in zip(told.texts, told.texts[1:], strict=False))
    assert SECRET not in "".join(told.texts)
    assert answer.cost == gateways.book.total()
    assert bool(answer.citations) is bool(search)


async def test_a_sink_that_fails_does_not_spoil_the_answer(registry: Registry) -> None:
    calls = 0

    async def broken(text: str) -> None:
        nonlocal calls
        calls += 1
        raise RuntimeError("the card is gone")

    answer = await registry.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=broken))
    assert isinstance(answer, AskAnswer)
    assert calls == 1


async def test_a_gateway_that_does_not_stream_after_all_is_read_as_a_whole(
    registry: Registry, gateways: Gateways
) -> None:
    told = Told()
    body = {"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}
    gateways.faults.next("xai", status(200, is_charged=True, body=body))
    answer = await registry.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=told))
    assert isinstance(answer, AskAnswer)
    assert (answer.text, told.texts) == ("whole", [])


async def test_a_model_that_does_not_stream_is_not_asked_to(
    registry: Registry, gateways: Gateways, catalogue: Catalogue
) -> None:
    plain = replace(catalogue, ask_offers=tuple(replace(offer, streams=False) for offer in catalogue.ask_offers))
    keys = {XAI: Access(key=gateways.keys["xai"], base_url=gateways.url("xai"))}
    told = Told()
    async with build(keys, plain, clock=SystemClock()) as silent:
        assert isinstance(await silent.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=told)), AskAnswer)
    assert told.texts == []


async def test_locus_tells_the_sink_nothing(registry: Registry) -> None:
    told = Told()
    answer = await registry.asker(ProviderName("locus")).ask(question("locus"), replace(CONTEXT, sink=told))
    assert isinstance(answer, AskAnswer)
    assert told.texts == []


@pytest.mark.parametrize("search", [(), (SearchKind.X,)], ids=["chat", "responses"])
@pytest.mark.parametrize(("end", "kind"), [(Outcome.EMPTY, GenerationFailed), (Outcome.MODERATED, Moderated)])
async def test_a_stream_without_a_text_was_charged(
    search: tuple[SearchKind, ...], end: Outcome, kind: type[ProviderError], registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next("xai", outcome(end))
    with pytest.raises(kind) as caught:
        await registry.asker(XAI).ask(question("xai", "x", *search), replace(CONTEXT, sink=Told()))
    assert caught.value.charged is Charged.YES


@pytest.mark.parametrize("fault", [lost_answer(), broken_answer(Break.TRUNCATED), status(503)])
async def test_a_stream_that_breaks_is_unknown(registry: Registry, gateways: Gateways, fault: AnswerFault) -> None:
    gateways.faults.next("xai", fault)
    with pytest.raises(OutcomeUnknown):
        await registry.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=Told()))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


def chunk(content: str, reason: str | None = None) -> bytes:
    return (
        b"data: "
        + json.dumps({"choices": [{"delta": {"content": content}, "finish_reason": reason}]}).encode()
        + b"\n\n"
    )


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (HEAD + b"\r\n" + chunk("half"), OutcomeUnknown),
        (HEAD + b"Content-Length: 9999\r\n\r\n" + chunk("half", "stop"), OutcomeUnknown),
        (HEAD + b"\r\n", OutcomeUnknown),
        (HEAD + b"\r\ndata: {oops\n\n", OutcomeUnknown),
        (HEAD + b'\r\ndata: {"error": {"message": "boom"}}\n\n', GenerationFailed),
        (HEAD + b'\r\ndata: {"type": "error", "message": "boom"}\n\n', GenerationFailed),
        (HEAD + b'\r\ndata: {"type": "error", "message": "content moderation"}\n\n', Moderated),
        (
            HEAD + b'\r\ndata: {"type": "response.failed", "response": {"error": {"message": "boom"}}}\n\n',
            GenerationFailed,
        ),
    ],
    ids=range(8),
)
async def test_how_a_stream_may_end_badly(raw: bytes, kind: type[ProviderError], catalogue: Catalogue) -> None:
    told = Told()
    async with (
        raw_server(raw) as url,
        build({XAI: Access(key="k", base_url=url)}, catalogue, clock=SystemClock()) as registry,
    ):
        with pytest.raises(ProviderError) as caught:
            await registry.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=told))
    assert type(caught.value) is kind
    assert caught.value.charged is Charged.UNKNOWN


async def test_a_stream_over_the_cap_is_left(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "STREAM_CAP", 50)
    async with (
        raw_server(HEAD + b"\r\n" + chunk("x", "stop") * 3) as url,
        build({XAI: Access(key="k", base_url=url)}, catalogue, clock=SystemClock()) as registry,
    ):
        with pytest.raises(OutcomeUnknown):
            await registry.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=Told()))


async def test_a_stream_that_drips_is_shown_as_it_comes(catalogue: Catalogue) -> None:
    """The sink is told the first words while the gateway still holds back the last."""
    first_words = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"\r\n" + chunk("One "))
        await writer.drain()
        await first_words.wait()
        for byte in chunk("two", "stop"):
            writer.write(bytes([byte]))
            await writer.drain()
        writer.close()

    async def sink(text: str) -> None:
        first_words.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        keys = {XAI: Access(key="k", base_url=url)}
        async with build(keys, catalogue, clock=SystemClock(), timeouts={XAI: QUICK}) as registry:
            answer = await registry.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=sink))
    assert isinstance(answer, AskAnswer)
    assert answer.text == "One two"


async def test_a_cancelled_question_stops_at_once(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("xai", outcome(Outcome.NEVER_ENDS))
    asking = asyncio.create_task(registry.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=Told())))
    async with asyncio.timeout(5):
        await gateways.book.holds(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_refusal_before_the_stream_is_free(catalogue: Catalogue) -> None:
    async with Canned.start() as canned:
        canned.say({"error": {"message": "slow"}}, status=429, headers={"Retry-After": "7"})
        keys = {XAI: Access(key="k", base_url=canned.base_url)}
        async with build(keys, catalogue, clock=SystemClock()) as registry:
            with pytest.raises(RetryLater) as caught:
                await registry.asker(XAI).ask(question("xai"), replace(CONTEXT, sink=Told()))
    assert caught.value.retry_after_s == 7.0


async def told_by(*raw: object, sink: PartialSink | None = None) -> Stream:
    stream = Stream(sink or Told(), secrets=SECRETS)
    for event in raw:
        await stream.take(event)
    return stream


async def test_the_last_word_of_a_chat_stream_carries_model_price_and_sources() -> None:
    stream = await told_by(
        {"model": "grok-4.7", "choices": [{"delta": {"content": "Hi"}}]},
        {"choices": [{"delta": {}, "finish_reason": "length"}], "citations": [PAGES[0]]},
        {"choices": [], "usage": {"cost_in_usd_ticks": 7}},
    )
    reply = stream.reply()
    assert (reply.model, reply.usage.cost_in_usd_ticks, reply.citations) == ("grok-4.7", 7, (PAGES[0],))


@settings(deadline=None)  # the machine may be busy
@given(
    raw=st.lists(
        JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(["response.output_text.delta", "response.completed", "x"]) | JSON,
                "delta": JSON,
                "choices": JSON | st.lists(st.fixed_dictionaries({"delta": JSON, "finish_reason": JSON}), max_size=2),
                "usage": JSON,
                "response": JSON,
                "error": JSON,
            },
        ),
        max_size=4,
    )
)
def test_no_event_at_all_raises_anything_but_a_provider_error(raw: list[object]) -> None:
    async def play() -> None:
        try:
            (await told_by(*raw)).reply()
        except ProviderError:
            return  # what the contract allows

    asyncio.run(play())

"""Questions and answers: both shapes, what is never shown, what an answer that is none may have cost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from bot.core.money import usd
from bot.core.requests import (
    AskOrder,
    Message,
    ModelId,
    PictureFormat,
    ProviderName,
    Role,
    SearchKind,
    SourcePicture,
)
from bot.providers.asking import MAX_CITATIONS, Reply, checked, read_reply
from bot.providers.contract import Accepted, AskAnswer, AskSubmission, Citation, TokenUsage
from bot.providers.http import Answer
from bot.providers.locus_wire import read_answer
from bot.providers.registry import Registry
from bot.providers.talk_offers import ask_worst_case
from sandbox.gateways import Break, Gateways, Outcome, broken_answer, lost_answer, outcome, status
from sandbox.gateways.faults import AnswerFault
from sandbox.gateways.replies import PAGES, TITLE
from tests.providers.conftest import CONTEXT
from tests.providers.shapes import CODES, JSON

FEE = usd("0.003")
BOTH = pytest.mark.parametrize("name", ["locus", "xai"])
MODELS = {"locus": "grok-4-1-fast-reasoning", "xai": "grok-4.7"}
SECRET = "The member must never read this."


def question(name: str, text: str = "Why is the sky blue?", *search: SearchKind, model: str | None = None) -> AskOrder:
    return AskOrder(
        provider=ProviderName(name),
        model=ModelId(model or MODELS[name]),
        messages=(Message(role=Role.SYSTEM, text="Be brief."), Message(role=Role.USER, text=text)),
        max_tokens=256,
        search=search,
    )


async def asked(registry: Registry, order: AskOrder) -> AskAnswer:
    answer = await registry.asker(order.provider).ask(order, CONTEXT)
    assert isinstance(answer, AskAnswer)
    return answer


@BOTH
async def test_a_question_is_answered_once_with_its_cost_and_without_the_reasoning(
    name: str, registry: Registry, gateways: Gateways
) -> None:
    order = question(name)
    answer = await asked(registry, order)
    assert answer.text == "This is the sandbox speaking. You asked: Why is the sky blue?"
    assert answer.cost == gateways.book.total()
    offer = next(offer for offer in registry.ask_offers() if (offer.provider, offer.model) == (name, order.model))
    assert answer.cost <= ask_worst_case(offer, order)
    assert answer.usage == TokenUsage(prompt=12, answer=34, reasoning=5, sources=0)
    assert answer.served_model == ("grok-4.3" if name == "locus" else "grok-4.7")
    assert len(gateways.book.charges) == 1


@BOTH
@pytest.mark.parametrize("kind", list(SearchKind))
async def test_each_search_brings_its_sources(name: str, kind: SearchKind, registry: Registry) -> None:
    answer = await asked(registry, question(name, "What is new?", kind))
    assert answer.citations[0].url == PAGES[0]
    assert SECRET not in answer.text


async def test_xai_searches_in_several_places_at_once(registry: Registry) -> None:
    answer = await asked(registry, question("xai", "What is new?", *SearchKind))
    assert answer.citations == (Citation(url=PAGES[0], title=TITLE),)


@BOTH
async def test_pictures_may_be_asked_about(name: str, registry: Registry, gateways: Gateways) -> None:
    for search in ((), (SearchKind.WEB,)):
        pictures = (
            SourcePicture(url="https://a.example/x.png"),
            SourcePicture(data=b"\x89PNG" + b"x" * 300_000, format=PictureFormat.PNG),
        )
        order = question(name, "What is this?", *search)
        turn = Message(role=Role.USER, text="What is this?", pictures=pictures)
        answer = await asked(
            registry,
            AskOrder(provider=order.provider, model=order.model, messages=(turn,), max_tokens=99, search=search),
        )
        assert "What is this?" in answer.text
    assert len(gateways.book.charges) == 2


@BOTH
@pytest.mark.parametrize(
    "change",
    [
        {"model": ModelId("gone")},
        {"max_tokens": 0},
        {"max_tokens": 1_000_000},
        {"messages": (Message(role=Role.USER, text="x", pictures=(SourcePicture(url="https://a.example"),) * 4),)},
        {"search": tuple(SearchKind) * 2},
    ],
    ids=range(5),
)
async def test_what_cannot_be_asked_is_not_sent(
    name: str, change: dict[str, object], registry: Registry, gateways: Gateways
) -> None:
    plain = question(name)
    fields = {field: getattr(plain, field) for field in ("provider", "model", "messages", "max_tokens", "search")}
    order = AskOrder(**{**fields, **change})
    with pytest.raises(BadRequest) as caught:
        await registry.asker(ProviderName(name)).ask(order, CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


async def test_locus_searches_one_kind_at_a_time_and_only_with_grok_4(registry: Registry) -> None:
    for order in (
        question("locus", "x", SearchKind.WEB, SearchKind.X),
        question("locus", "x", SearchKind.WEB, model="grok-3"),
    ):
        with pytest.raises(BadRequest):
            await registry.asker(ProviderName("locus")).ask(order, CONTEXT)


def test_a_model_that_left_the_catalogue_is_not_asked() -> None:
    with pytest.raises(BadRequest):
        checked(None, question("xai"))


@BOTH
@pytest.mark.parametrize(
    "fault",
    [
        lost_answer(),
        broken_answer(Break.MALFORMED),
        broken_answer(Break.TRUNCATED),
        broken_answer(Break.HTML),
        status(500, is_charged=True),
        status(200, is_charged=True, body={}),
        status(200, is_charged=True, body=[]),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_what_may_have_been_answered_is_unknown(
    name: str, fault: AnswerFault, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, fault, times=3)
    with pytest.raises(ProviderError) as caught:
        await registry.asker(ProviderName(name)).ask(question(name), CONTEXT)
    assert caught.value.charged is Charged.UNKNOWN
    assert not isinstance(caught.value, RetryLater)
    assert len(gateways.book.charges) == 1


@BOTH
@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, BadRequest), (401, NotAuthorised), (402, OutOfFunds), (403, NotAuthorised), (429, RetryLater)],
)
async def test_a_refusal_is_free(
    name: str, code: int, kind: type[ProviderError], registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, status(code))
    with pytest.raises(kind) as caught:
        await registry.asker(ProviderName(name)).ask(question(name), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


@BOTH
async def test_a_refused_question_is_moderated_and_free(name: str, registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next(name, outcome(Outcome.MODERATED, is_charged=False))
    with pytest.raises(Moderated) as caught:
        await registry.asker(ProviderName(name)).ask(question(name), CONTEXT)
    assert caught.value.charged is Charged.NO


@BOTH
@pytest.mark.parametrize("search", [(), (SearchKind.X,)])
@pytest.mark.parametrize(("end", "kind"), [(Outcome.MODERATED, Moderated), (Outcome.EMPTY, GenerationFailed)])
async def test_an_answer_without_a_text_was_charged(
    *,
    name: str,
    search: tuple[SearchKind, ...],
    end: Outcome,
    kind: type[ProviderError],
    registry: Registry,
    gateways: Gateways,
) -> None:
    gateways.faults.next(name, outcome(end))
    with pytest.raises(kind) as caught:
        await registry.asker(ProviderName(name)).ask(question(name, "x", *search), CONTEXT)
    assert caught.value.charged is Charged.YES
    assert caught.value.cost == gateways.book.total()


async def test_a_question_that_waits_for_an_approval_is_no_answer(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("locus", outcome(Outcome.PENDING_APPROVAL))
    answer = await registry.asker(ProviderName("locus")).ask(question("locus"), CONTEXT)
    assert isinstance(answer, Accepted)
    assert answer.approval_url is not None


async def test_a_failed_upstream_keeps_the_payment(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("locus", outcome(Outcome.FAILED))
    with pytest.raises(RetryLater) as caught:
        await registry.asker(ProviderName("locus")).ask(question("locus"), CONTEXT)
    assert caught.value.payment_ref is not None


@BOTH
async def test_no_message_repeats_any_turn_of_the_conversation_or_the_key(
    name: str, registry: Registry, gateways: Gateways
) -> None:
    for told in ("your text 'Be brief.' is bad", "why is THE SKY blue", f"bad key {gateways.keys[name]}"):
        gateways.faults.next(name, status(400, body={"error": {"message": told}}))
        with pytest.raises(ProviderError) as caught:
            await registry.asker(ProviderName(name)).ask(question(name), CONTEXT)
        assert "[withheld" in str(caught.value)


def chat(content: object, reason: str = "stop", **more: object) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "reasoning_content": SECRET}
    return {"choices": [{"index": 0, "message": message, "finish_reason": reason}], **more}


def response(*content: object, **more: object) -> dict[str, object]:
    reasoning = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": SECRET}]}
    return {"output": [reasoning, {"type": "message", "content": list(content)}], **more}


def read(body: object) -> AskAnswer:
    return read_reply(Reply.read(body), fee=FEE)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (chat(" Hello \n"), "Hello"),
        (chat([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]), "Hello"),
        (chat(["Hel", "lo"]), "Hello"),
        ({"choices": [*chat("One")["choices"], *chat("Two")["choices"]]}, "One"),
        (response({"type": "output_text", "text": "Hello"}), "Hello"),
        (response({"text": "Hel"}, {"text": "lo"}, 7), "Hello"),
        ({"output": [{"content": [{"text": "Hello"}]}]}, "Hello"),
        ({"output": {"type": "message", "content": {"text": "Hello"}}}, "Hello"),
    ],
)
def test_the_text_is_found_in_both_shapes_and_the_reasoning_never(body: object, text: str) -> None:
    assert read(body).text == text


@pytest.mark.parametrize(
    ("body", "is_cut"),
    [
        (chat("x", "length"), True),
        (chat("x", "stop"), False),
        (response({"text": "x"}, incomplete_details={"reason": "max_output_tokens"}), True),
        (response({"text": "x"}), False),
    ],
)
def test_an_answer_that_was_cut_says_so(body: object, is_cut: bool) -> None:
    assert read(body).is_cut is is_cut


def test_citations_come_from_both_shapes_each_once() -> None:
    marks = [{"type": "url_citation", "url": PAGES[0], "title": " One "}, {"url": PAGES[0], "title": "Again"}, {}]
    body = response({"text": "x", "annotations": marks}, citations=[PAGES[0], PAGES[1], {"url": PAGES[1]}, "junk", 5])
    assert read(body).citations == (Citation(url=PAGES[0], title="One"), Citation(url=PAGES[1]))
    many = chat("x", citations=[f"https://a.example/{n}" for n in range(90)])
    assert len(read(many).citations) == MAX_CITATIONS
    long = response({"text": "x", "annotations": [{"url": PAGES[0], "title": "t" * 500}]})
    assert len(read(long).citations[0].title or "") == 200


@pytest.mark.parametrize(
    ("usage", "cost", "counted"),
    [
        ({"cost_in_usd_ticks": 15_931_000}, 15_931_000 + FEE, TokenUsage()),
        ({"cost_in_usd_ticks": "15931000", "prompt_tokens": 1}, 15_931_000 + FEE, TokenUsage(prompt=1)),
        (
            {"input_tokens": 1, "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 3}},
            None,
            TokenUsage(prompt=1, answer=2, reasoning=3),
        ),
        ({"completion_tokens": -1, "num_sources_used": 4}, None, TokenUsage(sources=4)),
        (None, None, TokenUsage()),
        ([], None, TokenUsage()),
    ],
)
def test_the_cost_and_the_counts_are_the_gateways(usage: object, cost: int | None, counted: TokenUsage) -> None:
    answer = read(chat("x", usage=usage))
    assert (answer.cost, answer.usage) == (cost, counted)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (chat(""), GenerationFailed),
        (chat(None), GenerationFailed),
        (chat({"text": "x"}) | {"choices": []}, GenerationFailed),
        (chat("", "content_filter"), Moderated),
        ({"choices": [{"message": {"content": "", "refusal": "no"}}]}, Moderated),
        (response({"type": "refusal", "refusal": "no"}), Moderated),
        (response(), GenerationFailed),
        ({}, GenerationFailed),
        (None, GenerationFailed),
    ],
)
@pytest.mark.parametrize(
    ("ticks", "charged", "cost"), [(5, Charged.YES, 5 + FEE), (0, Charged.UNKNOWN, FEE), (None, Charged.UNKNOWN, None)]
)
def test_no_text_says_what_it_cost(
    *, body: dict[str, object] | None, kind: type[ProviderError], ticks: int | None, charged: Charged, cost: int | None
) -> None:
    with pytest.raises(ProviderError) as caught:
        read({**(body or {}), "usage": {"cost_in_usd_ticks": ticks}})
    assert type(caught.value) is kind
    assert (caught.value.charged, caught.value.cost) == (charged, cost)


ENVELOPES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "success": JSON,
        "paymentId": JSON,
        "data": JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "choices": JSON | st.lists(st.fixed_dictionaries({"message": JSON, "finish_reason": JSON}), max_size=2),
                "output": JSON | st.lists(st.fixed_dictionaries({"type": JSON, "content": JSON}), max_size=2),
                "citations": JSON,
                "usage": JSON,
                "status": JSON | st.just("PENDING_APPROVAL"),
            },
        ),
    },
)


@settings(deadline=None)  # the machine may be busy
@given(body=ENVELOPES, code=CODES)
def test_no_answer_at_all_raises_anything_but_a_provider_error(body: object, code: int) -> None:
    answer = Answer(status=code, json=body)
    try:
        found: AskSubmission = read_answer(answer, fee=FEE, secrets=("a fox", "key-12345"), poll_after_s=60.0)
    except ProviderError:
        return  # what the contract allows
    assert isinstance(found, Accepted) or (isinstance(found, AskAnswer) and found.text)


async def test_an_unknown_outcome_is_no_reason_to_ask_again(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("xai", broken_answer(Break.CUT))
    with pytest.raises(OutcomeUnknown):
        await registry.asker(ProviderName("xai")).ask(question("xai"), CONTEXT)

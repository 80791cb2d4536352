"""Locus' pages for pictures and chat paid by the call: the same bodies that go out by key."""

import base64
from collections.abc import AsyncIterator

import pytest

from bot.core.clock import SystemClock
from bot.core.money import usd
from bot.core.requests import AskOrder, Message, ModelId, PictureOrder, ProviderName, Role, SourcePicture, Verb
from bot.providers.catalogue import Catalogue, Offer
from bot.providers.contract import AskAnswer, Finished, TokenUsage
from bot.providers.registry import Access, Registry, build
from tests.providers.canned import Canned
from tests.providers.conftest import CONTEXT, order_for

NAME = ProviderName("locus")
CHAT_MODELS = ["grok-3", "grok-3-mini", "grok-4-0709", "grok-4-1-fast-reasoning", "grok-code-fast-1"]
# Observed: the body of an answer, with names the page does not give.
COMPLETION = {
    "id": "c-1",
    "object": "chat.completion",
    "created": 1781900000,
    "model": "grok-4.3",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Paris.",
                "reasoning_content": "First, the user asks about France.",
                "refusal": None,
            },
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 25,
        "completion_tokens": 2,
        "total_tokens": 300,
        "prompt_tokens_details": {"text_tokens": 25, "cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 273},
        "num_sources_used": 0,
        "cost_in_usd_ticks": 15931000,
    },
    "system_fingerprint": "fp",
    "service_tier": None,
}


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    async with Canned.start() as server:
        yield server


@pytest.fixture
async def registry(canned: Canned, catalogue: Catalogue) -> AsyncIterator[Registry]:
    keys = {NAME: Access(key="claw_dev_x", base_url=f"{canned.base_url}/grok")}
    async with build(keys, catalogue, clock=SystemClock()) as built:
        yield built


def question(model: str, *messages: Message, max_tokens: int, temperature: float | None = None) -> AskOrder:
    return AskOrder(
        provider=NAME, model=ModelId(model), messages=messages, max_tokens=max_tokens, temperature=temperature
    )


async def ask(registry: Registry, order: AskOrder) -> AskAnswer:
    answer = await registry.asker(NAME).ask(order, CONTEXT)
    assert isinstance(answer, AskAnswer)
    return answer


async def test_a_picture_is_ordered_as_the_page_shows_it(canned: Canned, registry: Registry) -> None:
    pixel = base64.b64encode(b"\xff\xd8\xff").decode()
    canned.say({"success": True, "data": {"data": [{"b64_json": pixel, "mime_type": "image/jpeg"}]}})
    order = order_for(
        registry, "locus/grok-imagine", "A futuristic city skyline at sunset, digital art", count=1, aspect_ratio="16:9"
    )
    finished = await registry.provider(NAME).submit(order, CONTEXT)
    assert isinstance(finished, Finished)
    assert finished.pictures[0].data == b"\xff\xd8\xff"
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("POST", "/grok/image-generate")
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.json == {
        "prompt": "A futuristic city skyline at sunset, digital art",
        "model": "grok-imagine-image",
        "n": 1,
        "aspect_ratio": "16:9",
        "response_format": "url",
    }


async def test_the_quick_start_question_is_sent_as_the_page_shows_it(canned: Canned, registry: Registry) -> None:
    canned.say({"success": True, "data": COMPLETION})
    text = "Explain quantum entanglement in one paragraph."
    await ask(registry, question("grok-3", Message(role=Role.USER, text=text), max_tokens=256))
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("POST", "/grok/chat")
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.json == {"model": "grok-3", "messages": [{"role": "user", "content": text}], "max_tokens": 256}


async def test_the_example_question_is_sent_and_answered(canned: Canned, registry: Registry) -> None:
    canned.say({"success": True, "data": COMPLETION})
    answer = await ask(
        registry,
        question(
            "grok-3",
            Message(role=Role.SYSTEM, text="You are a helpful assistant."),
            Message(role=Role.USER, text="What is the capital of France?"),
            max_tokens=128,
            temperature=0.7,
        ),
    )
    assert canned.seen[0].json == {
        "model": "grok-3",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "What is the capital of France?"},
        ],
        "max_tokens": 128,
        "temperature": 0.7,
    }
    assert answer == AskAnswer(
        text="Paris.",
        served_model="grok-4.3",  # asked for grok-3
        cost=usd("0.0045931"),
        usage=TokenUsage(prompt=25, answer=2, reasoning=273, sources=0),
    )


async def test_every_listed_chat_model_can_be_asked(canned: Canned, registry: Registry) -> None:
    canned.say({"success": True, "data": COMPLETION})
    for model in CHAT_MODELS:
        await ask(registry, question(model, Message(role=Role.USER, text="hi"), max_tokens=9))
    assert [seen.json["model"] for seen in canned.seen if isinstance(seen.json, dict)] == CHAT_MODELS


async def test_text_and_pictures_go_together_and_nothing_that_reasoning_models_refuse(
    canned: Canned, registry: Registry
) -> None:
    canned.say({"success": True, "data": COMPLETION})
    turn = Message(role=Role.USER, text="What is it?", pictures=(SourcePicture(url="https://a.example/x.png"),))
    order = AskOrder(provider=NAME, model=ModelId("grok-4-0709"), messages=(turn,), max_tokens=9, top_p=0.5)
    await ask(registry, order)
    assert canned.seen[0].json == {
        "model": "grok-4-0709",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
                    {"type": "text", "text": "What is it?"},
                ],
            }
        ],
        "max_tokens": 9,
        "top_p": 0.5,
    }


async def test_what_the_pages_allow_and_the_bot_never_asks_for_is_not_sent(canned: Canned, registry: Registry) -> None:
    """Pictures come as addresses, since one inside the answer makes it megabytes long (read all the same); one answer
    is wanted; reasoning models refuse the rest."""
    canned.say({"success": True, "data": {**COMPLETION, "data": [{"url": "https://imgen.x.ai/one.jpeg"}]}})
    await registry.provider(NAME).submit(order_for(registry, "locus/grok-imagine", count=2), CONTEXT)
    turn = Message(role=Role.USER, text="What is it?")
    await ask(registry, question("grok-3", turn, max_tokens=9, temperature=0.5))
    drawn, asked = (seen.json for seen in canned.seen)
    assert isinstance(drawn, dict)
    assert isinstance(asked, dict)
    assert (drawn["response_format"], drawn["n"]) == ("url", 2)
    assert not {"stop", "n", "frequency_penalty", "presence_penalty", "stream"} & set(asked)


def offers(catalogue: Catalogue) -> dict[str, Offer]:
    return {offer.wire_model: offer for offer in catalogue.offers if offer.provider == NAME}


def test_the_two_picture_models_and_their_prices_are_the_pages(catalogue: Catalogue) -> None:
    found = offers(catalogue)
    assert set(found) == {"grok-imagine-image", "grok-imagine-image-pro"}
    listed = sorted(offer.price(None).listed for offer in found.values())
    assert listed == [usd("0.02"), usd("0.08")]
    for offer in found.values():
        assert offer.abilities[Verb.GENERATE].ratios == ("1:1", "16:9", "9:16", "4:3", "3:2", "auto")


def test_a_question_is_listed_within_the_pages_prices(catalogue: Catalogue) -> None:
    for offer in catalogue.ask_offers:
        if offer.provider == NAME:
            assert usd("0.001") <= offer.price.call.listed <= usd("0.02")


async def test_the_path_of_an_edit_is_its_own(canned: Canned, registry: Registry) -> None:
    canned.say({"success": True, "data": {"data": [{"url": "https://imgen.x.ai/one.jpeg"}]}})
    order = PictureOrder(
        provider=NAME,
        model=ModelId("grok-imagine"),
        prompt="x",
        count=1,
        verb=Verb.EDIT,
        sources=(SourcePicture(url="https://a.example/x.png"),),
    )
    await registry.provider(NAME).submit(order, CONTEXT)
    assert canned.seen[0].path == "/grok/image-edit"

"""Who answers, at which price: the cheapest healthy one that can, held at the worst and posted at the truth."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bot.core.clock import ManualClock
from bot.core.errors import BadRequest, Charged, NotAuthorised, Refusal, RefusalReason
from bot.core.ids import SystemRandomness
from bot.core.money import Ticks, usd
from bot.core.requests import Message, ProviderName, Role, SearchKind
from bot.providers import catalogue, registry
from bot.providers.contract import AskAnswer, Sound, TokenUsage
from bot.providers.registry import Access, Registry
from bot.providers.talk_offers import ask_estimate, ask_worst_case, speak_estimate
from bot.providers.watch import HealthWatch, Turn
from bot.services.ask.choosing import TalkChoosing, Wanted, spoken
from bot.services.ask.pricing import answer_bill, sound_bill

CATALOGUE = catalogue.load(Path(__file__).parents[2] / "data" / "catalogue.toml")
LOCUS, XAI = ProviderName("locus"), ProviderName("xai")


def wanted(text: str = "Why?", **more: Any) -> Wanted:
    return dataclasses.replace(Wanted(messages=(Message(role=Role.USER, text=text),)), **more)


def choosing(
    *names: ProviderName, ill: ProviderName | None = None, preference: tuple[ProviderName, ...] = ()
) -> tuple[TalkChoosing, Registry]:
    """Over the gateways of those names; `ill` has just refused its key."""
    clock = ManualClock()
    access = {name: Access(key="k" * 20, base_url="http://127.0.0.1:9") for name in names}
    built = registry.build(access, CATALOGUE, clock=clock)
    watch = HealthWatch(clock, SystemRandomness(), {})
    if ill is not None:
        turn = watch.begin(ill)
        assert isinstance(turn, Turn)
        turn.failed(NotAuthorised("no", charged=Charged.NO))
    return TalkChoosing(registry=built, watch=watch, preference=preference), built


async def test_the_cheapest_that_can_is_taken() -> None:
    found, _ = choosing(LOCUS, XAI)
    offer, order = found.ask(wanted())
    assert offer.key == "xai/grok-4.3"
    assert order.max_tokens <= offer.answer_max
    assert ask_estimate(offer, order) <= ask_worst_case(offer, order)


async def test_one_that_is_ill_is_passed_over_and_where_none_is_well_that_is_said() -> None:
    found, _ = choosing(LOCUS, XAI, ill=XAI)
    assert found.ask(wanted())[0].provider == LOCUS
    found, _ = choosing(XAI, ill=XAI)
    with pytest.raises(Refusal) as refused:
        found.ask(wanted())
    assert refused.value.reason is RefusalReason.PROVIDER_DOWN


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (wanted(""), RefusalReason.PROMPT_EMPTY),
        (wanted("\u200b\u2060 \n"), RefusalReason.PROMPT_EMPTY),
        (wanted(model="grok-99"), RefusalReason.UNKNOWN_MODEL),
        (wanted("x" * 30_000), RefusalReason.PROMPT_TOO_LONG),
        (wanted(model="grok-3", search=(SearchKind.WEB,)), RefusalReason.NO_WAY),
        (wanted(model="xai/grok-4.3", search=(SearchKind.WEB, SearchKind.X)), None),
        (wanted(model="Grok 4.1 Fast", search=(SearchKind.WEB, SearchKind.X)), RefusalReason.NO_WAY),
    ],
)
async def test_what_cannot_be_answered_is_refused(question: Wanted, reason: RefusalReason | None) -> None:
    found, _ = choosing(LOCUS, XAI)
    if reason is None:
        assert found.ask(question)[0].provider == XAI
        return
    with pytest.raises(Refusal) as refused:
        found.ask(question)
    assert refused.value.reason is reason


async def test_without_a_gateway_that_answers_or_speaks_there_is_no_way() -> None:
    found, _ = choosing(ProviderName("pixazo"))
    for call in (lambda: found.ask(wanted()), lambda: found.speak("x")):
        with pytest.raises(Refusal) as refused:
            call()
        assert refused.value.reason is RefusalReason.NO_WAY
    assert found.speech_price("x") is None


async def test_the_next_gateway_is_one_that_was_not_tried_and_bears_the_name_that_was_asked_for() -> None:
    found, _ = choosing(LOCUS, XAI)
    choice = found.ask_next(wanted(), tried={XAI})
    assert choice is not None
    assert choice[0].provider == LOCUS
    assert found.ask_next(wanted(), tried={XAI, LOCUS}) is None
    assert found.ask_next(wanted(model="xai/grok-4.3"), tried={XAI}) is None
    assert found.speak_next("x", tried={LOCUS}) is not None
    assert found.speak_next("x", tried={LOCUS, XAI}) is None


async def test_at_equal_prices_the_operators_order_decides() -> None:
    found, built = choosing(LOCUS, XAI, preference=(LOCUS, XAI))
    prices = {offer.provider: speak_estimate(offer, spoken(offer, "x")) for offer in built.speak_offers()}
    assert found.speak("x")[0].provider == min(prices, key=lambda name: (prices[name], name != LOCUS))


async def test_a_text_too_long_to_be_spoken_is_refused() -> None:
    found, _ = choosing(XAI)
    with pytest.raises(Refusal) as refused:
        found.speak("x" * 20_000)
    assert refused.value.reason is RefusalReason.PROMPT_TOO_LONG
    assert found.speech_price("x" * 20_000) is None
    assert found.speech_price("") is None


@pytest.mark.parametrize(
    ("answer", "cost", "basis"),
    [
        (AskAnswer(text="x", cost=Ticks(7)), 7, "reported"),
        (AskAnswer(text="x", usage=TokenUsage(prompt=1_000_000, answer=1_000_000)), usd("3.75"), "listed"),
        (AskAnswer(text="x", usage=TokenUsage(prompt=1, answer=0)), usd("0.00000125"), "listed"),
        (AskAnswer(text="x", usage=TokenUsage(prompt=1)), None, "listed"),
    ],
)
async def test_a_question_costs_what_was_charged_else_what_its_tokens_are_listed_at(
    answer: AskAnswer, cost: int | None, basis: str
) -> None:
    found, _ = choosing(XAI)
    offer, order = found.ask(wanted(model="xai/grok-4.3"))
    bill = answer_bill(offer, order, answer)
    assert (bill.cost, bill.basis) == (ask_estimate(offer, order) if cost is None else cost, basis)


async def test_a_sound_costs_what_was_charged_else_its_list_price() -> None:
    found, _ = choosing(XAI)
    offer, order = found.speak("hello")
    assert sound_bill(offer, order, Sound(data=b"x", media_type="audio/mpeg", cost=Ticks(9))).cost == 9
    listed = sound_bill(offer, order, Sound(data=b"x", media_type="audio/mpeg"))
    assert (listed.cost, listed.basis) == (speak_estimate(offer, order), "listed")


async def test_a_refusal_of_one_question_says_nothing_of_its_gateway() -> None:
    clock = ManualClock()
    watch = HealthWatch(clock, SystemRandomness(), {})
    turn = watch.begin(XAI)
    assert isinstance(turn, Turn)
    turn.failed(BadRequest("no", charged=Charged.NO))
    assert watch.is_healthy(XAI)

"""Questions, searches and speech are paid like pictures: once each, and each kind under its own cap."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.errors import Charged, GenerationFailed, OutcomeUnknown, RetryLater
from bot.core.ids import IdempotencyKey
from bot.core.money import Ticks, usd
from bot.core.requests import AskOrder, Message, ModelId, ProviderName, Role, SearchKind, SpeakOrder
from bot.payments.model import PaymentState
from bot.payments.policy import Because
from bot.providers.contract import (
    Accepted,
    AskAnswer,
    Citation,
    ExternalId,
    PaymentRequired,
    Sound,
    SubmitContext,
)
from bot.providers.locus import Slugs
from bot.providers.talk_offers import ask_worst_case, speak_worst_case
from bot.services.paying import PaymentDeclined

pytest.importorskip("pytempo", reason="the extra `mpp` is not installed, so nothing can be signed")

from bot.providers.catalogue import load
from sandbox.chain.locus import AMOUNTS, PAGE, SAID, SERVED, SOUND, Trick
from tests.payments.house import CATALOGUE, House, house

LOCUS, MODEL = ProviderName("locus"), ModelId("grok-4-0709")
HELD = usd("0.60")
SPEECH = SpeakOrder(provider=LOCUS, model=ModelId("grok-voice"), text="hello there", voice="eve", language="en")
UNPAID = SubmitContext(idempotency_key=IdempotencyKey("probe"))


def question(*search: SearchKind) -> AskOrder:
    said = (Message(role=Role.USER, text="what is a lighthouse?"),)
    return AskOrder(provider=LOCUS, model=MODEL, messages=said, max_tokens=500, search=search)


@pytest.fixture
async def paid(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def challenge(paid: House, order: AskOrder | SpeakOrder) -> PaymentRequired:
    if isinstance(order, AskOrder):
        asked = await paid.provider.ask(order, UNPAID)
        assert isinstance(asked, PaymentRequired)
        return asked
    spoken = await paid.provider.speak(order, UNPAID)
    assert isinstance(spoken, PaymentRequired)
    return spoken


async def buy(paid: House, order: AskOrder | SpeakOrder, *, held: Ticks = HELD) -> object:
    """Probes and pays, for a job of its own."""
    job, unpaid = await paid.job(held=held), await challenge(paid, order)
    if isinstance(order, AskOrder):
        return await paid.paying.ask(job, order, paid.provider, unpaid)
    return await paid.paying.speak(job, order, paid.provider, unpaid)


@pytest.mark.parametrize(
    ("search", "slug", "pages"),
    [
        ((), "chat", ()),
        ((SearchKind.WEB,), "web-search", (Citation(url=PAGE),)),
        ((SearchKind.X,), "x-search", (Citation(url=PAGE),)),
        ((SearchKind.CODE,), "code-execution", (Citation(url=PAGE),)),
    ],
)
async def test_a_question_is_paid_once_at_its_own_price_and_answered(
    paid: House, search: tuple[SearchKind, ...], slug: str, pages: tuple[Citation, ...]
) -> None:
    job, order = await paid.job(held=HELD), question(*search)

    answer = await paid.paying.ask(job, order, paid.provider, await challenge(paid, order))

    price = usd(AMOUNTS[slug])
    assert isinstance(answer, AskAnswer)
    assert (answer.text, answer.citations, answer.served_model) == (SAID, pages, SERVED)
    assert answer.cost == price
    (settled,) = paid.server.transfers
    assert settled.transfer.units * 10_000 == price
    row = await paid.payment(job)
    assert (row.state, row.amount) == (PaymentState.SETTLED, price)
    assert row.receipt is not None
    offer = next(one for one in load(CATALOGUE).ask_offers if (one.provider, one.model) == (LOCUS, MODEL))
    assert price <= ask_worst_case(offer, order)  # what /ask holds covers it


async def test_a_text_is_paid_once_and_spoken(paid: House) -> None:
    job = await paid.job(held=HELD)

    sound = await paid.paying.speak(job, SPEECH, paid.provider, await challenge(paid, SPEECH))

    assert isinstance(sound, Sound)
    assert (sound.data, sound.media_type, sound.cost) == (SOUND, "audio/mpeg", usd(AMOUNTS["tts"]))
    assert (await paid.payment(job)).state is PaymentState.SETTLED
    (offer,) = (one for one in load(CATALOGUE).speak_offers if one.provider == LOCUS)
    assert usd("0.0019") <= speak_worst_case(offer, SPEECH)


@pytest.mark.parametrize("order", [question(), SPEECH])
async def test_the_price_of_a_search_is_too_dear_for_anything_else(
    paid: House, order: AskOrder | SpeakOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.chain.locus.AMOUNTS", dict.fromkeys(AMOUNTS, "0.50"))

    with pytest.raises(PaymentDeclined) as caught:
        await buy(paid, order)

    assert caught.value.because is Because.OVER_CALL_CAP
    assert paid.server.transfers == []


async def test_a_search_above_its_own_cap_is_not_paid(paid: House) -> None:
    paid.locus.trick = Trick.TOO_DEAR
    order = question(SearchKind.WEB)

    with pytest.raises(PaymentDeclined, match="over_call_cap"):
        await buy(paid, order, held=usd("1"))
    assert paid.server.transfers == []


async def test_a_success_without_a_text_or_a_sound_was_paid(paid: House) -> None:
    paid.locus.trick = Trick.NO_PICTURE
    for order in (question(), question(SearchKind.X), SPEECH):
        with pytest.raises(GenerationFailed) as caught:
            await buy(paid, order)
        slug = Slugs().of_question(order) if isinstance(order, AskOrder) else "tts"
        assert (caught.value.charged, caught.value.cost) == (Charged.YES, usd(AMOUNTS[slug]))


async def test_what_died_while_it_asked_or_spoke_never_pays_again(paid: House) -> None:
    fresh = await paid.job(held=HELD)
    with pytest.raises(RetryLater, match="nothing had been paid"):
        await paid.paying.recover_ask(fresh, question(), paid.provider)
    with pytest.raises(RetryLater, match="nothing had been paid"):
        await paid.paying.recover_speak(fresh, SPEECH, paid.provider)

    paid.locus.trick = Trick.ASKS_AGAIN
    order = question()
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await paid.paying.ask(fresh, order, paid.provider, await challenge(paid, order))
    with pytest.raises(OutcomeUnknown):
        await paid.paying.recover_ask(fresh, order, paid.provider)
    assert len(paid.server.transfers) == len(paid.locus.credentials) == 1


async def test_an_answer_that_comes_later_is_handed_on(paid: House) -> None:
    class Later:
        async def speak(self, order: SpeakOrder, context: SubmitContext) -> Accepted:
            return Accepted(external_id=ExternalId("w1"))

    job = await paid.job(held=Ticks(HELD))
    answer = await paid.paying.speak(job, SPEECH, Later(), await challenge(paid, SPEECH))

    assert answer == Accepted(external_id=ExternalId("w1"))
    assert (await paid.payment(job)).state is PaymentState.SETTLED_NO_RECEIPT

"""Locus without a key: what an unpaid and a paid answer mean. Unpaid costs nothing; paid never says "not charged"."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable

import pytest

from bot.core.clock import SystemClock
from bot.core.crashpoints import NONE
from bot.core.errors import (
    BadRequest,
    Charged,
    GenerationFailed,
    Moderated,
    NotAuthorised,
    OutcomeUnknown,
    ProviderError,
    RetryLater,
)
from bot.core.ids import IdempotencyKey
from bot.core.money import Ticks
from bot.core.requests import (
    AskOrder,
    Message,
    ModelId,
    PictureFormat,
    PictureOrder,
    ProviderName,
    Role,
    SearchKind,
    SourcePicture,
    SpeakOrder,
    Verb,
)
from bot.providers.catalogue import load
from bot.providers.contract import (
    Accepted,
    Asker,
    ExternalId,
    Finished,
    PaymentRequired,
    ResultPicture,
    Speaker,
    StillRunning,
    SubmitContext,
)
from bot.providers.http import Timeouts
from bot.providers.locus import Slugs
from bot.providers.locus_mpp import LocusMpp, PaidAskAnswer, PaidClient, PaidFinished, PaidSound
from tests.payments.headers import header
from tests.providers.canned import Canned
from tests.providers.conftest import CATALOGUE

UNPAID = SubmitContext(idempotency_key=IdempotencyKey("easel-test"))
PAID = SubmitContext(idempotency_key=IdempotencyKey("easel-test"), payment="Payment abc")
ORDER = PictureOrder(
    provider=ProviderName("locus"), model=ModelId("grok-imagine"), prompt="a lighthouse", count=2, aspect_ratio="3:2"
)
URL = "https://imgen.x.ai/a.png"
GOOD = {"success": True, "data": {"data": [{"url": URL}], "model": "m", "usage": {"cost_in_usd_ticks": 200_000_000}}}
FAILED = {"success": False, "error": "Upstream API call failed", "paymentId": "5b0b2f4e-0000-4000-8000-000000000000"}


@pytest.fixture
async def server() -> AsyncIterator[Canned]:
    async with Canned.start() as running:
        yield running


def adapter(base_url: str, *, slugs: Slugs | None = None, edit_field: str = "image") -> LocusMpp:
    client = PaidClient(
        base_url=base_url, auth={}, clock=SystemClock(), crashpoints=NONE, timeouts=Timeouts(submit_s=3.0)
    )
    known = load(CATALOGUE)
    return LocusMpp(
        client=client,
        offers={offer.model: offer for offer in known.offers if offer.provider == "locus"},
        ask_offers={offer.model: offer for offer in known.ask_offers if offer.provider == "locus"},
        speak_offers={offer.model: offer for offer in known.speak_offers if offer.provider == "locus"},
        slugs=slugs or Slugs(),
        edit_field=edit_field,
    )


@pytest.fixture
async def locus(server: Canned) -> AsyncIterator[LocusMpp]:
    made = adapter(server.base_url)
    yield made
    await made.close()


async def raised(locus: LocusMpp, context: SubmitContext) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await locus.submit(ORDER, context)
    return caught.value


async def test_an_unpaid_order_brings_every_challenge_as_it_came(locus: LocusMpp, server: Canned) -> None:
    server.say({"type": "payment-required"}, status=402, headers={"WWW-Authenticate": header()})

    assert await locus.submit(ORDER, UNPAID) == PaymentRequired(challenges=(header(),))
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/grok/image-generate")
    assert "Authorization" not in seen.headers
    assert seen.json == {
        "model": "grok-imagine-image",
        "prompt": "a lighthouse",
        "n": 2,
        "aspect_ratio": "3:2",
        "response_format": "url",
    }


async def test_the_paid_order_is_the_same_body_with_the_credential(locus: LocusMpp, server: Canned) -> None:
    server.say({}, status=402, headers={"WWW-Authenticate": header()})
    server.say(GOOD, headers={"Payment-Receipt": "receipt"})
    await locus.submit(ORDER, UNPAID)

    assert await locus.submit(ORDER, PAID) == PaidFinished(
        pictures=(ResultPicture(url=URL),), cost=Ticks(200_000_000), served_model="m", receipt="receipt"
    )
    unpaid, paid = server.seen
    assert unpaid.body == paid.body
    assert paid.headers["Authorization"] == "Payment abc"


async def test_an_edit_goes_to_its_own_address(server: Canned) -> None:
    server.say(GOOD)
    made = adapter(server.base_url, slugs=Slugs(edit="change"), edit_field="image_url")
    source = SourcePicture(data=b"png", format=PictureFormat.PNG)
    order = PictureOrder(
        provider=ORDER.provider, model=ORDER.model, prompt="bluer", count=1, verb=Verb.EDIT, sources=(source,)
    )
    await made.submit(order, PAID)
    await made.close()

    (seen,) = server.seen
    assert seen.path == "/grok/change"
    body = json.loads(seen.body)
    assert body["image_url"] == f"data:image/png;base64,{base64.b64encode(b'png').decode()}"


async def test_a_picture_that_nobody_asked_money_for_is_free(locus: LocusMpp, server: Canned) -> None:
    server.say(GOOD)

    answer = await locus.submit(ORDER, UNPAID)

    assert isinstance(answer, Finished)
    assert answer.cost == 0


@pytest.mark.parametrize("context", [UNPAID, PAID])
async def test_a_call_that_waits_for_a_person_is_no_result(
    locus: LocusMpp, server: Canned, context: SubmitContext
) -> None:
    data = {"status": "PENDING_APPROVAL", "pending_approval_id": "p1", "approval_url": "https://a.example/p1"}
    server.say({"success": True, "data": data}, status=202)

    answer = await locus.submit(ORDER, context)

    assert isinstance(answer, Accepted)
    assert answer.external_id == "p1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, NotAuthorised),
        (403, NotAuthorised),
        (402, ProviderError),
        (404, BadRequest),
        (408, RetryLater),
        (429, RetryLater),
        (500, RetryLater),
        (502, RetryLater),
        (307, BadRequest),
    ],
)
async def test_an_unpaid_refusal_never_costs_anything(
    locus: LocusMpp, server: Canned, status: int, kind: type[ProviderError]
) -> None:
    server.say({"error": "no"}, status=status)

    error = await raised(locus, UNPAID)

    assert isinstance(error, kind)
    assert error.charged is Charged.NO


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (307, BadRequest),
        (400, BadRequest),
        (401, NotAuthorised),
        (403, NotAuthorised),
        (404, BadRequest),
        (429, BadRequest),
        (500, GenerationFailed),
        (502, GenerationFailed),
    ],
)
async def test_a_refusal_after_paying_never_says_that_nothing_was_charged(
    locus: LocusMpp, server: Canned, status: int, kind: type[ProviderError]
) -> None:
    server.say(FAILED, status=status)

    error = await raised(locus, PAID)

    assert type(error) is kind
    assert (error.charged, error.payment_ref) == (Charged.UNKNOWN, FAILED["paymentId"])
    assert "Payment abc" not in str(error)
    assert not isinstance(error, RetryLater | OutcomeUnknown)


async def test_a_refused_prompt_after_paying_is_named_so(locus: LocusMpp, server: Canned) -> None:
    server.say({"error": "Rejected by content moderation", "paymentId": "not an id!"}, status=400)

    error = await raised(locus, PAID)

    assert isinstance(error, Moderated)
    assert (error.charged, error.payment_ref) == (Charged.UNKNOWN, None)


async def test_a_gateway_that_asks_again_says_so_even_without_a_challenge(locus: LocusMpp, server: Canned) -> None:
    server.say({}, status=402)

    assert await locus.submit(ORDER, PAID) == PaymentRequired(challenges=())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"success": True, "data": {"data": []}}, GenerationFailed),
        ({"success": True, "data": {"data": [{"respect_moderation": False}]}}, Moderated),
        ({"success": False, "error": "no"}, GenerationFailed),
    ],
)
async def test_a_success_without_a_picture_was_charged(
    locus: LocusMpp, server: Canned, body: object, kind: type[ProviderError]
) -> None:
    server.say(body)

    error = await raised(locus, PAID)

    assert type(error) is kind
    assert error.charged is Charged.YES


async def test_no_answer_costs_nothing_unpaid_and_is_unknown_paid(locus: LocusMpp, server: Canned) -> None:
    server.say(b"<html>")

    unpaid, paid = await raised(locus, UNPAID), await raised(locus, PAID)

    assert (type(unpaid), unpaid.charged) == (RetryLater, Charged.NO)
    assert (type(paid), paid.charged) == (OutcomeUnknown, Charged.UNKNOWN)


async def test_a_gateway_that_is_down_was_sent_nothing() -> None:
    made = adapter("http://127.0.0.1:9")

    for context in (UNPAID, PAID):
        assert isinstance(await raised(made, context), RetryLater)
    await made.close()


async def test_the_rest_of_the_contract(locus: LocusMpp) -> None:
    assert (locus.name, locus.honours_idempotency_key) == ("locus", False)
    assert isinstance(await locus.poll(ORDER, ExternalId("p1")), StillRunning)
    assert locus.read_callback({}, b"") is None


# Questions and speech

SAID = (Message(role=Role.SYSTEM, text="be brief"), Message(role=Role.USER, text="what is a fresnel lens?"))
COMPLETION = {"model": "grok-4.3", "choices": [{"message": {"content": "A lens.", "reasoning_content": "hidden"}}]}
ANSWERED = {"success": True, "data": {**COMPLETION, "usage": {"cost_in_usd_ticks": 15_931_000}}}
SPEECH = SpeakOrder(
    provider=ORDER.provider, model=ModelId("grok-voice"), text="a word to say", voice="eve", language="auto"
)
SPOKEN = {"success": True, "data": {"data": base64.b64encode(b"ID3 sound").decode()}}


def question(*search: SearchKind) -> AskOrder:
    return AskOrder(provider=ORDER.provider, model=ModelId("grok-4-0709"), messages=SAID, max_tokens=300, search=search)


@pytest.mark.parametrize(
    ("search", "path"),
    [
        ((), "/grok/chat"),
        ((SearchKind.WEB,), "/grok/web-search"),
        ((SearchKind.X,), "/grok/x-search"),
        ((SearchKind.CODE,), "/grok/code-execution"),
    ],
)
async def test_a_question_is_probed_and_paid_with_the_same_body_at_its_own_address(
    locus: LocusMpp, server: Canned, search: tuple[SearchKind, ...], path: str
) -> None:
    server.say({}, status=402, headers={"WWW-Authenticate": header()})
    server.say(ANSWERED, headers={"Payment-Receipt": "receipt"})

    assert await locus.ask(question(*search), UNPAID) == PaymentRequired(challenges=(header(),))
    answer = await locus.ask(question(*search), PAID)

    assert isinstance(answer, PaidAskAnswer)
    assert (answer.text, answer.served_model, answer.receipt) == ("A lens.", "grok-4.3", "receipt")
    assert answer.cost == 15_931_000
    unpaid, paid = server.seen
    assert (unpaid.path, paid.path) == (path, path)
    assert unpaid.body == paid.body
    assert "Authorization" not in unpaid.headers
    assert paid.headers["Authorization"] == "Payment abc"
    assert unpaid.json == {
        "model": "grok-4-0709",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "what is a fresnel lens?"},
        ],
        "max_tokens": 300,
    }


async def test_a_text_is_probed_and_paid_with_the_same_body(locus: LocusMpp, server: Canned) -> None:
    server.say({}, status=402, headers={"WWW-Authenticate": header()})
    server.say(SPOKEN, headers={"Payment-Receipt": "receipt"})

    assert await locus.speak(SPEECH, UNPAID) == PaymentRequired(challenges=(header(),))
    assert await locus.speak(SPEECH, PAID) == PaidSound(data=b"ID3 sound", media_type="audio/mpeg", receipt="receipt")
    unpaid, paid = server.seen
    assert (unpaid.path, unpaid.body) == ("/grok/tts", paid.body)
    assert unpaid.json == {"text": "a word to say", "voice_id": "eve", "language": "auto"}


async def test_an_answer_and_a_sound_that_nobody_asked_money_for_are_free(locus: LocusMpp, server: Canned) -> None:
    server.say(ANSWERED)
    server.say(SPOKEN)
    answer = await locus.ask(question(), UNPAID)
    sound = await locus.speak(SPEECH, UNPAID)

    assert isinstance(answer, PaidAskAnswer)
    assert isinstance(sound, PaidSound)
    assert answer.cost == sound.cost == 0


async def test_a_question_and_a_text_may_wait_for_a_person(locus: LocusMpp, server: Canned) -> None:
    data = {"status": "PENDING_APPROVAL", "pending_approval_id": "p1"}
    server.say({"success": True, "data": data}, status=202)

    assert isinstance(await locus.ask(question(), PAID), Accepted)
    assert isinstance(await locus.speak(SPEECH, PAID), Accepted)


async def test_what_a_member_wrote_and_what_was_signed_stand_in_no_error(locus: LocusMpp, server: Canned) -> None:
    words = ("what is a fresnel lens?", "be brief", "a word to say", "Payment abc")
    for word in words:
        server.say({"success": False, "error": f"cannot serve {word}"}, status=400)
    calls: list[Awaitable[object]] = [locus.ask(question(), PAID), locus.ask(question(), PAID)]
    calls += [locus.speak(SPEECH, PAID), locus.speak(SPEECH, PAID)]

    for call, word in zip(calls, words, strict=True):
        with pytest.raises(BadRequest) as caught:
            await call
        assert "withheld" in str(caught.value)
        assert word not in str(caught.value)
        assert caught.value.charged is Charged.UNKNOWN


async def test_a_success_without_a_text_or_a_sound_was_charged(locus: LocusMpp, server: Canned) -> None:
    server.say({"success": True, "data": {}})

    for call in (locus.ask(question(), PAID), locus.speak(SPEECH, PAID)):
        with pytest.raises(GenerationFailed) as caught:
            await call
        assert caught.value.charged is Charged.YES


async def test_what_the_model_cannot_take_is_not_sent(locus: LocusMpp, server: Canned) -> None:
    for call in (
        locus.ask(question(SearchKind.WEB, SearchKind.X), UNPAID),
        locus.speak(
            SpeakOrder(provider=SPEECH.provider, model=ModelId("none"), text="a", voice="eve", language="en"), UNPAID
        ),
    ):
        with pytest.raises(BadRequest):
            await call
    assert server.seen == []


async def test_the_adapter_answers_and_speaks(locus: LocusMpp) -> None:
    assert isinstance(locus, Asker)
    assert isinstance(locus, Speaker)

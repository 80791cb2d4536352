"""Locus without a key: what an unpaid and a paid answer mean. Unpaid costs nothing; paid never says "not charged"."""

import base64
import json
from collections.abc import AsyncIterator

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
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, SourcePicture, Verb
from bot.providers.catalogue import load
from bot.providers.contract import (
    Accepted,
    ExternalId,
    Finished,
    PaymentRequired,
    ResultPicture,
    StillRunning,
    SubmitContext,
)
from bot.providers.http import Timeouts
from bot.providers.locus import Slugs
from bot.providers.locus_mpp import LocusMpp, PaidClient, PaidFinished
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
    offers = {offer.model: offer for offer in load(CATALOGUE).offers if offer.provider == "locus"}
    return LocusMpp(client=client, offers=offers, slugs=slugs or Slugs(), edit_field=edit_field)


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

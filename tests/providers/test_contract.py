"""What every adapter must do, whichever gateway it speaks to."""

from dataclasses import replace

import pytest

from bot.core.clock import SystemClock
from bot.core.crashpoints import CrashPoint
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
from bot.core.requests import ModelId, PictureOrder, ProviderName
from bot.providers.catalogue import Catalogue, listed_price, worst_case
from bot.providers.contract import Accepted, Finished, Provider
from bot.providers.registry import Registry, build
from sandbox.gateways import (
    Break,
    Gateways,
    Outcome,
    Step,
    broken_answer,
    late_answer,
    lost_answer,
    lost_request,
    outcome,
    status,
)
from sandbox.gateways.faults import AnswerFault, WorkFault
from tests.providers.conftest import CONTEXT, QUICK, Passings, access, order_for

MODELS = {"pixazo": "pixazo/grok-imagine-quality", "locus": "locus/grok-imagine"}
BOTH = pytest.mark.parametrize("name", list(MODELS))


async def finish(provider: Provider, order: PictureOrder) -> Finished:
    """Submits and asks until the pictures are there."""
    answer = await provider.submit(order, CONTEXT)
    for _ in range(20):
        if isinstance(answer, Finished):
            return answer
        assert isinstance(answer, Accepted)
        polled = await provider.poll(order, answer.external_id)
        if isinstance(polled, Finished):
            return polled
    raise AssertionError("never finished")


@pytest.fixture
def provider(registry: Registry, name: str) -> Provider:
    return registry.provider(ProviderName(name))


@BOTH
async def test_an_order_brings_the_asked_number_of_pictures_and_one_charge(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = order_for(registry, MODELS[name], count=3)
    finished = await finish(provider, order)
    assert len(finished.pictures) == 3
    assert all(picture.url and picture.url.startswith(f"http://{gateways.cdn_host}/") for picture in finished.pictures)
    assert len(gateways.book.charges) == 1


@BOTH
async def test_what_the_bot_posts_equals_what_the_gateway_charged(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = order_for(registry, MODELS[name], count=2)
    finished = await finish(provider, order)
    offer = registry.offer(order.provider, order.model)
    assert offer is not None
    posted = finished.cost
    if posted is None:
        posted = listed_price(offer, order.resolution, pictures=len(finished.pictures))
    assert posted == gateways.book.total()
    assert posted <= worst_case(offer, order)


@BOTH
async def test_fewer_pictures_than_asked_are_delivered_and_priced_as_such(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, WorkFault(kind=Outcome.FEWER, count=1))
    order = order_for(registry, MODELS[name], count=4)
    finished = await finish(provider, order)
    offer = registry.offer(order.provider, order.model)
    assert offer is not None
    assert len(finished.pictures) == 1
    posted = finished.cost or listed_price(offer, order.resolution, pictures=1)
    assert posted == gateways.book.total()


@BOTH
async def test_pictures_inside_the_answer_come_as_bytes(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, outcome(Outcome.BASE64))
    finished = await finish(provider, order_for(registry, MODELS[name]))
    (picture,) = finished.pictures
    assert picture.url is None
    assert picture.data is not None
    assert picture.data.startswith(b"\xff\xd8\xff")


@BOTH
async def test_the_crash_points_are_passed_once_and_in_order(
    name: str, provider: Provider, registry: Registry, passings: Passings
) -> None:
    await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert passings.seen == [CrashPoint.IN_REQUEST, CrashPoint.AFTER_RESPONSE]


@BOTH
async def test_a_submit_is_never_repeated_by_itself(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, lost_answer(), times=5)
    with pytest.raises(OutcomeUnknown) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.UNKNOWN
    assert len(gateways.book.charges) == 1


@BOTH
@pytest.mark.parametrize(
    "fault",
    [
        lost_answer(),
        lost_request(),
        broken_answer(Break.MALFORMED),
        broken_answer(Break.HTML),
        broken_answer(Break.TRUNCATED),
        broken_answer(Break.HUGE),
        status(500),
        status(503),
        status(504, is_charged=True),
        status(408),
        status(200, body={}),
        status(200, body="done"),
        status(200, body=[]),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.is_charged}",
)
async def test_what_may_have_been_accepted_is_unknown(
    name: str, fault: AnswerFault, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, fault)
    with pytest.raises(ProviderError) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.UNKNOWN
    assert not isinstance(caught.value, RetryLater)


@BOTH
async def test_an_answer_that_comes_too_late_is_unknown(name: str, gateways: Gateways, catalogue: Catalogue) -> None:
    impatient = {ProviderName(name): replace(QUICK, submit_s=0.2)}
    async with build(access(gateways), catalogue, clock=SystemClock(), timeouts=impatient) as registry:
        gateways.faults.next(name, late_answer(30))
        with pytest.raises(OutcomeUnknown):
            await registry.provider(ProviderName(name)).submit(order_for(registry, MODELS[name]), CONTEXT)
    assert len(gateways.book.charges) == 1


@BOTH
async def test_a_refused_connection_is_surely_not_sent(
    name: str, provider: Provider, registry: Registry, gateways: Gateways, passings: Passings
) -> None:
    async with gateways.refusing(name):
        with pytest.raises(RetryLater) as caught:
            await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert passings.seen == []
    assert isinstance(await finish(provider, order_for(registry, MODELS[name])), Finished)


@BOTH
@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), (None, None), ("1000000000", 60.0), ("-5", 1.0), ("soon", None)]
)
async def test_too_many_requests_may_be_tried_later(
    *,
    name: str,
    header: str | None,
    seconds: float | None,
    provider: Provider,
    registry: Registry,
    gateways: Gateways,
) -> None:
    gateways.faults.next(name, status(429, retry_after=header))
    with pytest.raises(RetryLater) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.retry_after_s == seconds
    assert gateways.book.charges == ()


@BOTH
@pytest.mark.parametrize(("code", "error"), [(401, NotAuthorised), (403, NotAuthorised), (402, OutOfFunds)])
async def test_the_operator_must_act(
    *,
    name: str,
    code: int,
    error: type[ProviderError],
    provider: Provider,
    registry: Registry,
    gateways: Gateways,
) -> None:
    gateways.faults.next(name, status(code))
    with pytest.raises(error) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert type(caught.value) is error


@BOTH
async def test_a_wrong_key_is_not_authorised(name: str, gateways: Gateways, catalogue: Catalogue) -> None:
    wrong = {key: replace(value, key="wrong-key-123") for key, value in access(gateways).items()}
    async with build(wrong, catalogue, clock=SystemClock()) as registry:
        with pytest.raises(NotAuthorised) as caught:
            await registry.provider(ProviderName(name)).submit(order_for(registry, MODELS[name]), CONTEXT)
    assert "wrong-key" not in str(caught.value)


@BOTH
async def test_a_refused_prompt_is_moderated_and_free(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.when("forbidden", outcome(Outcome.MODERATED, is_charged=False))
    with pytest.raises(Moderated) as caught:
        await provider.submit(order_for(registry, MODELS[name], "forbidden fruit"), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


@BOTH
async def test_a_withheld_picture_is_moderated_and_perhaps_charged(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, outcome(Outcome.MODERATED))
    with pytest.raises(Moderated) as caught:
        await finish(provider, order_for(registry, MODELS[name]))
    assert caught.value.charged is not Charged.NO


@BOTH
async def test_an_answer_without_a_picture_failed_and_was_perhaps_charged(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, outcome(Outcome.EMPTY))
    with pytest.raises(GenerationFailed) as caught:
        await finish(provider, order_for(registry, MODELS[name]))
    assert caught.value.charged is not Charged.NO


@BOTH
async def test_a_redirect_is_not_followed_and_the_key_stays_at_home(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    fault = AnswerFault(kind=Break.REDIRECT, target=f"{gateways.trap_url}/steal", is_charged=False)
    gateways.faults.next(name, fault)
    with pytest.raises(ProviderError) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.trap_hits == []


@BOTH
async def test_no_message_repeats_the_prompt_or_the_key(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    prompt = "my neighbour Ana Ruiz, 14 Elm Street"
    key = gateways.pixazo_key if name == "pixazo" else gateways.locus_key
    for told in (
        f"bad prompt: {prompt}",
        f"bad key {key}",
        f"see https://x.example/?k={key}",
        "14 elm street?",
    ):
        gateways.faults.next(name, status(400, body={"error": "Bad Request", "message": told}))
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order_for(registry, MODELS[name], prompt), CONTEXT)
        words = str(caught.value).casefold()
        assert "elm street" not in words
        assert key not in words


@BOTH
async def test_a_model_that_left_the_catalogue_is_not_sent(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = replace(order_for(registry, MODELS[name]), model=ModelId("gone"))
    with pytest.raises(BadRequest) as caught:
        await provider.submit(order, CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


@BOTH
async def test_no_adapter_claims_an_idempotency_key_that_its_gateway_ignores(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    assert provider.name == name
    assert provider.honours_idempotency_key is False
    order = order_for(registry, MODELS[name])
    await provider.submit(order, CONTEXT)
    await provider.submit(order, CONTEXT)
    assert len(gateways.book.of_prompt(order.prompt)) == 2


@BOTH
async def test_closing_twice_is_harmless(name: str, provider: Provider, registry: Registry) -> None:
    await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    await provider.close()
    await provider.close()


POLL_TROUBLE = [
    status(402, at=Step.POLL),
    status(500, at=Step.POLL),
    status(502, at=Step.POLL),
    status(429, at=Step.POLL),
    lost_answer(at=Step.POLL),
    broken_answer(Break.MALFORMED, at=Step.POLL),
    broken_answer(Break.HTML, at=Step.POLL),
    broken_answer(Break.TRUNCATED, at=Step.POLL),
    broken_answer(Break.HUGE, at=Step.POLL),
    broken_answer(Break.ENDLESS, at=Step.POLL),
    status(200, at=Step.POLL, body={"request_id": "someone-else", "status": "COMPLETED"}),
]


@pytest.mark.parametrize("fault", POLL_TROUBLE, ids=lambda fault: f"{fault.kind}-{fault.status}")
async def test_poll_trouble_says_nothing_about_the_work(
    fault: AnswerFault, registry: Registry, gateways: Gateways
) -> None:
    provider = registry.provider(ProviderName("pixazo"))
    order = order_for(registry, MODELS["pixazo"])
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    gateways.faults.next("pixazo", fault, times=10)  # the client library repeats a GET on a kept connection
    with pytest.raises(RetryLater):
        await provider.poll(order, accepted.external_id)
    gateways.faults.clear()
    assert isinstance(await provider.poll(order, accepted.external_id), Finished)
    assert len(gateways.book.charges) == 1

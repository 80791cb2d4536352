"""What every adapter must do, whichever gateway it speaks to."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.clock import SystemClock
from bot.core.crashpoints import NONE, CrashPoint, Crashpoints
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
    UnknownWork,
)
from bot.core.requests import ModelId, PictureOrder, ProviderName, Verb
from bot.providers.catalogue import Catalogue, listed_for, listed_price, worst_case
from bot.providers.contract import Accepted, ExternalId, Finished, Provider, StillRunning
from bot.providers.http import Timeouts
from bot.providers.locus_mpp import LocusMpp, PaidClient
from bot.providers.registry import Options, Registry, build
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

# One gateway in two ways: xAI's deferred pictures, and Locus without a key.
DEFERRED, UNPAID = "xai-deferred", "locus-unpaid"
MODELS = {
    "pixazo": "pixazo/grok-imagine-quality",
    "locus": "locus/grok-imagine",
    "apiinone": "apiinone/grok-imagine",
    "apiframe": "apiframe/grok-imagine",
    "xai": "xai/grok-imagine",
    DEFERRED: "xai/grok-imagine",
    UNPAID: "locus/grok-imagine",
}
# Everybody, and everybody but the one that is paid by the call: before it is paid, a call can cost nothing, so that it
# promises more (what it promises once it is paid stands with the payments' tests).
ANYBODY = pytest.mark.parametrize("name", list(MODELS))
ALL = pytest.mark.parametrize("name", [name for name in MODELS if name != UNPAID])
# The others draw one picture for each order.
SEVERAL = pytest.mark.parametrize("name", ["pixazo", "locus", "xai", DEFERRED])
POLLED = pytest.mark.parametrize("name", ["pixazo", "apiinone", "apiframe", DEFERRED])
# "You only pay for successful generations": work that failed for whatever reason is not charged there.
FREE_WHEN_FAILED = ("apiinone", "apiframe")


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


def at(name: str) -> ProviderName:
    """The gateway that is spoken to."""
    return ProviderName(name.partition("-")[0])


def built(
    name: str,
    gateways: Gateways,
    catalogue: Catalogue,
    *,
    quick: Timeouts = QUICK,
    crashpoints: Crashpoints = NONE,
    key: str | None = None,
) -> Registry:
    """The adapters in that way; `key` in place of the right ones."""
    found = {one: value if key is None else replace(value, key=key) for one, value in access(gateways).items()}
    ready: dict[ProviderName, Provider] = {}
    if name == UNPAID:
        gateways.locus.is_open = True
        base_url = found.pop(at(name)).base_url.removesuffix("/grok")
        offers = {offer.model: offer for offer in catalogue.offers if offer.provider == at(name)}
        client = PaidClient(base_url=base_url, auth={}, clock=SystemClock(), crashpoints=crashpoints, timeouts=quick)
        ready[at(name)] = LocusMpp(client=client, offers=offers)
    return build(
        found,
        catalogue,
        clock=SystemClock(),
        crashpoints=crashpoints,
        timeouts=dict.fromkeys(found, quick),
        options=Options(xai_is_deferred=name == DEFERRED),
        ready=ready,
    )


@pytest.fixture
async def registry(name: str, gateways: Gateways, catalogue: Catalogue, passings: Passings) -> AsyncIterator[Registry]:
    async with built(name, gateways, catalogue, crashpoints=passings) as opened:
        yield opened


@pytest.fixture
def provider(registry: Registry, name: str) -> Provider:
    return registry.provider(at(name))


@SEVERAL
async def test_an_order_brings_the_asked_number_of_pictures_and_one_charge(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = order_for(registry, MODELS[name], count=3)
    finished = await finish(provider, order)
    assert len(finished.pictures) == 3
    assert all(picture.url and picture.url.startswith(f"http://{gateways.cdn_host}/") for picture in finished.pictures)
    assert len(gateways.book.charges) == 1


@SEVERAL
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


@ALL
async def test_one_picture_is_drawn_and_its_price_posted(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = order_for(registry, MODELS[name])
    finished = await finish(provider, order)
    offer = registry.offer(order.provider, order.model)
    assert offer is not None
    assert len(finished.pictures) == len(gateways.book.charges) == 1
    posted = listed_for(offer, order, pictures=1) if finished.cost is None else finished.cost
    assert posted == gateways.book.total() <= worst_case(offer, order)


@ALL
def test_the_catalogue_says_what_the_adapter_does(name: str, provider: Provider, registry: Registry) -> None:
    facts = registry.facts(at(name))
    assert (facts.idempotency_key_s is not None) is provider.honours_idempotency_key
    assert 0 < facts.poll_min_s <= facts.poll_max_s


@SEVERAL
async def test_fewer_pictures_than_asked_are_delivered_and_priced_as_such(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(at(name), WorkFault(kind=Outcome.FEWER, count=1))
    order = order_for(registry, MODELS[name], count=4)
    finished = await finish(provider, order)
    offer = registry.offer(order.provider, order.model)
    assert offer is not None
    assert len(finished.pictures) == 1
    posted = finished.cost or listed_price(offer, order.resolution, pictures=1)
    assert posted == gateways.book.total()


@ANYBODY
async def test_pictures_inside_the_answer_come_as_bytes(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(at(name), outcome(Outcome.BASE64))
    finished = await finish(provider, order_for(registry, MODELS[name]))
    (picture,) = finished.pictures
    assert picture.url is None
    assert picture.data is not None
    assert picture.data.startswith(b"\xff\xd8\xff")


@ANYBODY
async def test_the_crash_points_are_passed_once_and_in_order(
    name: str, provider: Provider, registry: Registry, passings: Passings
) -> None:
    await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert passings.seen == [CrashPoint.IN_REQUEST, CrashPoint.AFTER_RESPONSE]


@ALL
async def test_a_submit_is_never_repeated_by_itself(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(at(name), lost_answer(), times=5)
    with pytest.raises(OutcomeUnknown) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.UNKNOWN
    assert len(gateways.book.charges) == 1


@ALL
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
    gateways.faults.next(at(name), fault)
    with pytest.raises(ProviderError) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.UNKNOWN
    assert not isinstance(caught.value, RetryLater)


@ALL
async def test_an_answer_that_comes_too_late_is_unknown(name: str, gateways: Gateways, catalogue: Catalogue) -> None:
    async with built(name, gateways, catalogue, quick=replace(QUICK, submit_s=0.2)) as registry:
        gateways.faults.next(at(name), late_answer(30))
        with pytest.raises(OutcomeUnknown):
            await registry.provider(at(name)).submit(order_for(registry, MODELS[name]), CONTEXT)
    assert len(gateways.book.charges) == 1


@ANYBODY
async def test_a_refused_connection_is_surely_not_sent(
    name: str, provider: Provider, registry: Registry, gateways: Gateways, passings: Passings
) -> None:
    async with gateways.refusing(at(name)):
        with pytest.raises(RetryLater) as caught:
            await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert passings.seen == []
    assert isinstance(await finish(provider, order_for(registry, MODELS[name])), Finished)


@ANYBODY
@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), (None, None), ("1000000000", 120.0), ("-5", 1.0), ("soon", None)]
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
    gateways.faults.next(at(name), status(429, retry_after=header))
    with pytest.raises(RetryLater) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.retry_after_s == seconds
    assert caught.value.is_busy
    assert gateways.book.charges == ()


@ANYBODY
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
    gateways.faults.next(at(name), status(code))
    with pytest.raises(error) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert type(caught.value) is error


@ALL
async def test_a_wrong_key_is_not_authorised(name: str, gateways: Gateways, catalogue: Catalogue) -> None:
    async with built(name, gateways, catalogue, key="wrong-key-123") as registry:
        with pytest.raises(NotAuthorised) as caught:
            await registry.provider(at(name)).submit(order_for(registry, MODELS[name]), CONTEXT)
    assert "wrong-key" not in str(caught.value)


@ANYBODY
async def test_a_refused_prompt_is_moderated_and_free(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.when("forbidden", outcome(Outcome.MODERATED, is_charged=False))
    with pytest.raises(Moderated) as caught:
        await provider.submit(order_for(registry, MODELS[name], "forbidden fruit"), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


@ALL
async def test_a_withheld_picture_is_moderated_and_perhaps_charged(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(at(name), outcome(Outcome.MODERATED))
    with pytest.raises(Moderated) as caught:
        await finish(provider, order_for(registry, MODELS[name]))
    assert (caught.value.charged is Charged.NO) is (name in FREE_WHEN_FAILED)
    assert (gateways.book.total() == 0) is (name in FREE_WHEN_FAILED)


@ALL
async def test_an_answer_without_a_picture_failed_and_was_perhaps_charged(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(at(name), outcome(Outcome.EMPTY))
    with pytest.raises(Moderated if at(name) == "xai" else GenerationFailed) as caught:  # xAI gives none it withholds
        await finish(provider, order_for(registry, MODELS[name]))
    assert caught.value.charged is not Charged.NO


@ANYBODY
async def test_a_redirect_is_not_followed_and_the_key_stays_at_home(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    fault = AnswerFault(kind=Break.REDIRECT, target=f"{gateways.trap_url}/steal", is_charged=False)
    gateways.faults.next(at(name), fault)
    with pytest.raises(ProviderError) as caught:
        await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.trap_hits == []


@ALL
async def test_no_message_repeats_the_prompt_or_the_key(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    prompt = "my neighbour Ana Ruiz, 14 Elm Street"
    key = gateways.keys[at(name)]
    for told in (
        f"bad prompt: {prompt}",
        f"bad key {key}",
        f"see https://x.example/?k={key}",
        "14 elm street?",
    ):
        gateways.faults.next(at(name), status(400, body={"error": "Bad Request", "message": told}))
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order_for(registry, MODELS[name], prompt), CONTEXT)
        words = str(caught.value).casefold()
        assert "elm street" not in words
        assert key not in words


@ANYBODY
async def test_a_model_that_left_the_catalogue_is_not_sent(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = replace(order_for(registry, MODELS[name]), model=ModelId("gone"))
    with pytest.raises(BadRequest) as caught:
        await provider.submit(order, CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


@ANYBODY
async def test_a_submit_that_is_repeated_is_charged_once_only_where_the_key_is_honoured(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    assert provider.name == at(name)
    order = order_for(registry, MODELS[name])
    first = await provider.submit(order, CONTEXT)
    second = await provider.submit(order, CONTEXT)
    assert len(gateways.book.of_prompt(order.prompt)) == (1 if provider.honours_idempotency_key else 2)
    assert (isinstance(first, Accepted) and first == second) is provider.honours_idempotency_key


@ANYBODY
@pytest.mark.parametrize("verb", list(Verb))
async def test_a_verb_that_the_model_does_not_have_is_refused_before_it_costs(
    name: str, verb: Verb, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = replace(order_for(registry, MODELS[name]), verb=verb)
    offer = registry.offer(order.provider, order.model)
    assert offer is not None
    if verb is Verb.GENERATE:
        return  # all can
    with pytest.raises(BadRequest) as caught:  # also where the model has the verb: its source is missing
        await provider.submit(order, CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


@ANYBODY
async def test_closing_twice_is_harmless(name: str, provider: Provider, registry: Registry) -> None:
    await provider.submit(order_for(registry, MODELS[name]), CONTEXT)
    await provider.close()
    await provider.close()


POLL_TROUBLE = [
    status(500, at=Step.POLL),
    status(502, at=Step.POLL),
    status(429, at=Step.POLL),
    lost_answer(at=Step.POLL),
    broken_answer(Break.MALFORMED, at=Step.POLL),
    broken_answer(Break.HTML, at=Step.POLL),
    broken_answer(Break.TRUNCATED, at=Step.POLL),
    broken_answer(Break.HUGE, at=Step.POLL),
    broken_answer(Break.ENDLESS, at=Step.POLL),
    status(
        200,
        at=Step.POLL,
        body={"request_id": "someone-else", "id": "someone-else", "data": {"task_id": "other"}, "status": "COMPLETED"},
    ),
]


@POLLED
@pytest.mark.parametrize("fault", POLL_TROUBLE, ids=lambda fault: f"{fault.kind}-{fault.status}")
async def test_poll_trouble_says_nothing_about_the_work(
    name: str, fault: AnswerFault, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = order_for(registry, MODELS[name])
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    gateways.faults.next(at(name), fault, times=10)  # the client library repeats a GET on a kept connection
    with pytest.raises(RetryLater) as caught:
        await provider.poll(order, accepted.external_id)
    assert caught.value.is_busy is (fault.status == 429)
    gateways.faults.clear()
    assert isinstance(await provider.poll(order, accepted.external_id), Finished)
    assert len(gateways.book.charges) == 1


@POLLED
@pytest.mark.parametrize(("code", "error"), [(401, NotAuthorised), (403, NotAuthorised), (402, OutOfFunds)])
async def test_an_account_that_is_refused_a_poll_says_nothing_about_the_work(
    *,
    name: str,
    code: int,
    error: type[ProviderError],
    provider: Provider,
    registry: Registry,
    gateways: Gateways,
) -> None:
    order = order_for(registry, MODELS[name])
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    gateways.faults.next(at(name), status(code, at=Step.POLL))
    with pytest.raises(error) as caught:
        await provider.poll(order, accepted.external_id)
    assert caught.value.charged is Charged.UNKNOWN
    assert isinstance(await provider.poll(order, accepted.external_id), Finished)


@POLLED
async def test_work_that_the_gateway_does_not_know_yet_is_unknown_work(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = order_for(registry, MODELS[name])
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    gateways.faults.next(at(name), status(404, at=Step.POLL), times=2)
    for _ in range(2):
        with pytest.raises(UnknownWork):
            await provider.poll(order, accepted.external_id)
    assert isinstance(await provider.poll(order, accepted.external_id), Finished)


@POLLED
@pytest.mark.parametrize("stored", ["../../v1/keys", "a b", "", "x?y", "%2e%2e", "é"])
async def test_a_stored_id_that_could_lead_the_key_astray_is_never_asked_for(
    name: str, stored: str, provider: Provider, registry: Registry
) -> None:
    with pytest.raises(UnknownWork):
        await provider.poll(order_for(registry, MODELS[name]), ExternalId(stored))


@POLLED
@pytest.mark.parametrize("kind", [Outcome.NEVER_ENDS, Outcome.UNKNOWN_STATUS])
async def test_work_that_never_ends_or_has_an_unknown_word_goes_on(
    name: str, kind: Outcome, gateways: Gateways, catalogue: Catalogue
) -> None:
    async with Gateways.start(scale=1000.0, picture_side=64, names=[at(name)]) as slow:
        slow.faults.next(at(name), outcome(kind))
        async with built(name, slow, catalogue) as registry:
            provider, order = registry.provider(at(name)), order_for(registry, MODELS[name])
            accepted = await provider.submit(order, CONTEXT)
            assert isinstance(accepted, Accepted)
            facts = registry.facts(at(name))
            for _ in range(3):
                assert await provider.poll(order, accepted.external_id) == StillRunning(poll_after_s=facts.poll_min_s)


@POLLED
async def test_a_status_that_drips_is_read_in_the_end(
    name: str, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    order = order_for(registry, MODELS[name])
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    gateways.faults.next(at(name), AnswerFault(kind=Break.DRIP, at=Step.POLL, seconds=0.0001))
    assert isinstance(await provider.poll(order, accepted.external_id), Finished)


@POLLED
@pytest.mark.parametrize("kind", [Outcome.FAILED, Outcome.ERROR])
async def test_work_that_failed_says_what_it_cost(
    name: str, kind: Outcome, provider: Provider, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(at(name), outcome(kind))
    with pytest.raises(GenerationFailed) as caught:
        await finish(provider, order_for(registry, MODELS[name]))
    is_told_free = (kind is Outcome.ERROR and name != DEFERRED) or name in FREE_WHEN_FAILED
    assert caught.value.charged is (Charged.NO if is_told_free else Charged.UNKNOWN)

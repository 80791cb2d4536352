"""xAI's pictures: at once and deferred, withheld, refused, and answers that no document foresees."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.clock import SystemClock
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
from bot.core.money import usd
from bot.core.requests import PictureFormat, PictureOrder, ProviderName, Resolution, SourcePicture, Verb
from bot.providers.catalogue import Catalogue, estimate, worst_case
from bot.providers.contract import Accepted, ExternalId, Finished, PollAnswer, StillRunning, Submission
from bot.providers.http import Answer
from bot.providers.registry import Options, Registry, build
from bot.providers.xai import read_poll, read_submit
from sandbox.gateways import Gateways, Outcome, outcome, status
from sandbox.gateways.faults import WorkFault
from tests.providers.conftest import CONTEXT, QUICK, access, order_for
from tests.providers.shapes import CODES, JSON

NAME = ProviderName("xai")
MODEL = "xai/grok-imagine"
SECRETS = ("a fox", "Bearer xai-the-key", "xai-the-key")
URL = "https://imgen.x.ai/one.jpeg"
LINK = SourcePicture(url="https://a.example/x.png")
PNG = SourcePicture(data=b"\x89PNG 1", format=PictureFormat.PNG)


def submitted(body: object, code: int = 200) -> Submission:
    return read_submit(Answer(status=code, json=body), SECRETS, 2.0)


def polled(body: object, code: int = 200) -> PollAnswer:
    return read_poll(Answer(status=code, json=body), ExternalId("r-1"), SECRETS, 2.0)


def edit(order: PictureOrder, *sources: SourcePicture) -> PictureOrder:
    return replace(order, verb=Verb.EDIT, sources=sources)


def test_ticks_are_taken_as_given() -> None:
    body = {"data": [{"url": URL}], "model": "grok-imagine-image", "usage": {"cost_in_usd_ticks": 200_000_000}}
    answer = submitted(body)
    assert isinstance(answer, Finished)
    assert (answer.cost, answer.served_model) == (usd("0.02"), "grok-imagine-image")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ([], Moderated),
        (None, Moderated),
        ([{"respect_moderation": False}], Moderated),
        ([{"respect_moderation": False, "url": ""}], Moderated),
        ([{"url": "junk"}], GenerationFailed),
        ([{}], GenerationFailed),
    ],
)
@pytest.mark.parametrize(
    ("ticks", "charged"), [(200_000_000, Charged.YES), (0, Charged.UNKNOWN), (None, Charged.UNKNOWN)]
)
def test_a_success_without_a_picture_is_a_refusal_that_may_have_cost(
    data: object, kind: type[ProviderError], ticks: int | None, charged: Charged
) -> None:
    for read in (submitted, polled):
        with pytest.raises(ProviderError) as caught:
            read({"data": data, "usage": {"cost_in_usd_ticks": ticks}})
        assert type(caught.value) is kind
        assert (caught.value.charged, caught.value.cost) == (charged, ticks)


@pytest.mark.parametrize("body", [{}, {"model": "x"}, [], "ok", {"request_id": "../x"}])
def test_a_success_that_says_nothing_may_have_cost(body: object) -> None:
    with pytest.raises(GenerationFailed) as caught:
        submitted(body)
    assert caught.value.charged is Charged.UNKNOWN


@pytest.mark.parametrize(
    ("code", "body", "kind", "charged"),
    [
        (400, {"error": {"message": "n must be at most 10", "type": "t", "param": "n"}}, BadRequest, Charged.NO),
        (400, {"code": "invalid-argument", "error": "Rejected by content moderation"}, Moderated, Charged.NO),
        (400, {"error": {"message": "Generated image rejected by content moderation."}}, Moderated, Charged.UNKNOWN),
        (403, {"code": "permission", "error": "Content violates usage guidelines."}, Moderated, Charged.NO),
        (403, {"error": {"message": "Failed check: SAFETY_CHECK_TYPE_X"}}, Moderated, Charged.NO),
        (403, {"code": "permission", "error": "The key has no access"}, NotAuthorised, Charged.NO),
        (401, {"error": "Incorrect API key"}, NotAuthorised, Charged.NO),
        (402, {"error": "no credits"}, OutOfFunds, Charged.NO),
        (404, {"error": {"message": "model not found"}}, BadRequest, Charged.NO),
        (422, "Failed to deserialize", BadRequest, Charged.NO),
        (429, {"error": "slow"}, RetryLater, Charged.NO),
        (408, None, OutcomeUnknown, Charged.UNKNOWN),
        (500, {"error": "oops"}, OutcomeUnknown, Charged.UNKNOWN),
        (503, {"error": "busy"}, OutcomeUnknown, Charged.UNKNOWN),
    ],
)
def test_both_shapes_of_errors(code: int, body: object, kind: type[ProviderError], charged: Charged) -> None:
    with pytest.raises(ProviderError) as caught:
        submitted(body, code)
    assert type(caught.value) is kind
    assert caught.value.charged is charged


async def test_a_withheld_picture_is_charged_and_not_asked_for_again(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("xai", outcome(Outcome.MODERATED), times=3)
    with pytest.raises(Moderated) as caught:
        await registry.provider(NAME).submit(order_for(registry, MODEL), CONTEXT)
    assert (caught.value.charged, caught.value.cost) == (Charged.YES, usd("0.02"))
    assert len(gateways.book.charges) == 1


@pytest.mark.parametrize("model", ["grok-imagine", "grok-imagine-2"])
@pytest.mark.parametrize("resolution", list(Resolution))
async def test_every_size_is_drawn_at_the_listed_price(
    model: str, resolution: Resolution, registry: Registry, gateways: Gateways
) -> None:
    order = order_for(registry, f"xai/{model}", resolution=resolution.value, count=2)
    answer = await registry.provider(NAME).submit(order, CONTEXT)
    offer = registry.offer(order.provider, order.model)
    assert isinstance(answer, Finished)
    assert offer is not None
    assert answer.cost == gateways.book.total() == estimate(offer, order)


@pytest.mark.parametrize("sources", [(LINK,), (PNG,), (LINK, PNG), (LINK, LINK, PNG)], ids=range(4))
async def test_an_edit_costs_a_little_more_for_each_source(
    sources: tuple[SourcePicture, ...], registry: Registry, gateways: Gateways
) -> None:
    order = edit(order_for(registry, MODEL), *sources)
    answer = await registry.provider(NAME).submit(order, CONTEXT)
    offer = registry.offer(order.provider, order.model)
    assert isinstance(answer, Finished)
    assert offer is not None
    assert answer.cost == gateways.book.total() == estimate(offer, order) <= worst_case(offer, order)
    assert answer.cost == usd("0.02") + len(sources) * usd("0.002")


@pytest.fixture
async def deferred(gateways: Gateways, catalogue: Catalogue) -> AsyncIterator[Registry]:
    options = Options(xai_is_deferred=True)
    async with build(
        access(gateways), catalogue, clock=SystemClock(), options=options, timeouts={NAME: QUICK}
    ) as registry:
        yield registry


async def accepted_by(registry: Registry, order: PictureOrder) -> ExternalId:
    answer = await registry.provider(NAME).submit(order, CONTEXT)
    assert isinstance(answer, Accepted)
    return answer.external_id


async def test_a_deferred_picture_is_asked_for_until_it_is_there(deferred: Registry, gateways: Gateways) -> None:
    gateways.faults.next("xai", WorkFault(kind=Outcome.SLOW, seconds=3600))
    order = order_for(deferred, MODEL)
    request_id = await accepted_by(deferred, order)
    for _ in range(2):  # an empty 202
        assert await deferred.provider(NAME).poll(order, request_id) == StillRunning(poll_after_s=2.0)
    gateways.finish()
    finished = await deferred.provider(NAME).poll(order, request_id)
    assert isinstance(finished, Finished)
    assert finished.cost == gateways.book.total() == usd("0.02")


async def test_a_deferred_picture_that_failed_may_have_cost(deferred: Registry, gateways: Gateways) -> None:
    gateways.faults.next("xai", outcome(Outcome.FAILED))
    order = order_for(deferred, MODEL)
    request_id = await accepted_by(deferred, order)
    with pytest.raises(GenerationFailed) as caught:
        await deferred.provider(NAME).poll(order, request_id)
    assert caught.value.charged is Charged.UNKNOWN


async def test_what_is_not_deferred_work_is_unknown(deferred: Registry) -> None:
    order = order_for(deferred, MODEL)
    for stored in ("no-such-work", "../api-key"):
        with pytest.raises(UnknownWork):
            await deferred.provider(NAME).poll(order, ExternalId(stored))


@pytest.mark.parametrize(
    ("body", "code", "kind"),
    [
        ({"status": "expired"}, 200, GenerationFailed),
        ({"status": "FAILED", "error": {"message": "unsafe"}}, 200, Moderated),
        ({"error": "x"}, 404, UnknownWork),
        ({"error": "x"}, 401, NotAuthorised),
        (None, 503, RetryLater),
    ],
)
def test_deferred_work_that_ends_badly(body: object, code: int, kind: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        polled(body, code)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"status": "pending"}, 200),
        ({"status": "warming"}, 200),
        (None, 202),
        ({"data": [{"url": URL}]}, 202),
        ({}, 200),
    ],
)
def test_anything_else_goes_on(body: object, code: int) -> None:
    assert polled(body, code) == StillRunning(poll_after_s=2.0)


@pytest.mark.parametrize("body", [{"data": [{"url": URL}]}, {"status": "done", "response": {"data": [{"url": URL}]}}])
def test_deferred_pictures_are_found_bare_and_wrapped(body: object) -> None:
    assert isinstance(polled(body), Finished)


def test_there_are_no_callbacks(registry: Registry) -> None:
    assert registry.provider(NAME).read_callback({}, b'{"request_id": "x"}') is None


async def test_an_unhappy_answer_says_why(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("xai", status(404))
    with pytest.raises(BadRequest, match="Not found"):
        await registry.provider(NAME).submit(order_for(registry, MODEL), CONTEXT)


BODIES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "data": JSON | st.lists(st.fixed_dictionaries({}, optional={"url": JSON | st.just(URL)}), max_size=3),
        "usage": JSON | st.fixed_dictionaries({"cost_in_usd_ticks": JSON}),
        "model": JSON,
        "request_id": JSON | st.just("r-1"),
        "status": JSON | st.sampled_from(["failed", "done", "pending"]),
        "error": JSON,
    },
)


@settings(deadline=None)  # the machine may be busy
@given(body=BODIES, code=CODES)
def test_no_answer_at_all_raises_anything_but_a_provider_error(body: object, code: int) -> None:
    for read in (polled, submitted):
        try:
            answer = read(body, code)
        except ProviderError:
            continue  # what the contract allows
        assert isinstance(answer, Accepted | Finished | StillRunning)

"""Locus by key: each status, each shape, and answers that no document foresees."""

import base64

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
)
from bot.core.money import MAX_TICKS, usd
from bot.core.requests import (
    AskOrder,
    Message,
    ModelId,
    PictureOrder,
    ProviderName,
    Role,
    SearchKind,
    SourcePicture,
    SpeakOrder,
    Verb,
)
from bot.providers.catalogue import load
from bot.providers.contract import Accepted, ExternalId, Finished, StillRunning, Submission
from bot.providers.http import Answer
from bot.providers.locus import Slugs
from bot.providers.locus_wire import read_submit
from bot.providers.registry import Access, Options, Registry, build
from sandbox.gateways import Gateways, Outcome, outcome
from sandbox.gateways.faults import WorkFault
from tests.providers.canned import Canned
from tests.providers.conftest import CATALOGUE, CONTEXT, access, order_for
from tests.providers.shapes import CODES, JSON

FEE = usd("0.003")
SECRETS = ("a fox", "Bearer the-key-1234", "the-key-1234")
URL = "https://imgen.x.ai/one.jpeg"
RAW = b"\xff\xd8\xff pixel"
PIXEL = base64.b64encode(RAW).decode()
NAME = ProviderName("locus")
MODEL = "locus/grok-imagine"


def read(body: object, code: int = 200, retry_after_s: float | None = None) -> Submission:
    answer = Answer(status=code, json=body, retry_after_s=retry_after_s)
    return read_submit(answer, fee=FEE, secrets=SECRETS, poll_after_s=60.0)


def told(items: object, **more: object) -> dict[str, object]:
    return {"success": True, "data": {"data": items, **more}}


def finished(body: object) -> Finished:
    answer = read(body)
    assert isinstance(answer, Finished)
    return answer


@pytest.mark.parametrize(
    "items",
    [
        [{"url": URL}],
        {"url": URL},
        [URL],
        URL,
        [{"url": URL, "b64_json": PIXEL}],
        [{"url": URL}, {}, None, 5],
    ],
)
def test_addresses_are_found_wherever_they_stand(items: object) -> None:
    assert [picture.url for picture in finished(told(items)).pictures] == [URL]


@pytest.mark.parametrize(
    "item",
    [
        {"b64_json": PIXEL},
        {"b64_json": f"data:image/jpeg;base64,{PIXEL}"},
        {"b64_json": PIXEL.rstrip("=")},
        {"url": f"data:image/jpeg;base64,{PIXEL}"},
        {"url": "not an address", "b64_json": PIXEL},
    ],
)
def test_base64_becomes_bytes(item: object) -> None:
    (picture,) = finished(told([item])).pictures
    assert picture.data == RAW


@pytest.mark.parametrize(
    ("ticks", "cost"),
    [
        (200_000_000, usd("0.023")),
        ("200000000", usd("0.023")),
        (0, FEE),
        (None, None),
        (-5, None),
        (1.5, None),
        (True, None),
        ("many", None),
        ("9" * 30, None),
        (int(MAX_TICKS) + 1, None),
        ({}, None),
    ],
)
def test_the_price_is_the_upstream_cost_plus_the_fee(ticks: object, cost: int | None) -> None:
    assert finished(told([URL], usage={"cost_in_usd_ticks": ticks})).cost == cost


@pytest.mark.parametrize("usage", [None, [], "x", {}])
def test_without_a_usable_cost_the_price_is_not_known(usage: object) -> None:
    assert finished(told([URL], usage=usage)).cost is None


def test_the_model_that_served_is_kept_and_bounded() -> None:
    assert finished(told([URL], model="grok-imagine-image-2.0")).served_model == "grok-imagine-image-2.0"
    assert len(finished(told([URL], model="m" * 5000)).served_model or "") == 100
    assert finished(told([URL], model="")).served_model is None


def test_some_withheld_pictures_do_not_spoil_the_others() -> None:
    answer = finished(told([{"respect_moderation": False}, {"url": URL, "respect_moderation": True}]))
    assert len(answer.pictures) == 1


@pytest.mark.parametrize(
    ("usage", "charged", "cost"),
    [
        ({"cost_in_usd_ticks": 200_000_000}, Charged.YES, usd("0.023")),
        ({"cost_in_usd_ticks": 0}, Charged.UNKNOWN, FEE),
        ({}, Charged.UNKNOWN, None),
    ],
)
def test_a_withheld_picture_may_have_been_billed(usage: object, charged: Charged, cost: int | None) -> None:
    with pytest.raises(Moderated) as caught:
        read(told([{"respect_moderation": False}], usage=usage))
    assert (caught.value.charged, caught.value.cost) == (charged, cost)


@pytest.mark.parametrize("items", [[], None, {}, [{}], ["x"], [{"b64_json": "!!"}], [{"b64_json": ""}]])
def test_no_picture_is_a_failure_that_may_have_cost(items: object) -> None:
    with pytest.raises(GenerationFailed) as caught:
        read(told(items))
    assert caught.value.charged is Charged.UNKNOWN


@pytest.mark.parametrize(
    ("code", "body", "kind", "charged"),
    [
        (400, {"success": False, "error": "Bad request", "message": "n"}, BadRequest, Charged.NO),
        (400, {"success": False, "error": "content moderation"}, Moderated, Charged.NO),
        (400, {"error": {"message": "violates policy", "code": "x"}}, Moderated, Charged.NO),
        (422, {"detail": [{"type": "range"}]}, BadRequest, Charged.NO),
        (401, {"error": "Unauthorized"}, NotAuthorised, Charged.NO),
        (403, {"error": "Policy violation", "message": "allowance"}, NotAuthorised, Charged.NO),
        (402, {"error": "Insufficient balance"}, OutOfFunds, Charged.NO),
        (404, {"error": "Unknown provider"}, BadRequest, Charged.NO),
        (308, None, BadRequest, Charged.NO),
        (303, None, OutcomeUnknown, Charged.UNKNOWN),
        (408, None, OutcomeUnknown, Charged.UNKNOWN),
        (502, None, OutcomeUnknown, Charged.UNKNOWN),  # a proxy's page, not the documented answer
        (503, {"success": False}, OutcomeUnknown, Charged.UNKNOWN),
        (200, {"success": False, "error": "boom"}, GenerationFailed, Charged.UNKNOWN),
        (200, {"success": False, "error": "unsafe content"}, Moderated, Charged.UNKNOWN),
        (202, told([URL]), OutcomeUnknown, Charged.UNKNOWN),
    ],
)
def test_statuses(code: int, body: object, kind: type[ProviderError], charged: Charged) -> None:
    with pytest.raises(ProviderError) as caught:
        read(body, code)
    assert type(caught.value) is kind
    assert caught.value.charged is charged


def test_a_failed_upstream_call_is_free_and_keeps_the_payment_for_a_refund() -> None:
    body = {"success": False, "error": "Upstream API call failed", "paymentId": "5b0b-uuid"}
    with pytest.raises(RetryLater) as caught:
        read(body, 502, retry_after_s=9.0)
    assert (caught.value.charged, caught.value.payment_ref, caught.value.retry_after_s) == (
        Charged.NO,
        "5b0b-uuid",
        9.0,
    )


def test_a_failed_payment_after_a_drawn_picture_is_unknown_and_keeps_the_payment() -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        read({"success": False, "error": "Payment failed", "paymentId": "5b0b-uuid"}, 500)
    assert caught.value.payment_ref == "5b0b-uuid"


@pytest.mark.parametrize("ref", [None, "", "has space", "x" * 201, "line\nbreak", {}])
def test_a_payment_that_is_none_is_not_kept(ref: object) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        read({"success": False, "paymentId": ref}, 500)
    assert caught.value.payment_ref is None


PENDING_DATA: dict[str, object] = {
    "status": "PENDING_APPROVAL",
    "pending_approval_id": "pa_1",
    "approval_url": "https://app.paywithlocus.com/a/pa_1",
    "estimated_cost_usdc": "0.023",
}
PENDING = {"success": True, "data": PENDING_DATA}


@pytest.mark.parametrize("code", [200, 202])
def test_a_call_that_waits_for_an_approval_is_no_result(code: int) -> None:
    assert read(PENDING, code) == Accepted(
        external_id=ExternalId("pa_1"), poll_after_s=60.0, approval_url="https://app.paywithlocus.com/a/pa_1"
    )


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", 7])
def test_an_approval_address_that_is_none_is_left_out(url: object) -> None:
    answer = read({"success": True, "data": {**PENDING_DATA, "approval_url": url}}, 202)
    assert isinstance(answer, Accepted)
    assert answer.approval_url is None


@pytest.mark.parametrize("pending_id", [None, "", "a b"])
def test_an_approval_without_an_id_is_unknown(pending_id: object) -> None:
    with pytest.raises(OutcomeUnknown):
        read({"data": {"status": "pending_approval", "pending_approval_id": pending_id}}, 202)


async def test_waiting_for_an_approval_on_the_wire(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("locus", outcome(Outcome.PENDING_APPROVAL))
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    assert accepted.approval_url is not None
    assert gateways.book.total() == 0
    gateways.locus.approve(accepted.external_id)
    assert gateways.book.total() == usd("0.023")
    for _ in range(2):
        assert await provider.poll(order, accepted.external_id) == StillRunning(poll_after_s=300.0, is_told=False)


async def test_a_gateway_that_charges_more_than_listed_is_believed(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("locus", WorkFault(kind=Outcome.OVERCHARGE, factor=5.0))
    answer = await registry.provider(NAME).submit(order_for(registry, MODEL), CONTEXT)
    assert isinstance(answer, Finished)
    assert answer.cost == gateways.book.total() == usd("0.115")


async def test_a_failed_upstream_on_the_wire_is_refunded_and_may_be_tried_again(
    registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next("locus", outcome(Outcome.FAILED))
    with pytest.raises(RetryLater) as caught:
        await registry.provider(NAME).submit(order_for(registry, MODEL), CONTEXT)
    assert caught.value.payment_ref is not None
    assert gateways.book.total() == 0


async def test_a_large_answer_is_read_off_the_loop() -> None:
    async with Gateways.start(scale=0.0, picture_side=4096) as large:
        large.faults.next("locus", outcome(Outcome.BASE64))
        async with build(access(large), load(CATALOGUE), clock=SystemClock()) as other:
            answer = await other.provider(NAME).submit(order_for(other, MODEL), CONTEXT)
    assert isinstance(answer, Finished)
    assert len(answer.pictures[0].data or b"") > 300_000


async def test_another_slug_can_be_set(gateways: Gateways) -> None:
    options = Options(locus_slugs=Slugs(generate="imagine"))
    async with build(access(gateways), load(CATALOGUE), clock=SystemClock(), options=options) as moved:
        with pytest.raises(BadRequest):  # the pretend gateway answers 404 there
            await moved.provider(NAME).submit(order_for(moved, MODEL), CONTEXT)


async def test_an_order_without_a_ratio_sends_none(registry: Registry, gateways: Gateways) -> None:
    order = PictureOrder(provider=NAME, model=ModelId("grok-imagine"), prompt="plain", count=1)
    assert isinstance(await registry.provider(NAME).submit(order, CONTEXT), Finished)


def test_there_are_no_callbacks(registry: Registry) -> None:
    assert registry.provider(NAME).read_callback({}, b'{"request_id": "x"}') is None


ITEM = JSON | st.fixed_dictionaries(
    {}, optional={"url": JSON | st.just(URL), "b64_json": JSON | st.just(PIXEL), "respect_moderation": JSON}
)
DATA = JSON | st.fixed_dictionaries(
    {},
    optional={
        "data": JSON | st.lists(ITEM, max_size=3),
        "usage": JSON | st.fixed_dictionaries({"cost_in_usd_ticks": JSON}),
        "model": JSON,
        "status": JSON | st.just("PENDING_APPROVAL"),
        "pending_approval_id": JSON,
        "approval_url": JSON,
    },
)
BODIES = JSON | st.fixed_dictionaries(
    {}, optional={"success": JSON, "data": DATA, "error": JSON, "message": JSON, "paymentId": JSON}
)


@settings(deadline=None)  # the machine may be busy
@given(body=BODIES, code=CODES)
def test_no_answer_at_all_raises_anything_but_a_provider_error(body: object, code: int) -> None:
    try:
        answer = read(body, code)
    except ProviderError:
        return  # what the contract allows
    assert isinstance(answer, Finished | Accepted)
    if isinstance(answer, Finished):
        assert answer.pictures
        assert all((picture.url is None) != (picture.data is None) for picture in answer.pictures)


EDIT = PictureOrder(
    provider=NAME,
    model=ModelId("grok-imagine"),
    prompt="make it blue",
    count=2,
    verb=Verb.EDIT,
    sources=(SourcePicture(url="https://a.example/x.png"),),
)


async def test_an_edit_is_charged_as_the_gateway_says(registry: Registry, gateways: Gateways) -> None:
    answer = await registry.provider(NAME).submit(EDIT, CONTEXT)
    assert isinstance(answer, Finished)
    assert len(answer.pictures) == 2
    assert answer.cost == gateways.book.total() == usd("0.045")


@pytest.mark.parametrize("field", ["image", "image_url"])
async def test_the_field_of_the_picture_to_edit_is_a_setting(field: str) -> None:
    options = Options(locus_edit_field=field)
    async with Canned.start() as canned:
        canned.say({"success": True, "data": {"data": [{"url": URL}]}})
        keys = {NAME: Access(key="claw_dev_x", base_url=canned.base_url)}
        async with build(keys, load(CATALOGUE), clock=SystemClock(), options=options) as built:
            await built.provider(NAME).submit(EDIT, CONTEXT)
    (seen,) = canned.seen
    assert seen.path == "/image-edit"
    assert seen.json == {
        "model": "grok-imagine-image",
        "prompt": "make it blue",
        "n": 2,
        field: "https://a.example/x.png",
        "response_format": "url",
    }


async def test_every_slug_is_a_setting() -> None:
    slugs = Slugs(
        generate="g",
        edit="e",
        chat="c",
        web="chat-web-search",
        x="chat-x-search",
        code="chat-code-execution",
        speak="s",
    )
    model = ModelId("grok-4-1-fast-reasoning")
    turn = Message(role=Role.USER, text="why?")
    async with Canned.start() as canned:
        keys = {NAME: Access(key="claw_dev_x", base_url=canned.base_url)}
        canned.say({"success": True, "data": {"choices": [{"message": {"content": "so"}}], "data": "AAAA"}})
        async with build(keys, load(CATALOGUE), clock=SystemClock(), options=Options(locus_slugs=slugs)) as built:
            for search in ((), *((kind,) for kind in SearchKind)):
                order = AskOrder(provider=NAME, model=model, messages=(turn,), max_tokens=9, search=search)
                await built.asker(NAME).ask(order, CONTEXT)
            line = SpeakOrder(provider=NAME, model=ModelId("grok-voice"), text="hi", voice="eve", language="auto")
            await built.speaker(NAME).speak(line, CONTEXT)
    assert [seen.path for seen in canned.seen] == [
        "/c",
        "/chat-web-search",
        "/chat-x-search",
        "/chat-code-execution",
        "/s",
    ]

"""API in One: every shape the documents name, and answers that none foresees."""

import base64
import json

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
from bot.core.requests import PictureOrder, ProviderName, Verb
from bot.providers.apiinone import find_pictures, read_poll, read_submit
from bot.providers.catalogue import Catalogue, estimate, listed_for, load
from bot.providers.contract import Accepted, CallbackHint, ExternalId, Finished, PollAnswer, StillRunning
from bot.providers.http import Answer
from bot.providers.registry import Options, Registry, build
from bot.providers.wire import CALLBACK_BODY_CAP
from sandbox.gateways import Gateways, Outcome, outcome
from sandbox.gateways.apiinone import PLACES
from tests.providers.conftest import CATALOGUE, CONTEXT, access, order_for
from tests.providers.shapes import CODES, JSON

NAME = ProviderName("apiinone")
MODEL = "apiinone/grok-imagine"
TASK = ExternalId("n31xxxx_grok")
SECRETS = ("a fox", "aio_the-key-1234")
URL = "https://cdn.example/one.png"
PIXEL = f"data:image/jpeg;base64,{base64.b64encode(b'pixel').decode()}"


def submitted(body: object, code: int = 200) -> object:
    return read_submit(Answer(status=code, json=body), secrets=SECRETS, poll_after_s=2.0)


def polled(body: object, code: int = 200) -> PollAnswer:
    return read_poll(Answer(status=code, json=body), TASK, secrets=SECRETS, poll_after_s=2.0)


def upscale_of(order: PictureOrder, parent: str | None) -> PictureOrder:
    return PictureOrder(
        provider=order.provider, model=order.model, prompt=order.prompt, count=1, verb=Verb.UPSCALE, parent=parent
    )


@pytest.mark.parametrize(
    "body",
    [
        {"code": 200, "message": "success", "data": {"task_id": TASK, "status": "IN_PROGRESS"}},
        {"id": TASK, "status": "pending", "model": "grok-imagine", "created_at": 1},
        {"data": {"taskId": TASK}},
        {"data": {"id": TASK}, "code": "200"},
        {"code": 200, "data": {"task_id": TASK, "status": "FAILED"}},  # asking tells the truth
        {"code": 500, "error": "odd", "data": {"task_id": TASK}},
        {"task_id": TASK, "code": 0},
    ],
)
def test_a_task_is_accepted_in_every_shape(body: object) -> None:
    assert submitted(body) == Accepted(external_id=TASK, poll_after_s=2.0)


def test_pictures_without_a_task_are_finished() -> None:
    answer = submitted({"code": 200, "data": {"images": [URL]}})
    assert isinstance(answer, Finished)
    assert answer.pictures[0].url == URL


@pytest.mark.parametrize(
    ("body", "kind", "charged"),
    [
        ({"error": {"code": 400, "message": "Invalid parameters", "type": "x"}}, BadRequest, Charged.NO),
        ({"error": {"code": 400, "message": "violates our policy"}}, Moderated, Charged.NO),
        ({"error": {"code": 401, "message": "bad key"}, "id": "req_1"}, NotAuthorised, Charged.NO),
        ({"code": 402, "message": "Insufficient credits", "data": None}, OutOfFunds, Charged.NO),
        ({"code": "429", "message": "slow down"}, RetryLater, Charged.NO),
        ({"code": 200, "error": {"code": "422", "message": "n"}}, BadRequest, Charged.NO),
        ({"code": 500, "message": "oops"}, OutcomeUnknown, Charged.UNKNOWN),
        ({"code": 1001, "message": "odd"}, OutcomeUnknown, Charged.UNKNOWN),
        ({"code": 200, "data": {"status": "failed", "error": "boom"}}, GenerationFailed, Charged.NO),
        ({"code": 200, "data": {"status": "FAILED", "message": "unsafe"}}, Moderated, Charged.NO),
        ({"code": 700, "message": "odd"}, OutcomeUnknown, Charged.UNKNOWN),
        ({"error": "boom"}, OutcomeUnknown, Charged.UNKNOWN),
        ({"code": 200, "data": {}}, OutcomeUnknown, Charged.UNKNOWN),
        ({"code": 200, "data": {"task_id": "../x"}}, OutcomeUnknown, Charged.UNKNOWN),
        ("ok", OutcomeUnknown, Charged.UNKNOWN),
        ([], OutcomeUnknown, Charged.UNKNOWN),
    ],
)
def test_an_error_inside_a_success_is_an_error(body: object, kind: type[ProviderError], charged: Charged) -> None:
    with pytest.raises(ProviderError) as caught:
        submitted(body)
    assert type(caught.value) is kind
    assert caught.value.charged is charged


@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, BadRequest), (401, NotAuthorised), (402, OutOfFunds), (429, RetryLater), (502, OutcomeUnknown)],
)
def test_statuses_to_a_submit(code: int, kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        submitted({"error": {"code": code, "message": "x", "type": "y"}}, code)


@pytest.mark.parametrize("word", ["completed", "COMPLETED", "SUCCESS", "success", " Completed "])
@pytest.mark.parametrize("where", ["data", "top", "state"])
def test_done_is_understood_in_every_spelling_and_place(word: str, where: str) -> None:
    data: dict[str, object] = {"task_id": TASK, "images": [URL]}
    body: dict[str, object] = {"code": 200, "data": data}
    (body if where == "top" else data)["state" if where == "state" else "status"] = word
    answer = polled(body)
    assert isinstance(answer, Finished)
    assert (answer.pictures[0].url, answer.cost) == (URL, None)


@pytest.mark.parametrize("word", ["IN_PROGRESS", "pending", "queued", "WARMING_UP", "constructor", ""])
def test_any_other_word_goes_on(word: str) -> None:
    assert polled({"data": {"task_id": TASK, "status": word}}) == StillRunning(poll_after_s=2.0)


def test_an_unknown_word_goes_on_even_beside_a_picture() -> None:
    assert isinstance(polled({"data": {"status": "upscaling", "images": [URL]}}), StillRunning)


def test_a_picture_without_a_word_is_a_result() -> None:
    assert isinstance(polled({"data": {"task_id": TASK, "image_urls": [URL]}}), Finished)


@pytest.mark.parametrize("word", ["failed", "FAILED", "ERROR", "error", "fail"])
@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"error": "boom"}, GenerationFailed),
        ({"error": {"message": "content policy"}}, Moderated),
        ({"message": "unsafe"}, Moderated),
        ({}, GenerationFailed),
    ],
)
def test_a_failed_task_is_free(word: str, more: dict[str, object], kind: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        polled({"code": 501, "data": {"task_id": TASK, "status": word, **more}})
    assert type(caught.value) is kind
    assert caught.value.charged is Charged.NO


@pytest.mark.parametrize("data", [{}, {"images": []}, {"output": {"images": ["no address"]}}, {"resultJson": "{oops"}])
def test_completed_without_a_picture_may_have_cost(data: dict[str, object]) -> None:
    with pytest.raises(GenerationFailed) as caught:
        polled({"data": {"status": "completed", **data}})
    assert caught.value.charged is Charged.UNKNOWN


@pytest.mark.parametrize(
    ("body", "code", "kind"),
    [
        ({"error": {"code": 404, "message": "Task not found"}}, 200, UnknownWork),
        ({"error": {"code": 404, "message": "Task not found"}}, 404, UnknownWork),
        ({"code": 401, "message": "bad key"}, 200, NotAuthorised),
        ({"code": 429}, 200, RetryLater),
        ({"error": "boom"}, 200, RetryLater),
        (None, 503, RetryLater),
        ({"data": {"task_id": "someone-else", "status": "completed", "images": [URL]}}, 200, RetryLater),
    ],
)
def test_an_error_to_a_poll_says_nothing_of_the_work(body: object, code: int, kind: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        polled(body, code)
    assert type(caught.value) is kind


HOLDERS = ["output", "result", "response"]
KEYS = ["images", "image_urls", "image_url", "urls", "url", "resultUrls"]


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [URL, [URL], [{"url": URL}], {"url": URL}], ids=["text", "list", "objects", "object"])
@pytest.mark.parametrize("is_inside", [True, False], ids=["data", "top"])
def test_addresses_are_found_wherever_they_may_stand(holder: str, key: str, value: object, *, is_inside: bool) -> None:
    inner = {holder: {key: value}}
    found = find_pictures({"data": inner} if is_inside else inner)
    assert [picture.url for picture in found] == [URL]


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"images": [URL]}},
        {"data": {"image_urls": [URL]}},
        {"data": {"urls": [URL]}},
        {"data": {"resultJson": json.dumps({"resultUrls": [URL]})}},
        {"data": {"resultJson": json.dumps([URL])}},
        {"data": {"resultJson": {"resultUrls": [URL]}}},
        {"data": {"output": [URL, URL]}},
        {"data": {"result": URL}},
        {"data": {"output": {"images": [URL]}, "images": [{"url": URL}]}, "images": URL},  # each once
    ],
)
def test_every_other_place_is_searched(body: object) -> None:
    assert [picture.url for picture in find_pictures(body)] == [URL]


def test_a_data_uri_comes_as_bytes() -> None:
    assert find_pictures({"data": {"images": [PIXEL]}})[0].data == b"pixel"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"data": {"input_urls": [URL], "prompt": URL}},
        {"data": {"output": {"output": {"output": {"output": {"output": {"url": URL}}}}}}},
        {"data": {"resultJson": "[" * 100_000}},
        {"data": {"images": [[[[[[[URL]]]]]]]}},
    ],
    ids=range(6),
)
def test_what_is_no_result_is_none(body: object) -> None:
    assert find_pictures(body) == ()


def test_at_most_ten_pictures_are_taken() -> None:
    assert len(find_pictures({"data": {"images": [f"{URL}?{n}" for n in range(50)]}})) == 10


@pytest.mark.parametrize("shape", ["page", "documents"])
@pytest.mark.parametrize("place", PLACES)
async def test_every_shape_and_place_on_the_wire(
    shape: str, place: str, registry: Registry, gateways: Gateways
) -> None:
    gateways.apiinone.create_shape = "page" if shape == "page" else "documents"
    gateways.apiinone.place = place
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    finished = await provider.poll(order, accepted.external_id)
    assert isinstance(finished, Finished)
    assert len(finished.pictures) == 1


async def test_more_pictures_than_asked_cost_one_call(registry: Registry, gateways: Gateways) -> None:
    gateways.apiinone.pictures_per_call = 4
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    offer = registry.offer(order.provider, order.model)
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    finished = await provider.poll(order, accepted.external_id)
    assert isinstance(finished, Finished)
    assert offer is not None
    assert len(finished.pictures) == 4
    assert listed_for(offer, order, pictures=4) == gateways.book.total() == usd("0.05")


async def test_an_upscale_names_the_task_and_the_prompt(registry: Registry, gateways: Gateways) -> None:
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    first = await provider.submit(order, CONTEXT)
    assert isinstance(first, Accepted)
    larger = await provider.submit(upscale_of(order, first.external_id), CONTEXT)
    assert isinstance(larger, Accepted)
    finished = await provider.poll(order, larger.external_id)
    assert isinstance(finished, Finished)
    assert gateways.book.total() == usd("0.17")


async def test_an_upscale_without_a_task_is_not_sent(registry: Registry, gateways: Gateways) -> None:
    with pytest.raises(BadRequest, match="drew itself"):
        await registry.provider(NAME).submit(upscale_of(order_for(registry, MODEL), None), CONTEXT)
    assert gateways.book.charges == ()


async def test_an_upscale_of_a_task_that_the_gateway_does_not_know_is_free(
    registry: Registry, gateways: Gateways
) -> None:
    with pytest.raises(BadRequest) as caught:
        await registry.provider(NAME).submit(upscale_of(order_for(registry, MODEL), "task_unknown"), CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


async def test_errors_inside_successes_on_the_wire(registry: Registry, gateways: Gateways) -> None:
    gateways.apiinone.hides_errors = True
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    with pytest.raises(UnknownWork):
        await provider.poll(order, ExternalId("task_none"))
    gateways.faults.next("apiinone", outcome(Outcome.MODERATED, is_charged=False))
    with pytest.raises(Moderated):
        await provider.submit(order, CONTEXT)


@pytest.mark.parametrize(
    ("url", "is_wanted", "seen"),
    [
        ("https://bot.example/cb/1", True, ["https://bot.example/cb/1"]),
        ("http://bot.example/cb/1", True, []),
        ("https://bot.example/cb/1", False, []),
        (None, True, []),
    ],
)
async def test_a_callback_address_is_sent_where_it_is_safe_and_wanted(
    *, url: str | None, is_wanted: bool, seen: list[str], gateways: Gateways, catalogue: Catalogue
) -> None:
    options = Options(apiinone_sends_callback_url=is_wanted)
    async with build(access(gateways), catalogue, clock=SystemClock(), options=options) as registry:
        context = type(CONTEXT)(idempotency_key=CONTEXT.idempotency_key, callback_url=url)
        await registry.provider(NAME).submit(order_for(registry, MODEL), context)
    assert gateways.apiinone.callbacks == seen


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"code": 200, "data": {"task_id": "n31", "status": "completed"}}', "n31"),
        (b'{"task_id": "n31"}', "n31"),
        (b'{"id": "n31"}', "n31"),
        (b'{"data": {"task_id": "../n31"}}', None),
        (b"junk", None),
        (b" " * (CALLBACK_BODY_CAP + 1), None),
    ],
    ids=range(6),
)
def test_a_callback_is_believed_only_for_its_id(body: bytes, hint: str | None, registry: Registry) -> None:
    found = registry.provider(NAME).read_callback({}, body)
    assert found == (None if hint is None else CallbackHint(external_id=ExternalId(hint)))


def test_the_operators_rate_sets_the_price() -> None:
    for rate, price in (("0.01", "0.05"), ("0.002", "0.01")):
        catalogue = load(CATALOGUE, usd_per_credit={NAME: usd(rate)})
        offer = next(offer for offer in catalogue.offers if offer.provider == NAME)
        order = PictureOrder(provider=NAME, model=offer.model, prompt="x", count=1)
        assert estimate(offer, order) == usd(price)
        assert estimate(offer, upscale_of(order, "t")) == usd(price) * 12 // 5


TASKS = JSON | st.fixed_dictionaries(
    {},
    optional={
        "task_id": JSON | st.just(TASK),
        "status": JSON | st.sampled_from(["completed", "FAILED", "IN_PROGRESS"]),
        "error": JSON,
        "message": JSON,
        "output": JSON | st.fixed_dictionaries({"images": JSON | st.just([URL])}),
        "resultJson": JSON | st.just('{"resultUrls": ["https://cdn.example/x"]}'),
        "images": JSON | st.lists(st.just(URL) | JSON, max_size=3),
    },
)
BODIES = JSON | st.fixed_dictionaries({}, optional={"code": JSON | CODES, "error": JSON, "data": TASKS, "id": JSON})


@settings(deadline=None)  # the machine may be busy
@given(body=BODIES, code=CODES)
def test_no_answer_at_all_raises_anything_but_a_provider_error(body: object, code: int) -> None:
    for read in (polled, submitted):
        try:
            answer = read(body, code)
        except ProviderError:
            continue  # what the contract allows
        assert isinstance(answer, Accepted | Finished | StillRunning)
        if isinstance(answer, Finished):
            assert answer.pictures

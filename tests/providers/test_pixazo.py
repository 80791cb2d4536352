"""Pixazo: each status, each shape, and answers that no document foresees."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import (
    BadRequest,
    Charged,
    GenerationFailed,
    Moderated,
    NotAuthorised,
    OutcomeUnknown,
    ProviderError,
    RetryLater,
    UnknownWork,
)
from bot.core.requests import ModelId, PictureOrder, ProviderName
from bot.providers.contract import Accepted, CallbackHint, ExternalId, Finished, PollAnswer, StillRunning
from bot.providers.http import Answer
from bot.providers.pixazo import read_poll, read_submit
from bot.providers.registry import Registry
from bot.providers.wire import CALLBACK_BODY_CAP
from sandbox.gateways import Gateways, Outcome, Step, outcome, status
from sandbox.gateways.faults import WorkFault
from tests.providers.conftest import CONTEXT, order_for
from tests.providers.shapes import CODES, JSON

WORK = ExternalId("model_0190")
SECRETS = ("a fox", "the-key-1234")
URL = "https://pub.r2.dev/v1/output.jpeg"
PIXEL = base64.b64encode(b"\xff\xd8\xff pixel").decode()
NAME = ProviderName("pixazo")
MODEL = "pixazo/grok-imagine-quality"


def polled(body: object, code: int = 200, retry_after_s: float | None = None) -> PollAnswer:
    answer = Answer(status=code, json=body, retry_after_s=retry_after_s)
    return read_poll(answer, WORK, secrets=SECRETS, poll_after_s=5.0)


def submitted(body: object, code: int = 202) -> object:
    return read_submit(Answer(status=code, json=body), secrets=SECRETS, poll_after_s=5.0)


@pytest.mark.parametrize(
    ("output", "urls"),
    [
        ({"media_url": [URL]}, [URL]),
        ({"media_url": URL}, [URL]),
        ({"media_url": [URL, URL + "?2"]}, [URL, URL + "?2"]),
        ({"media_url": [URL, None, 7, "", "ftp://x/y", "not an address"]}, [URL]),
        (URL, [URL]),
        ([URL, URL], [URL, URL]),
    ],
)
def test_results_are_found_wherever_they_stand(output: object, urls: list[str]) -> None:
    finished = polled({"status": "COMPLETED", "output": output})
    assert isinstance(finished, Finished)
    assert [picture.url for picture in finished.pictures] == urls
    assert finished.cost is None


def test_a_result_beside_the_output_is_found() -> None:
    finished = polled({"status": "completed", "output": None, "media_url": [URL]})
    assert isinstance(finished, Finished)


@pytest.mark.parametrize("uri", [f"data:image/jpeg;base64,{PIXEL}", f"DATA:image/png;BASE64,{PIXEL}"])
def test_a_data_uri_becomes_bytes(uri: str) -> None:
    finished = polled({"status": "COMPLETED", "output": {"media_url": [uri]}})
    assert isinstance(finished, Finished)
    assert finished.pictures[0].data == b"\xff\xd8\xff pixel"


def test_at_most_ten_pictures_are_taken() -> None:
    finished = polled({"status": "COMPLETED", "output": [URL] * 50})
    assert isinstance(finished, Finished)
    assert len(finished.pictures) == 10


@pytest.mark.parametrize("word", ["COMPLETED", "completed", "Completed", " COMPLETED "])
def test_status_words_are_read_in_any_case(word: str) -> None:
    assert isinstance(polled({"status": word, "output": URL}), Finished)


@pytest.mark.parametrize("word", ["QUEUED", "processing", "WARMING_UP", "", None, 7, ["COMPLETED"], "CANCELLED"])
def test_any_other_word_is_work_that_goes_on(word: object) -> None:
    assert polled({"status": word}) == StillRunning(poll_after_s=5.0)


def test_the_gateways_wish_to_wait_longer_is_passed_on() -> None:
    assert polled({"status": "QUEUED"}, retry_after_s=20.0) == StillRunning(poll_after_s=20.0)


@pytest.mark.parametrize(
    "output",
    [
        None,
        {},
        [],
        {"media_url": []},
        {"media_url": None},
        {"media_url": {}},
        "",
        0,
        {"media_url": "data:,x"},
    ],
)
def test_done_without_a_picture_is_a_failure_that_may_have_cost(output: object) -> None:
    with pytest.raises(GenerationFailed) as caught:
        polled({"status": "COMPLETED", "output": output})
    assert caught.value.charged is Charged.UNKNOWN


@pytest.mark.parametrize(
    ("word", "text", "kind", "charged"),
    [
        ("ERROR", "boom", GenerationFailed, Charged.NO),
        ("error", {"message": "boom"}, GenerationFailed, Charged.NO),
        ("FAILED", None, GenerationFailed, Charged.UNKNOWN),
        ("FAILED", "violates our content policy", Moderated, Charged.UNKNOWN),
        ("ERROR", {"message": "safety filter"}, Moderated, Charged.NO),
    ],
)
def test_bad_ends_say_what_they_cost(word: str, text: object, kind: type[ProviderError], charged: Charged) -> None:
    with pytest.raises(ProviderError) as caught:
        polled({"status": word, "error": text})
    assert type(caught.value) is kind
    assert caught.value.charged is charged


@pytest.mark.parametrize(
    ("code", "kind", "charged"),
    [
        (400, UnknownWork, Charged.UNKNOWN),
        (404, UnknownWork, Charged.UNKNOWN),
        (410, UnknownWork, Charged.UNKNOWN),
        (401, NotAuthorised, Charged.UNKNOWN),
        (403, NotAuthorised, Charged.UNKNOWN),
        (302, RetryLater, Charged.NO),
        (409, RetryLater, Charged.NO),
        (503, RetryLater, Charged.NO),
    ],
)
def test_statuses_to_a_poll(code: int, kind: type[ProviderError], charged: Charged) -> None:
    with pytest.raises(ProviderError) as caught:
        polled({"error": "x"}, code)
    assert type(caught.value) is kind
    assert caught.value.charged is charged


@pytest.mark.parametrize(
    ("code", "body", "kind", "charged"),
    [
        (400, {"error": "Bad Request", "message": "num_images is out of range"}, BadRequest, Charged.NO),
        (400, {"error": "Bad Request", "message": "blocked by moderation"}, Moderated, Charged.NO),
        (400, {"error": {"message": "safety system", "code": 7}}, Moderated, Charged.NO),
        (401, {"statusCode": 401, "message": "Access denied"}, NotAuthorised, Charged.NO),
        (404, None, BadRequest, Charged.NO),
        (422, ["a", "b"], BadRequest, Charged.NO),
        (301, None, BadRequest, Charged.NO),
        (302, None, OutcomeUnknown, Charged.UNKNOWN),
        (408, None, OutcomeUnknown, Charged.UNKNOWN),
        (502, None, OutcomeUnknown, Charged.UNKNOWN),
    ],
)
def test_statuses_to_a_submit(code: int, body: object, kind: type[ProviderError], charged: Charged) -> None:
    with pytest.raises(ProviderError) as caught:
        submitted(body, code)
    assert type(caught.value) is kind
    assert caught.value.charged is charged


def test_a_prompt_that_speaks_of_safety_is_not_taken_for_moderation() -> None:
    secrets = ("a safety helmet", "key")
    answer = Answer(status=400, json={"message": "cannot read 'a safety helmet'"})
    with pytest.raises(BadRequest):
        read_submit(answer, secrets=secrets, poll_after_s=5.0)


@pytest.mark.parametrize("code", [200, 201, 202])
def test_any_success_with_an_id_is_accepted(code: int) -> None:
    assert submitted({"request_id": "m_1", "status": "ERROR"}, code) == Accepted(
        external_id=ExternalId("m_1"), poll_after_s=5.0
    )


def test_an_id_that_became_a_number_is_read() -> None:
    assert submitted({"request_id": 4711}) == Accepted(external_id=ExternalId("4711"), poll_after_s=5.0)


@pytest.mark.parametrize(
    "work_id",
    [None, "", "../secret", "a/b", "a b", "a?b", "a%2fb", "é", "x" * 201, True, 1.5, ["a"], "\ud800"],
)
def test_an_id_that_could_lead_the_key_astray_is_not_taken(work_id: object) -> None:
    with pytest.raises(OutcomeUnknown):
        submitted({"request_id": work_id})


async def test_a_stored_id_that_is_none_is_never_asked_for(registry: Registry, gateways: Gateways) -> None:
    provider = registry.provider(NAME)
    with pytest.raises(UnknownWork):
        await provider.poll(order_for(registry, MODEL), ExternalId("../../v1/keys"))


async def test_the_key_never_goes_to_a_foreign_polling_host(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("pixazo", outcome(Outcome.FOREIGN_POLLING_URL))
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    assert isinstance(await provider.poll(order, accepted.external_id), Finished)
    assert gateways.trap_hits == []


async def test_work_that_the_gateway_does_not_know_yet_is_unknown_work(registry: Registry, gateways: Gateways) -> None:
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    gateways.faults.next("pixazo", status(404, at=Step.POLL), times=2)
    for _ in range(2):
        with pytest.raises(UnknownWork):
            await provider.poll(order, accepted.external_id)
    assert isinstance(await provider.poll(order, accepted.external_id), Finished)


async def test_work_that_never_ends_goes_on_for_ever(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    for _ in range(3):
        assert await provider.poll(order, accepted.external_id) == StillRunning(poll_after_s=5.0)


async def test_an_unknown_word_on_the_wire_goes_on(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("pixazo", WorkFault(kind=Outcome.SLOW, seconds=3600))
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    gateways.faults.next("pixazo", status(200, at=Step.POLL, body={"status": "WARMING_UP"}))
    assert await provider.poll(order, accepted.external_id) == StillRunning(poll_after_s=5.0)


async def test_an_error_on_the_wire_is_free(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("pixazo", outcome(Outcome.ERROR))
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    accepted = await provider.submit(order, CONTEXT)
    assert isinstance(accepted, Accepted)
    with pytest.raises(GenerationFailed) as caught:
        await provider.poll(order, accepted.external_id)
    assert caught.value.charged is Charged.NO
    assert gateways.book.total() == 0


async def test_an_order_without_choices_sends_none(registry: Registry, gateways: Gateways) -> None:
    order = PictureOrder(provider=NAME, model=ModelId("grok-imagine-quality"), prompt="plain", count=1)
    assert isinstance(await registry.provider(NAME).submit(order, CONTEXT), Accepted)


def test_callbacks_are_believed_only_for_their_id(registry: Registry) -> None:
    provider = registry.provider(NAME)
    good = json.dumps({"request_id": "m_1", "status": "COMPLETED", "output": {"media_url": ["http://evil"]}})
    assert provider.read_callback({}, good.encode()) == CallbackHint(external_id=ExternalId("m_1"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"request_id": "../x"}',
        b'{"id": "m_1"}',
        b"[" * 100_000,
        b" " * (CALLBACK_BODY_CAP + 1),
    ],
    ids=range(9),
)
def test_junk_is_no_callback(body: bytes, registry: Registry) -> None:
    assert registry.provider(NAME).read_callback({}, body) is None


BODIES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "request_id": JSON | st.just("model_0190"),
        "status": JSON | st.sampled_from(["COMPLETED", "FAILED", "ERROR", "QUEUED"]),
        "error": JSON,
        "message": JSON,
        "output": JSON | st.fixed_dictionaries({"media_url": JSON | st.just([URL])}),
    },
)


@settings(deadline=None)  # the machine may be busy
@given(body=BODIES, code=CODES)
def test_no_answer_at_all_raises_anything_but_a_provider_error(body: object, code: int) -> None:
    for read in (polled, submitted):
        try:
            assert isinstance(read(body, code), Accepted | Finished | StillRunning)
        except ProviderError:
            continue  # what the contract allows

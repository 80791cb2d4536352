"""Apiframe: keys, spellings, uploads, signatures; each status, each shape, and answers that no document foresees."""

import hmac
import json
from dataclasses import replace
from hashlib import sha256
from typing import Literal

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
from bot.core.ids import IdempotencyKey
from bot.core.money import MAX_TICKS, usd
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, SourcePicture, Verb
from bot.providers import apiframe
from bot.providers.apiframe_wire import cost_of, read_poll, read_submit
from bot.providers.catalogue import Catalogue, ProviderFacts
from bot.providers.contract import (
    Accepted,
    CallbackHint,
    ExternalId,
    Finished,
    PollAnswer,
    Preparer,
    Provider,
    StillRunning,
    SubmitContext,
)
from bot.providers.http import Answer
from bot.providers.registry import Access, Options, Registry, build
from bot.providers.wire import CALLBACK_BODY_CAP
from sandbox.gateways import Gateways, Outcome, lost_answer, outcome, status
from sandbox.gateways.faults import WorkFault
from sandbox.gateways.painter import paint
from tests.providers.canned import Canned
from tests.providers.conftest import CONTEXT, QUICK, access, order_for
from tests.providers.shapes import CODES, JSON

NAME = ProviderName("apiframe")
MODEL = "apiframe/grok-imagine"
JOB = ExternalId("b2c3d4e5-f6a7-8901-bcde-f23456789012")
SECRETS = ("a fox", "afk_the-key-1234")
URL = "https://cdn2.apiframe.ai/one.png"
FACTS = ProviderFacts(concurrency=1, poll_min_s=2.0, poll_max_s=10.0, usd_per_credit=usd("0.01"))
PNG = paint("source", 0, width=32, height=32, picture_format="png")
BYTES = SourcePicture(data=PNG, format=PictureFormat.PNG)
LINK = SourcePicture(url="https://example.com/input.jpg")


def submitted(body: object, code: int = 202) -> object:
    return read_submit(Answer(status=code, json=body), secrets=SECRETS, poll_after_s=2.0)


def polled(body: object, code: int = 200, retry_after_s: float | None = None) -> PollAnswer:
    answer = Answer(status=code, json=body, retry_after_s=retry_after_s)
    return read_poll(answer, JOB, secrets=SECRETS, facts=FACTS)


def edit(order: PictureOrder, *sources: SourcePicture) -> PictureOrder:
    return replace(order, verb=Verb.EDIT, sources=sources, aspect_ratio=None)


def upscale(model: str, source: SourcePicture, factor: int = 2, kind: PictureFormat | None = None) -> PictureOrder:
    return PictureOrder(
        provider=NAME,
        model=ModelId(model),
        prompt="",
        count=1,
        verb=Verb.UPSCALE,
        sources=(source,),
        factor=factor,
        format=kind,
    )


async def finish(provider: Provider, order: PictureOrder, context: SubmitContext = CONTEXT) -> Finished:
    accepted = await provider.submit(order, context)
    assert isinstance(accepted, Accepted)
    finished = await provider.poll(order, accepted.external_id)
    assert isinstance(finished, Finished)
    return finished


@pytest.mark.parametrize(
    "body",
    [
        {"jobId": JOB, "status": "QUEUED"},
        {"jobId": JOB, "status": "COMPLETED"},  # a replayed key
        {"id": JOB},
    ],
)
def test_a_job_is_accepted_by_either_name(body: object) -> None:
    assert submitted(body) == Accepted(external_id=JOB, poll_after_s=2.0)


@pytest.mark.parametrize(
    ("code", "body", "kind", "charged"),
    [
        (202, {"status": "QUEUED"}, OutcomeUnknown, Charged.UNKNOWN),
        (202, {"jobId": "../x"}, OutcomeUnknown, Charged.UNKNOWN),
        (400, {"error": "Validation failed", "details": {"prompt": ["too long"]}}, BadRequest, Charged.NO),
        (400, {"error": "content moderation"}, Moderated, Charged.NO),
        (401, {"error": "Invalid API key"}, NotAuthorised, Charged.NO),
        (402, {"error": "Insufficient credits", "creditsRequired": 8, "creditsAvailable": 0}, OutOfFunds, Charged.NO),
        (403, {"error": "Forbidden"}, NotAuthorised, Charged.NO),
        (404, {"error": "Not found"}, BadRequest, Charged.NO),
        (409, {"error": "key was used with another body"}, OutcomeUnknown, Charged.UNKNOWN),
        (429, {"error": "slow down"}, RetryLater, Charged.NO),
        (503, {"error": "down"}, OutcomeUnknown, Charged.UNKNOWN),
    ],
)
def test_statuses_to_a_submit(code: int, body: object, kind: type[ProviderError], charged: Charged) -> None:
    with pytest.raises(ProviderError) as caught:
        submitted(body, code)
    assert type(caught.value) is kind
    assert caught.value.charged is charged


@pytest.mark.parametrize(
    "result",
    [URL, [URL], {"images": [URL]}, {"images": URL}, {"url": URL}, {"images": [None, URL, 5]}],
)
def test_results_are_found_wherever_they_stand(result: object) -> None:
    finished = polled({"id": JOB, "status": "COMPLETED", "result": result, "creditCost": 8})
    assert isinstance(finished, Finished)
    assert [picture.url for picture in finished.pictures] == [URL]
    assert finished.cost == usd("0.08")


@pytest.mark.parametrize("word", ["QUEUED", "PROCESSING", "processing", "WARMING_UP", "", None])
def test_words_that_go_on(word: object) -> None:
    assert polled({"id": JOB, "status": word}) == StillRunning(poll_after_s=2.0)
    assert polled({"jobId": JOB, "status": word}, retry_after_s=7.0) == StillRunning(poll_after_s=7.0)


@pytest.mark.parametrize("word", ["FAILED", "CANCELLED", "failed", "Canceled"])
@pytest.mark.parametrize(("error", "kind"), [("boom", GenerationFailed), ({"message": "unsafe"}, Moderated)])
def test_words_that_end_badly_are_free(word: str, error: object, kind: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        polled({"id": JOB, "status": word, "error": error, "creditCost": 8})
    assert type(caught.value) is kind
    assert caught.value.charged is Charged.NO


@pytest.mark.parametrize(
    ("body", "charged", "cost"),
    [
        ({"result": {"images": []}, "creditCost": 8}, Charged.YES, usd("0.08")),
        ({"result": None, "creditCost": None}, Charged.UNKNOWN, None),
        ({"result": {"images": [URL]}, "expired": True, "creditCost": 8}, Charged.YES, usd("0.08")),
        ({"expired": True}, Charged.YES, None),
    ],
)
def test_done_without_a_picture_says_what_it_cost(body: dict[str, object], charged: Charged, cost: int | None) -> None:
    with pytest.raises(GenerationFailed) as caught:
        polled({"id": JOB, "status": "COMPLETED", **body})
    assert (caught.value.charged, caught.value.cost) == (charged, cost)


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (404, {"error": "Job not found"}, UnknownWork),
        (401, {"error": "x"}, NotAuthorised),
        (429, None, RetryLater),
        (503, None, RetryLater),
        (200, {"id": "someone-else", "status": "COMPLETED", "result": URL}, RetryLater),
    ],
)
def test_trouble_with_a_poll(code: int, body: object, kind: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        polled(body, code)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("spent", "ticks"),
    [
        (8, usd("0.08")),
        ("8", usd("0.08")),
        (0.5, usd("0.005")),
        (0, 0),
        ("0.00000000001", 1),  # fractions of a tick round up
        (None, None),
        (True, None),
        (-1, None),
        ("many", None),
        (float("nan"), None),
        (float("inf"), None),
        ([8], None),
        ("1e999999", None),
        (int(MAX_TICKS), None),
    ],
)
def test_credits_become_ticks(spent: object, ticks: int | None) -> None:
    assert cost_of(spent, usd("0.01")) == ticks


def test_without_a_rate_the_price_is_not_known() -> None:
    assert cost_of(8, None) is None


async def test_the_gateways_own_figure_is_posted(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("apiframe", WorkFault(kind=Outcome.OVERCHARGE, factor=5.0))
    finished = await finish(registry.provider(NAME), order_for(registry, MODEL))
    assert finished.cost == gateways.book.total() == usd("0.40")


async def test_expired_pictures_on_the_wire(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("apiframe", outcome(Outcome.EXPIRED))
    with pytest.raises(GenerationFailed) as caught:
        await finish(registry.provider(NAME), order_for(registry, MODEL))
    assert (caught.value.charged, caught.value.cost) == (Charged.YES, usd("0.08"))


async def test_a_lost_answer_is_found_again_under_the_same_key(registry: Registry, gateways: Gateways) -> None:
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    gateways.faults.next("apiframe", lost_answer())
    with pytest.raises(OutcomeUnknown):
        await provider.submit(order, CONTEXT)
    assert isinstance(await provider.submit(order, CONTEXT), Accepted)
    assert len(gateways.book.charges) == 1


async def test_the_same_key_with_another_body_is_unknown(registry: Registry, gateways: Gateways) -> None:
    provider, order = registry.provider(NAME), order_for(registry, MODEL)
    await provider.submit(order, CONTEXT)
    with pytest.raises(OutcomeUnknown):
        await provider.submit(replace(order, prompt="another"), CONTEXT)
    assert len(gateways.book.charges) == 1


Key = Literal["grokParams", "grokImagineParams"]


@pytest.mark.parametrize("understood", ["grokParams", "grokImagineParams"])
@pytest.mark.parametrize("believed", ["grokParams", "grokImagineParams"])
async def test_the_params_key_is_found_out_once(
    understood: Key, believed: Key, gateways: Gateways, catalogue: Catalogue
) -> None:
    gateways.apiframe.params_key = understood
    options = Options(apiframe_params_key=believed)
    async with build(access(gateways), catalogue, clock=SystemClock(), options=options) as registry:
        provider, order = registry.provider(NAME), order_for(registry, MODEL, aspect_ratio="16:9")
        await provider.submit(order, CONTEXT)
        await provider.submit(order, replace(CONTEXT, idempotency_key=IdempotencyKey("easel-2")))
    assert len(gateways.book.charges) == 2


@pytest.mark.parametrize("understood", ["webhookUrl", "webhook_url"])
async def test_both_doubtful_names_are_found_out_together(
    understood: Literal["webhookUrl", "webhook_url"], registry: Registry, gateways: Gateways
) -> None:
    gateways.apiframe.params_key, gateways.apiframe.webhook_key = "grokImagineParams", understood
    context = replace(CONTEXT, callback_url="https://bot.example/cb/1")
    assert isinstance(await registry.provider(NAME).submit(order_for(registry, MODEL), context), Accepted)
    assert gateways.apiframe.webhooks == ["https://bot.example/cb/1"]
    assert len(gateways.book.charges) == 1


async def test_what_was_accepted_under_the_other_spelling_is_found_again_after_a_restart(
    gateways: Gateways, catalogue: Catalogue
) -> None:
    gateways.apiframe.params_key = "grokImagineParams"
    found = []
    for _ in range(2):  # a second process knows nothing of the first one's discovery
        async with build(access(gateways), catalogue, clock=SystemClock()) as registry:
            found.append(await registry.provider(NAME).submit(order_for(registry, MODEL), CONTEXT))
    assert found[0] == found[1]
    assert len(gateways.book.charges) == 1


@pytest.fixture
def png_edit(registry: Registry) -> PictureOrder:
    return edit(order_for(registry, MODEL), BYTES)


async def test_bytes_are_handed_over_by_an_upload(
    registry: Registry, gateways: Gateways, png_edit: PictureOrder
) -> None:
    await finish(registry.provider(NAME), png_edit)
    assert list(gateways.apiframe.uploads.values()) == [PNG]


async def test_a_repeat_sends_the_same_address_and_uploads_once(
    registry: Registry, gateways: Gateways, png_edit: PictureOrder
) -> None:
    provider = registry.provider(NAME)
    assert await provider.submit(png_edit, CONTEXT) == await provider.submit(png_edit, CONTEXT)
    assert (len(gateways.apiframe.uploads), len(gateways.book.charges)) == (1, 1)


async def test_a_prepared_order_is_repeated_by_another_process(
    gateways: Gateways, catalogue: Catalogue, png_edit: PictureOrder
) -> None:
    found = []
    async with build(access(gateways), catalogue, clock=SystemClock()) as registry:
        provider: object = registry.provider(NAME)
        assert isinstance(provider, Preparer)
        prepared = await provider.prepare(png_edit)
    assert prepared.sources[0].url is not None
    for _ in range(2):
        async with build(access(gateways), catalogue, clock=SystemClock()) as registry:
            found.append(await registry.provider(NAME).submit(prepared, CONTEXT))
    assert found[0] == found[1]
    assert len(gateways.apiframe.uploads) == 1


async def test_an_address_needs_no_upload(registry: Registry, gateways: Gateways) -> None:
    provider: object = registry.provider(NAME)
    assert isinstance(provider, Preparer)
    order = upscale("topaz-upscale", LINK)
    assert await provider.prepare(order) == order
    await finish(registry.provider(NAME), order)  # no format chosen: none is sent
    assert gateways.apiframe.uploads == {}


async def test_what_was_handed_over_is_remembered_within_bounds(
    registry: Registry, gateways: Gateways, png_edit: PictureOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apiframe, "_MAX_PREPARED", 1)
    provider = registry.provider(NAME)
    for key in ("a", "b", "a"):
        context = SubmitContext(idempotency_key=IdempotencyKey(key))
        if key == "a" and len(gateways.apiframe.uploads) == 2:  # forgotten: another address, and the gateway says so
            with pytest.raises(OutcomeUnknown):
                await provider.submit(png_edit, context)
        else:
            await provider.submit(png_edit, context)
    assert len(gateways.book.charges) == 2


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (400, {"error": "Unsupported file"}, BadRequest),
        (401, {"error": "Invalid API key"}, NotAuthorised),
        (429, {"error": "slow"}, RetryLater),
        (500, {"error": "oops"}, RetryLater),
        (201, {"id": "x"}, RetryLater),
        (201, {"url": "ftp://x"}, RetryLater),
        (201, b"{", RetryLater),
    ],
)
async def test_a_failed_upload_costs_nothing(
    code: int, body: object, kind: type[ProviderError], catalogue: Catalogue, png_edit: PictureOrder
) -> None:
    async with Canned.start() as canned:
        canned.say(body, status=code)
        keys = {NAME: Access(key="afk_k-123456", base_url=canned.base_url)}
        async with build(keys, catalogue, clock=SystemClock()) as registry:
            with pytest.raises(ProviderError) as caught:
                await registry.provider(NAME).submit(png_edit, CONTEXT)
    assert type(caught.value) is kind
    assert caught.value.charged is Charged.NO
    assert [seen.path for seen in canned.seen] == ["/uploads"]


async def test_an_upload_that_cannot_be_sent_is_tried_later(
    registry: Registry, gateways: Gateways, png_edit: PictureOrder
) -> None:
    async with gateways.refusing("apiframe"):
        with pytest.raises(RetryLater):
            await registry.provider(NAME).submit(png_edit, CONTEXT)


@pytest.mark.parametrize("factor", [1, 2, 4, 6])
async def test_topaz_enlarges_by_each_documented_factor(factor: int, registry: Registry, gateways: Gateways) -> None:
    order = upscale("topaz-upscale", BYTES, factor, PictureFormat.JPEG)
    finished = await finish(registry.provider(NAME), order)
    assert finished.cost == gateways.book.total() == usd("0.20")


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
@pytest.mark.parametrize("kind", list(PictureFormat))
async def test_clarity_enlarges_by_each_documented_factor_and_format(
    factor: int, kind: PictureFormat, registry: Registry
) -> None:
    await finish(registry.provider(NAME), upscale("clarity-upscale", LINK, factor, kind))


@pytest.mark.parametrize(
    "order",
    [
        upscale("topaz-upscale", BYTES, 8),
        upscale("clarity-upscale", BYTES, 3),
        replace(upscale("topaz-upscale", BYTES), sources=()),
        replace(upscale("topaz-upscale", BYTES), sources=(BYTES, BYTES)),
        replace(upscale("topaz-upscale", BYTES), factor=None),
    ],
)
async def test_an_upscale_that_cannot_be_is_not_sent(
    order: PictureOrder, registry: Registry, gateways: Gateways
) -> None:
    with pytest.raises(BadRequest) as caught:
        await registry.provider(NAME).submit(order, CONTEXT)
    assert caught.value.charged is Charged.NO
    assert (gateways.apiframe.uploads, gateways.book.charges) == ({}, ())


async def test_an_enlarging_model_that_is_not_known_is_not_sent(registry: Registry, catalogue: Catalogue) -> None:
    odd = tuple(replace(offer, wire_model="magic-upscale") for offer in catalogue.offers)
    keys = {NAME: Access(key="afk_k-123456", base_url="http://127.0.0.1:1")}
    async with build(keys, replace(catalogue, offers=odd), clock=SystemClock(), timeouts={NAME: QUICK}) as other:
        with pytest.raises(BadRequest):
            await other.provider(NAME).submit(upscale("topaz-upscale", LINK), CONTEXT)


def signed(body: bytes, key: str) -> dict[str, str]:
    digest = hmac.new(sha256(key.encode()).digest(), body, sha256).hexdigest()
    return {"X-Webhook-Signature": f"sha256={digest}", "X-Webhook-Event": "completed"}


CALLBACK = json.dumps({"event": "completed", "jobId": JOB, "status": "COMPLETED", "result": {"images": [URL]}}).encode()
KEY = Gateways.keys["apiframe"]


async def test_the_gateways_own_callback_is_a_hint(registry: Registry, gateways: Gateways) -> None:
    provider = registry.provider(NAME)
    accepted = await provider.submit(order_for(registry, MODEL), CONTEXT)
    assert isinstance(accepted, Accepted)
    headers, body = gateways.apiframe.signed_callback(accepted.external_id)
    assert provider.read_callback(headers, body) == CallbackHint(external_id=accepted.external_id)
    assert provider.read_callback({name.lower(): value for name, value in headers.items()}, body) is not None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, CALLBACK),
        (signed(CALLBACK, "another-key"), CALLBACK),
        (signed(CALLBACK, KEY), CALLBACK + b" "),
        (signed(CALLBACK, KEY), json.dumps(json.loads(CALLBACK), indent=1).encode()),  # the same, written anew
        ({"X-Webhook-Signature": signed(CALLBACK, KEY)["X-Webhook-Signature"].removeprefix("sha256=")}, CALLBACK),
        ({"X-Webhook-Signature": hmac.new(KEY.encode(), CALLBACK, sha256).hexdigest()}, CALLBACK),
        ({"X-Webhook-Signature": "sha256=\udcff"}, CALLBACK),
        (signed(b"junk", KEY), b"junk"),
        (signed(b'{"jobId": "../x"}', KEY), b'{"jobId": "../x"}'),
        (signed(b" " * (CALLBACK_BODY_CAP + 1), KEY), b" " * (CALLBACK_BODY_CAP + 1)),
    ],
    ids=range(10),
)
def test_a_callback_that_is_forged_or_junk_is_none(headers: dict[str, str], body: bytes, registry: Registry) -> None:
    assert registry.provider(NAME).read_callback(headers, body) is None


async def test_during_a_rotation_both_keys_count(gateways: Gateways, catalogue: Catalogue) -> None:
    options = Options(apiframe_old_keys=("afk_old",))
    async with build(access(gateways), catalogue, clock=SystemClock(), options=options) as registry:
        for key in (KEY, "afk_old"):
            assert registry.provider(NAME).read_callback(signed(CALLBACK, key), CALLBACK) is not None
        assert registry.provider(NAME).read_callback(signed(CALLBACK, "afk_older"), CALLBACK) is None


async def test_the_answer_of_an_unhappy_gateway_is_given_as_it_is(registry: Registry, gateways: Gateways) -> None:
    told = {"error": "Validation failed", "details": {"prompt": ["grokParams is not the trouble here"]}}
    gateways.faults.next("apiframe", status(400, body=told), times=2)
    with pytest.raises(BadRequest):
        await registry.provider(NAME).submit(order_for(registry, MODEL), CONTEXT)
    assert gateways.book.charges == ()


JOBS = JSON | st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.just(JOB),
        "jobId": JSON,
        "status": JSON | st.sampled_from(["COMPLETED", "FAILED", "CANCELLED", "QUEUED"]),
        "error": JSON,
        "creditCost": JSON,
        "expired": JSON,
        "result": JSON | st.fixed_dictionaries({"images": JSON | st.just([URL])}),
    },
)


@settings(deadline=None)  # the machine may be busy
@given(body=JOBS, code=CODES)
def test_no_answer_at_all_raises_anything_but_a_provider_error(body: object, code: int) -> None:
    for read in (polled, submitted):
        try:
            answer = read(body, code)
        except ProviderError:
            continue  # what the contract allows
        assert isinstance(answer, Accepted | Finished | StillRunning)

"""Every example of the gateways' own pages, sent or parsed exactly as it stands there."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import (
    BadRequest,
    Charged,
    GenerationFailed,
    NotAuthorised,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    RetryLater,
)
from bot.core.money import usd
from bot.core.requests import PictureFormat, PictureOrder, ProviderName, Resolution, Verb
from bot.providers.catalogue import Catalogue
from bot.providers.contract import (
    Accepted,
    CallbackHint,
    ExternalId,
    Finished,
    Provider,
    ResultPicture,
    StillRunning,
)
from bot.providers.registry import Access, Registry, build
from tests.providers.canned import Canned
from tests.providers.conftest import CONTEXT, order_for

MODEL = "grok-imagine-pro-text-to-image-quality"
WORK = ExternalId(f"{MODEL}_019dxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
GOLDEN = "Abstract human silhouette, golden particles ready to burst outward representing joy, data visualization style"
SKYLINE = "A futuristic city skyline at sunset, digital art"
MEDIA = (
    f"https://pub-582b7213209642b9b995c96c95a30381.r2.dev/v1/{MODEL}_019dxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx/output.jpeg"
)
QUEUED = {
    "request_id": WORK,
    "status": "QUEUED",
    "polling_url": f"https://gateway.pixazo.ai/v2/requests/status/{WORK}",
}
COMPLETED_CALLBACK = {
    "request_id": WORK,
    "status": "COMPLETED",
    "model_id": MODEL,
    "error": None,
    "output": {"media_url": [MEDIA], "media_type": "image/jpeg"},
    "created_at": "2026-05-22T13:17:32.110Z",
    "updated_at": "2026-05-22 13:19:23",
    "completed_at": "2026-05-22 13:19:23",
}
COMPLETED_STATUS = {
    **COMPLETED_CALLBACK,
    "output": {
        "media_url": [f"https://pub-582b7213209642b9b995c96c95a30381.r2.dev/v1/{MODEL}_019dxxxx/output.jpeg"],
        "media_type": "image/jpeg",
    },
    "created_at": "2026-03-31T10:00:00.000Z",
    "updated_at": "2026-03-31T10:00:15.000Z",
    "completed_at": "2026-03-31T10:00:15.000Z",
}
ERROR_CALLBACK = {
    "request_id": WORK,
    "status": "ERROR",
    "model_id": MODEL,
    "error": "Description of the error",
    "output": None,
    "created_at": "...",
    "updated_at": "...",
    "completed_at": "...",
}


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    async with Canned.start() as server:
        yield server


@pytest.fixture
async def registry(canned: Canned, catalogue: Catalogue) -> AsyncIterator[Registry]:
    keys = {
        ProviderName("pixazo"): Access(key="YOUR_API_KEY", base_url=canned.base_url),
        ProviderName("locus"): Access(key="claw_dev_x", base_url=f"{canned.base_url}/api/wrapped/grok/"),
    }
    async with build(keys, catalogue, clock=SystemClock()) as built:
        yield built


@pytest.fixture
def pixazo(registry: Registry) -> Provider:
    return registry.provider(ProviderName("pixazo"))


@pytest.fixture
def golden(registry: Registry) -> PictureOrder:
    return order_for(
        registry,
        "pixazo/grok-imagine-quality",
        GOLDEN,
        count=1,
        aspect_ratio="1:1",
        resolution="1k",
        format="jpeg",
    )


async def test_pixazo_generate_is_sent_as_the_page_shows_it(
    canned: Canned, pixazo: Provider, golden: PictureOrder
) -> None:
    canned.say(QUEUED, status=202)
    assert await pixazo.submit(golden, CONTEXT) == Accepted(external_id=WORK, poll_after_s=5.0)
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("POST", f"/{MODEL}/v1/{MODEL}-request")
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["Cache-Control"] == "no-cache"
    assert seen.headers["Ocp-Apim-Subscription-Key"] == "YOUR_API_KEY"
    assert "X-Webhook-URL" not in seen.headers
    assert seen.json == {
        "prompt": GOLDEN,
        "num_images": 1,
        "aspect_ratio": "1:1",
        "resolution": "1k",
        "output_format": "jpeg",
    }


async def test_pixazo_webhook_headers_are_sent_as_the_page_shows_them(
    canned: Canned, pixazo: Provider, golden: PictureOrder
) -> None:
    canned.say(QUEUED, status=202)
    address = "https://your-server.com/webhook/callback"
    await pixazo.submit(golden, replace(CONTEXT, callback_url=address))
    await pixazo.submit(golden, replace(CONTEXT, callback_url="http://your-server.com/webhook/callback"))
    assert canned.seen[0].headers["X-Webhook-URL"] == address
    assert canned.seen[0].headers["X-Webhook-Mode"] == "terminal"
    assert "X-Webhook-URL" not in canned.seen[1].headers  # "plain http:// URLs are rejected"


async def test_pixazo_status_is_asked_as_the_page_shows_it(
    canned: Canned, pixazo: Provider, golden: PictureOrder
) -> None:
    canned.say(COMPLETED_STATUS)
    finished = await pixazo.poll(golden, WORK)
    url = f"https://pub-582b7213209642b9b995c96c95a30381.r2.dev/v1/{MODEL}_019dxxxx/output.jpeg"
    assert finished == Finished(pictures=(ResultPicture(url=url),))
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("GET", f"/v2/requests/status/{WORK}")
    assert seen.headers["Ocp-Apim-Subscription-Key"] == "YOUR_API_KEY"


@pytest.mark.parametrize("word", ["QUEUED", "PROCESSING"])
async def test_pixazo_status_words_that_go_on(
    word: str, canned: Canned, pixazo: Provider, golden: PictureOrder
) -> None:
    canned.say({**COMPLETED_STATUS, "status": word, "output": None, "completed_at": None})
    assert await pixazo.poll(golden, WORK) == StillRunning(poll_after_s=5.0)


@pytest.mark.parametrize(("word", "charged"), [("ERROR", Charged.NO), ("FAILED", Charged.UNKNOWN)])
async def test_pixazo_status_words_that_end_badly(
    word: str, charged: Charged, canned: Canned, pixazo: Provider, golden: PictureOrder
) -> None:
    canned.say({**ERROR_CALLBACK, "status": word})
    with pytest.raises(GenerationFailed) as caught:
        await pixazo.poll(golden, WORK)
    assert caught.value.charged is charged
    assert "Description of the error" in str(caught.value)


async def test_pixazo_error_without_times(canned: Canned, pixazo: Provider, golden: PictureOrder) -> None:
    canned.say({key: ERROR_CALLBACK[key] for key in ("request_id", "status", "model_id", "error", "output")})
    with pytest.raises(GenerationFailed):
        await pixazo.poll(golden, WORK)


@pytest.mark.parametrize("callback", [COMPLETED_CALLBACK, ERROR_CALLBACK])
def test_pixazo_callbacks_are_hints(callback: object, pixazo: Provider) -> None:
    assert pixazo.read_callback({}, json.dumps(callback).encode()) == CallbackHint(external_id=WORK)


async def test_pixazo_callback_payload_is_read_the_same_when_polled(
    canned: Canned, pixazo: Provider, golden: PictureOrder
) -> None:
    canned.say(COMPLETED_CALLBACK)
    assert await pixazo.poll(golden, WORK) == Finished(pictures=(ResultPicture(url=MEDIA),))


@pytest.mark.parametrize(
    ("code", "body", "error"),
    [
        (
            402,
            {"error": "Insufficient Balance", "message": "Your wallet does not have enough balance."},
            OutOfFunds,
        ),
        (
            400,
            {"error": "Model not found", "message": f"Model '{MODEL}' not found or is disabled"},
            BadRequest,
        ),
        (400, {"error": "Bad Request"}, BadRequest),
        (401, {"error": "Unauthorized"}, NotAuthorised),
        (403, {"error": "Forbidden"}, NotAuthorised),
        (429, {"error": "Too Many Requests"}, RetryLater),
        (500, {"error": "Internal Server Error"}, OutcomeUnknown),
    ],
)
async def test_pixazo_status_codes(
    *,
    code: int,
    body: object,
    error: type[ProviderError],
    canned: Canned,
    pixazo: Provider,
    golden: PictureOrder,
) -> None:
    canned.say(body, status=code)
    with pytest.raises(error) as caught:
        await pixazo.submit(golden, CONTEXT)
    assert type(caught.value) is error
    assert caught.value.charged is (Charged.UNKNOWN if error is OutcomeUnknown else Charged.NO)


def test_pixazo_ranges_are_the_pages(catalogue: Catalogue) -> None:
    (offer,) = (offer for offer in catalogue.offers if offer.provider == "pixazo")
    ability = offer.abilities[Verb.GENERATE]
    documented = ["2:1", "20:9", "19.5:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:19.5", "9:20", "1:2"]
    assert sorted(ability.ratios) == sorted(documented)
    assert (ability.count_min, ability.count_max, ability.default_count) == (1, 4, 1)
    assert (ability.resolutions, ability.default_resolution) == (
        (Resolution.K1, Resolution.K2),
        Resolution.K1,
    )
    assert set(ability.formats) == set(PictureFormat)
    assert (ability.default_ratio, ability.default_format) == ("1:1", PictureFormat.JPEG)
    facts = catalogue.providers[ProviderName("pixazo")]
    assert (facts.poll_min_s, facts.poll_max_s) == (5.0, 10.0)


async def test_every_documented_pixazo_value_is_sent_as_chosen(
    canned: Canned, registry: Registry, pixazo: Provider
) -> None:
    canned.say(QUEUED, status=202)
    ability = registry.offers()[-1].abilities[Verb.GENERATE]
    for ratio in ability.ratios:
        await pixazo.submit(order_for(registry, "grok-imagine-quality", aspect_ratio=ratio), CONTEXT)
    for resolution in ability.resolutions:
        for picture_format in ability.formats:
            order = order_for(registry, "grok-imagine-quality", count=4, resolution=resolution, format=picture_format)
            await pixazo.submit(order, CONTEXT)
    for count in range(1, 5):
        await pixazo.submit(order_for(registry, "grok-imagine-quality", count=count), CONTEXT)
    bodies = [seen.json for seen in canned.seen]
    assert [body["num_images"] for body in bodies[-4:] if isinstance(body, dict)] == [1, 2, 3, 4]
    assert [body["aspect_ratio"] for body in bodies if isinstance(body, dict)][:13] == list(ability.ratios)
    assert {
        (body["resolution"], body["output_format"], body["num_images"])
        for body in bodies[13:-4]
        if isinstance(body, dict)
    } == {(tier, kind, 4) for tier in ("1k", "2k") for kind in ("jpeg", "png", "webp")}


async def test_locus_generate_is_sent_as_the_page_shows_it(canned: Canned, registry: Registry) -> None:
    canned.say(
        {
            "success": True,
            "data": {
                "data": [{"url": "https://imgen.x.ai/one.jpeg", "mime_type": "image/jpeg"}],
                "model": "grok-imagine-image-2.0",
                "usage": {"cost_in_usd_ticks": 200_000_000},
            },
        }
    )
    locus = registry.provider(ProviderName("locus"))
    finished = await locus.submit(
        order_for(registry, "locus/grok-imagine", SKYLINE, count=1, aspect_ratio="16:9"), CONTEXT
    )
    assert finished == Finished(
        pictures=(ResultPicture(url="https://imgen.x.ai/one.jpeg"),),
        cost=usd("0.023"),
        served_model="grok-imagine-image-2.0",
    )
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("POST", "/api/wrapped/grok/image-generate")
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["Authorization"] == "Bearer claw_dev_x"
    assert seen.json == {
        "n": 1,
        "model": "grok-imagine-image",
        "prompt": SKYLINE,
        "aspect_ratio": "16:9",
        "response_format": "url",
    }


async def test_locus_models_and_ratios_are_the_pages(canned: Canned, registry: Registry) -> None:
    canned.say({"success": True, "data": {"data": [{"url": "https://imgen.x.ai/one.jpeg"}]}})
    locus = registry.provider(ProviderName("locus"))
    ratios = ["1:1", "16:9", "9:16", "4:3", "3:2", "auto"]
    for model in ("grok-imagine", "grok-imagine-pro"):
        for ratio in ratios:
            await locus.submit(order_for(registry, model, aspect_ratio=ratio), CONTEXT)
    sent = [seen.json for seen in canned.seen]
    assert [(body["model"], body["aspect_ratio"]) for body in sent if isinstance(body, dict)] == [
        (model, ratio) for model in ("grok-imagine-image", "grok-imagine-image-pro") for ratio in ratios
    ]

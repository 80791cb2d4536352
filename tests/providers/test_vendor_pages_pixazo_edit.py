"""Pixazo's page for its edit model, sent or parsed exactly as it stands there."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import BadRequest, Charged, GenerationFailed, OutOfFunds, ProviderError
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, Resolution, SourcePicture, Verb
from bot.providers.catalogue import Catalogue
from bot.providers.contract import Accepted, CallbackHint, ExternalId, Finished, Provider, ResultPicture
from bot.providers.registry import Access, build
from tests.providers.canned import Canned
from tests.providers.conftest import CONTEXT

MODEL = "grok-imagine-pro-edit-quality"
WORK = ExternalId(f"{MODEL}_019dxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
SOURCE = "https://pub-582b7213209642b9b995c96c95a30381.r2.dev/Image.jpeg"
MEDIA = (
    f"https://pub-582b7213209642b9b995c96c95a30381.r2.dev/v1/{MODEL}_019dxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx/output.jpeg"
)
RATIOS = [
    "auto", "2:1", "20:9", "19.5:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:19.5", "9:20", "1:2",
]  # fmt: skip
QUEUED = {
    "request_id": WORK,
    "status": "QUEUED",
    "polling_url": f"https://gateway.pixazo.ai/v2/requests/status/{WORK}",
}
COMPLETED = {
    "request_id": WORK,
    "status": "COMPLETED",
    "model_id": MODEL,
    "error": None,
    "output": {"media_url": [MEDIA], "media_type": "image/jpeg"},
    "created_at": "2026-05-22T13:17:32.110Z",
    "updated_at": "2026-05-22 13:19:23",
    "completed_at": "2026-05-22 13:19:23",
}
FAILED = {
    "request_id": WORK,
    "status": "ERROR",
    "model_id": MODEL,
    "error": "Description of the error",
    "output": None,
    "created_at": "...",
    "updated_at": "...",
    "completed_at": "...",
}
REALISTIC = PictureOrder(
    provider=ProviderName("pixazo"),
    model=ModelId("grok-imagine-quality"),
    prompt="Make this scene more realistic but still keep the game vibes",
    count=1,
    aspect_ratio="auto",
    resolution=Resolution.K1,
    format=PictureFormat.JPEG,
    verb=Verb.EDIT,
    sources=(SourcePicture(url=SOURCE),),
)


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    async with Canned.start() as server:
        yield server


@pytest.fixture
async def pixazo(canned: Canned, catalogue: Catalogue) -> AsyncIterator[Provider]:
    keys = {ProviderName("pixazo"): Access(key="YOUR_API_KEY", base_url=canned.base_url)}
    async with build(keys, catalogue, clock=SystemClock()) as built:
        yield built.provider(ProviderName("pixazo"))


async def test_an_edit_is_sent_as_the_page_shows_it(canned: Canned, pixazo: Provider) -> None:
    canned.say(QUEUED, status=202)
    assert await pixazo.submit(REALISTIC, CONTEXT) == Accepted(external_id=WORK, poll_after_s=5.0)
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("POST", f"/{MODEL}/v1/{MODEL}-request")
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["Cache-Control"] == "no-cache"
    assert seen.headers["Ocp-Apim-Subscription-Key"] == "YOUR_API_KEY"
    assert seen.json == {
        "prompt": "Make this scene more realistic but still keep the game vibes",
        "image_urls": [SOURCE],
        "num_images": 1,
        "aspect_ratio": "auto",
        "resolution": "1k",
        "output_format": "jpeg",
    }


async def test_webhook_headers_go_with_an_edit_too(canned: Canned, pixazo: Provider) -> None:
    canned.say(QUEUED, status=202)
    address = "https://your-server.com/webhook/callback"
    await pixazo.submit(REALISTIC, replace(CONTEXT, callback_url=address))
    assert canned.seen[0].headers["X-Webhook-URL"] == address
    assert canned.seen[0].headers["X-Webhook-Mode"] == "terminal"


async def test_the_status_of_an_edit_is_asked_as_the_page_shows_it(canned: Canned, pixazo: Provider) -> None:
    canned.say(COMPLETED)
    assert await pixazo.poll(REALISTIC, WORK) == Finished(pictures=(ResultPicture(url=MEDIA),))
    assert canned.seen[0].path == f"/v2/requests/status/{WORK}"


async def test_an_edit_that_ended_in_an_error_is_not_charged(canned: Canned, pixazo: Provider) -> None:
    canned.say(FAILED)
    with pytest.raises(GenerationFailed, match="Description of the error") as caught:
        await pixazo.poll(REALISTIC, WORK)
    assert caught.value.charged is Charged.NO


@pytest.mark.parametrize("callback", [COMPLETED, FAILED, {**COMPLETED, "status": "PROCESSING", "output": None}])
def test_callbacks_of_both_modes_are_hints(callback: object, pixazo: Provider) -> None:
    assert pixazo.read_callback({}, json.dumps(callback).encode()) == CallbackHint(external_id=WORK)


@pytest.mark.parametrize(
    ("code", "body", "kind"),
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
    ],
)
async def test_the_pages_errors(
    code: int, body: object, kind: type[ProviderError], canned: Canned, pixazo: Provider
) -> None:
    canned.say(body, status=code)
    with pytest.raises(kind) as caught:
        await pixazo.submit(REALISTIC, CONTEXT)
    assert caught.value.charged is Charged.NO


def test_the_ranges_are_the_pages(catalogue: Catalogue) -> None:
    (offer,) = (offer for offer in catalogue.offers if offer.provider == "pixazo")
    ability = offer.abilities[Verb.EDIT]
    assert sorted(ability.ratios) == sorted(RATIOS)
    assert ability.default_ratio == "auto"
    assert "auto" not in offer.abilities[Verb.GENERATE].ratios
    assert (ability.count_min, ability.count_max, ability.default_count) == (1, 5, 1)
    assert (ability.resolutions, ability.default_resolution) == ((Resolution.K1, Resolution.K2), Resolution.K1)
    assert (set(ability.formats), ability.default_format) == (set(PictureFormat), PictureFormat.JPEG)
    assert (ability.sources.least, ability.sources.most) == (1, 3)
    assert (ability.sources.takes_urls, ability.sources.takes_bytes) == (True, False)


async def test_every_documented_value_is_sent_as_chosen(canned: Canned, pixazo: Provider) -> None:
    canned.say(QUEUED, status=202)
    orders = [replace(REALISTIC, aspect_ratio=ratio) for ratio in RATIOS]
    orders += [replace(REALISTIC, count=count) for count in range(1, 6)]
    orders += [
        replace(REALISTIC, resolution=tier, format=kind)
        for tier in (Resolution.K1, Resolution.K2)
        for kind in PictureFormat
    ]
    orders += [replace(REALISTIC, sources=REALISTIC.sources * many) for many in (1, 2, 3)]
    for order in orders:
        await pixazo.submit(order, CONTEXT)
    assert [seen.json for seen in canned.seen] == [
        {
            "prompt": order.prompt,
            "image_urls": [source.url for source in order.sources],
            "num_images": order.count,
            "aspect_ratio": order.aspect_ratio,
            "resolution": str(order.resolution),
            "output_format": str(order.format),
        }
        for order in orders
    ]

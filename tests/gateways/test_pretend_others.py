"""The pretend API in One, Apiframe and xAI, and the later endpoints of the other two, speak their wires alone."""

import io
from collections.abc import AsyncIterator

import aiohttp
import pytest
from PIL import Image

from bot.core.clock import ManualClock
from bot.core.money import usd
from sandbox.gateways import EVERY, Gateways, Outcome, outcome
from sandbox.gateways.apiinone import PLACES
from sandbox.gateways.painter import enlarge, paint

PNG = paint("source", 0, width=32, height=48, picture_format="png")
AUTH = {
    "apiinone": ("Authorization", "Bearer {}"),
    "apiframe": ("X-API-Key", "{}"),
    "xai": ("Authorization", "Bearer {}"),
    "locus": ("Authorization", "Bearer {}"),
    "pixazo": ("Ocp-Apim-Subscription-Key", "{}"),
}
EDIT = "grok-imagine-pro-edit-quality"
LINK = "https://a.example/x.png"


@pytest.fixture
async def all_gateways(clock: ManualClock) -> AsyncIterator[Gateways]:
    async with Gateways.start(seed=3, scale=0.0, clock=clock, picture_side=64, names=EVERY) as running:
        yield running


def headers(name: str, gateways: Gateways) -> dict[str, str]:
    field, form = AUTH[name]
    return {field: form.format(gateways.keys[name])}


async def post(
    http: aiohttp.ClientSession, gateways: Gateways, name: str, path: str, body: object, **more: str
) -> tuple[int, dict[str, object]]:
    url = f"{gateways.url(name)}{path}"
    async with http.post(url, json=body, headers={**headers(name, gateways), **more}) as response:
        return response.status, await response.json()


async def get(
    http: aiohttp.ClientSession, gateways: Gateways, name: str, path: str
) -> tuple[int, dict[str, object] | None]:
    async with http.get(f"{gateways.url(name)}{path}", headers=headers(name, gateways)) as response:
        return response.status, await response.json() if response.content_type == "application/json" else None


DRAW = {"model": "grok-imagine/text-to-image", "prompt": "x"}
PIC = {"prompt": "x", "model": "grok-imagine-image"}
TURN = [{"role": "user", "content": "why?"}]


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("apiinone", "/images/generations", {}),
        ("apiinone", "/images/generations", {**DRAW, "prompt": "x" * 5001}),
        ("apiinone", "/images/generations", {**DRAW, "n": 2}),
        ("apiinone", "/images/generations", {**DRAW, "model": "grok-imagine/video"}),
        ("apiinone", "/images/generations", {"model": "grok-imagine/upscale", "prompt": "x"}),
        ("apiframe", "/images/generate", {"prompt": "x"}),
        ("apiframe", "/images/generate", {**PIC, "prompt": "x" * 2001}),
        ("apiframe", "/images/generate", {**PIC, "grokParams": {"aspect_ratio": "4:3"}}),
        ("apiframe", "/images/generate", {**PIC, "grokParams": {"colour": 1}}),
        ("apiframe", "/images/generate", {**PIC, "grokImagineParams": {}}),
        ("apiframe", "/images/generate", {**PIC, "grokParams": {"image": "http://127.0.0.1/v2/uploads/none"}}),
        ("apiframe", "/images/generate", []),
        ("apiframe", "/images/upscale", {"model": "topaz-image-upscale"}),
        (
            "apiframe",
            "/images/upscale",
            {"model": "clarity-upscale", "clarityUpscaleParams": {"image": LINK, "scale_factor": 6}},
        ),
        ("apiframe", "/images/upscale", {"model": "other"}),
        ("apiframe", "/images/upscale", []),
        ("xai", "/images/generations", {**PIC, "n": 11}),
        ("xai", "/images/generations", {**PIC, "size": "1024x1024"}),
        ("xai", "/images/edits", PIC),
        ("xai", "/images/edits", {**PIC, "image": {"url": LINK}}),
        ("xai", "/chat/completions", {"model": "grok-4.7"}),
        ("xai", "/chat/completions", {"model": "grok-4.7", "messages": TURN, "stop": ["x"]}),
        ("xai", "/responses", {"model": "grok-4.7", "input": TURN, "tools": [{"type": "web"}]}),
        ("xai", "/tts", {"text": "hi", "language": "en", "voice_id": "bob"}),
        ("xai", "/tts", {"text": "x" * 15_001, "language": "en"}),
        ("locus", "/image-edit", {"prompt": "x"}),
        ("locus", "/chat", {"messages": TURN}),
        ("locus", "/web-search", {"model": "grok-3", "messages": TURN}),
        ("locus", "/tts", {"text": "hi"}),
        ("pixazo", f"/{EDIT}/v1/{EDIT}-request", {"prompt": "x"}),
        ("pixazo", f"/{EDIT}/v1/{EDIT}-request", {"prompt": "x", "image_urls": []}),
        ("pixazo", f"/{EDIT}/v1/{EDIT}-request", {"prompt": "x", "image_urls": [LINK] * 4}),
        ("pixazo", f"/{EDIT}/v1/{EDIT}-request", {"prompt": "x", "image_urls": [LINK], "num_images": 6}),
    ],
)
async def test_what_is_not_documented_is_refused_and_free(
    *, name: str, path: str, body: object, all_gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    code, _ = await post(http, all_gateways, name, path, body)
    assert code == 400
    assert all_gateways.book.charges == ()


@pytest.mark.parametrize(
    ("name", "path", "body", "price"),
    [
        ("apiinone", "/images/generations", DRAW, "0.05"),
        ("apiinone", "/images/generations", {"prompt": "x"}, "0.05"),
        ("apiframe", "/images/generate", PIC, "0.08"),
        ("apiframe", "/images/generate", {**PIC, "grokParams": {"aspect_ratio": "2:3", "image": LINK}}, "0.08"),
        ("xai", "/images/generations", {**PIC, "n": 10, "aspect_ratio": "5:2"}, "0.20"),
        ("xai", "/images/edits", {**PIC, "image": {"url": LINK, "type": "image_url"}}, "0.022"),
        ("xai", "/chat/completions", {"model": "grok-4.7", "messages": TURN}, "0.0015931"),
        ("xai", "/responses", {"model": "grok-4.3", "input": TURN}, "0.0015931"),
        ("locus", "/image-edit", {"prompt": "x", "image": LINK}, "0.025"),
        ("locus", "/chat", {"model": "grok-3", "messages": TURN}, "0.0045931"),
        ("locus", "/code-execution", {"model": "grok-4-0709", "messages": TURN}, "0.0045931"),
        ("locus", "/tts", {"text": "hi there", "language": "auto"}, "0.00304"),
        ("pixazo", f"/{EDIT}/v1/{EDIT}-request", {"prompt": "x", "image_urls": [LINK], "num_images": 5}, "0.25"),
    ],
)
async def test_what_is_documented_is_taken_and_charged(
    *, name: str, path: str, body: object, price: str, all_gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    code, _ = await post(http, all_gateways, name, path, body)
    assert code in (200, 202)
    assert all_gateways.book.total(name) == usd(price)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("apiinone", "/tasks/x"),
        ("apiframe", "/jobs/x"),
        ("xai", "/images/x"),
    ],
)
async def test_work_that_nobody_ordered_is_not_found_and_a_wrong_key_sees_nothing(
    name: str, path: str, all_gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    assert (await get(http, all_gateways, name, path))[0] == 404
    async with http.get(f"{all_gateways.url(name)}{path}", headers={"Authorization": "Bearer wrong"}) as response:
        assert response.status == 401


@pytest.mark.parametrize("place", PLACES)
async def test_a_task_keeps_its_pictures_where_it_is_told(
    place: str, all_gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    all_gateways.apiinone.place = place
    _, told = await post(http, all_gateways, "apiinone", "/images/generations", DRAW)
    data = told["data"]
    assert isinstance(data, dict)
    _, task = await get(http, all_gateways, "apiinone", f"/tasks/{data['task_id']}")
    assert all_gateways.cdn_host in str(task)


async def fetched(http: aiohttp.ClientSession, url: object) -> Image.Image:
    async with http.get(str(url)) as response:
        return Image.open(io.BytesIO(await response.read()))


async def test_an_upscale_of_own_work_is_the_same_picture_twice_as_large(
    all_gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    async def drawn(body: dict[str, str]) -> tuple[str, Image.Image]:
        _, told = await post(http, all_gateways, "apiinone", "/images/generations", body)
        data = told["data"]
        assert isinstance(data, dict)
        _, task = await get(http, all_gateways, "apiinone", f"/tasks/{data['task_id']}")
        assert task is not None
        inner = task["data"]
        assert isinstance(inner, dict)
        return str(data["task_id"]), await fetched(http, inner["output"]["images"][0])

    task_id, small = await drawn(DRAW)
    _, large = await drawn({"model": "grok-imagine/upscale", "prompt": "x", "task_id": task_id})
    assert large.size == (small.width * 2, small.height * 2)


async def test_an_uploaded_picture_is_enlarged(all_gateways: Gateways, http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(PNG), filename="x.png", content_type="image/png")
    address = f"{all_gateways.url('apiframe')}/uploads"
    async with http.post(address, data=form, headers=headers("apiframe", all_gateways)) as response:
        assert response.status == 201
        told = await response.json()
    assert (told["contentType"], told["byteSize"], told["kind"]) == ("image/png", len(PNG), "image")
    params = {"image": told["url"], "upscale_factor": 4, "output_format": "jpg"}
    body = {"model": "topaz-image-upscale", "topazUpscaleParams": params}
    _, job = await post(http, all_gateways, "apiframe", "/images/upscale", body)
    _, done = await get(http, all_gateways, "apiframe", f"/jobs/{job['jobId']}")
    assert done is not None
    result = done["result"]
    assert isinstance(result, dict)
    assert (await fetched(http, result["images"][0])).size == (128, 192)


@pytest.mark.parametrize("data", [b"no picture", b""])
async def test_an_upload_that_is_no_picture_is_refused(
    data: bytes, all_gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(data), filename="x.png", content_type="image/png")
    address = f"{all_gateways.url('apiframe')}/uploads"
    async with http.post(address, data=form, headers=headers("apiframe", all_gateways)) as response:
        assert response.status == 400
    async with http.post(address, data=form, headers={"X-API-Key": "wrong"}) as response:
        assert response.status == 401


async def test_the_same_key_brings_back_the_first_job_and_another_body_is_a_conflict(
    all_gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await post(http, all_gateways, "apiframe", "/images/generate", PIC, **key)
    again = await post(http, all_gateways, "apiframe", "/images/generate", PIC, **key)
    other = await post(http, all_gateways, "apiframe", "/images/generate", {**PIC, "prompt": "y"}, **key)
    assert first[1]["jobId"] == again[1]["jobId"]
    assert (first[0], again[0], other[0]) == (202, 202, 409)
    assert len(all_gateways.book.charges) == 1


async def test_jobs_that_fail_are_given_back(all_gateways: Gateways, http: aiohttp.ClientSession) -> None:
    for kind, word in ((Outcome.FAILED, "FAILED"), (Outcome.ERROR, "CANCELLED"), (Outcome.MODERATED, "FAILED")):
        all_gateways.faults.next("apiframe", outcome(kind))
        _, job = await post(http, all_gateways, "apiframe", "/images/generate", PIC)
        _, told = await get(http, all_gateways, "apiframe", f"/jobs/{job['jobId']}")
        assert told is not None
        assert (told["status"], told["creditCost"]) == (word, None)
    assert all_gateways.book.total() == 0


def test_a_callback_needs_a_job(all_gateways: Gateways) -> None:
    with pytest.raises(KeyError):
        all_gateways.apiframe.signed_callback("none")


async def test_a_streamed_answer_ends_with_its_price(all_gateways: Gateways, http: aiohttp.ClientSession) -> None:
    body = {"model": "grok-4.7", "messages": TURN, "stream": True}
    address = f"{all_gateways.url('xai')}/chat/completions"
    async with http.post(address, json=body, headers=headers("xai", all_gateways)) as response:
        text = await response.text()
    assert response.content_type == "text/event-stream"
    assert "cost_in_usd_ticks" in text
    assert text.endswith("data: [DONE]\n\n")


async def test_only_the_gateways_asked_for_are_started(http: aiohttp.ClientSession) -> None:
    async with Gateways.start(names=["xai"]) as only:
        assert only.names == ("xai",)
        assert set(only.settings()) == {"EASEL_XAI_API_KEY", "EASEL_XAI_BASE_URL", "EASEL_DOWNLOAD_ALLOW_HOSTS"}
        assert only.settings()["EASEL_XAI_BASE_URL"].endswith("/v1")
        with pytest.raises(KeyError):
            only.url("locus")
        assert only.waiting() == 0
        assert (only.xai.waiting(), only.apiframe.waiting(), only.apiinone.waiting()) == (0, 0, 0)


async def test_every_gateway_has_its_settings(all_gateways: Gateways) -> None:
    assert set(all_gateways.settings()) == {
        "EASEL_DOWNLOAD_ALLOW_HOSTS",
        *(f"EASEL_{name.upper()}_{part}" for name in EVERY for part in ("API_KEY", "BASE_URL")),
    }


def test_enlarging_keeps_the_shape() -> None:
    assert Image.open(io.BytesIO(enlarge(PNG, 3, "webp"))).size == (96, 144)

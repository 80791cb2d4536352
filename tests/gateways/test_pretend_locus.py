"""The pretend Locus speaks the documented wire, and only that."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.core.money import usd
from sandbox.gateways import Gateways, Outcome, outcome, status
from sandbox.gateways.faults import WorkFault

ORDER = {
    "n": 1,
    "model": "grok-imagine-image",
    "prompt": "A futuristic city skyline at sunset, digital art",
    "aspect_ratio": "16:9",
    "response_format": "url",
}


@pytest.fixture
async def gateways() -> AsyncIterator[Gateways]:
    async with Gateways.start(scale=0.0, picture_side=64) as running:
        yield running


async def submit(
    http: aiohttp.ClientSession, gateways: Gateways, body: object, key: str = Gateways.locus_key
) -> tuple[int, dict[str, object]]:
    url = f"{gateways.locus_url}/image-generate"
    async with http.post(url, json=body, headers={"Authorization": f"Bearer {key}"}) as response:
        return response.status, await response.json()


async def test_the_documented_order_brings_a_picture_in_the_envelope(
    gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    code, told = await submit(http, gateways, ORDER)
    assert (code, told["success"]) == (200, True)
    data = told["data"]
    assert isinstance(data, dict)
    assert data["usage"] == {"cost_in_usd_ticks": 200_000_000}
    assert data["model"] == "grok-imagine-image"
    assert data["data"][0]["url"].startswith(f"http://{gateways.cdn_host}/")
    assert gateways.book.total() == usd("0.023")


async def test_base64_is_given_where_asked(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    _, told = await submit(http, gateways, {**ORDER, "response_format": "b64_json", "n": 2})
    data = told["data"]
    assert isinstance(data, dict)
    assert [set(item) for item in data["data"]] == [{"b64_json", "mime_type"}] * 2


@pytest.mark.parametrize(("model", "total"), [("grok-imagine-image", "0.063"), ("grok-imagine-image-pro", "0.243")])
async def test_the_price_is_per_picture_and_model_with_a_fee_per_call(
    model: str, total: str, gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    await submit(http, gateways, {"prompt": "x", "model": model, "n": 3})
    assert gateways.book.total() == usd(total)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": " "},
        {"model": "grok-2"},
        {"n": 0},
        {"n": 11},
        {"aspect_ratio": "2:3"},
        {"response_format": "png"},
        {"resolution": "1k"},
    ],
)
async def test_what_the_page_does_not_allow_is_refused(
    change: dict[str, object], gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    code, told = await submit(http, gateways, {**ORDER, **change})
    assert (code, told["success"]) == (400, False)
    assert gateways.book.charges == ()


async def test_a_wrong_key_and_a_wrong_path_are_refused(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    assert (await submit(http, gateways, ORDER, "other"))[0] == 401
    async with http.get(f"{gateways.locus_url}/image-generate") as response:  # "POST-only"
        assert response.status == 404


@pytest.mark.parametrize(
    ("fault", "code", "total"),
    [
        (outcome(Outcome.MODERATED), 200, "0.023"),
        (outcome(Outcome.MODERATED, is_charged=False), 400, "0"),
        (outcome(Outcome.FAILED), 502, "0"),
        (outcome(Outcome.ERROR), 502, "0"),
        (outcome(Outcome.EMPTY), 200, "0.023"),
        (outcome(Outcome.PENDING_APPROVAL), 202, "0"),
        (WorkFault(kind=Outcome.OVERCHARGE, factor=2.0), 200, "0.046"),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
async def test_outcomes_end_and_cost_as_scripted(
    *, fault: WorkFault, code: int, total: str, gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    gateways.faults.next("locus", fault)
    assert (await submit(http, gateways, ORDER))[0] == code
    assert gateways.book.total() == usd(total)


@pytest.mark.parametrize("code", [402, 403, 404, 429, 500, 502, 503])
async def test_every_error_has_the_documented_envelope(
    code: int, gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    gateways.faults.next("locus", status(code))
    answered, told = await submit(http, gateways, ORDER)
    assert (answered, told["success"]) == (code, False)
    assert isinstance(told["error"], str)
    assert ("paymentId" in told) is (code in (500, 502))


async def test_only_a_call_that_waits_can_be_approved_and_only_once(
    gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    gateways.faults.next("locus", outcome(Outcome.PENDING_APPROVAL))
    _, told = await submit(http, gateways, ORDER)
    data = told["data"]
    assert isinstance(data, dict)
    gateways.locus.approve(data["pending_approval_id"])
    assert gateways.book.total() == usd("0.023")
    for pending_id in (data["pending_approval_id"], "never-heard-of"):
        with pytest.raises(KeyError):
            gateways.locus.approve(pending_id)


async def test_a_call_that_never_ends_is_given_up_by_the_caller(
    gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    gateways.faults.next("locus", outcome(Outcome.NEVER_ENDS))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await submit(http, gateways, ORDER)
    assert (await submit(http, gateways, ORDER))[0] == 200

"""The pretend Pixazo speaks the documented wire, and only that."""

import aiohttp
import pytest

from bot.core.clock import ManualClock
from bot.core.money import usd
from sandbox.gateways import Break, Gateways, Outcome, Step, broken_answer, late_answer, outcome, status
from sandbox.gateways.faults import AnswerFault, WorkFault
from sandbox.gateways.pixazo import MODEL, RATIOS

ORDER = {
    "prompt": "Abstract human silhouette",
    "num_images": 1,
    "aspect_ratio": "1:1",
    "resolution": "1k",
    "output_format": "jpeg",
}


async def submit(
    http: aiohttp.ClientSession, gateways: Gateways, body: object, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, object]]:
    url = f"{gateways.pixazo_url}/{MODEL}/v1/{MODEL}-request"
    auth = {"Ocp-Apim-Subscription-Key": gateways.pixazo_key}
    async with http.post(url, json=body, headers={**auth, **(headers or {})}) as response:
        return response.status, await response.json()


async def ask(http: aiohttp.ClientSession, gateways: Gateways, work_id: object) -> tuple[int, dict[str, object]]:
    url = f"{gateways.pixazo_url}/v2/requests/status/{work_id}"
    async with http.get(url, headers={"Ocp-Apim-Subscription-Key": gateways.pixazo_key}) as response:
        return response.status, await response.json()


async def test_an_order_runs_through_the_documented_states(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    code, accepted = await submit(http, gateways, ORDER)
    work_id = str(accepted["request_id"])
    assert (code, accepted["status"]) == (202, "QUEUED")
    assert work_id.startswith(f"{MODEL}_")
    assert accepted["polling_url"] == f"{gateways.pixazo_url}/v2/requests/status/{work_id}"
    words = []
    for _ in range(600):
        _, told = await ask(http, gateways, work_id)
        words.append(told["status"])
        if told["status"] == "COMPLETED":
            break
        assert gateways.waiting() == 1
        clock.advance(ms=200)
    assert list(dict.fromkeys(words)) == ["QUEUED", "PROCESSING", "COMPLETED"]
    assert gateways.waiting() == 0
    assert set(told) == {
        "request_id",
        "status",
        "model_id",
        "error",
        "output",
        "created_at",
        "updated_at",
        "completed_at",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": ""},
        {"prompt": None},
        {"num_images": 0},
        {"num_images": 5},
        {"num_images": "1"},
        {"num_images": True},
        {"aspect_ratio": "auto"},
        {"aspect_ratio": "21:9"},
        {"resolution": "1.5k"},
        {"output_format": "gif"},
        {"sync_mode": "yes"},
        {"seed": 1},
    ],
)
async def test_what_the_page_does_not_allow_is_refused(
    change: dict[str, object], gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    code, told = await submit(http, gateways, {**ORDER, **change})
    assert code == 400
    assert next(iter(change)) in str(told["message"])
    assert gateways.book.charges == ()


@pytest.mark.parametrize("body", [{}, [], "x", None])
async def test_an_order_without_a_prompt_is_refused(
    body: object, gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    assert (await submit(http, gateways, body))[0] == 400


@pytest.mark.parametrize(
    "sent", [{"data": b"{", "headers": {"Content-Type": "application/json"}}, {"data": {"prompt": "x"}}]
)
async def test_a_body_that_is_no_json_is_refused(
    sent: dict[str, object], gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    url = f"{gateways.pixazo_url}/{MODEL}/v1/{MODEL}-request"
    http.headers["Ocp-Apim-Subscription-Key"] = gateways.pixazo_key
    async with http.post(url, **sent) as response:  # type: ignore[arg-type]
        assert response.status == 400


@pytest.mark.parametrize("ratio", RATIOS)
async def test_every_documented_ratio_is_taken(ratio: str, gateways: Gateways, http: aiohttp.ClientSession) -> None:
    assert (await submit(http, gateways, {"prompt": "x", "aspect_ratio": ratio}))[0] == 202


@pytest.mark.parametrize(("resolution", "price"), [("1k", "0.15"), ("2k", "0.21")])
async def test_the_price_is_per_picture_and_size(
    resolution: str, price: str, gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    await submit(http, gateways, {"prompt": "x", "num_images": 3, "resolution": resolution})
    assert gateways.book.total("pixazo") == usd(price)
    assert gateways.book.total("locus") == 0


async def test_a_wrong_key_is_refused_on_both_addresses(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    code, told = await submit(http, gateways, ORDER, {"Ocp-Apim-Subscription-Key": "other"})
    assert (code, told["statusCode"]) == (401, 401)
    async with http.get(f"{gateways.pixazo_url}/v2/requests/status/x") as response:
        assert response.status == 401


async def test_an_order_sent_twice_is_charged_twice(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    first = await submit(http, gateways, ORDER, {"Idempotency-Key": "same"})
    second = await submit(http, gateways, ORDER, {"Idempotency-Key": "same"})
    assert first[1]["request_id"] != second[1]["request_id"]
    assert len(gateways.book.of_prompt(str(ORDER["prompt"]))) == 2


async def test_work_that_nobody_ordered_is_not_found(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    assert (await ask(http, gateways, "model_x"))[0] == 404


@pytest.mark.parametrize(
    ("address", "mode", "code"),
    [
        ("https://bot.example/callback", None, 202),
        ("https://bot.example/callback", "sync", 202),
        ("https://bot.example/callback", "often", 400),
        ("http://bot.example/callback", None, 400),
    ],
)
async def test_webhook_addresses_are_noted_when_they_are_https(
    *, address: str, mode: str | None, code: int, gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    headers = {"X-Webhook-URL": address} | ({} if mode is None else {"X-Webhook-Mode": mode})
    assert (await submit(http, gateways, ORDER, headers))[0] == code
    assert gateways.pixazo.webhooks == ([address] if code == 202 else [])


@pytest.mark.parametrize(
    ("kind", "word", "total"),
    [
        (Outcome.FAILED, "FAILED", "0.05"),
        (Outcome.ERROR, "ERROR", "0"),
        (Outcome.MODERATED, "FAILED", "0.05"),
        (Outcome.EMPTY, "COMPLETED", "0.05"),
        (Outcome.BASE64, "COMPLETED", "0.05"),
        (Outcome.OVERCHARGE, "COMPLETED", "0.10"),
    ],
)
async def test_outcomes_end_and_cost_as_scripted(
    *, kind: Outcome, word: str, total: str, gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    gateways.faults.next("pixazo", WorkFault(kind=kind, factor=2.0))
    _, accepted = await submit(http, gateways, ORDER)
    clock.advance(seconds=3600)
    _, told = await ask(http, gateways, accepted["request_id"])
    assert told["status"] == word
    assert gateways.book.total() == usd(total)


async def test_an_unknown_word_is_said_until_the_work_is_done(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    gateways.faults.next("pixazo", outcome(Outcome.UNKNOWN_STATUS))
    _, accepted = await submit(http, gateways, ORDER)
    assert (await ask(http, gateways, accepted["request_id"]))[1]["status"] == "WARMING_UP"
    clock.advance(seconds=3600)
    assert (await ask(http, gateways, accepted["request_id"]))[1]["status"] == "COMPLETED"


async def test_slow_work_takes_as_long_as_scripted(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    gateways.faults.next("pixazo", WorkFault(kind=Outcome.SLOW, seconds=500))
    _, accepted = await submit(http, gateways, ORDER)
    clock.advance(seconds=499)
    assert (await ask(http, gateways, accepted["request_id"]))[1]["status"] == "PROCESSING"
    clock.advance(seconds=1)
    assert (await ask(http, gateways, accepted["request_id"]))[1]["status"] == "COMPLETED"


async def test_work_that_never_ends_is_not_waited_for(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
    _, accepted = await submit(http, gateways, ORDER)
    clock.advance(seconds=10**6)
    assert (await ask(http, gateways, accepted["request_id"]))[1]["status"] in ("QUEUED", "PROCESSING")
    assert gateways.waiting() == 0


async def test_a_fault_happens_as_often_as_scripted_and_only_where_scripted(
    gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    gateways.faults.next("pixazo", status(429, retry_after="9"), times=2)
    gateways.faults.next("locus", status(500))
    assert [(await submit(http, gateways, ORDER))[0] for _ in range(3)] == [429, 429, 202]


async def test_a_fault_by_marker_happens_until_cleared(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    gateways.faults.when("fox", status(503, body={"error": "down"}), gateway="pixazo")
    fox = {"prompt": "a fox"}
    codes = [(await submit(http, gateways, body))[0] for body in (fox, ORDER, fox)]
    gateways.faults.clear()
    assert [*codes, (await submit(http, gateways, fox))[0]] == [503, 202, 503, 202]


async def test_an_answer_may_drip_and_still_arrive(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    gateways.faults.next("pixazo", AnswerFault(kind=Break.DRIP, seconds=0.0001))
    assert (await submit(http, gateways, ORDER))[0] == 202


async def test_a_late_answer_arrives(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    gateways.faults.next("pixazo", late_answer(0.05))
    assert (await submit(http, gateways, ORDER))[0] == 202


@pytest.mark.parametrize("kind", [Break.SILENT, Break.ENDLESS])
async def test_an_answer_that_never_comes_leaves_the_gateway_well(
    kind: Break, gateways: Gateways, http: aiohttp.ClientSession
) -> None:
    gateways.faults.next("pixazo", broken_answer(kind))
    with pytest.raises((TimeoutError, aiohttp.ClientError)):
        async with http.post(
            f"{gateways.pixazo_url}/{MODEL}/v1/{MODEL}-request",
            json=ORDER,
            headers={"Ocp-Apim-Subscription-Key": gateways.pixazo_key},
            timeout=aiohttp.ClientTimeout(total=0.2),
        ) as response:
            await response.read()
    assert (await submit(http, gateways, ORDER))[0] == 202
    assert len(gateways.book.charges) == 2


async def test_a_spoilt_poll_leaves_the_work_alone(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    _, accepted = await submit(http, gateways, ORDER)
    clock.advance(seconds=3600)
    gateways.faults.next("pixazo", status(500, at=Step.POLL))
    assert (await ask(http, gateways, accepted["request_id"]))[0] == 500
    assert (await ask(http, gateways, accepted["request_id"]))[1]["status"] == "COMPLETED"

"""Where results lie: signed, expiring, and sometimes spoilt."""

import io
from urllib.parse import urlsplit

import aiohttp
import pytest
from PIL import Image

from bot.core.clock import ManualClock
from sandbox.gateways import Gateways, Spoil, bad_picture
from sandbox.gateways.faults import PictureFault
from tests.gateways.test_pretend_pixazo import ask, submit


async def result_urls(
    http: aiohttp.ClientSession, gateways: Gateways, clock: ManualClock, **order: object
) -> list[str]:
    _, accepted = await submit(http, gateways, {"prompt": "a fox", **order})
    clock.advance(seconds=3600)
    return await told_urls(http, gateways, accepted["request_id"])


async def told_urls(http: aiohttp.ClientSession, gateways: Gateways, work_id: object) -> list[str]:
    _, told = await ask(http, gateways, work_id)
    output = told["output"]
    assert isinstance(output, dict)
    return [str(url) for url in output["media_url"]]


async def fetch(http: aiohttp.ClientSession, url: str) -> tuple[int, str, bytes]:
    async with http.get(url, allow_redirects=False) as response:
        return response.status, response.content_type, await response.read()


@pytest.mark.parametrize("picture_format", ["jpeg", "png", "webp"])
async def test_each_picture_is_another_one_in_the_asked_format(
    picture_format: str, gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    urls = await result_urls(http, gateways, clock, num_images=3, output_format=picture_format)
    answers = [await fetch(http, url) for url in urls]
    assert {(code, kind) for code, kind, _ in answers} == {(200, f"image/{picture_format}")}
    assert len({data for _, _, data in answers}) == 3
    assert all(Image.open(io.BytesIO(data)).size == (64, 64) for _, _, data in answers)


async def test_results_lie_on_another_port_than_the_gateway(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    (url,) = await result_urls(http, gateways, clock)
    assert urlsplit(url).netloc == gateways.cdn_host != urlsplit(gateways.pixazo_url).netloc


async def test_an_address_expires_and_the_status_gives_a_fresh_one(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    _, accepted = await submit(http, gateways, {"prompt": "a fox"})
    clock.advance(seconds=3600)
    (old,) = await told_urls(http, gateways, accepted["request_id"])
    clock.advance(seconds=3601)
    assert (await fetch(http, old))[0] == 403
    (fresh,) = await told_urls(http, gateways, accepted["request_id"])
    assert (await fetch(http, fresh))[0] == 200


async def test_a_changed_address_is_refused(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    (url,) = await result_urls(http, gateways, clock)
    assert (await fetch(http, url.replace("expires=1", "expires=9")))[0] == 403
    assert (await fetch(http, url.partition("?")[0]))[0] == 403
    assert (await fetch(http, f"http://{gateways.cdn_host}/unknown/0.png"))[0] == 404
    assert [path for path, _ in gateways.cdn.fetches][-1] == "/unknown/0.png"


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        (bad_picture(Spoil.BOMB), 200, "image/png"),
        (bad_picture(Spoil.HTML), 200, "image/png"),
        (bad_picture(Spoil.BROKEN), 200, "image/jpeg"),
        (bad_picture(Spoil.GONE), 404, "text/plain"),
        (bad_picture(Spoil.REDIRECT, target="http://169.254.169.254/"), 302, "application/octet-stream"),
        (PictureFault(kind=Spoil.ENDLESS, size=3_000_000), 200, "image/jpeg"),
        (PictureFault(kind=Spoil.DRIP, seconds=0.00001), 200, "image/jpeg"),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
async def test_spoilt_pictures_are_spoilt_as_scripted(
    *,
    fault: PictureFault,
    code: int,
    kind: str,
    gateways: Gateways,
    http: aiohttp.ClientSession,
    clock: ManualClock,
) -> None:
    gateways.faults.when("fox", fault)
    (url,) = await result_urls(http, gateways, clock)
    answered, content_type, data = await fetch(http, url)
    assert (answered, content_type) == (code, kind)
    if fault.kind is Spoil.ENDLESS:
        assert len(data) >= 3_000_000
    if fault.kind in (Spoil.HTML, Spoil.BROKEN):
        with pytest.raises(OSError, match=r"cannot identify|truncated"):
            Image.open(io.BytesIO(data)).load()


@pytest.mark.parametrize("target", ["http://169.254.169.254/x.png", "http://[::ffff:127.0.0.1]:80/x.png"])
async def test_an_address_may_point_anywhere(
    target: str, gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    gateways.faults.next("pixazo", bad_picture(Spoil.DIRECT, target=target))
    assert await result_urls(http, gateways, clock, num_images=2) == [target, target]


async def test_a_picture_may_be_gone_until_the_status_is_asked_again(
    gateways: Gateways, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    gateways.faults.next("pixazo", bad_picture(Spoil.GONE_ONCE))
    _, accepted = await submit(http, gateways, {"prompt": "a fox"})
    clock.advance(seconds=3600)
    (first,) = await told_urls(http, gateways, accepted["request_id"])
    assert [(await fetch(http, first))[0] for _ in range(2)] == [404, 404]
    (second,) = await told_urls(http, gateways, accepted["request_id"])
    assert (await fetch(http, second))[0] == 200

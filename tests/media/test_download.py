"""Downloads from real servers that behave well, badly, or not at all."""

import asyncio
import gzip
import hashlib
import traceback
from pathlib import Path

import pytest
from aiohttp import web

from bot.core.errors import DownloadFailed, MediaError, NotAPicture, TooLarge, UnsafeAddress
from bot.core.requests import PictureFormat
from bot.media import DownloadLimits
from tests.media import samples
from tests.media.conftest import OpenMedia, files
from tests.media.servers import Handler, NameServer, listening, serving

MIB = 1024 * 1024


def answering(body: bytes, status: int = 200, **headers: str) -> Handler:
    async def handler(_request: web.BaseRequest) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body, status=status, headers=named)

    return handler


async def test_a_picture_is_fetched_and_kept_under_its_hash(open_media: OpenMedia, folder: Path) -> None:
    data = samples.noise("JPEG")
    async with serving(answering(data, Content_Type="text/html")) as port, open_media("127.0.0.1") as media:
        asset = await media.fetch(f"http://127.0.0.1:{port}/a/b.exe?name=../../x.php")
        assert asset.id == hashlib.sha256(data).hexdigest()
        assert (asset.format, asset.width, asset.height) == (PictureFormat.JPEG, 300, 200)
        assert asset.byte_size == len(data)
        assert asset.path == folder / asset.id[:2] / f"{asset.id}.jpg"
        assert await media.read(asset.id) == (data, PictureFormat.JPEG)
    assert files(folder) == [asset.path]


async def test_bytes_that_are_here_already_are_kept_the_same_way(open_media: OpenMedia, folder: Path) -> None:
    data = samples.noise("PNG")
    async with serving(answering(data)) as port, open_media("127.0.0.1") as media:
        kept = await media.keep(data)
        assert await media.fetch(f"http://127.0.0.1:{port}/") == kept
    assert files(folder) == [kept.path]


async def test_a_kept_picture_is_fitted_and_stays_as_it_is(open_media: OpenMedia) -> None:
    data = samples.noise("PNG")
    async with open_media() as media:
        asset = await media.keep(data)
        whole = await media.fit(asset.id, limit_bytes=len(data))
        smaller = await media.fit(asset.id, limit_bytes=len(data) // 2)
        assert (whole.data, whole.format) == (data, PictureFormat.PNG)
        assert len(smaller.data) <= len(data) // 2
        assert asset.path.read_bytes() == data


@pytest.mark.parametrize("data", [samples.HTML, samples.noise("PNG")[:5000], b""])
async def test_bytes_that_are_no_picture_leave_nothing(open_media: OpenMedia, folder: Path, data: bytes) -> None:
    async with open_media() as media:
        with pytest.raises(NotAPicture):
            await media.keep(data)
    assert files(folder) == []


async def test_bytes_over_the_bound_are_not_even_written(open_media: OpenMedia, folder: Path) -> None:
    async with open_media() as media:
        with pytest.raises(TooLarge):
            await media.keep(bytes(33 * MIB))
    assert files(folder) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (samples.HTML, NotAPicture),
        (samples.SVG, NotAPicture),
        (samples.noise("PNG")[:-500], NotAPicture),
        (samples.bomb_png(13_377), TooLarge),
        (samples.animated("WEBP", 61), TooLarge),
    ],
    ids=["html", "svg", "broken png", "bomb", "animation"],
)
async def test_a_bad_body_called_png_is_refused_and_leaves_nothing(
    open_media: OpenMedia, folder: Path, body: bytes, expected: type[MediaError]
) -> None:
    async with serving(answering(body, Content_Type="image/png")) as port, open_media("127.0.0.1") as media:
        with pytest.raises(expected):
            await media.fetch(f"http://127.0.0.1:{port}/picture.png")
    assert files(folder) == []


@pytest.mark.parametrize(
    ("status", "is_gone"),
    [
        *((status, True) for status in (403, 404, 410)),
        *((status, False) for status in (201, 204, 206, 304, 401, 429, 500, 503)),
    ],
)
async def test_only_200_is_a_picture_and_some_answers_mean_gone(
    open_media: OpenMedia, status: int, *, is_gone: bool
) -> None:
    async with serving(answering(b"", status)) as port, open_media("127.0.0.1") as media:
        with pytest.raises(DownloadFailed, match=f"answered {status}") as caught:
            await media.fetch(f"http://127.0.0.1:{port}/")
    assert caught.value.is_gone is is_gone


async def test_an_endless_body_is_cut_at_the_bound(open_media: OpenMedia, folder: Path) -> None:
    sent = 0

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 100 * MIB:
            await response.write(bytes(MIB))
            sent += MIB
        return response

    async with serving(endless) as port, open_media("127.0.0.1") as media:
        with pytest.raises(TooLarge, match="more than 33554432 bytes"):
            await media.fetch(f"http://127.0.0.1:{port}/")
        assert files(folder) == []
    assert 32 * MIB <= sent < 60 * MIB


async def test_a_length_over_the_bound_is_believed(open_media: OpenMedia) -> None:
    async def boasting(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(100 * MIB)})
        await response.prepare(request)
        return response

    async with serving(boasting) as port, open_media("127.0.0.1") as media:
        with pytest.raises(TooLarge):
            await media.fetch(f"http://127.0.0.1:{port}/")


async def test_a_body_shorter_than_its_length_is_a_failed_download(open_media: OpenMedia) -> None:
    data = samples.noise("PNG")

    async def short(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(data) + 1)})
        await response.prepare(request)
        await response.write(data)
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(short) as port, open_media("127.0.0.1") as media:
        with pytest.raises(DownloadFailed):
            await media.fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-own"])
async def test_an_encoded_body_is_refused_unopened(open_media: OpenMedia, encoding: str) -> None:
    bomb = gzip.compress(bytes(20 * MIB))
    async with (
        serving(answering(bomb, Content_Encoding=encoding)) as port,
        open_media("127.0.0.1", limits=DownloadLimits(max_bytes=MIB)) as media,
    ):
        with pytest.raises(NotAPicture, match="encoded body"):
            await media.fetch(f"http://127.0.0.1:{port}/")


async def drip(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"\x89")
        await asyncio.sleep(0.02)


async def stall(_request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def test_a_body_that_drips_ends_at_the_total(open_media: OpenMedia, folder: Path) -> None:
    limits = DownloadLimits(total_s=0.2, idle_s=5)
    async with serving(drip) as port, open_media("127.0.0.1", limits=limits) as media:
        with pytest.raises(DownloadFailed, match=r"longer than 0\.2 s"):
            await media.fetch(f"http://127.0.0.1:{port}/")
        assert files(folder) == []


async def test_a_server_that_says_nothing_ends_at_the_idle_time(open_media: OpenMedia) -> None:
    limits = DownloadLimits(total_s=20, idle_s=0.1)
    async with serving(stall) as port, open_media("127.0.0.1", limits=limits) as media:
        with pytest.raises(DownloadFailed, match="Timeout"):
            await media.fetch(f"http://127.0.0.1:{port}/")


async def test_a_cancelled_download_leaves_nothing(open_media: OpenMedia, folder: Path) -> None:
    dripping = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        dripping.set()
        return await drip(request)

    async with serving(handler) as port, open_media("127.0.0.1") as media:
        fetching = asyncio.create_task(media.fetch(f"http://127.0.0.1:{port}/"))
        await dripping.wait()
        assert len(files(folder)) == 1
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        assert files(folder) == []


async def test_nobody_at_home_is_a_failed_download(open_media: OpenMedia) -> None:
    async with serving(stall) as port:
        pass
    async with open_media("127.0.0.1", resolver=NameServer({})) as media:
        with pytest.raises(DownloadFailed, match="ClientConnectorError"):
            await media.fetch(f"http://127.0.0.1:{port}/")
        with pytest.raises(DownloadFailed, match="DNS"):
            await media.fetch("https://nobody.example/")
        with pytest.raises((DownloadFailed, UnsafeAddress)):
            await media.fetch(f"https://{'a' * 300}.example/")


async def test_no_header_of_ours_travels_not_even_across_redirects(open_media: OpenMedia) -> None:
    seen: list[tuple[str, dict[str, str]]] = []

    async def last(request: web.BaseRequest) -> web.Response:
        seen.append((request.path_qs, dict(request.headers)))
        return web.Response(body=samples.plain())

    async with serving(last) as there:

        async def first(request: web.BaseRequest) -> web.Response:
            seen.append((request.path_qs, dict(request.headers)))
            location = f"http://127.0.0.1:{there}/b?x=%2F~%7E" if request.path == "/a" else "/a"
            return web.Response(status=302, headers={"Location": location, "Set-Cookie": "a=b"})

        async with serving(first) as here, open_media("127.0.0.1") as media:
            await media.fetch(f"http://127.0.0.1:{here}/start?sig=a%2Bb+c%7E")
    assert [path for path, _ in seen] == ["/start?sig=a%2Bb+c%7E", "/a", "/b?x=%2F~%7E"]
    for _, headers in seen:
        assert set(headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
        assert headers["Accept-Encoding"] == "identity"


async def test_no_cookie_is_kept_and_no_proxy_is_taken_from_the_environment(
    open_media: OpenMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookies: list[str | None] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.Response(body=samples.plain(), headers={"Set-Cookie": "a=b; Path=/"})

    names = NameServer({"cdn.local": ["127.0.0.1"]})
    async with listening() as proxy, serving(handler) as port:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        async with open_media(f"cdn.local:{port}", resolver=names) as media:
            for _ in range(2):
                await media.fetch(f"http://cdn.local:{port}/")
        assert proxy.connections == 0
    assert cookies == [None, None]


@pytest.mark.parametrize(("redirects", "arrives"), [(3, True), (4, False)])
async def test_three_redirects_are_followed_and_no_more(
    open_media: OpenMedia, redirects: int, *, arrives: bool
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        left = int(request.path.strip("/"))
        if left == 0:
            return web.Response(body=samples.plain())
        return web.Response(status=307, headers={"Location": f"/{left - 1}"})

    async with serving(handler) as port, open_media("127.0.0.1") as media:
        if arrives:
            assert (await media.fetch(f"http://127.0.0.1:{port}/{redirects}")).width == 64
        else:
            with pytest.raises(DownloadFailed, match="more than 3 redirects"):
                await media.fetch(f"http://127.0.0.1:{port}/{redirects}")


async def test_a_redirect_to_nowhere_is_a_failed_download(open_media: OpenMedia) -> None:
    async with serving(answering(b"", 302)) as port, open_media("127.0.0.1") as media:
        with pytest.raises(DownloadFailed, match="answered 302"):
            await media.fetch(f"http://127.0.0.1:{port}/")


async def test_what_goes_wrong_is_told_without_the_signature(open_media: OpenMedia) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        if request.path == "/away":
            return web.Response(status=302, headers={"Location": "http://10.0.0.1/p?sig=SECRET"})
        if request.path == "/cut":
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=500)

    async with serving(handler) as port, listening() as nobody, open_media(f"127.0.0.1:{port}") as media:
        for address in (
            f"http://127.0.0.1:{port}/?sig=SECRET",
            f"http://127.0.0.1:{port}/away?sig=SECRET",
            f"http://127.0.0.1:{port}/cut?sig=SECRET",
            f"https://127.0.0.1:{port}/?sig=SECRET",
            f"https://127.0.0.1:{nobody.port}/?sig=SECRET",
            "https://key:SECRET@example.com/",
            "https://[SECRET/",
            "ftp://example.com/?sig=SECRET",
        ):
            with pytest.raises(MediaError) as caught:
                await media.fetch(address)
            told = "".join(traceback.format_exception(caught.value, limit=0))
            assert "SECRET" not in told

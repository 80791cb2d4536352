"""Addresses that lead inside, in every spelling, by name, by redirect and by a changed mind."""

import pytest
from aiohttp import web

from bot.core.errors import UnsafeAddress
from tests.media import samples
from tests.media.conftest import OpenMedia
from tests.media.servers import NameServer, listening, serving

INNER_SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",  # noqa: S104 - to be refused
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001::7f00:1]",
    "[fe80::1]",
    "[fd00::1]",
    "[ff02::1]",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "10.0.0.1",
    "192.168.0.1",
    "172.16.0.1",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize("host", INNER_SPELLINGS)
async def test_no_spelling_of_an_inner_address_is_connected_to(open_media: OpenMedia, host: str) -> None:
    async with listening() as inside, open_media() as media:
        with pytest.raises(UnsafeAddress, match=r"does not lead to the public internet|cannot be read"):
            await media.fetch(f"https://{host}:{inside.port}/latest/meta-data/")
        assert inside.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
async def test_the_listener_of_these_tests_can_be_reached(open_media: OpenMedia, host: str) -> None:
    async with listening() as inside, open_media(host) as media:
        with pytest.raises(Exception, match="ServerDisconnected"):
            await media.fetch(f"http://{host}:{inside.port}/")
        assert inside.connections > 0


@pytest.mark.parametrize(
    "address",
    [
        "",
        "picture.png",
        "//example.com/picture.png",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "gopher://example.com/",
        "http://example.com/a.png",
        "https://",
        "https:///a.png",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:http/",
        "https://user@example.com/",
        "https://user:key@example.com/",
        "https://:key@example.com/",
        "https://127.0.0.1\\@example.com/",
        "https://[::1/",
        "https://example.com/" + "a" * 9_000,
    ],
)
async def test_only_plain_https_addresses_are_fetched(open_media: OpenMedia, address: str) -> None:
    async with open_media(resolver=NameServer({})) as media:
        with pytest.raises(UnsafeAddress):
            await media.fetch(address)


@pytest.mark.parametrize("tail", ["\r\nX-Injected: 1", "\n", "\t", "\x00", " HTTP/1.1\r\n\r\nGET /"])
async def test_no_line_can_be_added_to_the_request(open_media: OpenMedia, tail: str) -> None:
    seen: list[web.BaseRequest] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append(request)
        return web.Response(body=samples.plain())

    async with serving(handler) as port, open_media("127.0.0.1") as media:
        try:
            await media.fetch(f"http://127.0.0.1:{port}/a{tail}")
        except UnsafeAddress:
            assert seen == []
        else:
            assert len(seen) == 1
            assert "X-Injected" not in seen[0].headers


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "0x7f000001", "169.254.169.254", "10.0.0.1"],
)
async def test_a_redirect_inside_is_not_followed(open_media: OpenMedia, host: str, scheme: str) -> None:
    async with listening() as inside:

        async def away(_request: web.BaseRequest) -> web.Response:
            location = f"{scheme}://{host}:{inside.port}/latest/meta-data/"
            return web.Response(status=302, headers={"Location": location})

        async with serving(away) as port, open_media(f"127.0.0.1:{port}") as media:
            with pytest.raises(UnsafeAddress):
                await media.fetch(f"http://127.0.0.1:{port}/")
        assert inside.connections == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "data:image/png,x", "ftp://a.example/", "https://u:p@a/"])
async def test_a_redirect_to_another_kind_of_address_is_not_followed(open_media: OpenMedia, location: str) -> None:
    async def away(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    async with serving(away) as port, open_media(f"127.0.0.1:{port}") as media:
        with pytest.raises(UnsafeAddress):
            await media.fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
async def test_a_public_name_that_leads_inside_is_refused(open_media: OpenMedia, address: str) -> None:
    names = NameServer({"cdn.example": [address]})
    async with listening() as inside, open_media(resolver=names) as media:
        with pytest.raises(UnsafeAddress):
            await media.fetch(f"https://cdn.example:{inside.port}/")
        assert inside.connections == 0


async def test_an_excepted_name_may_lead_inside(open_media: OpenMedia) -> None:
    async def handler(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=samples.plain())

    names = NameServer({"cdn.local": ["127.0.0.1"], "other.local": ["127.0.0.1"]})
    async with serving(handler) as port, open_media(f"cdn.local:{port}", resolver=names) as media:
        assert (await media.fetch(f"http://cdn.local:{port}/")).width == 64
        with pytest.raises(UnsafeAddress):
            await media.fetch(f"http://other.local:{port}/")
        with pytest.raises(UnsafeAddress):
            await media.fetch(f"https://other.local:{port}/")
        with pytest.raises(UnsafeAddress):
            await media.fetch(f"http://127.0.0.1:{port}/")


async def test_an_excepted_name_that_changes_its_mind_is_refused(open_media: OpenMedia) -> None:
    async def again(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": "/again"})

    names = NameServer({"cdn.local": ["127.0.0.1", "169.254.169.254"]})
    async with serving(again) as port, open_media(f"cdn.local:{port}", resolver=names) as media:
        with pytest.raises(UnsafeAddress, match="public internet"):
            await media.fetch(f"http://cdn.local:{port}/")


async def test_one_excepted_port_opens_no_other(open_media: OpenMedia) -> None:
    async with listening() as inside, open_media("127.0.0.1:1", "localhost:1") as media:
        for host in ("127.0.0.1", "localhost"):
            for scheme in ("http", "https"):
                with pytest.raises(UnsafeAddress):
                    await media.fetch(f"{scheme}://{host}:{inside.port}/")
        assert inside.connections == 0

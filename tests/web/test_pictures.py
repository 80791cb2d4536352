"""The path behind which gateways find a source picture."""

from pathlib import Path

import aiohttp

from bot.web.server import Readiness, WebServer
from tests.media.samples import plain


class Door:
    """Knows one address."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def find(self, asset_id: str, until: str, mac: str) -> Path | None:
        return self._path if (asset_id, until, mac) == ("asset", "until", "mac") else None


def server(door: Door | None) -> WebServer:
    return WebServer(
        host="127.0.0.1", port=0, tick_ages=dict, readiness=lambda: Readiness(is_ready=True), pictures=door
    )


async def get(port: int, path: str) -> tuple[int, bytes, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.read(), response.headers.get("Content-Type", "")


async def test_a_right_address_gives_the_picture_also_behind_a_prefix(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(plain())
    async with server(Door(path)) as web:
        for prefix in ("", "/some/prefix"):
            assert await get(web.port, f"{prefix}/pictures/asset/until/mac") == (200, plain(), "image/png")


async def test_whatever_is_wrong_is_the_404_of_every_unknown_path(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(plain())
    async with server(Door(path)) as web:
        unknown = await get(web.port, "/nothing/here")
        for wrong in ("/pictures/asset/until/other", "/pictures/asset/until", "/pictures/../x.png", "/pictures"):
            assert await get(web.port, wrong) == unknown


async def test_without_a_public_address_there_is_no_such_path(tmp_path: Path) -> None:
    async with server(None) as web:
        assert (await get(web.port, "/pictures/asset/until/mac"))[0] == 404

"""Where the gateways' results lie: another port, signed addresses that expire, and faults behind them."""

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass

from aiohttp import web

from bot.core.clock import SECOND_MS, Clock
from sandbox.gateways.answers import Pauses, drip, pour
from sandbox.gateways.faults import PictureFault, Spoil
from sandbox.gateways.painter import enlarge, paint, size_of
from sandbox.gateways.spoiled import PAGE, bomb_png
from sandbox.gateways.works import Work

_SECRET = b"sandbox"
_EXTENSIONS = {"jpeg": "jpeg", "png": "png", "webp": "webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    work: Work
    look: int  # which telling of the result the address belongs to


class Cdn:
    """Serves the pictures of all works. `fetches` counts the requests; keys seen there are a leak."""

    def __init__(self, *, clock: Clock, picture_side: int, lifetime_s: float, pauses: Pauses) -> None:
        self._clock = clock
        self._side = picture_side
        self._lifetime_s = lifetime_s
        self._pauses = pauses
        self._placed: dict[str, _Placed] = {}
        self.base_url = ""
        self.fetches: list[tuple[str, dict[str, str]]] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{token}/{file}", self._serve)
        return app

    def urls(self, work: Work) -> list[str]:
        """Fresh addresses for all pictures of the work."""
        work.looks += 1
        if work.spoil is not None and work.spoil.kind is Spoil.DIRECT:
            return [work.spoil.target] * work.pictures
        token = hashlib.sha256(f"{work.id}:{work.looks}".encode()).hexdigest()[:32]
        self._placed[token] = _Placed(work=work, look=work.looks)
        expires = self._clock.now() + round(self._lifetime_s * SECOND_MS)
        extension = _EXTENSIONS[work.format]
        paths = [f"/{token}/{index}.{extension}" for index in range(work.pictures)]
        return [f"{self.base_url}{path}?expires={expires}&sig={_sign(path, expires)}" for path in paths]

    def picture(self, work: Work, index: int) -> bytes:
        """The picture's bytes."""
        if work.given is not None:
            return enlarge(work.given, work.factor, work.format)
        width, height = size_of(work.ratio, work.resolution, self._side)
        return paint(work.prompt, index, width=width, height=height, picture_format=work.format)

    def data_uri(self, work: Work, index: int) -> str:
        """The picture as a data URI."""
        return f"data:image/{work.format};base64,{base64.b64encode(self.picture(work, index)).decode()}"

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.fetches.append((request.path, dict(request.headers)))
        placed = self._placed.get(request.match_info["token"])
        if placed is None:
            return web.Response(status=404, text="no such object")
        expires = request.query.get("expires", "0")
        if not hmac.compare_digest(request.query.get("sig", ""), _sign(request.path, expires)):
            return web.Response(status=403, text="bad signature")
        if self._clock.now() > int(expires):
            return web.Response(status=403, text="expired")
        index = int(request.match_info["file"].partition(".")[0])
        if placed.work.spoil is not None:
            return await self._spoilt(request, placed.work.spoil, placed, index)
        data = await asyncio.to_thread(self.picture, placed.work, index)
        return web.Response(body=data, content_type=f"image/{placed.work.format}")

    async def _spoilt(
        self, request: web.Request, fault: PictureFault, placed: _Placed, index: int
    ) -> web.StreamResponse:
        data = self.picture(placed.work, index)
        good = web.Response(body=data, content_type=f"image/{placed.work.format}")
        match fault.kind:
            case Spoil.BOMB:
                return web.Response(body=bomb_png(), content_type="image/png")
            case Spoil.HTML:
                return web.Response(body=PAGE, content_type="image/png")
            case Spoil.BROKEN:
                return web.Response(body=data[: len(data) * 2 // 3], content_type=good.content_type)
            case Spoil.REDIRECT:
                return web.Response(status=302, headers={"Location": fault.target})
            case Spoil.ENDLESS | Spoil.DRIP:
                response = web.StreamResponse(headers={"Content-Type": good.content_type})
                await response.prepare(request)
                if fault.kind is Spoil.DRIP:
                    await drip(response, data, fault.seconds, self._pauses)
                else:
                    await pour(response, b"", fault.size, self._pauses)
                return response
            case Spoil.GONE_ONCE if placed.look > 1:
                return good
            case _:
                return web.Response(status=404, text="no such object")


def _sign(path: str, expires: int | str) -> str:
    return hmac.new(_SECRET, f"{path}:{expires}".encode(), hashlib.sha256).hexdigest()[:32]

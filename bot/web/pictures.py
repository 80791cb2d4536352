"""`GET [prefix]/pictures/<asset>/<until>/<mac>`: where gateways that take only addresses fetch a source picture.

As for callbacks, whatever is wrong is answered with the 404 of every unknown path, and the path is logged nowhere.
"""

from pathlib import Path
from typing import Protocol

from aiohttp import web

ROUTE = r"/{prefix:(?:.*/)?}pictures/{asset}/{until}/{mac}"
_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


class PictureDoor(Protocol):
    """Who decides about addresses of pictures."""

    async def find(self, asset_id: str, until: str, mac: str) -> Path | None:
        """The file behind an address; None for a wrong one or one that has ended."""
        ...


async def answer_picture(request: web.Request, door: PictureDoor) -> web.StreamResponse:
    """The picture. Raises HTTPNotFound for everything else."""
    asset, until, mac = (request.match_info[name] for name in ("asset", "until", "mac"))
    path = await door.find(asset, until, mac)
    if path is None:
        raise web.HTTPNotFound
    kind = _TYPES.get(path.suffix, "application/octet-stream")
    return web.FileResponse(path, headers={"Content-Type": kind, "X-Content-Type-Options": "nosniff"})

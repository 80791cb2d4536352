"""The CDN: attachments under signed addresses that expire after a day."""

from aiohttp import web

from bot.core.clock import SECOND_MS
from sandbox.discord.world import World

PATH = "/cdn/{folder:attachments|ephemeral-attachments}/{channel_id}/{attachment_id}/{filename}"
GONE = "This content is no longer available."


class Cdn:
    """Gives the bytes to whoever holds an address that is signed and young enough."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(PATH, self._serve)

    async def _serve(self, request: web.Request) -> web.Response:
        expires, issued = request.query.get("ex", ""), request.query.get("is", "")
        proof = self._world.sign(f"{request.path} {expires} {issued}")
        attachment_id = request.match_info["attachment_id"]
        attachment = self._world.attachments.get(int(attachment_id) if attachment_id.isdecimal() else 0)
        if attachment is None or proof != request.query.get("hm"):
            return web.Response(status=404, text=GONE)
        if int(expires, 16) * SECOND_MS < self._world.clock.now():
            return web.Response(status=404, text=GONE)
        return web.Response(body=attachment.data, content_type=attachment.content_type)

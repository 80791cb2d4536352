"""A pretend Discord and pretend gateways on loopback: nothing but the calls that tell of an account or a key."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

TOKEN = "t0ken-that-no-line-may-show.abcdef.0123456789-0123456789-0123456789"
KEYS: Mapping[str, str] = {
    "locus": "claw_dev_secret_of_locus",
    "apiinone": "aio_secret_of_apiinone",
    "pixazo": "0123456789secretofpixazo",
    "apiframe": "afk_secret_of_apiframe",
    "xai": "xai-secret-of-xai-0123456789",
}
SECRETS = (TOKEN, *KEYS.values())
WELL: Mapping[str, object] = {
    "/discord/users/@me": {"id": "5", "username": "easel", "bot": True},
    "/api/pay/balance": {"success": True, "data": {"balance": "12.50", "token": "USDC"}},
    "/apiframe/me": {"team": {"credits": 250, "plan": "pro"}},
    "/xai/api-key": {"name": "k", "api_key_blocked": False, "api_key_disabled": False, "team_blocked": False},
}


@dataclass
class Account:
    """Answers by path: an object as JSON, a number as a bare status; "slow" never answers. Notes what was asked."""

    url: str = ""
    answers: dict[str, object] = field(default_factory=lambda: dict(WELL))
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, what the key came with

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any call."""
        key = request.headers.get("Authorization") or request.headers.get("X-API-Key") or ""
        self.asked.append((request.method, request.path, key))
        match self.answers.get(request.path, 404):
            case "slow":
                await asyncio.Event().wait()
                raise AssertionError
            case int(status):
                return web.Response(status=status, headers={"Location": f"{self.url}/elsewhere"})
            case bytes(body):
                return web.Response(body=body, content_type="application/json")
            case fields:
                return web.json_response(fields)

    def settings(self, *names: str) -> dict[str, str]:
        """The environment that points Easel here, with a key for each of the gateways."""
        found = {"EASEL_DISCORD_TOKEN": TOKEN, "EASEL_DISCORD_API_URL": f"{self.url}/discord"}
        for name in names:
            path = "/api/wrapped/grok" if name == "locus" else f"/{name}"
            found |= {f"EASEL_{name.upper()}_API_KEY": KEYS[name], f"EASEL_{name.upper()}_BASE_URL": self.url + path}
        return found


@asynccontextmanager
async def account() -> AsyncIterator[Account]:
    """Served until it is left."""
    served = Account()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        await runner.cleanup()

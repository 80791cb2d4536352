"""`/livez` and `/readyz`, for Docker, systemd and whoever watches; callbacks, for gateways.

    /livez    200 while every loop of the process has ticked lately, else 503: restart me
    /readyz   200 while the bot can take requests, else 503 with the reasons: leave me, look why
    [prefix]/callbacks/...   see `bot.web.callbacks`; only where the bot has a public address
    [prefix]/pictures/...    see `bot.web.pictures`; the same

Everything else, by whatever method, gets the same 404, so that the port tells nothing about itself. Answers
hold no secret and nothing about members. The server listens on loopback unless the operator says otherwise.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from bot.web.bounds import BoundedProtocols
from bot.web.callbacks import ROUTE, CallbackDoor, CallbackLimits, answer_callback
from bot.web.pictures import ROUTE as PICTURES_ROUTE
from bot.web.pictures import PictureDoor, answer_picture

_log = logging.getLogger(__name__)

MAX_TICK_AGE_S = 60.0  # loops tick at least every few seconds; a minute of silence is a hang
_SHUTDOWN_S = 1.0  # answers are made at once; nobody is worth waiting for longer


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """Bounds of the port. A health check needs 200 bytes and a few milliseconds."""

    max_connections: int = 64
    lifetime_s: float = 10.0
    max_header_bytes: int = 4_096  # of the request line, and of each header
    max_headers: int = 32
    max_body_bytes: int = 64 * 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether requests can be taken, and in a few words each why not."""

    is_ready: bool
    reasons: Sequence[str] = ()


class WebServer:
    """Serves while its `async with` is open.

    `tick_ages` gives, for each loop by name, the seconds since it last ticked; `readiness` is asked on each
    request. Both are called on the event loop and must not block. `callbacks` or `pictures` None: there is no such
    path.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tick_ages: Callable[[], Mapping[str, float]],
        readiness: Callable[[], Readiness],
        max_tick_age_s: float = MAX_TICK_AGE_S,
        limits: WebLimits | None = None,
        callbacks: CallbackDoor | None = None,
        callback_limits: CallbackLimits | None = None,
        pictures: PictureDoor | None = None,
    ) -> None:
        self._host = host
        self._asked_port = port
        self._tick_ages = tick_ages
        self._readiness = readiness
        self._max_tick_age_s = max_tick_age_s
        self._limits = limits or WebLimits()
        self._callbacks = callbacks
        self._callback_limits = callback_limits or CallbackLimits()
        self._pictures = pictures
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that was taken, also when port 0 was asked for. Raises RuntimeError while closed."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the web server is not open")
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        """Raises OSError when the port cannot be taken."""
        limits = self._limits
        runner = web.AppRunner(self._application(), handle_signals=False, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        self._runner = runner
        protocols = BoundedProtocols(
            lambda: self._connection(runner),
            max_connections=limits.max_connections,
            lifetime_s=limits.lifetime_s,
        )
        try:
            self._server = await asyncio.get_running_loop().create_server(protocols, self._host, self._asked_port)
        except BaseException:
            await runner.cleanup()
            raise
        _log.info("web server listens", extra={"host": self._host, "port": self.port})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._server is not None:
            await self._server.wait_closed()
        self._server = self._runner = None

    def _connection(self, runner: web.AppRunner) -> asyncio.Protocol:
        if runner.server is None:
            raise RuntimeError("the web server is not open")
        return _Connection(
            runner.server,
            loop=asyncio.get_running_loop(),
            max_line_size=self._limits.max_header_bytes,
            max_field_size=self._limits.max_header_bytes,
            max_headers=self._limits.max_headers,
            lingering_time=0,
            access_log_class=_NoAccessLog,
            auto_decompress=False,  # a small body must not become a large one
        )

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_uniform], client_max_size=self._limits.max_body_bytes)
        application.add_routes(self._routes())
        application.on_response_prepare.append(_plain_headers)
        return application

    def _routes(self) -> list[web.RouteDef]:
        """Every path there is."""
        routes = [web.get("/livez", self._livez), web.get("/readyz", self._readyz)]
        door, pictures = self._callbacks, self._pictures
        if pictures is not None:

            async def picture(request: web.Request) -> web.StreamResponse:
                return await answer_picture(request, pictures)

            routes.append(web.get(PICTURES_ROUTE, picture))
        if door is None:
            return routes

        async def callback(request: web.Request) -> web.Response:
            return await answer_callback(request, door, self._callback_limits)

        return [*routes, web.post(ROUTE, callback)]

    async def _livez(self, _request: web.Request) -> web.Response:
        ages = dict(self._tick_ages())
        late = sorted(name for name, age in ages.items() if age > self._max_tick_age_s)
        body = {
            "alive": not late,
            "late": late,
            "tick_age_s": {name: round(age, 3) for name, age in ages.items()},
        }
        return web.json_response(body, status=503 if late else 200)

    async def _readyz(self, _request: web.Request) -> web.Response:
        readiness = self._readiness()
        body = {"ready": readiness.is_ready, "reasons": list(readiness.reasons)}
        return web.json_response(body, status=200 if readiness.is_ready else 503)


@web.middleware
async def _uniform(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """One face for everything that is not a known path, and one for our own faults."""
    try:
        return await handler(request)
    except web.HTTPException:
        return web.Response(status=404, text="not found\n")
    except Exception:
        # The route, never the path: the address of a callback is a secret.
        resource = request.match_info.route.resource
        _log.exception("a web answer failed", extra={"route": None if resource is None else resource.canonical})
        return web.Response(status=500, text="error\n")


async def _plain_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """No version of ours for scanners, nothing for caches, one answer per connection."""
    response.headers["Server"] = "easel"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Connection"] = "close"  # the header is decided before this; force_close alone is silent
    response.force_close()


class _NoAccessLog(AbstractAccessLogger):
    """Who asks is nobody's business."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Writes nothing."""

    @property
    def enabled(self) -> bool:
        return False


class _Connection(web.RequestHandler):
    """aiohttp's own, save that it does not quote a malformed request back, nor into the log."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        _log.debug("a web request could not be read", extra={"status": status, "error": type(exc).__name__})
        response = web.Response(status=status, text="error\n", headers={"Server": "easel", "Connection": "close"})
        response.force_close()
        return response

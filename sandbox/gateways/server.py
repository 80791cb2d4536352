"""All pretend gateways on free loopback ports, as one thing to start and stop."""

import math
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.core.clock import Clock, SystemClock
from sandbox.gateways import apiframe, apiinone, locus, pixazo, xai
from sandbox.gateways.answers import Pauses
from sandbox.gateways.book import Book
from sandbox.gateways.calling import Caller
from sandbox.gateways.cdn import Cdn
from sandbox.gateways.faults import Faults
from sandbox.gateways.serving import Desk
from sandbox.gateways.works import Work, Works

# Started unless others are asked for: the first two, which tests that choose the cheapest rely on.
FIRST_TWO = (pixazo.NAME, locus.NAME)
EVERY = (pixazo.NAME, locus.NAME, apiinone.NAME, apiframe.NAME, xai.NAME)
_HOST = "127.0.0.1"
_ID_PREFIXES = {pixazo.NAME: f"{pixazo.MODEL}_", apiinone.NAME: "task_"}
_PATHS = {
    locus.NAME: locus.PREFIX,
    apiinone.NAME: apiinone.PREFIX,
    apiframe.NAME: apiframe.PREFIX,
    xai.NAME: xai.PREFIX,
}
# Handlers end by themselves when the pauses close; what still hangs then is cut.
_GOODBYE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A request that a gateway answered; `status` 0 where the connection was cut. No header, so no key."""

    gateway: str
    method: str
    path: str
    body: bytes
    status: int


class _Listener:
    """An application on a port that stays the same when it is closed and opened again."""

    def __init__(self, make_app: Callable[[], web.Application], watch: Middleware | None = None) -> None:
        self._make_app = make_app
        self._watch = watch
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}"

    async def open(self) -> None:
        app = self._make_app()
        if self._watch is not None:
            app.middlewares.append(self._watch)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE_S)
        await runner.setup()
        await web.TCPSite(runner, _HOST, self.port).start()
        self.port = runner.addresses[0][1]
        self._runner = runner

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None


class Gateways:
    """See the package's docstring. Made by `start`.

    `cdn_host` ("127.0.0.1:port") is what a bot must be allowed to download from. `trap_url` is a port where
    nothing may ever arrive; `trap_hits` are the requests that did, each as (path, headers).
    """

    pixazo_key = "sandbox-pixazo-key"
    locus_key = "claw_dev_sandbox_key"
    keys: Mapping[str, str] = {
        pixazo.NAME: pixazo_key,
        locus.NAME: locus_key,
        apiinone.NAME: "aio_sandbox_key",
        apiframe.NAME: "afk_sandbox_key_1234",
        xai.NAME: "xai-sandbox-key-1234",
    }

    def __init__(
        self,
        *,
        seed: int,
        scale: float,
        clock: Clock,
        picture_side: int,
        url_lifetime_s: float,
        names: Collection[str],
    ) -> None:
        self.book = Book(clock=clock)
        self.faults = Faults()
        self.trap_hits: list[tuple[str, dict[str, str]]] = []
        self._pauses = Pauses()
        self.cdn = Cdn(clock=clock, picture_side=picture_side, lifetime_s=url_lifetime_s, pauses=self._pauses)
        self._trap = _Listener(self._trap_app)
        self._cdn = _Listener(self.cdn.app)
        self._started = tuple(name for name in EVERY if name in names)
        self._names: dict[str, _Listener] = {}
        self._works = {
            name: Works(
                gateway=name,
                id_prefix=_ID_PREFIXES.get(name, ""),
                seed=seed,
                scale=scale,
                clock=clock,
                book=self.book,
                faults=self.faults,
            )
            for name in EVERY
        }
        self._clock = clock
        self._speed = 1.0
        self.on_request: Callable[[Watched], None] | None = None

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        seed: int = 1,
        scale: float = 1.0,
        clock: Clock | None = None,
        picture_side: int = 1024,
        url_lifetime_s: float = 3600.0,
        names: Collection[str] = FIRST_TWO,
    ) -> AsyncIterator[Self]:
        """Starts the gateways of those names (`EVERY` has them all).

        `scale` stretches the drawing times, `picture_side` is the edge of a 1k square.
        """
        gateways = cls(
            seed=seed,
            scale=scale,
            clock=clock or SystemClock(),
            picture_side=picture_side,
            url_lifetime_s=url_lifetime_s,
            names=names,
        )
        async with AsyncExitStack() as stack:
            await gateways._open(stack)
            yield gateways

    async def _open(self, stack: AsyncExitStack) -> None:
        for listener in (self._trap, self._cdn):
            await listener.open()
            stack.push_async_callback(listener.close)
        self.cdn.base_url = self._cdn.url
        self.pixazo = pixazo.PretendPixazo(
            key=self.pixazo_key,
            works=self._works[pixazo.NAME],
            cdn=self.cdn,
            faults=self.faults,
            clock=self._clock,
            pauses=self._pauses,
            trap_url=self.trap_url,
            caller=self._caller(stack, pixazo.NAME),
        )
        self.locus = locus.PretendLocus(key=self.locus_key, desk=self._desk(locus.NAME))
        self.apiinone = apiinone.PretendApiInOne(
            key=self.keys[apiinone.NAME],
            desk=self._desk(apiinone.NAME),
            trap_url=self.trap_url,
            caller=self._caller(stack, apiinone.NAME),
        )
        self.apiframe = apiframe.PretendApiframe(
            key=self.keys[apiframe.NAME],
            desk=self._desk(apiframe.NAME),
            clock=self._clock,
            caller=self._caller(stack, apiframe.NAME),
        )
        self.xai = xai.PretendXai(key=self.keys[xai.NAME], desk=self._desk(xai.NAME))
        apps: Mapping[str, Callable[[], web.Application]] = {
            pixazo.NAME: self.pixazo.app,
            locus.NAME: self.locus.app,
            apiinone.NAME: self.apiinone.app,
            apiframe.NAME: self.apiframe.app,
            xai.NAME: self.xai.app,
        }
        self._names = {name: _Listener(apps[name], self._watching(name)) for name in self._started}
        for listener in self._names.values():
            await listener.open()
            stack.push_async_callback(listener.close)
        stack.callback(self._pauses.close)  # runs first: nothing is left waiting

    def _watching(self, name: str) -> Middleware:
        @web.middleware
        async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self.on_request is None:
                return await handler(request)
            is_form = request.content_type.startswith("multipart/")  # read once, by the handler
            body = b"" if is_form else await request.read()  # kept by the request: the handler reads it again
            status = 0
            try:
                response = await handler(request)
                status = response.status if request.transport is not None else 0
            except web.HTTPException as refused:
                status = refused.status
                raise
            finally:
                if self.on_request is not None:
                    self.on_request(
                        Watched(gateway=name, method=request.method, path=request.path, body=body, status=status)
                    )
            return response

        return watch

    def _caller(self, stack: AsyncExitStack, name: str) -> Caller:
        caller = Caller(works=self._works[name], pauses=self._pauses)
        stack.push_async_callback(caller.close)
        return caller

    def _desk(self, name: str) -> Desk:
        return Desk(works=self._works[name], cdn=self.cdn, faults=self.faults, pauses=self._pauses)

    @property
    def names(self) -> tuple[str, ...]:
        """The gateways that were started."""
        return self._started

    def url(self, name: str) -> str:
        """The gateway's address with its path prefix. Raises KeyError where it was not started."""
        return f"{self._names[name].url}{_PATHS.get(name, '')}"

    @property
    def pixazo_url(self) -> str:
        return self.url(pixazo.NAME)

    @property
    def locus_url(self) -> str:
        return self.url(locus.NAME)

    @property
    def cdn_host(self) -> str:
        return f"{_HOST}:{self._cdn.port}"

    @property
    def trap_url(self) -> str:
        return self._trap.url

    def settings(self) -> Mapping[str, str]:
        """The environment with which a bot finds these gateways."""
        found = {"EASEL_DOWNLOAD_ALLOW_HOSTS": self.cdn_host}
        for name in self._started:
            found[f"EASEL_{name.upper()}_API_KEY"] = self.keys[name]
            found[f"EASEL_{name.upper()}_BASE_URL"] = self.url(name)
        return found

    def finish(self) -> None:
        """Whatever is being drawn is done now, also what would never have ended."""
        for works in self._works.values():
            works.finish()

    @property
    def speed(self) -> float:
        """How many times faster than at first the gateways draw."""
        return self._speed

    def hasten(self, factor: float) -> None:
        """From now on they draw so many times as fast as at first, also what is under way."""
        self._speed = factor
        for works in self._works.values():
            works.hasten(factor)

    def under_way(self) -> list[Work]:
        """What all of them are drawing."""
        return [work for works in self._works.values() for work in works.under_way()]

    def seconds_left(self, work: Work) -> float:
        """How long the work is still drawn; infinite for one that never ends."""
        return self._works[work.gateway].seconds_left(work)

    def is_queued(self, work: Work) -> bool:
        """True while the gateway calls the work queued; one that never ends is not."""
        return not math.isinf(work.ready_at) and self._works[work.gateway].is_queued(work)

    def waiting(self) -> int:
        """How many works are still being drawn."""
        return sum(works.waiting() for works in self._works.values())

    @asynccontextmanager
    async def refusing(self, name: str) -> AsyncIterator[None]:
        """While inside, the gateway's port refuses connections; calls in flight are cut."""
        listener = self._names[name]
        await listener.close()
        try:
            yield
        finally:
            await listener.open()

    def _trap_app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._caught)
        return app

    async def _caught(self, request: web.Request) -> web.Response:
        self.trap_hits.append((request.path, dict(request.headers)))
        return web.json_response({"status": "COMPLETED", "output": {"media_url": ["https://evil.example/x.png"]}})

"""All pretend gateways on free loopback ports, as one thing to start and stop."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

from aiohttp import web

from bot.core.clock import Clock, SystemClock
from sandbox.gateways import locus, pixazo
from sandbox.gateways.answers import Pauses
from sandbox.gateways.book import Book
from sandbox.gateways.cdn import Cdn
from sandbox.gateways.faults import Faults
from sandbox.gateways.works import Works

_HOST = "127.0.0.1"
# Handlers end by themselves when the pauses close; what still hangs then is cut.
_GOODBYE_S = 0.2


class _Listener:
    """An application on a port that stays the same when it is closed and opened again."""

    def __init__(self, make_app: Callable[[], web.Application]) -> None:
        self._make_app = make_app
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}"

    async def open(self) -> None:
        runner = web.AppRunner(self._make_app(), access_log=None, shutdown_timeout=_GOODBYE_S)
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

    def __init__(self, *, seed: int, scale: float, clock: Clock, picture_side: int, url_lifetime_s: float) -> None:
        self.book = Book(clock=clock)
        self.faults = Faults()
        self.trap_hits: list[tuple[str, dict[str, str]]] = []
        self._pauses = Pauses()
        self.cdn = Cdn(clock=clock, picture_side=picture_side, lifetime_s=url_lifetime_s, pauses=self._pauses)
        self._trap = _Listener(self._trap_app)
        self._cdn = _Listener(self.cdn.app)
        self._names: dict[str, _Listener] = {}
        self._works = {
            name: Works(
                gateway=name,
                id_prefix=prefix,
                seed=seed,
                scale=scale,
                clock=clock,
                book=self.book,
                faults=self.faults,
            )
            for name, prefix in ((pixazo.NAME, f"{pixazo.MODEL}_"), (locus.NAME, ""))
        }
        self._clock = clock

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
    ) -> AsyncIterator[Self]:
        """Starts all gateways.

        `scale` stretches the drawing times, `picture_side` is the edge of a 1k square.
        """
        gateways = cls(
            seed=seed,
            scale=scale,
            clock=clock or SystemClock(),
            picture_side=picture_side,
            url_lifetime_s=url_lifetime_s,
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
        )
        self.locus = locus.PretendLocus(
            key=self.locus_key,
            works=self._works[locus.NAME],
            cdn=self.cdn,
            faults=self.faults,
            pauses=self._pauses,
        )
        self._names = {pixazo.NAME: _Listener(self.pixazo.app), locus.NAME: _Listener(self.locus.app)}
        for listener in self._names.values():
            await listener.open()
            stack.push_async_callback(listener.close)
        stack.callback(self._pauses.close)  # runs first: nothing is left waiting

    @property
    def pixazo_url(self) -> str:
        return self._names[pixazo.NAME].url

    @property
    def locus_url(self) -> str:
        return f"{self._names[locus.NAME].url}{locus.PREFIX}"

    @property
    def cdn_host(self) -> str:
        return f"{_HOST}:{self._cdn.port}"

    @property
    def trap_url(self) -> str:
        return self._trap.url

    def settings(self) -> Mapping[str, str]:
        """The environment with which a bot finds these gateways."""
        return {
            "EASEL_PIXAZO_API_KEY": self.pixazo_key,
            "EASEL_PIXAZO_BASE_URL": self.pixazo_url,
            "EASEL_LOCUS_API_KEY": self.locus_key,
            "EASEL_LOCUS_BASE_URL": self.locus_url,
            "EASEL_DOWNLOAD_ALLOW_HOSTS": self.cdn_host,
        }

    def finish(self) -> None:
        """Whatever is being drawn is done now, also what would never have ended."""
        for works in self._works.values():
            works.finish()

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

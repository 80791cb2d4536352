"""D5: the connection is reset after so many bytes of an order. A server may act on what it has; nobody knows."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from bot.core.clock import SystemClock
from bot.core.crashpoints import CrashPoint
from bot.core.errors import Charged, OutcomeUnknown
from bot.core.requests import PictureFormat, ProviderName, SourcePicture, Verb
from bot.providers.catalogue import Catalogue
from bot.providers.registry import Access, build
from sandbox.gateways import EVERY
from tests.providers.conftest import CONTEXT, QUICK, Passings, order_for

# In the request line, in the headers, and near the end of the shortest request.
EARLY = (1, 20, 150, 250)
MODELS = {
    "locus": "locus/grok-imagine",
    "pixazo": "pixazo/grok-imagine-quality",
    "apiinone": "apiinone/grok-imagine",
    "apiframe": "apiframe/grok-imagine",
    "xai": "xai/grok-imagine",
}
# More than the sockets of both sides hold, so that the rest is still here when the reset comes.
LARGE = SourcePicture(data=b"\x89PNG" + b"x" * 9_000_000, format=PictureFormat.PNG)


@dataclass(slots=True, kw_only=True)
class Resetting:
    """A server that reads `keeps` bytes of each connection and resets it."""

    keeps: int
    base_url: str = ""
    connections: int = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await reader.readexactly(self.keeps)
        except asyncio.IncompleteReadError:
            pass  # a shorter request: all of it was read
        writer.transport.abort()

    @classmethod
    @asynccontextmanager
    async def start(cls, keeps: int) -> AsyncIterator["Resetting"]:
        resetting = cls(keeps=keeps)
        listener = socket.create_server(("127.0.0.1", 0))
        # Or the kernel would take in most of a large request by itself.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        server = await asyncio.start_server(resetting._serve, sock=listener)
        async with server:
            resetting.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            yield resetting


async def sent(catalogue: Catalogue, name: str, keeps: int, passings: Passings, *sources: SourcePicture) -> Resetting:
    """Sends one order to a gateway that resets; it must be unknown what came of it."""
    async with Resetting.start(keeps) as gateway:
        access = {ProviderName(name): Access(key="a-key-of-this-gateway", base_url=gateway.base_url)}
        timeouts = {ProviderName(name): QUICK}
        async with build(access, catalogue, clock=SystemClock(), crashpoints=passings, timeouts=timeouts) as registry:
            order = order_for(registry, MODELS[name])
            if sources:
                order = replace(order, verb=Verb.EDIT, sources=sources, aspect_ratio=None)
            with pytest.raises(OutcomeUnknown) as caught:
                await registry.provider(ProviderName(name)).submit(order, CONTEXT)
    assert caught.value.charged is Charged.UNKNOWN
    assert order.prompt not in str(caught.value)
    return gateway


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("keeps", EARLY)
async def test_a_connection_that_is_reset_early_leaves_the_outcome_unknown_and_is_not_made_again(
    name: str, keeps: int, catalogue: Catalogue, passings: Passings
) -> None:
    gateway = await sent(catalogue, name, keeps, passings)
    assert gateway.connections == 1
    assert CrashPoint.AFTER_RESPONSE not in passings.seen


@pytest.mark.parametrize("name", ["locus", "xai"])
@pytest.mark.parametrize("keeps", [1, 1_000, 1_000_000])
async def test_a_connection_that_is_reset_in_the_midst_of_a_large_body_leaves_the_outcome_unknown(
    name: str, keeps: int, catalogue: Catalogue, passings: Passings
) -> None:
    """The request never left as a whole, and still: what has arrived may be enough for the gateway."""
    gateway = await sent(catalogue, name, keeps, passings, LARGE)
    assert gateway.connections == 1
    assert passings.seen == []

"""A process killed inside a submit, and a gateway that lives on: the charge is there, the answer is not."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from sandbox.gateways import EVERY, Gateways

ROOT = Path(__file__).parents[2]
SCRIPT = """
import asyncio, sys
from pathlib import Path
from bot.core import crashpoints
from bot.core.clock import SystemClock
from bot.core.ids import IdempotencyKey
from bot.core.requests import PictureRequest, ProviderName
from bot.providers.catalogue import load
from bot.providers.contract import SubmitContext
from bot.providers.registry import Access, build
from bot.providers.routing import choose

async def main(name, key, base_url, point):
    access = {ProviderName(name): Access(key=key, base_url=base_url)}
    catalogue = load(Path("data/catalogue.toml"))
    async with build(access, catalogue, clock=SystemClock(), crashpoints=crashpoints.parse(point)) as registry:
        offer, order = choose(PictureRequest(prompt="killed"), registry.offers())
        context = SubmitContext(idempotency_key=IdempotencyKey("easel-x"))
        await registry.provider(ProviderName(name)).submit(order, context)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("point", ["in_request", "after_response"])
@pytest.mark.parametrize("name", EVERY)
async def test_a_killed_submit_was_received_and_charged_once(name: str, point: str) -> None:
    async with Gateways.start(scale=0.01, names=[name]) as gateways:
        key, url = gateways.keys[name], gateways.url(name)
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", SCRIPT, name, key, url, point, cwd=ROOT)
        assert await process.wait() == -signal.SIGKILL
        async with asyncio.timeout(10):  # the request lies in the gateway's socket; it may still be reading
            await gateways.book.holds(1)
        assert len(gateways.book.of_prompt("killed")) == 1

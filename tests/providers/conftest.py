"""Every adapter against the pretend gateways on loopback."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.core.clock import SystemClock
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.ids import IdempotencyKey
from bot.core.requests import PictureOrder, PictureRequest, ProviderName
from bot.providers.catalogue import Catalogue, load
from bot.providers.contract import SubmitContext
from bot.providers.http import Timeouts
from bot.providers.registry import Access, Registry, build
from bot.providers.routing import choose
from sandbox.gateways import EVERY, Gateways

CATALOGUE = Path(__file__).parents[2] / "data" / "catalogue.toml"
CONTEXT = SubmitContext(idempotency_key=IdempotencyKey("easel-test"))
# Short enough for tests that wait for a timeout, long enough for a busy machine's loopback.
QUICK = Timeouts(connect_s=2.0, submit_s=3.0, poll_s=3.0)


@dataclass(slots=True)
class Passings(Crashpoints):
    """Notes the points that are passed instead of dying there."""

    seen: list[CrashPoint] = field(default_factory=list)

    def reached(self, point: CrashPoint) -> None:
        self.seen.append(point)


@pytest.fixture
def catalogue() -> Catalogue:
    return load(CATALOGUE)


@pytest.fixture
def passings() -> Passings:
    return Passings()


@pytest.fixture
async def gateways() -> AsyncIterator[Gateways]:
    async with Gateways.start(seed=7, scale=0.0, picture_side=64, names=EVERY) as running:
        yield running


def access(gateways: Gateways) -> dict[ProviderName, Access]:
    """The keys and addresses of the pretend gateways."""
    return {ProviderName(name): Access(key=gateways.keys[name], base_url=gateways.url(name)) for name in gateways.names}


@pytest.fixture
async def registry(gateways: Gateways, catalogue: Catalogue, passings: Passings) -> AsyncIterator[Registry]:
    quick = {ProviderName(name): QUICK for name in gateways.names}
    async with build(access(gateways), catalogue, clock=SystemClock(), crashpoints=passings, timeouts=quick) as built:
        yield built


def order_for(registry: Registry, model: str, prompt: str = "a lighthouse", **asked: Any) -> PictureOrder:
    """An order as routing makes it."""
    request = PictureRequest(prompt=prompt, model=model, **asked)
    return choose(request, registry.offers())[1]

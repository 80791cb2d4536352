"""Pretend gateways whose clock stands still until it is moved."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.core.clock import ManualClock
from sandbox.gateways import Gateways


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def gateways(clock: ManualClock) -> AsyncIterator[Gateways]:
    async with Gateways.start(seed=3, scale=1.0, clock=clock, picture_side=64) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session

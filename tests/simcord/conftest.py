"""A sandbox with nobody connected."""

from collections.abc import AsyncIterator

import pytest

from bot.core.clock import ManualClock
from sandbox.discord import Sandbox, SandboxClock


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """The sandbox on a clock that stands still; what it answers fits Discord's document where that is at hand."""
    async with Sandbox.start(clock=SandboxClock(ManualClock())) as place:
        yield place
        assert [violation for violation in place.violations if violation.direction == "answer"] == []

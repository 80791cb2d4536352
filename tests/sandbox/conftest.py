"""One sandbox per test; every test ends with the sandbox's own answers checked."""

from collections.abc import AsyncIterator

import pytest

from bot.core.clock import ManualClock
from sandbox.discord import Sandbox, SandboxClock


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox on a clock that stands still until it is put forward."""
    async with Sandbox.start(clock=SandboxClock(ManualClock())) as started:
        yield started
        assert [violation for violation in started.violations if violation.direction == "answer"] == []

"""One page per test, on a clock that stands still until it is put forward; no bot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.clock import ManualClock
from sandbox.discord import SandboxClock
from tests.page.client import Room, room


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Room]:
    """A page whose sandbox's own answers were right."""
    async with room(tmp_path, clock=SandboxClock(ManualClock())) as opened:
        yield opened
        assert [one for one in opened.sandbox.violations if one.direction == "answer"] == []

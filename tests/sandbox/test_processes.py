"""The sandbox lives on while the bot's process is killed and comes back."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.discord import Sandbox


@asynccontextmanager
async def process(sandbox: Sandbox) -> AsyncIterator[asyncio.subprocess.Process]:
    """The test bot in a process of its own; killed, not asked, at the end."""
    env = {**os.environ, "API": sandbox.api_url, "GATEWAY": sandbox.gateway_url, "TOKEN": sandbox.token}
    started = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.sandbox.bot", env=env)
    try:
        yield started
    finally:
        started.kill()
        await started.wait()


async def test_a_killed_bot_leaves_its_messages_and_a_new_one_goes_on() -> None:
    async with Sandbox.start() as sandbox:
        ana = sandbox.person("ana")
        async with process(sandbox):
            await sandbox.bot_ready(20)
            use = await ana.command("imagine", prompt="x")
            card = await use.wait_until(lambda message: bool(message.pictures()), 10)
        await sandbox.bot_gone()
        missed = await ana.command("imagine", prompt="nobody hears this")
        async with process(sandbox):
            await sandbox.bot_ready(20)
            pressed = await ana.press(card, "Cancel")
            assert await pressed.acknowledged(10)
            assert card.plain_text() == "cancelled j1"
            assert not missed.is_acknowledged
        assert sandbox.gateway.identifies == 2
        assert sandbox.violations == []

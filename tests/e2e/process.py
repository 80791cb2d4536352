"""The bot as a process of its own that dies and comes back."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.crashpoints import CrashPoint
from bot.db import Database
from bot.ground import DATABASE_NAME
from sandbox.stage import ROOT, BotProcess, Stage
from tests.e2e.facts import Facts, look, read_facts

KILLED = -signal.SIGKILL
TERMINATED = -signal.SIGTERM
# Generous, since the machine may be busy: nothing is asserted on how long anything took.
PATIENCE_S = 30.0


@asynccontextmanager
async def running(stage: Stage, **extra: str) -> AsyncIterator[BotProcess]:
    """A bot that is connected; the one before it is seen to have gone."""
    await stage.sandbox.bot_gone(PATIENCE_S)
    async with stage.bot(ready=True, **extra) as bot:
        yield bot


@asynccontextmanager
async def doomed(stage: Stage, point: CrashPoint, *, ready: bool = True) -> AsyncIterator[BotProcess]:
    """A bot that dies by SIGKILL at the point; leaving waits for that. `ready` False: perhaps before it is connected.

    What already lies in the sockets of the dead process is still delivered by the kernel.
    """
    await stage.sandbox.bot_gone(PATIENCE_S)
    async with stage.bot(ready=ready, EASEL_CRASH_AT=point) as bot:
        yield bot
        try:
            code = await bot.wait(PATIENCE_S)
        except TimeoutError:
            raise TimeoutError(f"the bot never came to {point}:\n{bot.log()}") from None
        assert code == KILLED, bot.log()
    await stage.sandbox.bot_gone(PATIENCE_S)


def events(bot: BotProcess, name: str) -> list[dict[str, object]]:
    """The bot's log events of that name, each with its fields."""
    lines = (json.loads(line) for line in bot.log().splitlines() if line.startswith("{"))
    return [line for line in lines if line["event"] == name]


async def settle(stage: Stage, timeout_s: float = PATIENCE_S) -> Facts:
    """Waits until every job has ended or is unknown and every card has its last word."""
    try:
        async with asyncio.timeout(timeout_s), Database.open_readonly(stage.data_dir / DATABASE_NAME) as readers:
            while not (await readers.read(lambda reader: look(reader, deeply=False))).is_quiet:
                await asyncio.sleep(0.05)
            return await readers.read(lambda reader: look(reader, deeply=True))
    except TimeoutError:
        facts = await read_facts(stage)
        raise TimeoutError(f"not quiet after {timeout_s} s: {facts.states()}, {facts.interactions}") from None


async def check_ledger(stage: Stage) -> tuple[int | None, str]:
    """`python -m bot ledger check` as a process of its own: its exit code and all that it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "ledger",
        "check",
        cwd=ROOT,
        env={**os.environ, "EASEL_DATA_DIR": str(stage.data_dir)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE_S):
        told, _ = await process.communicate()
    return process.returncode, told.decode()

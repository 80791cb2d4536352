"""Fresh stages with one bot process each: ours, or the bare one. The sandbox stays in the benchmark's own process."""

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sandbox.stage import ROOT, Stage, stage

READY_TIMEOUT_S = 30.0
PICTURE_SIDE = 64  # pixels: what the sandbox paints must not weigh on its answers
# Nothing may be refused for want of money or places: refusals are quicker than acceptances.
GENEROUS = {
    "EASEL_MONTHLY_CEILING_USD": "1000000",
    "EASEL_GUILD_MONTHLY_USD": "1000000",
    "EASEL_GUILD_DAILY_USD": "1000000",
    "EASEL_MEMBER_DAILY_USD": "1000000",
    "EASEL_MEMBER_DAILY_PICTURES": "100000",
    "EASEL_MEMBER_JOBS": "100",
    "EASEL_GUILD_JOBS": "1000",
}


class Kind(StrEnum):
    """Whose bot."""

    OURS = "ours"
    BARE = "bare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One running bot and the stage it plays on. `ready_s` is from the start of its process until it was ready."""

    kind: Kind
    stage: Stage
    pid: int
    ready_s: float


@asynccontextmanager
async def bench(kind: Kind, *, scale: float) -> AsyncIterator[Bench]:
    """A new stage and a new bot, ready: connected, its commands registered. The bot is killed on the way out.

    `scale` stretches the gateways' drawing times. Raises RuntimeError or TimeoutError where the bot does not come up.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="easel-bench-")))
        built = await stack.enter_async_context(
            stage(folder, scale=scale, picture_side=PICTURE_SIDE, openapi=False, checks=False, extra=GENEROUS)
        )
        started = time.perf_counter()
        if kind is Kind.OURS:
            pid = (await stack.enter_async_context(built.bot())).process.pid
        else:
            pid = await stack.enter_async_context(_bare(built))
        # The sandbox's pauses are no bot's fault.
        gc.collect()
        gc.disable()
        stack.callback(gc.enable)
        yield Bench(kind=kind, stage=built, pid=pid, ready_s=time.perf_counter() - started)


@asynccontextmanager
async def _bare(built: Stage) -> AsyncIterator[int]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}
    with (built.folder / "bare.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.bare_bot",
            cwd=ROOT,
            env={**inherited, **built.settings()},
            stdout=log,
            stderr=log,
            stdin=asyncio.subprocess.DEVNULL,
        )
    try:
        await built.sandbox.bot_ready(READY_TIMEOUT_S)
        yield process.pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()

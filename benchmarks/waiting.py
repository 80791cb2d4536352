"""A thousand and ten thousand jobs waiting at once: our runner beside a task for each job, in turn.

python -m benchmarks waiting
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.waiting_cell import Cost, Design
from sandbox.stage import ROOT

CROWDS = (1_000, 10_000)
# Far beyond what a cell takes.
GIVE_UP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One number of waiting jobs."""

    jobs: int
    ours: Cost
    tasks: Cost


@asynccontextmanager
async def _started(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _cell(design: Design, jobs: int, port: int) -> Cost:
    async with asyncio.timeout(GIVE_UP_S), _started("benchmarks.waiting_cell", design, str(jobs), str(port)) as process:
        told, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"a cell of {jobs} jobs ended with {process.returncode}")
        return Cost(**json.loads(told))


async def measure() -> list[Compared]:
    """Each cell in a process of its own; about a minute."""
    found = []
    async with _started("benchmarks.slow_gateway") as gateway:
        if gateway.stdout is None:
            raise RuntimeError("the gateway tells nothing")
        port = int(await gateway.stdout.readline())
        for jobs in CROWDS:
            ours = await _cell(Design.RUNNER, jobs, port)
            found.append(Compared(jobs=jobs, ours=ours, tasks=await _cell(Design.TASKS, jobs, port)))
    return found

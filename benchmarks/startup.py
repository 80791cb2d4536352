"""Seconds from the start of the process until the bot is ready: connected to the gateway, its commands registered.

Each start has a data folder of its own, so that ours makes its database and registers its commands every time.
"""

import statistics
from dataclasses import dataclass

from benchmarks.bots import Kind, bench
from benchmarks.commands import turns

STARTS = 6  # even, for the turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """Medians, in seconds."""

    ours_s: float
    bare_s: float


async def measure() -> Startup:
    """Starts both in turn."""
    seconds: dict[Kind, list[float]] = {kind: [] for kind in Kind}
    for kind in turns(STARTS):
        async with bench(kind, scale=1.0) as on:
            seconds[kind].append(on.ready_s)
    return Startup(ours_s=statistics.median(seconds[Kind.OURS]), bare_s=statistics.median(seconds[Kind.BARE]))

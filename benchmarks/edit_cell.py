"""The bot in a process of its own that watches its own event loop. Run by `benchmarks.editing`:

    python -m benchmarks.edit_cell

Settings come from the environment. Each line on its input ends a span, and begins the next one: what the span was is
printed as a line of JSON. The end of the input ends the process.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import resident
from bot import app, config, serving

# The loop is asked for a sign of life this often; a stall is how much later than asked it came.
LOOK_S = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The longest stall in milliseconds; processor seconds taken; memory resident at the beginning and at its peak, in
    10^6 bytes.

    `own_ms` is the longest of what is left of a stall without the time that the loop's thread stood in line for a
    processor: it computed, or waited for a disk, a lock, or a thread of this process.
    """

    stall_ms: float
    own_ms: float
    worked_s: float
    rest_mb: float
    peak_mb: float


class Watch:
    """Measures one span after the other."""

    def __init__(self) -> None:
        self._longest_s = self._own_s = self._rest_mb = 0.0
        self._worked_s = time.process_time()
        self._is_new = True

    def begin(self) -> None:
        """Forgets what was."""
        resident.forget_peak()
        self._rest_mb = resident.now_mb()
        self._longest_s = self._own_s = 0.0
        self._worked_s = time.process_time()
        self._is_new = True  # the look that is under way saw this very call

    def end(self) -> Span:
        """What was seen since it began."""
        return Span(
            stall_ms=self._longest_s * 1_000,
            own_ms=self._own_s * 1_000,
            worked_s=time.process_time() - self._worked_s,
            rest_mb=self._rest_mb,
            peak_mb=resident.peak_mb(),
        )

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            asked, queued = time.perf_counter(), _queued_s()
            await asyncio.sleep(LOOK_S)
            late_s = time.perf_counter() - asked - LOOK_S
            in_line_s = _queued_s() - queued
            if self._is_new:
                self._is_new = False
                continue
            self._longest_s = max(self._longest_s, late_s)
            self._own_s = max(self._own_s, late_s - in_line_s)


def _queued_s() -> float:
    """How long this thread has stood in line for a processor (proc_pid_schedstat, its second field)."""
    return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


async def main() -> None:
    """Serves until the input ends."""
    watch, stop = Watch(), asyncio.Event()
    async with app.build(config.load(_env_file=None)) as house, asyncio.TaskGroup() as group:
        served = group.create_task(serving.serve(house, stop=stop))
        watching = group.create_task(watch.run())
        watch.begin()
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(asdict(watch.end())), flush=True)
            watch.begin()
        stop.set()
        await served
        watching.cancel()


if __name__ == "__main__":
    asyncio.run(main())

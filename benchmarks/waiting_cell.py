"""A crowd of jobs that wait at a gateway, polled by one design for some seconds; prints what that cost as JSON.

Run by `benchmarks.waiting`, a process for each cell:

    python -m benchmarks.waiting_cell runner|tasks JOBS PORT

Both designs poll by the same session at the pace of a picture of 8 s, and write each answer's row by the same store
function through the same `Database`, synced to the disk. They differ in who remembers when to look: `runner` is the
bot's own (the rows, claimed with a lease, at most `MAX_LOOKS` at once), `tasks` a sleeping task for each job.
"""

import asyncio
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

import aiohttp

from benchmarks.commands import share
from benchmarks.slow_gateway import ANSWER_S
from bot.core.clock import SECOND_MS, Millis, SystemClock
from bot.core.ids import ChannelId, GuildId, IdempotencyKey, JobId, MemberId, SystemRandomness
from bot.db import Database, Reader, Transaction
from bot.jobs import store
from bot.jobs.model import Caps, Job, NewJob
from bot.jobs.runner import Runner
from bot.jobs.schedule import PollPace, poll_wait_s

TYPICAL_S = 8.0
SETTLE_S = 4.0
MEASURE_S = 10.0
CONNECTIONS = 800
LAG_EVERY_S = 0.01
_PACE = PollPace(typical_s=TYPICAL_S)
_MB = 1_000_000


class Design(StrEnum):
    """Who remembers when to look."""

    RUNNER = "runner"
    TASKS = "tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """`cpu` in shares of one core; `memory_mb` over the same process before the first poll; times in milliseconds.

    `late_p99_ms` is how long after its time a poll was answered, without what the gateway takes itself: whether it
    waited for a place, a connection or the loop. `wanted` and `polls` are per second.
    """

    cpu: float
    memory_mb: float
    lag_p99_ms: float
    late_p99_ms: float
    wanted: float
    polls: float


def next_wait_s(chance: random.Random) -> float:
    """The steady step of the schedule, jittered."""
    return poll_wait_s(_PACE, polls=1, waited_s=TYPICAL_S, asked_s=None, jitter=chance.uniform(-1.0, 1.0))


def rss_mb() -> float:
    """Resident memory of this process (proc_pid_statm in the manual)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


class Crowd:
    """What both designs do with one job, and what is noted of it."""

    def __init__(self, database: Database, session: aiohttp.ClientSession, url: str) -> None:
        self.clock = SystemClock()
        self.chance = random.Random(1)
        self.late_ms: list[int] = []
        self.is_noted = False
        self._database = database
        self._session = session
        self._url = url

    async def look(self, job: Job) -> Millis:
        """One poll and its row; when to look next."""
        async with self._session.get(f"{self._url}/{job.id}") as answer:
            await answer.json()
        if self.is_noted and job.run_at is not None:
            self.late_ms.append(self.clock.now() - job.run_at - round(ANSWER_S * SECOND_MS))
        run_at = Millis(self.clock.now() + round(next_wait_s(self.chance) * SECOND_MS))
        await self._database.write(partial(store.reschedule, job=job, run_at=run_at, because=store.Because.NOTHING_NEW))
        return run_at


class Handler:
    """The runner's; only polls ever happen."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    async def poll(self, job: Job) -> None:
        """Looks."""
        await self._crowd.look(job)

    async def submit(self, job: Job) -> None:
        """Nothing is queued."""
        raise RuntimeError(job.id)

    recover = deliver = give_up = submit


async def _run_runner(crowd: Crowd, database: Database) -> None:
    runner = Runner(
        database=database,
        handlers={"imagine": Handler(crowd)},
        caps=Caps(by_provider={}, per_guild=1),
        clock=crowd.clock,
        randomness=SystemRandomness(),
        owner="this process",
    )
    await runner.run()


async def _run_tasks(crowd: Crowd, database: Database) -> None:
    jobs = await database.read(_everyone)
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_watch(crowd, job))


async def _watch(crowd: Crowd, job: Job) -> None:
    while True:
        await asyncio.sleep(((job.run_at or 0) - crowd.clock.now()) / SECOND_MS)
        job = replace(job, run_at=await crowd.look(job))


DESIGNS: dict[Design, Callable[[Crowd, Database], Coroutine[None, None, None]]] = {
    Design.RUNNER: _run_runner,
    Design.TASKS: _run_tasks,
}


def _everyone(reader: Reader) -> tuple[Job, ...]:
    return tuple(store.read_job(row) for row in reader.all("SELECT * FROM job"))


def _seat(tx: Transaction, *, jobs: int, crowd: Crowd) -> None:
    """Everybody waits, and is due at some moment of the first step."""
    now = crowd.clock.now()
    for number in range(jobs):
        job = NewJob(
            id=JobId(f"{number:05}"),
            kind="imagine",
            guild_id=GuildId(number % 20),
            channel_id=ChannelId(1),
            member_id=MemberId(number % 200),
            provider="pixazo",
            model="m",
            payload="{}",
            payload_version=1,
            idempotency_key=IdempotencyKey(f"key-{number}"),
            created_at=now,
        )
        store.insert(tx, job)
        run_at = now + round(crowd.chance.uniform(0.0, next_wait_s(crowd.chance)) * SECOND_MS)
        tx.execute(
            "UPDATE job SET state = 'waiting', submitted_at = ?, external_id = id, run_at = ? WHERE id = ?",
            (now, run_at, job.id),
        )


async def _lags(found: list[float], crowd: Crowd) -> None:
    """What a sleeper waits beyond its time, while notes are taken."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LAG_EVERY_S)
        if crowd.is_noted:
            found.append((time.perf_counter() - began - LAG_EVERY_S) * SECOND_MS)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@asynccontextmanager
async def _crowd(port: int) -> AsyncIterator[tuple[Crowd, Database]]:
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with (
            Database.open(Path(folder, "easel.sqlite")) as database,
            aiohttp.ClientSession(connector=connector) as session,
        ):
            yield Crowd(database, session, f"http://127.0.0.1:{port}"), database


async def _measured(crowd: Crowd, jobs: int, base_mb: float) -> Cost:
    """Some seconds of the crowd at work, after it has settled."""
    lags: list[float] = []
    listening = asyncio.create_task(_lags(lags, crowd))
    await asyncio.sleep(SETTLE_S)
    crowd.is_noted = True
    cpu_s, began = _cpu_s(), time.perf_counter()
    most_mb = 0.0
    while time.perf_counter() - began < MEASURE_S:
        await asyncio.sleep(0.5)
        most_mb = max(most_mb, rss_mb())
    took_s, crowd.is_noted = time.perf_counter() - began, False
    cpu_s = _cpu_s() - cpu_s
    listening.cancel()
    await asyncio.wait({listening})
    return Cost(
        cpu=cpu_s / took_s,
        memory_mb=most_mb - base_mb,
        lag_p99_ms=share(sorted(lags), 0.99),
        late_p99_ms=share(sorted(crowd.late_ms), 0.99),
        # A poll's own 100 ms come between its step and the next.
        wanted=jobs / (poll_wait_s(_PACE, polls=1, waited_s=TYPICAL_S, asked_s=None, jitter=0.0) + ANSWER_S),
        polls=len(crowd.late_ms) / took_s,
    )


async def measure(design: Design, jobs: int, port: int) -> Cost:
    """One cell. Raises what the design raises."""
    async with _crowd(port) as (crowd, database):
        await database.write(partial(_seat, jobs=jobs, crowd=crowd))
        base_mb = rss_mb()
        working = asyncio.create_task(DESIGNS[design](crowd, database))
        measuring = asyncio.create_task(_measured(crowd, jobs, base_mb))
        await asyncio.wait({working, measuring}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        await asyncio.wait({working})
        if not working.cancelled():  # it ended by itself: with what went wrong
            measuring.cancel()
            await asyncio.wait({measuring})
            working.result()
        return measuring.result()


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(measure(Design(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))))

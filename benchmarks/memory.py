"""What the bot's process takes of the machine's memory: at rest, and after 1,000 pictures were drawn and posted."""

import asyncio
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.bots import Bench, Kind, bench
from benchmarks.commands import MODELS
from sandbox.discord import Change, ChangeKind, Message, Person

JOBS = 1_000
MEMBERS = 40  # each asks again when a picture has come
REST_S = 2.0
GIVE_UP_S = 120.0
DRAWING_SCALE = 0.01  # the gateways draw in 80 ms: the bot is the slow part
_KIB = 1_024
_MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Megabytes (10^6 bytes): resident, and resident with what is shared divided among those who share it."""

    rss_mb: float
    pss_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """`after` was measured when `jobs` pictures were posted; fewer than asked for where the time ran out."""

    rest: Used
    bare: Used
    after: Used
    jobs: int


def used(pid: int) -> Used:
    """Reads Linux's /proc (proc_pid_smaps in the manual). Raises OSError where there is none."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    fields = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.endswith("kB")}
    return Used(rss_mb=int(fields["Rss"]) * _KIB / _MB, pss_mb=int(fields["Pss"]) * _KIB / _MB)


async def measure() -> Memory:
    """About a minute. Raises OSError where the system does not tell."""
    async with bench(Kind.BARE, scale=DRAWING_SCALE) as on:
        await asyncio.sleep(REST_S)
        bare = used(on.pid)
    async with bench(Kind.OURS, scale=DRAWING_SCALE) as on:
        await asyncio.sleep(REST_S)
        rest = used(on.pid)
        jobs = await _draw(on)
        await asyncio.sleep(REST_S)
        return Memory(rest=rest, bare=bare, after=used(on.pid), jobs=jobs)


async def _draw(on: Bench) -> int:
    """Has the pictures drawn; how many were posted."""
    posted = 0
    free = asyncio.Semaphore(0)

    def on_change(change: Change) -> None:
        nonlocal posted
        message = change.subject
        if change.kind is ChangeKind.MESSAGE_CREATED and isinstance(message, Message) and message.pictures():
            posted += 1
            free.release()

    sandbox = on.stage.sandbox
    sandbox.world.listen(on_change)
    numbers = count(1)

    async def member(person: Person) -> None:
        while (number := next(numbers)) <= JOBS:
            await person.command("imagine", prompt=f"a lighthouse, number {number}", model=next(MODELS))
            await free.acquire()

    try:
        async with asyncio.timeout(GIVE_UP_S), asyncio.TaskGroup() as group:
            for person in sandbox.crowd(MEMBERS):
                group.create_task(member(person))
    except TimeoutError:
        pass  # the row says how many there were
    return posted

"""A runner over a real database, with a handler that writes down what it is asked and does what the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.core.clock import Clock, SystemClock
from bot.core.errors import DatabaseUnavailable
from bot.core.ids import JobId, SystemRandomness
from bot.db import Database, Reader, Transaction
from bot.jobs import store
from bot.jobs.model import Caps, Job, State
from bot.jobs.runner import Runner
from tests.jobs.bench import OWNER, ROOMY, new

T = TypeVar("T")
Step = Callable[[Job], Awaitable[None]]


class FaultyDatabase(Database):
    """The real one, with faults that the test switches on."""

    reads = 0
    reads_fail = 0
    writes_fail = 0
    writes_lie = 0  # reported lost, but on the disk
    hold: asyncio.Event | None = None  # writes are on the disk, but their callers wait for this

    async def read(self, work: Callable[[Reader], T]) -> T:
        self.reads += 1
        if self.reads_fail:
            self.reads_fail -= 1
            raise DatabaseUnavailable("no read")
        return await super().read(work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        if self.writes_fail:
            self.writes_fail -= 1
            raise DatabaseUnavailable("no write")
        result = await super().write(work)
        if self.hold is not None:
            await self.hold.wait()
        if self.writes_lie:
            self.writes_lie -= 1
            raise DatabaseUnavailable("perhaps")
        return result


class Worker:
    """A handler: `steps` says what each call does; one that is not named ends the job."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.calls: list[tuple[str, str]] = []
        self.steps: dict[str, Step] = {}
        self._database = database
        self._clock = clock

    async def submit(self, job: Job) -> None:
        await self._do("submit", job)

    async def recover(self, job: Job) -> None:
        await self._do("recover", job)

    async def poll(self, job: Job) -> None:
        await self._do("poll", job)

    async def deliver(self, job: Job) -> None:
        await self._do("deliver", job)

    async def give_up(self, job: Job) -> None:
        await self._do("give_up", job)

    async def end(self, job: Job) -> None:
        """The shortest way to an end."""
        to = State.DONE if job.state is State.DELIVERING else State.FAILED
        await self._database.write(partial(store.move, job=job, to=to, now=self._clock.now()))

    async def _do(self, name: str, job: Job) -> None:
        self.calls.append((name, str(job.id)))
        await self.steps.get(name, self.end)(job)


class Rig:
    """The database, the handler and the runner, which runs once `start` was called."""

    def __init__(self, database: FaultyDatabase, clock: Clock, caps: Caps) -> None:
        self.database = database
        self.clock = clock
        self.worker = Worker(database, clock)
        self.runner = Runner(
            database=database,
            handlers={"imagine": self.worker},
            caps=caps,
            clock=clock,
            randomness=SystemRandomness(),
            owner=OWNER,
        )
        self.running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Runs the runner until the rig is taken down."""
        self.running = asyncio.create_task(self.runner.run())

    async def add(
        self, name: str, state: State = State.QUEUED, *, kind: str = "imagine", **columns: str | int | None
    ) -> None:
        """A job in any state, due now."""
        now = self.clock.now()
        more = {"state": state, **columns}
        names = ", ".join(f"{column} = :{column}" for column in more)

        def write(tx: Transaction) -> None:
            store.insert(tx, new(name, at=now, kind=kind))
            tx.execute(f"UPDATE job SET {names} WHERE id = :id", {**more, "id": name})  # noqa: S608

        await self.database.write(write)

    async def job(self, name: str) -> Job:
        """The job as it stands."""
        found = await self.database.read(lambda reader: store.get(reader, JobId(name)))
        assert found is not None
        return found

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Waits for the runner to get there."""
        async with asyncio.timeout(20):
            while not is_so():
                await asyncio.sleep(0.001)

    async def until_ended(self, *names: str) -> None:
        """Waits until these jobs have ended."""
        async with asyncio.timeout(20):
            for name in names:
                while not (await self.job(name)).has_ended:
                    await asyncio.sleep(0.001)


@asynccontextmanager
async def rig(folder: Path, *, clock: Clock | None = None, caps: Caps = ROOMY) -> AsyncIterator[Rig]:
    """Opens the database; cancels the runner on the way out."""
    async with FaultyDatabase.open(folder / "easel.sqlite") as database:
        assert isinstance(database, FaultyDatabase)
        built = Rig(database, clock or SystemClock(), caps)
        try:
            yield built
        finally:
            if built.running is not None:
                built.running.cancel()
                await asyncio.wait({built.running})

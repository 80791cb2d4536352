"""How soon a finished picture is known and how many polls that takes, on a clock that costs no time.

Pictures take a log-normal time (the 95th percentile is two and a half times the median); requests take none. Ours is
the real schedule, planned by the real `Pace` from the real rows of the jobs before, whose times hold the delay with
which each was known; fixed steps are counted. All see the same jobs.

With callbacks the real desk takes them in and the real `Calls` decide when to look; one call in a hundred is lost.

    python -m benchmarks polling callbacks
"""

import heapq
import json
import math
import random
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from pathlib import Path

from bot.core.clock import SECOND_MS, ManualClock, Millis
from bot.core.ids import ChannelId, GuildId, IdempotencyKey, JobId, MemberId, SystemRandomness
from bot.core.requests import ProviderName
from bot.db import Transaction
from bot.jobs import store
from bot.jobs.model import Job, NewJob
from bot.jobs.schedule import PollPace, called_wait_s, poll_wait_s
from bot.providers import catalogue, registry
from bot.providers.catalogue import Offer
from bot.services.callbacks import CallbackDesk, Calls, server_key
from bot.services.pace import Pace
from sandbox.gateways.works import MEDIAN_S, SIGMA
from tests.jobs.memory import Memory, MemoryDatabase

JOBS = 10_000
AIM_JOBS = 40_000  # where an aim is held: the mean is then known to half a hundredth of a second
OTHER_MEDIANS_S = (2.0, 30.0, 120.0)
FIXED_S = (2.0, 5.0)
LOST = 0.01  # of the callbacks
PROVIDER = ProviderName("pixazo")
# What the notes that the schedule comes from hold against it: trust the call, look at the 99th percentile, then seldom.
RARE_SHARE, RARE_STEP_S = 0.99, 30.0
_PUBLIC_URL = "https://easel.example"
_SEED = 7
_AT_ONCE = 4  # jobs under way in the mean
_SOON_S = 15.0  # a longer wait is not for a picture: Locus is only asked again about a call that a person must approve
_CATALOGUE = Path(__file__).resolve().parents[1] / "data" / "catalogue.toml"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Advice:
    """The shortest and the longest wait between two polls."""

    shortest_s: float
    longest_s: float = math.inf


UNADVISED = Advice(shortest_s=PollPace(typical_s=MEDIAN_S).shortest_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One job of the simulation: when it is sent and when the gateway is done, and whether its call gets through."""

    sent_at: Millis
    done_at: Millis
    is_called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Seconds from "done at the gateway" to "known to us", and polls per job."""

    mean_s: float
    p95_s: float
    polls: float


def errands(median_s: float, *, start: Millis, jobs: int = JOBS) -> list[Errand]:
    """The same for the same median."""
    chance = random.Random(f"{_SEED}:{median_s}")
    gaps = (chance.expovariate(_AT_ONCE / median_s) for _ in range(jobs))
    found = []
    for offset_s in accumulate(gaps):
        took_s = median_s * math.exp(chance.gauss(0.0, SIGMA))
        sent_at = start + round(offset_s * SECOND_MS)
        done_at = sent_at + max(1, round(took_s * SECOND_MS))
        found.append(
            Errand(sent_at=Millis(sent_at), done_at=Millis(done_at), is_called=chance.uniform(0.0, 1.0) >= LOST)
        )
    return found


def _summed(delays_ms: Sequence[int], polls: Sequence[int]) -> Delays:
    return Delays(
        mean_s=statistics.fmean(delays_ms) / SECOND_MS,
        p95_s=statistics.quantiles(delays_ms, n=20)[-1] / SECOND_MS,
        polls=statistics.fmean(polls),
    )


def fixed(median_s: float, step_s: float, *, jobs: int = JOBS) -> Delays:
    """A poll each `step_s` from the moment the job was sent."""
    step_ms = round(step_s * SECOND_MS)
    took = [one.done_at - one.sent_at for one in errands(median_s, start=Millis(0), jobs=jobs)]
    polls = [math.ceil(ms / step_ms) for ms in took]
    return _summed([count * step_ms - ms for count, ms in zip(polls, took, strict=True)], polls)


def rarely() -> Delays:
    """The call is believed to come: polled once for each, and by the clock only from the 99th percentile on."""
    took = sorted(one.done_at - one.sent_at for one in errands(MEDIAN_S, start=Millis(0)))
    first = took[int(RARE_SHARE * len(took))]
    step = round(RARE_STEP_S * SECOND_MS)
    delays, polls = [], []
    for one in errands(MEDIAN_S, start=Millis(0)):
        ms = one.done_at - one.sent_at
        by_clock = 0 if ms <= first else math.ceil((ms - first) / step)
        delays.append(0 if one.is_called else first + by_clock * step - ms)
        polls.append(by_clock + 1)
    return _summed(delays, polls)


class Simulation:
    """Our schedule at work on jobs that are rows; `desk` None where nobody calls."""

    def __init__(
        self,
        *,
        clock: ManualClock,
        database: MemoryDatabase,
        offer: Offer,
        advice: Advice,
        calls: Calls | None,
        desk: CallbackDesk | None,
    ) -> None:
        self._clock = clock
        self._database = database
        self._offer = offer
        self._advice = advice
        self._calls = calls
        self._desk = desk
        self._pace = Pace(database, clock)
        self._chance = random.Random(_SEED)
        self._ahead: list[tuple[int, int, str]] = []
        self._polls: dict[int, int] = {}
        self._delays: dict[int, int] = {}

    async def run(self, jobs: Sequence[Errand]) -> Delays:
        """Plays every job to its end."""
        self._ahead = [(one.sent_at, number, "send") for number, one in enumerate(jobs)]
        if self._desk is not None:
            self._ahead += [(one.done_at, number, "call") for number, one in enumerate(jobs) if one.is_called]
        heapq.heapify(self._ahead)
        while self._ahead:
            at, number, what = heapq.heappop(self._ahead)
            self._clock.advance(ms=at - self._clock.now())
            if number in self._delays:
                continue
            if what == "send":
                await self._send(number)
            elif what == "call":
                await self._call(number)
            else:
                await self._look(number, jobs[number])
        return _summed(list(self._delays.values()), list(self._polls.values()))

    async def _send(self, number: int) -> None:
        now = self._clock.now()
        job = NewJob(
            id=_id(number),
            kind="imagine",
            guild_id=GuildId(1),
            channel_id=ChannelId(1),
            member_id=MemberId(1),
            provider=self._offer.provider,
            model=self._offer.model,
            payload="{}",
            payload_version=1,
            idempotency_key=IdempotencyKey(_id(number)),
            created_at=now,
        )

        def write(tx: Transaction) -> None:
            store.insert(tx, job)
            tx.execute(
                "UPDATE job SET state = 'waiting', submitted_at = ?, external_id = id WHERE id = ?", (now, job.id)
            )

        await self._database.write(write)
        run_at = await self._next(await self._job(number), polls=0, waited_s=0.0)
        await self._database.write(lambda tx: tx.execute("UPDATE job SET run_at = ? WHERE id = ?", (run_at, job.id)))
        self._plan(number, run_at)

    async def _call(self, number: int) -> None:
        if self._desk is not None:
            await self._desk.receive(PROVIDER, _id(number), {}, json.dumps({"request_id": _id(number)}).encode())
            self._plan(number, (await self._job(number)).run_at)

    async def _look(self, number: int, errand: Errand) -> None:
        job, now = await self._job(number), self._clock.now()
        if job.run_at != now:
            return  # planned anew meanwhile
        if self._calls is not None:
            self._calls.poll_begins(job.id)
        if now >= errand.done_at:
            self._polls[number], self._delays[number] = job.polls + 1, now - errand.done_at
            if self._calls is not None:
                self._calls.found_done(job)
            await self._database.write(partial(store.record_result, job=job, result="{}", at=now))
            return
        planned = await self._next(job, polls=job.polls + 1, waited_s=(now - errand.sent_at) / SECOND_MS)
        run_at = planned if self._calls is None else self._calls.next_look(job.id, planned)
        await self._database.write(partial(store.reschedule, job=job, run_at=run_at, because=store.Because.NOTHING_NEW))
        self._plan(number, run_at)

    async def _next(self, job: Job, *, polls: int, waited_s: float) -> Millis:
        jitter, asked_s = self._chance.uniform(-1.0, 1.0), self._advice.shortest_s
        if self._calls is not None and self._calls.awaits(job):
            tail_s = await self._pace.tail_s(self._offer)
            wait_s = called_wait_s(tail_s=tail_s, waited_s=waited_s, asked_s=asked_s, jitter=jitter)
        else:
            pace = PollPace(
                typical_s=await self._pace.low_estimate_s(self._offer),
                shortest_s=self._advice.shortest_s,
                longest_s=self._advice.longest_s,
            )
            wait_s = poll_wait_s(pace, polls=polls, waited_s=waited_s, asked_s=asked_s, jitter=jitter)
        return Millis(self._clock.now() + round(wait_s * SECOND_MS))

    async def _job(self, number: int) -> Job:
        job = await self._database.read(lambda reader: store.get(reader, _id(number)))
        if job is None:
            raise KeyError(number)
        return job

    def _plan(self, number: int, run_at: Millis | None) -> None:
        if run_at is not None:
            heapq.heappush(self._ahead, (run_at, number, "look"))


def _id(number: int) -> JobId:
    return JobId(f"job{number}")


@asynccontextmanager
async def _registry(clock: ManualClock) -> AsyncIterator[registry.Registry]:
    access = {PROVIDER: registry.Access(key="a-key-of-nobody", base_url="http://127.0.0.1:9")}
    async with registry.build(access, catalogue.load(_CATALOGUE), clock=clock) as gateways:
        yield gateways


async def ours(
    median_s: float = MEDIAN_S, *, advice: Advice = UNADVISED, is_called: bool = False, jobs: int = JOBS
) -> Delays:
    """Our schedule, where the gateway advises so."""
    clock, memory = ManualClock(), Memory()
    database = MemoryDatabase(memory)
    try:
        async with _registry(clock) as gateways:
            offer = replace(gateways.offers()[0], typical_s=median_s)
            key = await server_key(database, SystemRandomness())
            calls = Calls(key=key, public_url=_PUBLIC_URL, registry=gateways) if is_called else None
            desk = None
            if calls is not None:
                desk = CallbackDesk(database=database, registry=gateways, calls=calls, clock=clock, wake=lambda: None)
            simulation = Simulation(clock=clock, database=database, offer=offer, advice=advice, calls=calls, desk=desk)
            return await simulation.run(errands(median_s, start=clock.now(), jobs=jobs))
    finally:
        memory.close()


def advised() -> dict[Advice, list[str]]:
    """What gateways advise, each with who does; of those that draw for a while."""
    found: dict[Advice, list[str]] = {}
    for name, facts in catalogue.load(_CATALOGUE).providers.items():
        if facts.poll_min_s <= _SOON_S:
            found.setdefault(Advice(shortest_s=facts.poll_min_s, longest_s=facts.poll_max_s), []).append(name)
    return found

"""How fast `/imagine` is acknowledged, beside a bare discord.py handler in the same sandbox.

An acknowledgement is the time from handing INTERACTION_CREATE to the gateway socket until the sandbox takes the
callback. Three loads, each on a fresh stage with a fresh process, ours and bare in turn, each pair in the other
order than the one before:

    steady   open loop: 500 commands, one each 10 ms, whether or not the earlier ones were answered
    burst    200 commands released at the same moment
    busy     closed loop: 32 members, each of whom asks again as soon as their card says more than "thinking…"
"""

import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from benchmarks.bots import Bench, Kind, bench
from sandbox.discord import Change, ChangeKind, Interaction, Person, Use

PER_SECOND = 100
STEADY_COMMANDS = 500
BURST_COMMANDS = 200
BUSY_MEMBERS = 32
BUSY_S = 2.5
CROWD = 50
WARM_UP = 20
ROUNDS = 4  # even, so that either side goes first as often as the other
BURST_ROUNDS = 8  # a burst is over in a fifth of a second: one alone says little
# After this long a command counts as never acknowledged; Discord itself waits 3 s.
GIVE_UP_S = 15.0
DRAWING_SCALE = 0.1  # pretend gateways draw in 0.8 s (median), so that pictures are posted while commands come in
NEVER = 200.0  # and here in half an hour; the catalogue takes no longer waits
# Both gateways get work, within the concurrency that the catalogue allows each.
MODELS = cycle(("locus/grok-imagine", "pixazo/grok-imagine-quality"))


@dataclass(kw_only=True)
class Stopwatch:
    """Seconds (monotonic) at which interactions were sent and acknowledged, by interaction id."""

    sent: dict[int, float] = field(default_factory=dict)
    taken: dict[int, float] = field(default_factory=dict)

    def on_change(self, change: Change) -> None:
        """Listens to the world."""
        if change.kind is ChangeKind.INTERACTION and isinstance(change.subject, Interaction):
            self.taken.setdefault(change.subject.id, time.perf_counter())

    def waits_s(self) -> list[float]:
        """Of each acknowledged one, shortest first."""
        return sorted(self.taken[one] - at for one, at in self.sent.items() if one in self.taken)

    @property
    def missing(self) -> int:
        """How many were never acknowledged."""
        return len(self.sent.keys() - self.taken.keys())


@dataclass(frozen=True, slots=True, kw_only=True)
class Acks:
    """One round: acknowledgements in milliseconds, how many never came, and pictures posted meanwhile."""

    p50_ms: float
    p99_ms: float
    last_ms: float
    missing: int
    posted: int


def share(ordered: Sequence[float], part: float) -> float:
    """The value that `part` of the sample does not exceed (nearest rank); NaN for an empty one."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else math.nan


async def _ask(person: Person, watch: Stopwatch) -> Use:
    use = await person.command("imagine", prompt=f"a lighthouse, number {len(watch.sent)}", model=next(MODELS))
    watch.sent[use.id] = time.perf_counter()
    return use


async def _crowd(on: Bench) -> list[Person]:
    """A crowd, and a bot that has answered its first commands: imports and pools are not what is measured."""
    people = on.stage.sandbox.crowd(CROWD)
    uses = [await _ask(person, Stopwatch()) for person in people[:WARM_UP]]
    for use in uses:
        await use.answered(GIVE_UP_S)
    return people


async def _all_taken(on: Bench, watch: Stopwatch) -> None:
    try:
        await on.stage.sandbox.world.until(lambda: not watch.missing, GIVE_UP_S)
    except TimeoutError:
        return  # counted as missing


def _posted(on: Bench) -> int:
    return sum(bool(message.pictures()) for message in on.stage.sandbox.channel("general").messages)


def _acks(on: Bench, watch: Stopwatch) -> Acks:
    waits = [wait * 1_000 for wait in watch.waits_s()]
    return Acks(
        p50_ms=share(waits, 0.5),
        p99_ms=share(waits, 0.99),
        last_ms=share(waits, 1.0),
        missing=watch.missing,
        posted=_posted(on),
    )


async def steady(on: Bench) -> Acks:
    """Commands at a fixed rate."""
    people = await _crowd(on)
    watch = Stopwatch()
    on.stage.sandbox.world.listen(watch.on_change)
    began = time.perf_counter()
    for number in range(STEADY_COMMANDS):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
        await _ask(people[number % len(people)], watch)
    await _all_taken(on, watch)
    return _acks(on, watch)


async def burst(on: Bench) -> Acks:
    """All at once; `last_ms` is when the last one was acknowledged."""
    people = await _crowd(on)
    watch = Stopwatch()
    sandbox = on.stage.sandbox
    sandbox.world.listen(watch.on_change)
    sandbox.gateway.withhold()
    uses = [await _ask(people[number % len(people)], watch) for number in range(BURST_COMMANDS)]
    released = time.perf_counter()
    watch.sent = dict.fromkeys((use.id for use in uses), released)
    sandbox.gateway.release()
    await _all_taken(on, watch)
    return _acks(on, watch)


async def busy(on: Bench) -> float:
    """Interactions per second, each from the command to the first card."""
    people = await _crowd(on)
    until = time.perf_counter() + BUSY_S
    done = 0

    async def member(person: Person) -> None:
        nonlocal done
        while time.perf_counter() < until:
            use = await _ask(person, Stopwatch())
            await use.answered(GIVE_UP_S)
            done += 1

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for person in people[:BUSY_MEMBERS]:
            group.create_task(member(person))
    return done / (time.perf_counter() - began)


def turns(rounds: int) -> Iterator[Kind]:
    """Who runs next: a side that always followed the other would bear what that one left behind."""
    for number in range(rounds):
        yield from (Kind if number % 2 == 0 else reversed(Kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Rounds of both sides, in the order they were run."""

    ours: list[Acks]
    bare: list[Acks]

    def medians(self, kind: Kind, value: Callable[[Acks], float]) -> float:
        """The median over one side's rounds."""
        return statistics.median(value(one) for one in (self.ours if kind is Kind.OURS else self.bare))


async def compare(
    load: Callable[[Bench], Awaitable[Acks]], *, scale: float = DRAWING_SCALE, rounds: int = ROUNDS
) -> Compared:
    """Rounds of ours and bare in turn."""
    found: dict[Kind, list[Acks]] = {kind: [] for kind in Kind}
    for kind in turns(rounds):
        async with bench(kind, scale=scale) as on:
            found[kind].append(await load(on))
    return Compared(ours=found[Kind.OURS], bare=found[Kind.BARE])


async def compare_busy() -> tuple[float, float]:
    """Interactions per second, ours and bare: medians over the rounds."""
    rounds: dict[Kind, list[float]] = {kind: [] for kind in Kind}
    for kind in turns(ROUNDS):
        async with bench(kind, scale=DRAWING_SCALE) as on:
            rounds[kind].append(await busy(on))
    return statistics.median(rounds[Kind.OURS]), statistics.median(rounds[Kind.BARE])

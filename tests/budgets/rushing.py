"""A process that takes in the rush, on the real services; run, killed and run again by `test_rush.py`.

    python -m tests.budgets.rushing <folder> <equal|mixed> <life>

The first life asks for everything at once. The second asks for what nobody decided before the kill, and then, when
nothing is cancelled any more, once more for all that was refused. What members are told goes to the standard output;
every decision is noted where it is made, in the order of the writer, before it is committed.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bot.core.clock import ManualClock
from bot.core.crashpoints import NONE
from bot.core.errors import Charged, DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import JobId, SystemRandomness
from bot.core.money import Ticks
from bot.db import Database, Reader, Transaction
from bot.jobs import store as jobs
from bot.providers import catalogue, registry
from bot.services.admission import Admission, Rules
from bot.services.budgets.desk import Budgets
from bot.services.cancelling import Cancelling
from bot.services.desk import Desk
from bot.services.outcomes import FailureReason
from bot.services.settlement import Settlement
from bot.services.startup import recover
from sandbox.stage import CATALOGUE
from tests.budgets.house import ADMIN, NOON
from tests.budgets.rush import GUILDS, Kind, Request, crowd, number_of, operators, rules_of

T = TypeVar("T")
DATABASE, JOURNAL = "easel.sqlite", "journal"
# Chances of a request that was accepted, and of a caller that goes away while it waits.
CANCELLED, SETTLED, GONE = 0.2, 0.2, 0.05
# All at once, and yet some are decided while others cancel.
WITHIN_S = 0.3
SLOW_S = 0.01
_NOW: "ContextVar[dict[str, object]]" = ContextVar("what this task decides")


class Noted(Database):
    """Notes every decision in the writer's thread, as it is made; now and then the disk is slow."""

    def __init__(self, own: Database, journal: int) -> None:
        self._own = own
        self._journal = journal

    async def read(self, work: Callable[[Reader], T]) -> T:
        return await self._own.read(work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        deciding = _NOW.get(None)

        def noted(tx: Transaction) -> T:
            try:
                result = work(tx)
            except Refusal as refusal:
                self._note(deciding, {"outcome": "refused", "facts": dict(refusal.facts)})
                raise
            self._note(deciding, {"outcome": str(result)})
            return result

        return await self._own.write(noted)

    def _note(self, deciding: dict[str, object] | None, decided: dict[str, object]) -> None:
        if deciding is not None:
            os.write(self._journal, f"{json.dumps(deciding | decided)}\n".encode())


class House:
    """The services, and what is asked of them."""

    def __init__(self, database: Database, kind: Kind) -> None:
        clock = ManualClock(NOON)
        self.kind = kind
        self.chance = random.Random(7)
        self.database = database
        self.desk = Desk(database=database, clock=clock)
        self.cancelling = Cancelling(database=database, clock=clock, wake=lambda: None)
        self.settlement = Settlement(database=database, clock=clock)
        self.budgets = Budgets(database=database, ceilings=operators(), clock=clock)
        self.admission = Admission(
            database=database,
            rules=Rules(ceilings=operators(), member_jobs=100),
            clock=clock,
            randomness=SystemRandomness(),
            crashpoints=NONE,
            wake=lambda: None,
        )

    async def wave(self, requests: Iterable[Request], wave: int, *, is_calm: bool = False) -> None:
        """All at once; unless it is calm some cancel, some are settled, and some callers go away."""
        tasks = [asyncio.create_task(self._one(one, wave, is_calm=is_calm)) for one in requests]
        leaving = [] if is_calm else self.chance.sample(tasks, int(len(tasks) * GONE))
        for task in leaving:
            await asyncio.sleep(2 * WITHIN_S / len(leaving))
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _one(self, request: Request, wave: int, *, is_calm: bool) -> None:
        end = 1.0 if is_calm else self.chance.random()
        await asyncio.sleep(self.chance.uniform(0.0, WITHIN_S))
        try:
            job_id = await self._admitted(request, wave)
        except Refusal as refusal:
            tell(wave, request, "busy" if refusal.reason is RefusalReason.BUSY else "refused")
            return
        except DatabaseUnavailable:
            tell(wave, request, "busy")
            return
        tell(wave, request, "accepted")
        if end < CANCELLED:
            _NOW.set({"does": "cancel", "job": job_id})
            await self.cancelling.cancel(job_id, guild_id=request.guild_id, member_id=request.member_id)
        elif self.kind is Kind.MIXED and end < CANCELLED + SETTLED:
            job = await self.database.read(lambda reader: jobs.get(reader, job_id))
            assert job is not None
            actual = Ticks(request.price // 2)
            _NOW.set({"does": "settle", "job": job_id, "actual": actual})
            await self.settlement.fail(job, FailureReason.MODERATED, Charged.YES, actual=actual)

    async def _admitted(self, request: Request, wave: int) -> JobId:
        received, work = request.received(wave), request.work()
        if not await self.desk.receive(received):
            raise RuntimeError("an interaction came twice")
        noting: dict[str, object] = {"does": "admit", "wave": wave, "number": request.number}

        def name(_tx: Transaction, job_id: JobId) -> None:
            noting["job"] = job_id

        _NOW.set(noting)
        return await self.admission.admit(received, replace(work, also=name))


def tell(wave: int, request: Request, outcome: str) -> None:
    """What the member reads."""
    sys.stdout.write(f"{wave} {request.number} {outcome}\n")
    sys.stdout.flush()


async def _slow_disk(database: Database) -> None:
    while True:
        await database.write(lambda tx: time.sleep(SLOW_S))
        await asyncio.sleep(0)


def _accepted(reader: Reader) -> set[int]:
    return {number_of(row["id"]) for row in reader.all("SELECT id FROM interaction WHERE job_id IS NOT NULL")}


async def main(folder: Path, kind: Kind, life: int) -> None:
    """One life."""
    journal = os.open(folder / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    everybody = crowd(kind)
    async with (
        Database.open(folder / DATABASE) as own,
        registry.build({}, catalogue.load(CATALOGUE), clock=ManualClock(NOON)) as gateways,
    ):
        house = House(Noted(own, journal), kind)
        await recover(own, registry=gateways, settlement=house.settlement, clock=ManualClock(NOON), owner=f"{life}")
        slow = asyncio.create_task(_slow_disk(own))
        if life == 1:
            for guild in range(GUILDS):
                for rule in rules_of(guild):
                    await house.budgets.set_rule(everybody[guild * 10].guild_id, rule, by=ADMIN)
            await house.wave(everybody, 1)
        else:
            noted = [json.loads(line) for line in (folder / JOURNAL).read_text().splitlines()]
            decided = {one["number"] for one in noted if one["does"] == "admit"} | await own.read(_accepted)
            await house.wave([one for one in everybody if one.number not in decided], 2)
            accepted = await own.read(_accepted)
            await house.wave([one for one in everybody if one.number not in accepted], 3, is_calm=True)
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Kind(sys.argv[2]), int(sys.argv[3])))

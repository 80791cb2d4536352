"""Many members at once, through the real writer."""

import asyncio
import random
from functools import partial
from pathlib import Path

import pytest

from bot.core.errors import Refusal
from bot.core.ids import HoldId
from bot.core.money import Ticks
from bot.db import Database
from bot.ledger import store
from bot.ledger.check import check
from tests.ledger.book import NOON, ceilings, request

PRICE = 4


@pytest.mark.parametrize("run", range(5))
async def test_200_members_racing_for_the_money_of_50_get_exactly_50(tmp_path: Path, run: int) -> None:
    chance = random.Random(run)
    limits = ceilings(guild_day=50 * PRICE)
    wanted = [request(f"{number}", PRICE, of=limits, member=number) for number in range(200)]

    refusals: list[Refusal] = []

    async def ask(db: Database, number: int) -> bool:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        try:
            await db.write(partial(store.hold, request=wanted[number]))
        except Refusal as refusal:
            refusals.append(refusal)
            return False
        return True

    async with Database.open(tmp_path / "easel.sqlite") as db:
        accepted = await asyncio.gather(*(ask(db, number) for number in range(200)))
        assert accepted.count(True) == 50
        assert [(refusal.facts["scope"], refusal.facts["left"]) for refusal in refusals] == [("guild:1", 0)] * 150
        (guild_day,) = await db.read(partial(store.standing, limits=wanted[0].limits[2:3]))
        assert (guild_day.held, guild_day.left) == (50 * PRICE, 0)
        # Nothing stays of a refused hold in the limits that came before the one that refused it.
        refused = accepted.index(False)
        own = await db.read(partial(store.standing, limits=wanted[refused].limits[:2]))
        assert [standing.held for standing in own] == [0, 0]
        assert await db.read(check) == ()


async def test_the_first_requests_of_new_guilds_all_see_their_limit(tmp_path: Path) -> None:
    limits = ceilings(member=PRICE)
    wanted = [request(f"{guild}-{turn}", PRICE, of=limits, guild=guild) for guild in range(8) for turn in range(8)]
    async with Database.open(tmp_path / "easel.sqlite") as db:
        outcomes = await asyncio.gather(
            *(db.write(partial(store.hold, request=each)) for each in wanted), return_exceptions=True
        )
        assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 8 * 7
        assert len(await db.read(store.open_holds)) == 8
        assert await db.read(check) == ()


async def test_callers_cancelled_in_the_middle_leave_a_book_that_agrees(tmp_path: Path) -> None:
    chance = random.Random(3)
    limits = ceilings(guild_day=100 * PRICE)

    async def ask_and_settle(db: Database, number: int) -> None:
        name = HoldId(f"{number}")
        await db.write(partial(store.hold, request=request(name, PRICE, of=limits, member=number)))
        await db.write(
            partial(store.post, hold_id=name, actual=Ticks(PRICE), pictures=1, at=NOON, basis="listed", note="")
        )

    async with Database.open(tmp_path / "easel.sqlite") as db:
        tasks = [asyncio.create_task(ask_and_settle(db, number)) for number in range(200)]
        for task in chance.sample(tasks, 100):
            for _ in range(chance.randrange(5)):
                await asyncio.sleep(0)
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        (guild_day,) = await db.read(partial(store.standing, limits=request("x", 1).limits[2:3]))
        finished = sum(outcome is None for outcome in outcomes)
        assert finished * PRICE <= guild_day.spent
        assert guild_day.spent + guild_day.held <= 100 * PRICE
        assert await db.read(check) == ()


async def test_the_check_agrees_at_every_moment_while_the_bot_works(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "easel.sqlite") as db, asyncio.TaskGroup() as group:

        async def work(member: int) -> None:
            for turn in range(10):
                name = HoldId(f"{member}-{turn}")
                await db.write(partial(store.hold, request=request(name, 1, member=member)))
                await db.write(partial(store.void, hold_id=name, at=NOON, reason=""))

        workers = [group.create_task(work(member)) for member in range(10)]
        checks = 0
        while not all(worker.done() for worker in workers) or checks == 0:
            assert await db.read(check) == ()
            checks += 1

"""Many members at once under layered rules, through the real writer: to the tick, and nobody refused without need."""

import asyncio
import random
from functools import partial
from pathlib import Path

import pytest

from bot.core.clock import ManualClock
from bot.core.errors import Refusal
from bot.core.ids import ChannelId, IdempotencyKey, JobId
from bot.core.money import Ticks
from bot.db import Database, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import NewJob
from bot.ledger.check import check
from bot.ledger.model import Unit
from bot.ledger.rules.model import Asked, Draft, Span, Whom
from bot.services.budgets.desk import Budgets
from bot.services.terms import Priced, hold_for
from tests.budgets.house import ADMIN, GUILD, NOON, asked, ceilings, draft

PRICE = 4
CEILINGS = ceilings()


def admit(tx: Transaction, wanted: Asked, number: int) -> None:
    job_id = JobId(f"job-{number}")
    new = NewJob(
        id=job_id,
        kind=str(wanted.command),
        guild_id=wanted.guild_id,
        channel_id=ChannelId(wanted.channel_id or 0),
        member_id=wanted.member_id,
        provider=str(wanted.provider),
        model=str(wanted.model),
        payload="{}",
        payload_version=1,
        idempotency_key=IdempotencyKey(job_id),
        created_at=NOON,
    )
    jobs.insert(tx, new)
    hold_for(tx, CEILINGS, wanted, Priced(job_id=job_id, amount=Ticks(PRICE), price_version="1"), at=NOON)


async def rush(db: Database, wanted: list[Asked], *, seed: int, first: int = 0) -> int:
    """All at once, numbered from the first; returns how many were accepted."""
    chance = random.Random(seed)

    async def ask(number: int) -> bool:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        try:
            await db.write(partial(admit, wanted=wanted[number], number=first + number))
        except Refusal:
            return False
        return True

    accepted = await asyncio.gather(*(ask(number) for number in range(len(wanted))))
    return accepted.count(True)


@pytest.mark.parametrize(
    ("rules", "room"),
    [
        ((draft(amount=50 * PRICE),), 50),
        (
            (
                draft(amount=50 * PRICE),
                draft(Whom.CHANNEL, 9 * PRICE, name="5"),
                draft(Whom.CHANNEL, 8 * PRICE, name="6"),
            ),
            17,
        ),
        ((draft(Whom.EVERYONE, 2 * PRICE), draft(amount=100, unit=Unit.REQUESTS, span=Span.WEEK)), 80),
        ((draft(Whom.EVERYONE, 1, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=5),), 40),
        ((draft(amount=50 * PRICE), draft(Whom.PURPOSE, 20 * PRICE, name="event")), 50),
    ],
)
async def test_as_many_are_accepted_as_the_rules_have_room_for(
    tmp_path: Path, rules: tuple[Draft, ...], room: int
) -> None:
    wanted = [
        asked(member=number % 40 + 1, channel=5 + number % 2, purpose="event" if number % 2 else None)
        for number in range(200)
    ]
    async with Database.open(tmp_path / "easel.sqlite") as db:
        budgets = Budgets(database=db, ceilings=CEILINGS, clock=ManualClock(NOON))
        for one in rules:
            await budgets.set_rule(GUILD, one, by=ADMIN)
        assert await rush(db, wanted, seed=room) == room
        assert await db.read(check) == ()


async def test_rules_that_change_amid_a_rush_hold_from_their_moment_on(tmp_path: Path) -> None:
    wanted = [asked(member=number % 40 + 1) for number in range(300)]
    async with Database.open(tmp_path / "easel.sqlite") as db:
        budgets = Budgets(database=db, ceilings=CEILINGS, clock=ManualClock(NOON))

        async def change() -> None:
            for amount in (200, 40, 120, 80):
                await asyncio.sleep(0)
                await budgets.set_rule(GUILD, draft(amount=amount * PRICE), by=ADMIN)
                await budgets.set_rule(GUILD, draft(Whom.EVERYONE, 5 * PRICE, span=Span.WEEK), by=ADMIN)

        accepted, _ = await asyncio.gather(rush(db, wanted, seed=1), change())
        # What the last rules leave is taken to the tick, whatever earlier ones had let in.
        more = await rush(db, wanted, seed=2, first=len(wanted))
        assert accepted + more == max(accepted, 80)
        (guild, _) = (await budgets.rules_of(GUILD)).rules
        assert guild.standing is not None
        assert guild.standing.held == (accepted + more) * PRICE
        assert await db.read(check) == ()

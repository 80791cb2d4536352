"""Hold and post per second: callers through `Database.write`, against plain sqlite3 in one thread.

Both sides run the same store functions with the same PRAGMAs on fresh files; the plain side commits each
transaction by itself. One hold+post is two transactions. Rounds of the two sides alternate, and the medians
are compared, so that a busy moment of the machine does not fall on one side alone.

    python -m benchmarks.ledger
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from bot.core.clock import Millis
from bot.core.ids import GuildId, HoldId, JobId, MemberId
from bot.core.money import Ticks, usd
from bot.db import Database, Transaction
from bot.db.connection import configure_writer
from bot.db.schema import migrate
from bot.ledger import store
from bot.ledger.model import Ceilings, HoldRequest
from bot.ledger.policy import limits_for
from bot.ledger.rules.model import Asked

CALLERS = (1, 10, 100)
AIMS = {1: 0.6, 10: None, 100: 3.0}  # times plain
ROUNDS = 5
ROUND_S = 0.4
_AT = Millis(1_800_000_000_000)
_PRICE = usd("0.04")
_ENOUGH = Ticks(10**17)
_CEILINGS = Ceilings(
    bot_monthly=_ENOUGH,
    guild_monthly=_ENOUGH,
    guild_daily=_ENOUGH,
    member_daily=_ENOUGH,
    member_daily_pictures=10**9,
)
Round = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Medians of one number of callers: hold+post pairs per second, and their ratio to plain sqlite3."""

    callers: int
    per_second: float
    plain_per_second: float
    aim: float | None

    @property
    def ratio(self) -> float:
        """How many times plain."""
        return self.per_second / self.plain_per_second


def hold_one(tx: Transaction, number: int) -> None:
    """Accepts: windows, limits and the hold, for one of 200 members in 20 guilds."""
    guild, member = GuildId(number % 20), MemberId(number % 200)
    at = store.effective_now(tx, _AT)
    request = HoldRequest(
        hold_id=HoldId(f"h{number}"),
        job_id=JobId(f"h{number}"),
        guild_id=guild,
        member_id=member,
        amount=_PRICE,
        pictures=1,
        limits=limits_for(_CEILINGS, Asked(guild_id=guild, member_id=member), at=at),
        price_version="1",
        at=at,
    )
    store.hold(tx, request)


def post_one(tx: Transaction, number: int) -> None:
    """Settles what `hold_one` held."""
    store.post(tx, hold_id=HoldId(f"h{number}"), actual=_PRICE, pictures=1, at=_AT, basis="reported", note="")


def plain_round(connection: sqlite3.Connection, numbers: "count[int]") -> float:
    """Pairs per second in this thread, a commit each."""
    started = time.perf_counter()
    pairs = 0
    while time.perf_counter() - started < ROUND_S:
        number = next(numbers)
        for work in (hold_one, post_one):
            connection.execute("BEGIN IMMEDIATE")
            work(Transaction(connection), number)
            connection.execute("COMMIT")
        pairs += 1
    return pairs / (time.perf_counter() - started)


async def shared_round(db: Database, callers: int, numbers: "count[int]") -> float:
    """Pairs per second of so many callers, each waiting for its own commit before it goes on."""
    started = time.perf_counter()
    pairs = 0

    async def caller() -> None:
        nonlocal pairs
        while time.perf_counter() - started < ROUND_S:
            number = next(numbers)
            await db.write(partial(hold_one, number=number))
            await db.write(partial(post_one, number=number))
            pairs += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(caller())
    return pairs / (time.perf_counter() - started)


async def run() -> list[Result]:
    """Measures; about ten seconds."""
    numbers = count()
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        plain = sqlite3.connect(Path(folder, "plain.sqlite"), isolation_level=None)
        configure_writer(plain)
        migrate(plain)
        try:
            async with Database.open(Path(folder, "shared.sqlite")) as db:
                return [await _compare(plain, db, callers, numbers) for callers in CALLERS]
        finally:
            plain.close()


async def _compare(plain: sqlite3.Connection, db: Database, callers: int, numbers: "count[int]") -> Result:
    alone, shared = [], []
    for _ in range(ROUNDS):
        alone.append(plain_round(plain, numbers))
        shared.append(await shared_round(db, callers, numbers))
    return Result(
        callers=callers,
        per_second=statistics.median(shared),
        plain_per_second=statistics.median(alone),
        aim=AIMS[callers],
    )


def table(results: list[Result]) -> str:
    """The results for people."""
    lines = ["callers  hold+post/s  plain/s  times plain  aim"]
    for result in results:
        aim = "" if result.aim is None else f">= {result.aim}"
        lines.append(
            f"{result.callers:7}  {result.per_second:11,.0f}  {result.plain_per_second:7,.0f}"
            f"  {result.ratio:11.2f}  {aim}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(asyncio.run(run())))

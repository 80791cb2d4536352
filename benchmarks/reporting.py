"""`/usage` of a guild with a long book: the reading of each report, and its chart.

Beside the reading stands what it would be without sums that are kept: the guild's entries added up in plain sqlite3.
Beside the chart, a picture of its size with nothing on it, drawn and packed by the same library.
"""

import asyncio
import io
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from PIL import Image

from benchmarks import book
from benchmarks.rows import Row
from bot.core.clock import DAY_MS, Millis, SystemClock
from bot.core.ids import MemberId
from bot.db import Database
from bot.db.connection import configure
from bot.media.charts import HEIGHT, WIDTH, draw
from bot.providers import catalogue, registry
from bot.services.spending.model import Asker, Grouping, View
from bot.services.usage import Usage
from bot.ui.usage_card import guild_card, member_card
from bot.ui.usage_chart import chart_of
from sandbox.stage import CATALOGUE

USAGE_AIM_MS = 150.0
CHART_AIM_MS = 100.0
TIMES = 7
_ADDED_UP = """
SELECT hold.opened_at / 86400000, job.kind, SUM(entry.amount) FROM hold
JOIN entry ON entry.hold_id = hold.hold_id AND entry.kind IN ('post', 'presume', 'adjust')
JOIN job ON job.id = hold.job_id
WHERE hold.guild_id = ? AND hold.opened_at >= ? GROUP BY 1, 2
"""
_ASKER = Asker(
    guild_id=book.GUILD,
    channel_id=book.WAYS[0][0],
    member_id=MemberId(2),
    at=Millis(book.STARTS_AT + book.DAYS * DAY_MS - 1),
    roles=frozenset({book.ROLE}),
)


async def _median_ms(work: Callable[[], Awaitable[object]], times: int) -> float:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        await work()
        took.append((time.perf_counter() - started) * 1_000)
    return statistics.median(took)


async def rows(path: Path, entries: int, *, times: int = TIMES) -> list[Row]:
    """The slowest of the reports, the member's own, and the chart with the most in it."""
    prices = catalogue.load(CATALOGUE)
    async with Database.open(path) as database, registry.build({}, prices, clock=SystemClock()) as gateways:
        usage = Usage(database=database, ceilings=book.CEILINGS, registry=gateways)
        added_up = await _median_ms(lambda: asyncio.to_thread(_add_up, path), 1)
        slowest = {one: await _median_ms(partial(_guild, usage, one), times) for one in Grouping}
        grouping = max(slowest, key=lambda one: slowest[one])
        own = await _median_ms(lambda: _member(usage), times)
        chart = chart_of(await usage.of_guild(_ASKER, View(grouping=grouping)))
    drawn = await _median_ms(lambda: asyncio.to_thread(draw, chart), times)
    blank = await _median_ms(lambda: asyncio.to_thread(_blank), times)
    beside = f"entries added up {added_up:,.0f} ms"
    return [
        Row(
            name=f"/usage of a server with {entries:,} entries, by {grouping}",
            ours=f"{slowest[grouping]:.1f} ms",
            beside=beside,
            ratio=slowest[grouping] / added_up,
            aim=f"<= {USAGE_AIM_MS:g} ms",
            is_met=slowest[grouping] <= USAGE_AIM_MS,
        ),
        Row(name="  a member's own", ours=f"{own:.1f} ms", beside=beside, ratio=own / added_up),
        Row(
            name="  its chart",
            ours=f"{drawn:.1f} ms",
            beside=f"blank {blank:.1f} ms",
            ratio=drawn / blank,
            aim=f"<= {CHART_AIM_MS:g} ms",
            is_met=drawn <= CHART_AIM_MS,
        ),
    ]


async def _guild(usage: Usage, grouping: Grouping) -> None:
    """Everything but Discord: the reading and the card."""
    found = await usage.of_guild(_ASKER, View(grouping=grouping))
    guild_card(found, chart_of(found), guild_name="the bench")


async def _member(usage: Usage) -> None:
    member_card(await usage.of_member(_ASKER))


def _add_up(path: Path) -> None:
    plain = sqlite3.connect(path)
    configure(plain)
    try:
        plain.execute(_ADDED_UP, (book.GUILD, book.STARTS_AT)).fetchall()
    finally:
        plain.close()


def _blank() -> None:
    Image.new("RGB", (WIDTH, HEIGHT)).save(io.BytesIO(), "PNG")

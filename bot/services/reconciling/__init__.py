"""Holds a gateway's statement (its invoice, its usage export) against the book.

    model   lines, terms, differences, sums
    store   the SQL over a scratch database

Both sides are copied into a scratch database that is thrown away, so that a statement of any length is compared in the
memory of a page. A line is a job's by external id, by payment reference, by transaction, or else by time and price.
"""

import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice
from pathlib import Path

import bot.db
from bot.core.clock import DAY_MS, Millis
from bot.core.ids import GuildId
from bot.db import Database
from bot.ledger.records import store as records
from bot.ledger.records.model import Charge, Period, Place
from bot.services.exporting import Source
from bot.services.reconciling import store
from bot.services.reconciling.model import CannotReconcile, Finding, Kind, StatementLine, Summary, Terms

SCRATCH = Path(bot.db.__file__).with_name("scratch")
PAGE = 1_000
# A job may wait for long before it is sent, and a gateway may book it late.
MARGIN_MS = DAY_MS


class Comparison:
    """A statement beside the book, while its `async with` is open. Made by `compare`."""

    def __init__(self, scratch: Database, terms: Terms) -> None:
        self._scratch = scratch
        self._terms = terms

    async def summary(self) -> Summary:
        """The sums of both sides."""
        return await self._scratch.read(store.summary)

    async def findings(self) -> AsyncIterator[Finding]:
        """Every difference, kind by kind."""
        for kind in Kind:
            after: int | str | None = None
            while True:
                read = partial(store.findings, kind=kind, terms=self._terms, after=after, limit=PAGE)
                page, after = await self._scratch.read(read)
                for finding in page:
                    yield finding
                if after is None:
                    break


@asynccontextmanager
async def compare(
    source: Source,
    *,
    provider: str,
    lines: Iterable[StatementLine],
    terms: Terms,
    period: Period | None = None,
) -> AsyncIterator[Comparison]:
    """Compares the lines with what the book says of the provider's jobs in the period.

    Without a period it is that from the first to the last line. Raises CannotReconcile where that is not to be had or
    there is no line, DatabaseUnavailable, and whatever the lines raise.
    """
    with tempfile.TemporaryDirectory(prefix="easel-reconcile-") as folder:
        async with Database.open(Path(folder) / "scratch.db", scripts=SCRATCH) as scratch:
            count = 0
            for page in _pages(lines):
                await scratch.write(partial(store.add_lines, lines=page))
                count += len(page)
            if not count:
                raise CannotReconcile("there is no line in this file")
            bounds = period or await _span(scratch)
            async for charges in _charges(source, provider, bounds):
                await scratch.write(partial(store.add_charges, charges=charges))
            await _match(scratch, terms)
            yield Comparison(scratch, terms)


async def _span(scratch: Database) -> Period:
    found = await scratch.read(store.span)
    if found is None:
        raise CannotReconcile("not every line has a moment: say with --from and --to which period the file is of")
    first, last = found
    return Period(starts_at=first, ends_at=Millis(last + 1))


async def _charges(source: Source, provider: str, period: Period) -> AsyncIterator[list[tuple[Charge, bool]]]:
    """The provider's jobs in and near the period, each with whether it lies within."""
    last = await source.read(records.last_entry)
    guild: GuildId | None = None
    while (guild := await source.read(partial(records.next_guild, after=guild))) is not None:
        after: Place | None = None
        while True:
            read = partial(
                records.charges,
                guild_id=guild,
                period=period.widened(MARGIN_MS),
                last=last,
                after=after,
                limit=PAGE,
            )
            page = await source.read(read)
            if not page:
                break
            after = page[-1][1].place
            yield [(charge, period.holds(charge.at)) for name, charge in page if name == provider]


async def _match(scratch: Database, terms: Terms) -> None:
    await scratch.write(store.match_by_name)
    after: tuple[int, int] | None = (-(2**62), 0)
    while after is not None:
        after = await scratch.write(partial(store.match_by_time, terms=terms, after=after, limit=PAGE))


def _pages(lines: Iterable[StatementLine]) -> Iterator[list[StatementLine]]:
    rest = iter(lines)
    while page := list(islice(rest, PAGE)):
        yield page

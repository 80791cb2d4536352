"""The book as a file: one row per entry, as CSV (RFC 4180) or as JSON Lines, in bounded memory.

A reading goes up to the newest entry of its beginning and no further, and entries never change: whatever happens
meanwhile, the file holds exactly the entries of one moment. States, and what stands on the job, are of the moment at
which their page was read.
"""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Protocol, TypeVar

from bot.core.clock import Millis, utc
from bot.core.ids import GuildId
from bot.core.money import TICKS_PER_USD, Ticks
from bot.db import Reader
from bot.ledger.records import store
from bot.ledger.records.model import Period, Place, Record

T = TypeVar("T")
# Holds read in one hop, some two entries each: few enough that nobody else waits long for the reader.
PAGE = 500
_GUARD = "'"
# A cell that begins so is a formula to a spreadsheet (OWASP, "CSV Injection"), whatever blanks stand before; one that
# begins with the guard gets another, so that the guard can be taken away again.
_ARMED = re.compile(r"[\t\r\n']|\s*[=+\-@＝＋－＠]")


class Format(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    JSONL = "jsonl"


class Source(Protocol):
    """Where pages are read: a `Database`, or the `Readers` of the command line."""

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Runs the function within one snapshot."""
        ...


# Names ending in `_usd` hold exact dollars in CSV; in JSON Lines they end in `_ticks` and hold integers.
_MONEY = frozenset({"amount", "booked", "estimate", "held", "actual"})
COLUMNS = (
    "entry",
    "at",
    "kind",
    "amount",
    "booked",
    "pictures",
    "basis",
    "author",
    "correction",
    "note",
    "job",
    "guild",
    "channel",
    "member",
    "command",
    "provider",
    "model_asked",
    "model_served",
    "estimate",
    "held",
    "actual",
    "is_presumed",
    "billed_in",
    "billed_amount",
    "token",
    "transaction",
    "payment_reference",
    "payment_state",
    "external_id",
    "state",
    "reason",
    "hold_state",
    "reserved_at",
    "closed_at",
    "created_at",
    "submitted_at",
    "finished_at",
)
Cell = str | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of the file, and how many rows it holds (none in the heading)."""

    text: str
    rows: int


async def records(source: Source, *, period: Period, guild_id: GuildId | None = None) -> AsyncIterator[list[Record]]:
    """Pages of one guild's entries whose money was reserved in the period, by that moment; of all, guild by guild.

    Raises DatabaseUnavailable.
    """
    last = await source.read(store.last_entry)
    guild = guild_id
    if guild_id is None:
        guild = await source.read(partial(store.next_guild, after=None))
    while guild is not None:
        after: Place | None = None
        while True:
            read = partial(store.records, guild_id=guild, period=period, last=last, after=after, limit=PAGE)
            page = await source.read(read)
            if not page:
                break
            after = page[-1].place
            yield list(page)
        if guild_id is not None:
            return
        guild = await source.read(partial(store.next_guild, after=guild))


async def export(
    source: Source,
    *,
    period: Period,
    form: Format,
    guild_id: GuildId | None = None,
    credit_ticks: Mapping[str, Ticks] | None = None,
) -> AsyncIterator[Chunk]:
    """The file in pieces, a page each. `credit_ticks`: what a credit costs now, by provider that bills in credits.

    A page takes some tens of milliseconds to write: that is done in a thread, and the loop goes on meanwhile.
    """
    if form is Format.CSV:
        heading = [f"{name}_usd" if name in _MONEY else name for name in COLUMNS]
        yield Chunk(text=_csv_text([heading]), rows=0)
    async for page in records(source, period=period, guild_id=guild_id):
        yield Chunk(text=await asyncio.to_thread(_written, page, form, credit_ticks or {}), rows=len(page))


def _written(page: list[Record], form: Format, credit_ticks: Mapping[str, Ticks]) -> str:
    rows = [row_of(record, credit_ticks) for record in page]
    return _csv(rows) if form is Format.CSV else _jsonl(rows)


def row_of(record: Record, credit_ticks: Mapping[str, Ticks]) -> dict[str, Cell]:
    """The cells by column. Money in ticks, moments as ISO 8601 in UTC, ids as text: they are too long for a double."""
    work, paid = record.work, record.paid
    cells: dict[str, Cell] = {
        "entry": record.entry_id,
        "at": iso(record.at),
        "kind": record.kind.value,
        "amount": record.amount,
        "booked": record.booked,
        "pictures": record.pictures,
        "basis": record.basis,
        "author": record.author,
        "correction": None if record.correction is None else record.correction.value,
        "note": record.note,
        "job": record.job_id,
        "guild": str(record.guild_id),
        "channel": None if work is None else str(work.channel_id),
        "member": str(record.member_id),
        "estimate": record.estimate,
        "held": record.held,
        "actual": record.actual,
        "is_presumed": record.is_presumed,
        **_billed(record, credit_ticks),
        "token": None if paid is None else paid.currency,
        "transaction": None if paid is None else paid.tx_hash,
        "payment_reference": None if paid is None else paid.reference,
        "payment_state": None if paid is None else paid.state,
        "hold_state": record.hold_state.value,
        "reserved_at": iso(record.opened_at),
        "closed_at": iso(record.closed_at),
    }
    if work is not None:
        cells |= {
            "command": work.command,
            "provider": work.provider,
            "model_asked": work.asked,
            "model_served": work.served,
            "external_id": work.external_id,
            "state": work.state,
            "reason": work.reason,
            "created_at": iso(work.created_at),
            "submitted_at": iso(work.submitted_at),
            "finished_at": iso(work.finished_at),
        }
    return {name: cells.get(name) for name in COLUMNS}


def _billed(record: Record, credit_ticks: Mapping[str, Ticks]) -> dict[str, Cell]:
    """What the gateway counted this entry in: tokens of a payment, credits where it sells those, else ticks.

    Credits are reckoned from the ticks at today's price of a credit, and left out where that gives no whole thousandth.
    """
    if not record.booked:
        return {}
    if record.paid is not None and record.author is None:
        return {"billed_in": "token", "billed_amount": exact_usd(record.paid.amount)}
    price = None if record.work is None else credit_ticks.get(record.work.provider)
    if price is None:
        return {"billed_in": "ticks", "billed_amount": str(record.booked)}
    thousandths, rest = divmod(record.booked * 1000, price)
    return {"billed_in": "credits", "billed_amount": None if rest else _plain(Decimal(thousandths) / 1000)}


def iso(moment: Millis | None) -> str | None:
    """ISO 8601 in UTC, to the millisecond."""
    if moment is None:
        return None
    return utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exact_usd(ticks: int) -> str:
    """Dollars to the last tick, without zeros at the end: `0.0223`, `-1`."""
    return _plain(Decimal(ticks) / TICKS_PER_USD)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def defused(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula; `armed` undoes it."""
    return _GUARD + text if _ARMED.match(text) else text


def armed(cell: str) -> str:
    """The text that `defused` made this cell of."""
    return cell.removeprefix(_GUARD)


def _csv(rows: list[dict[str, Cell]]) -> str:
    return _csv_text([[_csv_cell(name, cell) for name, cell in row.items()] for row in rows])


def _csv_cell(name: str, cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case int():
            return exact_usd(cell) if name in _MONEY else str(cell)
        case str():
            # Our own numbers may be negative and are no formulas.
            return cell if name == "billed_amount" else defused(cell)


def _csv_text(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _jsonl(rows: list[dict[str, Cell]]) -> str:
    return "".join(f"{json.dumps(_json_names(row), ensure_ascii=False)}\n" for row in rows)


def _json_names(row: dict[str, Cell]) -> dict[str, Cell]:
    return {f"{name}_ticks" if name in _MONEY else name: cell for name, cell in row.items()}

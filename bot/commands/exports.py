"""`ledger export`: every entry of the book as a file, also beside a running bot; only read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from bot.commands import CommandRefused
from bot.commands.jobs import existing
from bot.core.clock import Millis, millis
from bot.core.ids import GuildId
from bot.core.money import Ticks
from bot.core.requests import ProviderName
from bot.db import Database, Readers
from bot.ledger.records.model import FIRST_MOMENT, LAST_MOMENT, Period
from bot.providers.catalogue import load
from bot.services.exporting import Format, export

STDOUT_FILENO = 1
# Who spent what is for the operator alone.
_MODE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be exported; `out` None is the standard output."""

    period: Period
    form: Format
    guild_id: GuildId | None
    out: Path | None
    credit_ticks: Mapping[str, Ticks]


def moment_of(text: str) -> Millis:
    """A date or a moment in ISO 8601, UTC where it names no zone. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date such as 2026-05-31 and no moment such as 2026-05-31T18:00") from None
    return millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def period_of(starts: str | None, ends: str | None) -> Period:
    """From a moment up to, not including, another; open where one is missing. Raises ValueError."""
    return Period(
        starts_at=FIRST_MOMENT if starts is None else moment_of(starts),
        ends_at=LAST_MOMENT if ends is None else moment_of(ends),
    )


def credit_ticks(catalogue: Path, instead: Mapping[str, Ticks]) -> dict[str, Ticks]:
    """What a credit costs now, by provider that bills in credits. Raises SettingsError for a bad catalogue."""
    own = {ProviderName(name): price for name, price in instead.items()}
    read = load(catalogue, usd_per_credit=own)
    facts = read.providers.items()
    return {str(name): one.usd_per_credit for name, one in facts if one.usd_per_credit is not None}


async def export_ledger(database: Path, wanted: Wanted) -> list[str]:
    """Writes the export and returns what to say about it; a file appears whole or not at all.

    Raises CommandRefused for a file that is there or cannot be made, DatabaseUnavailable.
    """
    async with Database.open_readonly(existing(database)) as readers:
        if wanted.out is None:
            with _standard_output() as file:
                await _write(readers, wanted, file)
            return []
        if wanted.out.exists():
            raise CommandRefused(f"{wanted.out} is there already: name another file, or remove it")
        unfinished = wanted.out.with_name(f"{wanted.out.name}.unfinished")
        try:
            with _private(unfinished) as file:
                rows = await _write(readers, wanted, file)
            unfinished.rename(wanted.out)
        except OSError as error:
            raise CommandRefused(f"{wanted.out} cannot be written: {error.strerror}") from None
        finally:
            unfinished.unlink(missing_ok=True)
    return [f"{rows} entries are in {wanted.out}"]


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """In UTF-8 and with our own ends of lines, whatever the terminal's are. A reader that goes away is no error."""
    # A descriptor of its own: what is left when the reader is gone is not written once more at the process's end.
    file = open(os.dup(STDOUT_FILENO), "w", encoding="utf-8", newline="")  # noqa: SIM115 - closed below, twice if broken
    try:
        yield file
        file.close()
    except BrokenPipeError:
        pass  # `| head` has seen enough
    finally:
        with suppress(BrokenPipeError):
            file.close()


@contextmanager
def _private(path: Path) -> Iterator[TextIO]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    with open(handle, "w", encoding="utf-8", newline="") as file:
        yield file


async def _write(readers: Readers, wanted: Wanted, file: TextIO) -> int:
    rows = 0
    pieces = export(
        readers,
        period=wanted.period,
        form=wanted.form,
        guild_id=wanted.guild_id,
        credit_ticks=wanted.credit_ticks,
    )
    async for piece in pieces:
        file.write(piece.text)
        rows += piece.rows
    return rows

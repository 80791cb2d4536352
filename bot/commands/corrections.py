"""`ledger adjust` and `ledger rebuild`: they write, and one process owns a data folder.

A correction takes the folder's lock, or asks the bot that holds it, as `jobs resolve` does. Counters are made anew only
while no bot runs.
"""

from decimal import Decimal, InvalidOperation
from pathlib import Path

from bot.commands import CommandRefused, plain
from bot.commands.jobs import existing
from bot.core.clock import Clock
from bot.core.errors import DataFolderBusy
from bot.core.money import usd
from bot.db import Database, Reader, lock_data_folder
from bot.ledger.check import Report, examine
from bot.ledger.correcting.store import BrokenEntries, rebuild
from bot.services.adjusting import Adjusting, CannotAdjust, Correction
from bot.services.resolving import CannotResolve, find_job
from bot.web.control import NoAnswer, NobodyListens, ask_to_adjust


def difference_of(text: str) -> int:
    """Signed dollars such as `+0.05` as ticks; fractions of a tick count away from nothing. Raises ValueError."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("not an amount in dollars") from None
    ticks = usd(amount.copy_abs())
    return -ticks if amount.is_signed() else ticks


async def adjust(database: Path, *, prefix: str, correction: Correction, clock: Clock) -> str:
    """Books a correction on a job; done here where no bot runs, else by the running one.

    Raises DataFolderBusy where that one takes no commands, CommandRefused where the letters name no job, several, or
    one that cannot be corrected so, and where the running bot gave no answer; DatabaseUnavailable.
    """
    existing(database)
    try:
        try:
            with lock_data_folder(database.parent):
                return await _adjust_alone(database, prefix, correction, clock)
        except DataFolderBusy as error:
            try:
                return await ask_to_adjust(database.parent, prefix, correction)
            except NobodyListens as silence:
                told = f"stop the bot first, then correct: {error} and takes no commands ({silence})"
                raise DataFolderBusy(told) from None
    except (CannotAdjust, CannotResolve, NoAnswer) as error:
        raise CommandRefused(str(error)) from None


async def _adjust_alone(database: Path, prefix: str, correction: Correction, clock: Clock) -> str:
    # Looked at first, and only read: a database that waits for a migration is not migrated on the way.
    async with Database.open_readonly(database) as readers:
        job = await readers.read(lambda reader: find_job(reader, prefix))
    async with Database.open(database) as opened:
        return await Adjusting(database=opened, clock=clock).adjust(job.id, correction)


async def rebuild_ledger(database: Path) -> tuple[list[str], Report]:
    """Makes counters and the sums by day what the entries give; returns what was changed, and what the check says then.

    Raises DataFolderBusy beside a running bot, CommandRefused where the entries themselves are broken,
    DatabaseUnavailable.
    """
    existing(database)
    with lock_data_folder(database.parent):
        async with Database.open_readonly(database) as readers:
            await readers.read(_nothing)
        async with Database.open(database) as opened:
            try:
                repairs = await opened.write(rebuild)
            except BrokenEntries as error:
                told = f"nothing was changed, for entries cannot be made anew ({plain(str(error))}): restore a backup"
                raise CommandRefused(told) from None
            report = await opened.read(examine)
    return [f"{plain(one.row)}: {one.before} -> {one.after}" for one in repairs], report


def _nothing(_reader: Reader) -> None:
    """Opening is enough: a database that waits for a migration is refused."""

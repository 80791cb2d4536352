"""A data folder with settled jobs, for what reads the whole book."""

from functools import partial
from pathlib import Path

from bot.core.clock import MINUTE_MS, Millis
from bot.core.ids import JobId, hold_id_of
from bot.core.money import Ticks
from bot.db import Database, Transaction
from bot.ground import DATABASE_NAME
from bot.jobs import store as jobs
from bot.ledger import store as ledger
from bot.ledger.model import HoldState
from tests.commands.shop import NOW, accept


async def settle(folder: Path, **ends: int | str | None) -> Path:
    """Jobs a minute apart: booked with so many ticks, `void`, `presume`, or left open (None); returns the database."""
    path = folder / DATABASE_NAME
    async with Database.open(path) as database:
        for number, (name, end) in enumerate(ends.items()):
            at = Millis(NOW + number * MINUTE_MS)
            await database.write(partial(_one, name=name, end=end, at=at))
    return path


def _one(tx: Transaction, name: str, end: int | str | None, at: Millis) -> None:
    accept(tx, name, at=at)
    hold_id = hold_id_of(JobId(name))
    match end:
        case int():
            ledger.post(tx, hold_id=hold_id, actual=Ticks(end), pictures=1, at=at, basis="reported", note="m")
        case "void":
            ledger.void(tx, hold_id=hold_id, at=at, reason="=cmd()")
        case "presume":
            ledger.presume(tx, hold_id=hold_id, at=at)
    if end is not None:
        found = ledger.hold_of(tx, hold_id)
        assert found is not None
        assert found.state is not HoldState.OPEN
        jobs.record_accepted(tx, JobId(name), external_id=f"x-{name}", deadline_at=at)

"""One export in a process of its own, so that its memory is seen alone. Run by `benchmarks.exporting`:

    python -m benchmarks.export_cell ours|plain DATABASE OUT

Prints a line of JSON: seconds, rows, and the memory at rest and at its peak in 10^6 bytes.
"""

import asyncio
import csv
import gc
import json
import sqlite3
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import resident
from bot.commands.exports import Wanted, export_ledger
from bot.ledger.records.model import Period
from bot.services.exporting import Format

# The same book in the least that a script would write: what is in the tables, row by row, nothing worked out.
_PLAIN = """
SELECT entry.*, hold.*, job.channel_id, job.kind, job.provider, job.model, job.result, job.external_id, job.state,
    job.reason, job.created_at, job.submitted_at, job.finished_at
FROM hold JOIN entry ON entry.hold_id = hold.hold_id LEFT JOIN job ON job.id = hold.job_id
ORDER BY hold.guild_id, hold.opened_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What one export took."""

    seconds: float
    rows: int
    rest_mb: float
    peak_mb: float


def ours(database: Path, out: Path) -> None:
    """`ledger export`, as the operator runs it."""
    wanted = Wanted(period=Period(), form=Format.CSV, guild_id=None, credit_ticks={}, out=out)
    asyncio.run(export_ledger(database, wanted))


def plain(database: Path, out: Path) -> None:
    """The bare script."""
    connection = sqlite3.connect(database)
    with out.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(connection.execute(_PLAIN))
    connection.close()


def main(kind: str, database: Path, out: Path) -> Exported:
    """Measures."""
    gc.collect()
    resident.forget_peak()
    rest_mb, started = resident.now_mb(), time.perf_counter()
    (ours if kind == "ours" else plain)(database, out)
    seconds = time.perf_counter() - started
    with out.open("rb") as file:
        rows = sum(1 for _ in file) - (kind == "ours")
    return Exported(seconds=seconds, rows=rows, rest_mb=rest_mb, peak_mb=resident.peak_mb())


if __name__ == "__main__":
    print(json.dumps(asdict(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))))

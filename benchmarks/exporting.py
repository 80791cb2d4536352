"""The whole book as CSV: how long it takes, and how much memory above what the process had before.

The operator's `ledger export` beside a bare script that writes what is in the tables, each in a process of its own.
"""

import asyncio
import json
import sys
from pathlib import Path

from benchmarks.export_cell import Exported
from benchmarks.rows import Row
from sandbox.stage import ROOT

# Some pages, whatever the book: a million rows would be a thousand times as much.
MEMORY_AIM_MB = 32.0
GIVE_UP_S = 600.0


async def _export(kind: str, database: Path) -> Exported:
    out = database.with_name(f"{kind}.csv")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.export_cell",
        kind,
        str(database),
        str(out),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        told, _ = await asyncio.wait_for(process.communicate(), GIVE_UP_S)
        return Exported(**json.loads(told))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        out.unlink(missing_ok=True)


async def rows(path: Path, entries: int) -> list[Row]:
    """One export of each kind. Raises RuntimeError where a row is missing."""
    ours, plain = await _export("ours", path), await _export("plain", path)
    if {ours.rows, plain.rows} != {entries}:
        raise RuntimeError(f"{ours.rows} and {plain.rows} rows of {entries} entries")
    above, plain_above = ours.peak_mb - ours.rest_mb, plain.peak_mb - plain.rest_mb
    return [
        Row(
            name=f"export of {entries:,} entries as CSV",
            ours=f"{ours.seconds:.1f} s",
            beside=f"bare script {plain.seconds:.1f} s",
            ratio=ours.seconds / plain.seconds,
        ),
        Row(
            name="  peak memory above rest",
            ours=f"{above:.1f} MB",
            beside=f"bare script {plain_above:.1f} MB",
            aim=f"<= {MEMORY_AIM_MB:g} MB",
            is_met=above <= MEMORY_AIM_MB,
        ),
    ]

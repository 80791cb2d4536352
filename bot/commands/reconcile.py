"""`ledger reconcile`: holds a gateway's statement against the book, also beside a running bot; only read."""

from collections.abc import Callable
from pathlib import Path

from bot.commands import CommandRefused, plain
from bot.commands.jobs import existing, moment
from bot.commands.statements import read_lines, read_map
from bot.db import Database
from bot.ledger.records.model import Period
from bot.services.exporting import exact_usd
from bot.services.reconciling import compare
from bot.services.reconciling.model import CannotReconcile, Finding, Kind, Summary


async def reconcile(
    database: Path,
    *,
    provider: str,
    statement: Path,
    mapping: Path,
    period: Period | None,
    say: Callable[[str], None],
) -> bool:
    """Says each difference in a line as it is found, then the sums; returns whether both sides agree.

    Raises BadFile for a file or map that cannot be read, CommandRefused for a statement that cannot be compared,
    DatabaseUnavailable.
    """
    existing(database)
    read = read_map(mapping)
    lines = read_lines(statement, read)
    async with Database.open_readonly(database) as readers:
        try:
            async with compare(readers, provider=provider, lines=lines, terms=read.terms, period=period) as comparison:
                counts = dict.fromkeys(Kind, 0)
                sums = dict.fromkeys(Kind, 0)
                async for one in comparison.findings():
                    say(_told(one))
                    counts[one.kind] += 1
                    sums[one.kind] += one.file_amount - one.ledger_amount
                for line in _summed(await comparison.summary(), counts, sums):
                    say(line)
        except CannotReconcile as error:
            raise CommandRefused(str(error)) from None
    return not any(counts.values())


def _told(one: Finding) -> str:
    where = "-" if not one.lines else f"{'lines' if len(one.lines) > 1 else 'line'} {', '.join(map(str, one.lines))}"
    job = "-" if one.job_id is None else f"job {one.job_id}"
    amounts = f"file ${exact_usd(one.file_amount)}, ledger ${exact_usd(one.ledger_amount)}"
    state = "" if one.hold_state is None else " (presumed)" if one.is_presumed else f" ({one.hold_state})"
    name = f"  {plain(one.name)}" if one.name else ""
    return f"{one.kind}: {where}  {job}  {moment(one.at)}  {amounts}{state}{name}"


def _summed(summary: Summary, counts: dict[Kind, int], sums: dict[Kind, int]) -> list[str]:
    presumed = f", of which {summary.presumed} presumed with ${exact_usd(summary.presumed_amount)}"
    lines = [
        f"file: {summary.lines} lines, ${exact_usd(summary.lines_amount)}; {summary.matched} of them have a job",
        f"ledger: {summary.charges} jobs, ${exact_usd(summary.charges_amount)}{presumed if summary.presumed else ''}",
    ]
    for kind, count in counts.items():
        if count:
            lines.append(f"{kind}: {count}, file less ledger ${exact_usd(sums[kind])}")
    return lines if any(counts.values()) else [*lines, "the file and the ledger agree"]

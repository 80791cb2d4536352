"""`reports`: what members told of results. Only reads, also beside a running bot."""

from pathlib import Path

from bot.commands import plain
from bot.commands.jobs import existing, moment, table
from bot.db import Database, Reader
from bot.jobs import store as jobs
from bot.services.results import store as results
from bot.services.results.store import Report

# A table longer than this is not read by anyone.
LIST_LIMIT = 200
_HEADINGS = ("AT (UTC)", "JOB", "SERVER", "REPORTED BY", "MADE FOR", "REASON", "POST", "IN THEIR WORDS")


async def list_reports(database: Path) -> list[str]:
    """A table of the reports, the latest first; the words are the member's own. Raises DatabaseUnavailable."""

    def look(reader: Reader) -> list[tuple[str, ...]]:
        return [_row(reader, one) for one in results.reports(reader, limit=LIST_LIMIT + 1)]

    async with Database.open_readonly(existing(database)) as readers:
        rows = await readers.read(look)
    if not rows:
        return ["no reports"]
    return table([_HEADINGS, *rows[:LIST_LIMIT]]) + ([f"only {LIST_LIMIT} are shown"] if len(rows) > LIST_LIMIT else [])


def _row(reader: Reader, one: Report) -> tuple[str, ...]:
    job, removal = jobs.get(reader, one.job_id), results.removal_of(reader, one.job_id)
    return (
        moment(one.at),
        str(one.job_id),
        "-" if job is None else str(job.guild_id),
        str(one.member_id),
        "-" if job is None else str(job.member_id),
        plain(one.reason),
        "stands" if removal is None else "deleted",
        plain(one.text) or "-",
    )

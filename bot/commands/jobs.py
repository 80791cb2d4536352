"""`jobs list`, `jobs show` and `jobs resolve`: what an operator needs for jobs whose fate nobody knows.

Listing and showing only read, also beside a running bot. Resolving writes, and one process owns a data folder: it takes
the folder's lock, or asks the bot that holds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.commands import CommandRefused, plain
from bot.core.clock import Clock, utc
from bot.core.errors import DatabaseUnavailable, DataFolderBusy
from bot.core.ids import hold_id_of
from bot.core.money import format_usd
from bot.db import Database, Reader, lock_data_folder
from bot.jobs import store as jobs
from bot.jobs.looks import store as looks
from bot.jobs.looks.store import JobEvent
from bot.jobs.model import Job, State
from bot.ledger import store as ledger
from bot.ledger.model import Entry, EntryKind, Hold, HoldState
from bot.services.books import booked_for
from bot.services.payload import KINDS, UnreadablePayload, decode_order
from bot.services.resolving import CannotResolve, Resolving, Verdict, find_job, find_unknown
from bot.web.control import NoAnswer, NobodyListens, ask_to_resolve

# A table longer than this is not read by anyone.
LIST_LIMIT = 200
_HEADINGS = ("ID", "STATE", "SINCE (UTC)", "PROVIDER", "MODEL", "SERVER", "MEMBER", "MONEY", "REASON")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """All that is on disk about one job."""

    job: Job
    events: tuple[JobEvent, ...]
    hold: Hold | None
    entries: tuple[Entry, ...]


async def list_jobs(database: Path, *, state: State | None) -> list[str]:
    """A table of the jobs in `state`, the latest first; None: of all that have not ended, the oldest first.

    Raises DatabaseUnavailable.
    """

    def look(reader: Reader) -> tuple[list[tuple[str, ...]], bool]:
        found = jobs.live(reader) if state is None else looks.list_by_state(reader, state, limit=LIST_LIMIT + 1)
        return [_row(reader, job) for job in found[:LIST_LIMIT]], len(found) > LIST_LIMIT

    async with Database.open_readonly(existing(database)) as readers:
        rows, is_cut = await readers.read(look)
    if not rows:
        return ["no job that has not ended" if state is None else f"no job is {state}"]
    return table([_HEADINGS, *rows]) + ([f"only {LIST_LIMIT} are shown"] if is_cut else [])


async def show(database: Path, *, prefix: str, wants_prompt: bool) -> list[str]:
    """All that is known of one job, named by its id or its first letters; the prompt only where asked for.

    Raises CommandRefused where the letters name no job or several, DatabaseUnavailable.
    """

    def look(reader: Reader) -> _Story:
        job = find(reader, prefix)
        hold_id = hold_id_of(job.id)
        return _Story(
            job=job,
            events=looks.events_of(reader, job.id),
            hold=ledger.hold_of(reader, hold_id),
            entries=ledger.entries_of(reader, hold_id),
        )

    async with Database.open_readonly(existing(database)) as readers:
        story = await readers.read(look)
    prompt = [f"prompt          {_prompt(story.job)}"] if wants_prompt else []
    return [*_facts(story.job), *prompt, *_money(story), *_log(story.events)]


async def resolve(database: Path, *, prefix: str, verdict: Verdict, clock: Clock) -> str:
    """Settles an `unknown` job in one transaction: its hold is posted or voided, the job has failed.

    Done here where no bot runs, else by the running one. Raises DataFolderBusy where that one takes no commands,
    CommandRefused where the letters name no job, several, or one that is not `unknown`, and where the running bot gave
    no answer; DatabaseUnavailable.
    """
    existing(database)
    try:
        try:
            with lock_data_folder(database.parent):
                return await _resolve_alone(database, prefix, verdict, clock)
        except DataFolderBusy as error:
            try:
                return await ask_to_resolve(database.parent, prefix, verdict)
            except NobodyListens as silence:
                told = f"stop the bot first, then resolve: {error} and takes no commands ({silence})"
                raise DataFolderBusy(told) from None
    except (CannotResolve, NoAnswer) as error:
        raise CommandRefused(str(error)) from None


async def _resolve_alone(database: Path, prefix: str, verdict: Verdict, clock: Clock) -> str:
    # Looked at first, and only read: a database that waits for a migration is not migrated on the way.
    async with Database.open_readonly(database) as readers:
        job = await readers.read(lambda reader: find_unknown(reader, prefix))
    async with Database.open(database) as opened:
        return await Resolving(database=opened, clock=clock, tell=lambda: None).resolve(job.id, verdict)


def find(reader: Reader, prefix: str) -> Job:
    """The one job the letters name. Raises CommandRefused."""
    try:
        return find_job(reader, prefix)
    except CannotResolve as error:
        raise CommandRefused(str(error)) from None


def existing(database: Path) -> Path:
    """The path of a database that is there. Raises DatabaseUnavailable."""
    if not database.is_file():
        raise DatabaseUnavailable(f"there is no database at {database}: start the bot once, or set EASEL_DATA_DIR")
    return database


def _row(reader: Reader, job: Job) -> tuple[str, ...]:
    hold = ledger.hold_of(reader, hold_id_of(job.id))
    booked = booked_for(reader, job.id)
    if hold is not None and hold.state is HoldState.OPEN:
        money = f"{format_usd(hold.amount)} held"
    else:
        money = "-" if booked is None else format_usd(booked)
    return (
        str(job.id),
        job.state.value,
        moment(job.created_at),
        plain(job.provider),
        plain(job.model),
        str(job.guild_id),
        str(job.member_id),
        money,
        plain(job.reason or "-"),
    )


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of equal length as lines, each column as wide as it needs."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def moment(at: int | None) -> str:
    """For people: to the second, in UTC."""
    return "-" if at is None else utc(at).strftime("%Y-%m-%d %H:%M:%S")


def _facts(job: Job) -> list[str]:
    facts = {
        "job": str(job.id),
        "state": job.state.value,
        "reason": job.reason or "-",
        "kind": job.kind,
        "provider": job.provider,
        "model": job.model,
        "external id": job.external_id or "- (the gateway gave none, or its answer was lost)",
        "our key": str(job.idempotency_key),
        "server": str(job.guild_id),
        "channel": str(job.channel_id),
        "member": str(job.member_id),
        "attempt": f"{job.attempt} ({job.polls} polls, {job.failures} failures, {job.crashes} crashes in a row)",
        "created": moment(job.created_at),
        "submitted": moment(job.submitted_at),
        "next look": moment(job.run_at),
        "cancel wanted": moment(job.cancel_requested_at),
        "finished": moment(job.finished_at),
    }
    return [f"{name:<15} {plain(value)}" for name, value in facts.items()]


def _prompt(job: Job) -> str:
    if job.kind not in KINDS.values():
        return "- (the words of a question are kept with its conversation, not with the job)"
    try:
        order = decode_order(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
    except UnreadablePayload as error:
        return f"- (this program cannot read the order: {plain(str(error))})"
    return plain(order.prompt)


def _money(story: _Story) -> list[str]:
    if story.hold is None:
        return ["hold            -"]
    hold = story.hold
    lines = [
        f"hold            {format_usd(hold.amount)} for {hold.pictures} pictures, {hold.state}",
        "",
        "entries (UTC)",
    ]
    for one in story.entries:
        amount = format_usd(one.amount)
        signed = f"+{amount}" if one.kind is EntryKind.ADJUST and one.amount > 0 else amount
        told = " · ".join(part for part in (one.basis, one.author, one.note) if part)
        lines.append(f"  {moment(one.at)}  {one.kind:<8} {signed:>10}  {plain(told)}".rstrip())
    return lines


def _log(events: Sequence[JobEvent]) -> list[str]:
    lines = ["", "events (UTC)"]
    for one in events:
        change = f"{one.before} → {one.after}" if one.before else one.after.value
        lines.append(f"  {moment(one.at)}  {change:<24}  {plain(one.note or '')}".rstrip())
    return lines

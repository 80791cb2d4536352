"""`jobs list`, `jobs show` and `jobs resolve`: what an operator needs for jobs whose fate nobody knows.

Listing and showing only read, also beside a running bot. Resolving writes, and one process owns a data folder:
it takes the folder's lock and is refused while a bot runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.commands import CommandRefused, plain
from bot.core.clock import Clock, utc
from bot.core.errors import DatabaseUnavailable, DataFolderBusy
from bot.core.ids import hold_id_of
from bot.core.money import Ticks, format_usd
from bot.db import Database, Reader, Transaction, lock_data_folder
from bot.jobs import store as jobs
from bot.jobs.looks import store as looks
from bot.jobs.looks.store import JobEvent
from bot.jobs.model import Job, State
from bot.ledger import store as ledger
from bot.ledger.model import AlreadyClosed, Entry, EntryKind, Hold, HoldState
from bot.payments import store as payments
from bot.payments.model import PaymentState
from bot.services.books import booked_for, held_for
from bot.services.payload import UnreadablePayload, decode_order

# A table longer than this is not read by anyone.
LIST_LIMIT = 200
# So many are named where the first letters fit several jobs.
MATCHES_SHOWN = 5
AUTHOR = "operator"
_HEADINGS = ("ID", "STATE", "SINCE (UTC)", "PROVIDER", "MODEL", "SERVER", "MEMBER", "MONEY", "REASON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """The gateway charged: `actual`, or None for what was held."""

    actual: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """The gateway charged nothing."""


Verdict = Paid | Unpaid


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

    async with Database.open_readonly(_existing(database)) as readers:
        rows, is_cut = await readers.read(look)
    if not rows:
        return ["no job that has not ended" if state is None else f"no job is {state}"]
    return _table([_HEADINGS, *rows]) + ([f"only {LIST_LIMIT} are shown"] if is_cut else [])


async def show(database: Path, *, prefix: str, wants_prompt: bool) -> list[str]:
    """All that is known of one job, named by its id or its first letters; the prompt only where asked for.

    Raises CommandRefused where the letters name no job or several, DatabaseUnavailable.
    """

    def look(reader: Reader) -> _Story:
        job = _find(reader, prefix)
        hold_id = hold_id_of(job.id)
        return _Story(
            job=job,
            events=looks.events_of(reader, job.id),
            hold=ledger.hold_of(reader, hold_id),
            entries=ledger.entries_of(reader, hold_id),
        )

    async with Database.open_readonly(_existing(database)) as readers:
        story = await readers.read(look)
    prompt = [f"prompt          {_prompt(story.job)}"] if wants_prompt else []
    return [*_facts(story.job), *prompt, *_money(story), *_log(story.events)]


_UNDECIDED = (PaymentState.SIGNING, PaymentState.SENT, PaymentState.UNKNOWN)


async def resolve(database: Path, *, prefix: str, verdict: Verdict, clock: Clock) -> str:
    """Settles an `unknown` job in one transaction: its hold is posted or voided, the job has failed.

    Raises DataFolderBusy while a bot runs, CommandRefused where the letters name no job, several, or one that is
    not `unknown`, and DatabaseUnavailable.
    """
    _existing(database)
    try:
        with lock_data_folder(database.parent):
            # Looked at first, and only read: a database that waits for a migration is not migrated on the way.
            async with Database.open_readonly(database) as readers:
                job_id = (await readers.read(lambda reader: _unknown(reader, prefix))).id
            async with Database.open(database) as opened:
                return await opened.write(lambda tx: _settle(tx, job_id, verdict, clock))
    except DataFolderBusy as error:
        raise DataFolderBusy(f"stop the bot first, then resolve: {error}") from None


def _settle(tx: Transaction, job_id: str, verdict: Verdict, clock: Clock) -> str:
    job, now = _unknown(tx, job_id), clock.now()
    hold = held_for(tx, job.id)
    payment = payments.get(tx, job.id)
    if payment is not None and payment.state in _UNDECIDED:
        raise CommandRefused(f"job {job.id} was paid by the call; start the bot, and the chain decides within minutes")
    try:
        match verdict:
            case Paid(actual=actual):
                amount = hold.amount if actual is None else actual
                note = f"{AUTHOR}: paid {format_usd(amount)}"
                ledger.post(tx, hold_id=hold.hold_id, actual=amount, pictures=0, at=now, basis="listed", note=note)
            case Unpaid():
                note = f"{AUTHOR}: unpaid"
                ledger.void(tx, hold_id=hold.hold_id, at=now, reason=note)
    except AlreadyClosed as error:
        raise CommandRefused(str(error)) from None
    # The reason stays what the gateway's silence was called: the member's card reads it.
    jobs.move(tx, job, State.FAILED, now=now, detail=note)
    return f"job {job.id} has failed; {note} (held were {format_usd(hold.amount)})"


def _unknown(reader: Reader, prefix: str) -> Job:
    job = _find(reader, prefix)
    if job.state is not State.UNKNOWN:
        raise CommandRefused(f"job {job.id} is {job.state}; only unknown jobs can be resolved")
    return job


def _find(reader: Reader, prefix: str) -> Job:
    """The one job the letters name; people may write them in capitals."""
    letters = prefix.strip().lower()
    found = looks.find_by_prefix(reader, letters, limit=MATCHES_SHOWN + 1) if letters else ()
    exact = [job for job in found if job.id == letters]
    if exact or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise CommandRefused(f"no job begins with {plain(prefix)!r}")
    named = ", ".join(job.id for job in found[:MATCHES_SHOWN]) + (" …" if len(found) > MATCHES_SHOWN else "")
    raise CommandRefused(f"several jobs begin with {plain(prefix)!r}: {named}")


def _existing(database: Path) -> Path:
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
        _moment(job.created_at),
        plain(job.provider),
        plain(job.model),
        str(job.guild_id),
        str(job.member_id),
        money,
        plain(job.reason or "-"),
    )


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _moment(at: int | None) -> str:
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
        "created": _moment(job.created_at),
        "submitted": _moment(job.submitted_at),
        "next look": _moment(job.run_at),
        "cancel wanted": _moment(job.cancel_requested_at),
        "finished": _moment(job.finished_at),
    }
    return [f"{name:<15} {plain(value)}" for name, value in facts.items()]


def _prompt(job: Job) -> str:
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
        lines.append(f"  {_moment(one.at)}  {one.kind:<8} {signed:>10}  {plain(told)}".rstrip())
    return lines


def _log(events: Sequence[JobEvent]) -> list[str]:
    lines = ["", "events (UTC)"]
    for one in events:
        change = f"{one.before} → {one.after}" if one.before else one.after.value
        lines.append(f"  {_moment(one.at)}  {change:<24}  {plain(one.note or '')}".rstrip())
    return lines

"""The SQL of the records. Pages are bounded, begin behind a place, and are read in any number of snapshots."""

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, HoldId, JobId, MemberId
from bot.core.money import ZERO, Ticks
from bot.db import Reader, Row
from bot.ledger.model import EntryKind, HoldState
from bot.ledger.records.model import Axis, Charge, Paid, Period, Place, Record, Sum, Undecided, Work
from bot.ledger.store import correction_of

_BOOKING = frozenset({EntryKind.POST, EntryKind.PRESUME, EntryKind.ADJUST})

# A page of one guild's holds that had an entry when the reading began. One lower bound alone, and no row value, so
# that the index is entered behind the place and not at the beginning of the period.
_HOLDS = """
    SELECT * FROM hold
    WHERE guild_id = :guild_id AND opened_at >= :opened_at AND opened_at < :ends_at
        AND (opened_at > :opened_at OR hold_id > :hold_id)
        AND EXISTS (SELECT 1 FROM entry WHERE entry.hold_id = hold.hold_id AND entry.id <= :last)
    ORDER BY opened_at, hold_id LIMIT :limit
"""

_IS_PRESUMED = """
    CASE WHEN hold.state = 'presumed' AND NOT EXISTS (
        SELECT 1 FROM entry AS correction WHERE correction.hold_id = hold.hold_id AND correction.kind = 'adjust'
            AND correction.id <= :last
    ) THEN 1 ELSE 0 END AS is_presumed
"""

_BOOKED = """
    (SELECT SUM(booked.amount) FROM entry AS booked WHERE booked.hold_id = hold.hold_id
        AND booked.kind IN ('post', 'presume', 'adjust') AND booked.id <= :last)
"""

# An answer that is no JSON has no served model; json_extract would raise.
_RECORDS = f"""
SELECT entry.id AS entry_id, entry.at, entry.kind, entry.amount, entry.pictures, entry.basis, entry.author, entry.note,
    entry.correction,
    hold.hold_id, hold.job_id, hold.guild_id, hold.member_id, hold.amount AS held, hold.state AS hold_state,
    hold.opened_at, hold.closed_at,
    COALESCE(
        (SELECT first.amount FROM entry AS first WHERE first.hold_id = hold.hold_id AND first.kind = 'hold'),
        hold.amount
    ) AS estimate,
    {_BOOKED} AS actual, {_IS_PRESUMED},
    job.id AS has_job, job.channel_id, job.kind AS command, job.provider, job.model AS asked, job.external_id,
    CASE WHEN json_valid(job.result) THEN json_extract(job.result, '$.served_model') END AS served,
    job.state AS job_state, job.reason, job.created_at, job.submitted_at, job.finished_at,
    payment.currency, payment.amount AS paid_amount, payment.tx_hash, payment.payment_id, payment.state AS payment_state
FROM ({_HOLDS}) AS hold
JOIN entry ON entry.hold_id = hold.hold_id AND entry.id <= :last
LEFT JOIN job ON job.id = hold.job_id
LEFT JOIN payment ON payment.job_id = hold.job_id
ORDER BY hold.opened_at, hold.hold_id, entry.id
"""  # noqa: S608 - joined from constants

_CHARGES = f"""
SELECT hold.job_id, hold.hold_id, hold.opened_at, hold.state AS hold_state,
    COALESCE(job.submitted_at, hold.opened_at) AS at, COALESCE({_BOOKED}, 0) AS amount, {_IS_PRESUMED},
    job.provider, job.external_id, payment.payment_id, payment.tx_hash
FROM ({_HOLDS}) AS hold
LEFT JOIN job ON job.id = hold.job_id
LEFT JOIN payment ON payment.job_id = hold.job_id
ORDER BY hold.opened_at, hold.hold_id
"""  # noqa: S608 - joined from constants

_COLUMNS = {
    Axis.ALL: (),
    Axis.DAY: ("day",),
    Axis.GUILD: ("guild_id",),
    Axis.MEMBER: ("member_id",),
    Axis.COMMAND: ("command",),
    Axis.PROVIDER: ("provider",),
    Axis.MODEL: ("provider", "model"),
}

_SUMS = """
COALESCE(SUM(jobs), 0) AS jobs, COALESCE(SUM(pictures), 0) AS pictures, COALESCE(SUM(amount), 0) AS amount,
COALESCE(SUM(presumed_jobs), 0) AS presumed_jobs, COALESCE(SUM(presumed_pictures), 0) AS presumed_pictures,
COALESCE(SUM(presumed_amount), 0) AS presumed_amount
"""

_OF_DAYS = f"{_SUMS} FROM spend_of_day WHERE day >= :starts_at AND day < :ends_at"
_OF_MEMBERS = f"{_SUMS} FROM spend_of_member WHERE day >= :starts_at AND day < :ends_at"
_OF_ONE_MEMBER = f"{_SUMS} FROM spend WHERE member_id = :member_id AND day >= :starts_at AND day < :ends_at"
# The sign keeps the index of everybody's days out of it: one member's own are fewer.
_OF_GUILD = " AND +guild_id = :guild_id"
# To the moment, from the entries themselves: a guild's own days are not those of UTC.
_OF_MOMENTS = f"""{_SUMS} FROM (
    SELECT booking.* FROM hold CROSS JOIN entry ON entry.hold_id = hold.hold_id CROSS JOIN booking
        ON booking.id = entry.id
    WHERE hold.guild_id = :guild_id AND hold.opened_at >= :starts_at AND hold.opened_at < :ends_at
)
"""  # noqa: S608 - joined from constants

_UNDECIDED = """
SELECT COUNT(*) AS jobs, COALESCE(SUM(hold.amount), 0) AS held
FROM hold JOIN job ON job.id = hold.job_id WHERE hold.state = 'open' AND job.state = 'unknown'
"""


def last_entry(reader: Reader) -> int:
    """The id of the newest entry; a reading that goes no further sees one book, however long it takes."""
    row = reader.one("SELECT COALESCE(MAX(id), 0) AS id FROM entry")
    return 0 if row is None else row["id"]


def next_guild(reader: Reader, after: GuildId | None) -> GuildId | None:
    """The guild with the next higher id that ever held anything; None behind the last one."""
    row = reader.one("SELECT MIN(guild_id) AS id FROM hold WHERE guild_id > ?", (-1 if after is None else after,))
    return None if row is None or row["id"] is None else GuildId(row["id"])


def records(
    reader: Reader, *, guild_id: GuildId, period: Period, last: int, after: Place | None, limit: int
) -> tuple[Record, ...]:
    """Every entry up to `last` of the next `limit` holds of the guild, by the moment of the hold, then as written.

    Empty at the end. Entries never change; what stands beside them (states, the job) is of the moment of this reading.
    """
    return tuple(_record(row) for row in reader.all(_RECORDS, _page(guild_id, period, last, after, limit)))


def charges(
    reader: Reader, *, guild_id: GuildId, period: Period, last: int, after: Place | None, limit: int
) -> tuple[tuple[str | None, Charge], ...]:
    """The next `limit` holds of the guild, each with its provider (None without a job); empty at the end."""
    rows = reader.all(_CHARGES, _page(guild_id, period, last, after, limit))
    return tuple((row["provider"], _charge(row)) for row in rows)


def sums(
    reader: Reader, axis: Axis, *, period: Period, guild_id: GuildId | None = None, member_id: MemberId | None = None
) -> tuple[Sum, ...]:
    """What was spent in the days (UTC) that the period touches, of one guild or member where named, by their key.

    Reads one row for each day and command and model, or for each day and member, however many entries they had; of one
    member all that they had.
    """
    summed = _OF_MEMBERS if axis is Axis.MEMBER else _OF_DAYS
    summed = summed if member_id is None else _OF_ONE_MEMBER
    where = "" if guild_id is None else " AND guild_id = :guild_id" if member_id is None else _OF_GUILD
    sql, days = _by(axis, f"{summed}{where}"), period.in_days()
    facts = {"starts_at": days.starts_at, "ends_at": days.ends_at, "guild_id": guild_id, "member_id": member_id}
    return tuple(_sum(row, _COLUMNS[axis]) for row in reader.all(sql, facts))


def sums_by_day(
    reader: Reader, axis: Axis, key: tuple[str | int, ...], *, period: Period, guild_id: GuildId
) -> tuple[Sum, ...]:
    """The same of one key of the axis, day by day: a member, a command, a provider or a model of the guild."""
    names = _COLUMNS[axis]
    if axis is Axis.MEMBER:
        summed = _OF_ONE_MEMBER + _OF_GUILD
    else:
        summed = _OF_DAYS + " AND guild_id = :guild_id" + "".join(f" AND {name} = :{name}" for name in names)
    days = period.in_days()
    facts = {"starts_at": days.starts_at, "ends_at": days.ends_at, "guild_id": guild_id}
    rows = reader.all(f"SELECT day, {summed} GROUP BY day ORDER BY day", facts | dict(zip(names, key, strict=True)))
    return tuple(_sum(row, ("day",)) for row in rows)


def exact_sums(reader: Reader, axis: Axis, *, period: Period, guild_id: GuildId) -> tuple[Sum, ...]:
    """The same of one guild to the moment, which reads every entry of the period: for days and weeks."""
    facts = {"starts_at": period.starts_at, "ends_at": period.ends_at, "guild_id": guild_id}
    return tuple(_sum(row, _COLUMNS[axis]) for row in reader.all(_by(axis, _OF_MOMENTS), facts))


def _by(axis: Axis, summed: str) -> str:
    columns = ", ".join(_COLUMNS[axis])
    grouped = f" GROUP BY {columns} ORDER BY {columns}" if columns else ""
    return f"SELECT {columns + ', ' if columns else ''}{summed}{grouped}"


def undecided(reader: Reader, guild_id: GuildId | None = None) -> Undecided:
    """What is held now for `unknown` jobs, of one guild or of all."""
    where = "" if guild_id is None else " AND hold.guild_id = ?"
    row = reader.one(_UNDECIDED + where, () if guild_id is None else (guild_id,))
    return Undecided(jobs=0, held=ZERO) if row is None else Undecided(jobs=row["jobs"], held=Ticks(row["held"]))


def _page(guild_id: GuildId, period: Period, last: int, after: Place | None, limit: int) -> dict[str, object]:
    place = after or Place(opened_at=period.starts_at, hold_id=HoldId(""))
    return {
        "guild_id": guild_id,
        "ends_at": period.ends_at,
        "opened_at": place.opened_at,
        "hold_id": place.hold_id,
        "last": last,
        "limit": limit,
    }


def _moment(value: int | None) -> Millis | None:
    return None if value is None else Millis(value)


def _record(row: Row) -> Record:
    kind = EntryKind(row["kind"])
    return Record(
        entry_id=row["entry_id"],
        at=Millis(row["at"]),
        kind=kind,
        amount=row["amount"],
        booked=row["amount"] if kind in _BOOKING else 0,
        pictures=row["pictures"],
        basis=row["basis"],
        author=row["author"],
        correction=correction_of(row),
        note=row["note"],
        job_id=JobId(row["job_id"]),
        guild_id=GuildId(row["guild_id"]),
        member_id=MemberId(row["member_id"]),
        estimate=Ticks(row["estimate"]),
        held=Ticks(row["held"]),
        actual=row["actual"],
        hold_state=HoldState(row["hold_state"]),
        is_presumed=bool(row["is_presumed"]),
        opened_at=Millis(row["opened_at"]),
        closed_at=_moment(row["closed_at"]),
        hold_id=HoldId(row["hold_id"]),
        work=None if row["has_job"] is None else _work(row),
        paid=None if row["currency"] is None else _paid(row),
    )


def _work(row: Row) -> Work:
    return Work(
        channel_id=ChannelId(row["channel_id"]),
        command=row["command"],
        provider=row["provider"],
        asked=row["asked"],
        served=None if row["served"] is None else str(row["served"]),
        external_id=row["external_id"],
        state=row["job_state"],
        reason=row["reason"],
        created_at=Millis(row["created_at"]),
        submitted_at=_moment(row["submitted_at"]),
        finished_at=_moment(row["finished_at"]),
    )


def _paid(row: Row) -> Paid:
    return Paid(
        currency=row["currency"],
        amount=Ticks(row["paid_amount"]),
        tx_hash=row["tx_hash"],
        reference=row["payment_id"],
        state=row["payment_state"],
    )


def _charge(row: Row) -> Charge:
    return Charge(
        job_id=JobId(row["job_id"]),
        hold_id=HoldId(row["hold_id"]),
        opened_at=Millis(row["opened_at"]),
        at=Millis(row["at"]),
        amount=row["amount"],
        hold_state=HoldState(row["hold_state"]),
        is_presumed=bool(row["is_presumed"]),
        external_id=row["external_id"],
        payment_ref=row["payment_id"],
        tx_hash=row["tx_hash"],
    )


def _sum(row: Row, columns: tuple[str, ...]) -> Sum:
    return Sum(
        key=tuple(row[column] for column in columns),
        jobs=row["jobs"],
        pictures=row["pictures"],
        amount=row["amount"],
        presumed_jobs=row["presumed_jobs"],
        presumed_pictures=row["presumed_pictures"],
        presumed_amount=row["presumed_amount"],
    )

"""SQL of deletions and reports, and of what belongs to a result's family."""

from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import AssetId, JobId, MemberId
from bot.db import Reader, Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Who deleted a result and when; `removed_at` None until its message is gone."""

    job_id: JobId
    member_id: MemberId
    is_moderator: bool
    asked_at: Millis
    removed_at: Millis | None
    was_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a member told of a result."""

    job_id: JobId
    member_id: MemberId
    reason: str
    text: str
    at: Millis


def removal_of(reader: Reader, job_id: JobId) -> Removal | None:
    """The deletion of a job's result, also one that is not finished."""
    row = reader.one("SELECT * FROM removal WHERE job_id = ?", (job_id,))
    if row is None:
        return None
    return Removal(
        job_id=JobId(row["job_id"]),
        member_id=MemberId(row["member_id"]),
        is_moderator=bool(row["is_moderator"]),
        asked_at=Millis(row["asked_at"]),
        removed_at=row["removed_at"],
        was_gone=bool(row["was_gone"]),
    )


def begin_removal(tx: Transaction, job_id: JobId, *, member_id: MemberId, is_moderator: bool, at: Millis) -> None:
    """Notes who wants it gone, before anything is deleted; whoever asked first stays noted."""
    tx.execute(
        "INSERT INTO removal (job_id, member_id, is_moderator, asked_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (job_id) DO NOTHING",
        (job_id, member_id, int(is_moderator), at),
    )


def unfinished_removals(reader: Reader, *, limit: int) -> tuple[JobId, ...]:
    """Results that somebody wanted gone and whose message may stand still, the oldest wish first."""
    rows = reader.all("SELECT job_id FROM removal WHERE removed_at IS NULL ORDER BY asked_at, job_id LIMIT ?", (limit,))
    return tuple(JobId(row["job_id"]) for row in rows)


def removed(tx: Transaction, job_id: JobId, *, was_gone: bool, at: Millis) -> None:
    """The message is gone."""
    tx.execute(
        "UPDATE removal SET removed_at = ?, was_gone = ? WHERE job_id = ? AND removed_at IS NULL",
        (at, int(was_gone), job_id),
    )


def discard_pictures(tx: Transaction, job_id: JobId, *, at: Millis) -> int:
    """Marks the pictures of a deleted job that no other result shows and no other request uses; returns how many."""
    return tx.execute(
        "INSERT INTO discard (asset_id, at) SELECT DISTINCT picture.asset_id, :at FROM picture"
        " WHERE picture.job_id = :job"
        " AND NOT EXISTS (SELECT 1 FROM picture AS other LEFT JOIN removal ON removal.job_id = other.job_id"
        " WHERE other.asset_id = picture.asset_id AND other.job_id <> :job AND removal.removed_at IS NULL)"
        " AND NOT EXISTS (SELECT 1 FROM source LEFT JOIN removal ON removal.job_id = source.job_id"
        " WHERE source.asset_id = picture.asset_id AND removal.removed_at IS NULL)"
        " ON CONFLICT (asset_id) DO NOTHING",
        {"job": job_id, "at": at},
    )


def let_go(tx: Transaction, job_id: JobId, *, at: Millis) -> None:
    """Lets the job's pictures and sources go; those that nothing else shows or uses are marked for the sweep."""
    rows = tx.all(
        "SELECT asset_id FROM picture WHERE job_id = :job UNION SELECT asset_id FROM source WHERE job_id = :job",
        {"job": job_id},
    )
    tx.execute("DELETE FROM picture WHERE job_id = ?", (job_id,))
    tx.execute("DELETE FROM source WHERE job_id = ?", (job_id,))
    for row in rows:
        tx.execute(
            "INSERT INTO discard (asset_id, at) SELECT :asset, :at"
            " WHERE NOT EXISTS (SELECT 1 FROM picture LEFT JOIN removal USING (job_id)"
            " WHERE picture.asset_id = :asset AND removal.removed_at IS NULL)"
            " AND NOT EXISTS (SELECT 1 FROM source LEFT JOIN removal USING (job_id)"
            " WHERE source.asset_id = :asset AND removal.removed_at IS NULL) ON CONFLICT (asset_id) DO NOTHING",
            {"asset": row["asset_id"], "at": at},
        )


def discarded(reader: Reader) -> tuple[AssetId, ...]:
    """Pictures that were marked and that no standing result shows and no request uses by now, the oldest mark first."""
    rows = reader.all(
        "SELECT asset_id FROM discard WHERE NOT EXISTS"
        " (SELECT 1 FROM picture LEFT JOIN removal ON removal.job_id = picture.job_id"
        " WHERE picture.asset_id = discard.asset_id AND removal.removed_at IS NULL)"
        " AND NOT EXISTS (SELECT 1 FROM source LEFT JOIN removal ON removal.job_id = source.job_id"
        " WHERE source.asset_id = discard.asset_id AND removal.removed_at IS NULL) ORDER BY at, asset_id"
    )
    return tuple(AssetId(row["asset_id"]) for row in rows)


def report(tx: Transaction, one: Report) -> None:
    """Stores what a member told; a later word of theirs on the same result takes its place."""
    tx.execute(
        "INSERT INTO report (job_id, member_id, reason, text, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (job_id, member_id) DO UPDATE SET reason = excluded.reason, text = excluded.text,"
        " at = excluded.at",
        (one.job_id, one.member_id, one.reason, one.text, one.at),
    )


def reports(reader: Reader, *, limit: int) -> tuple[Report, ...]:
    """The latest reports, the newest first."""
    rows = reader.all("SELECT * FROM report ORDER BY at DESC, job_id, member_id LIMIT ?", (limit,))
    return tuple(_report(row) for row in rows)


def _report(row: Row) -> Report:
    return Report(
        job_id=JobId(row["job_id"]),
        member_id=MemberId(row["member_id"]),
        reason=row["reason"],
        text=row["text"],
        at=Millis(row["at"]),
    )


def children_of(reader: Reader, job_id: JobId, *, limit: int) -> tuple[JobId, ...]:
    """Jobs that went on with this one and brought something, the oldest first."""
    rows = reader.all(
        "SELECT id FROM job WHERE parent_id = ? AND state = 'done' ORDER BY created_at, id LIMIT ?", (job_id, limit)
    )
    return tuple(JobId(row["id"]) for row in rows)

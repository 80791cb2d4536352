"""SQL that finds what is over its time, and notes that it is gone."""

from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import AssetId, JobId
from bot.db import Reader, Transaction

# A job that is under way, or ended a short while ago, keeps its pictures, whichever side they stand on; so does what
# waits for leave.
_REMOVE_OLD = """
    UPDATE asset SET removed_at = :at WHERE id IN (
        SELECT id FROM asset WHERE removed_at IS NULL AND kept_at < :before
        AND NOT EXISTS (SELECT 1 FROM picture JOIN job ON job.id = picture.job_id
            WHERE picture.asset_id = asset.id AND (job.finished_at IS NULL OR job.finished_at >= :before))
        AND NOT EXISTS (SELECT 1 FROM source JOIN job ON job.id = source.job_id
            WHERE source.asset_id = asset.id AND (job.finished_at IS NULL OR job.finished_at >= :before))
        AND NOT EXISTS (SELECT 1 FROM leave_source WHERE leave_source.asset_id = asset.id)
        ORDER BY kept_at, id LIMIT :limit)
    RETURNING id
"""


def remove_old(tx: Transaction, *, before: Millis, at: Millis, limit: int) -> tuple[AssetId, ...]:
    """Notes as cleaned up the oldest pictures that came before that moment and that no younger job has or used."""
    rows = tx.all(_REMOVE_OLD, {"before": before, "at": at, "limit": limit})
    return tuple(AssetId(row["id"]) for row in rows)


def remove_discarded(tx: Transaction, asset_id: AssetId, *, before: Millis, at: Millis) -> bool:
    """Notes as cleaned up a picture of a deleted result; False where its bytes came anew since that moment."""
    changed = tx.execute(
        "UPDATE asset SET removed_at = coalesce(removed_at, ?) WHERE id = ? AND kept_at < ?", (at, asset_id, before)
    )
    if changed:
        tx.execute("DELETE FROM discard WHERE asset_id = ?", (asset_id,))
    return changed == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OldWords:
    """A job that ended long ago, and what it holds of its member's words."""

    job_id: JobId
    kind: str
    payload: str


def with_old_words(reader: Reader, *, before: Millis, limit: int) -> tuple[OldWords, ...]:
    """Jobs that ended before that moment and whose words still stand, the oldest first."""
    rows = reader.all(
        "SELECT id, kind, payload FROM job WHERE finished_at IS NOT NULL AND finished_at < ?"
        " AND words_removed_at IS NULL ORDER BY finished_at, id LIMIT ?",
        (before, limit),
    )
    return tuple(OldWords(job_id=JobId(row["id"]), kind=row["kind"], payload=row["payload"]) for row in rows)


def blank_words(tx: Transaction, job_id: JobId, *, payload: str, at: Millis) -> None:
    """Puts a payload without words in the place of the old one, and empties what members told of the result."""
    tx.execute("UPDATE job SET payload = ?, words_removed_at = ? WHERE id = ?", (payload, at, job_id))
    tx.execute("UPDATE report SET text = '' WHERE job_id = ?", (job_id,))

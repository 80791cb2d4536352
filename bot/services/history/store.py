"""SQL that pages through a member's results. Both orders walk the index `job_member`."""

from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import AssetId, GuildId, JobId, MemberId
from bot.db import Reader, Row
from bot.jobs.model import Job
from bot.jobs.store import read_job

# Jobs that brought pictures and whose result was not deleted.
_RESULTS = (
    "SELECT job.* FROM job WHERE guild_id = :guild AND member_id = :member AND state IN ('done', 'cancelled')"
    " AND EXISTS (SELECT 1 FROM picture WHERE picture.job_id = job.id)"
    " AND NOT EXISTS (SELECT 1 FROM removal WHERE removal.job_id = job.id AND removal.removed_at IS NOT NULL)"
)


def latest(reader: Reader, *, guild_id: GuildId, member_id: MemberId, limit: int) -> tuple[Job, ...]:
    """The latest results, the newest first."""
    return _jobs(
        reader.all(
            f"{_RESULTS} ORDER BY created_at DESC, id DESC LIMIT :limit",
            {"guild": guild_id, "member": member_id, "limit": limit},
        )
    )


def older(reader: Reader, *, guild_id: GuildId, member_id: MemberId, than: Job, limit: int) -> tuple[Job, ...]:
    """Results from before that job, the newest first."""
    return _jobs(
        reader.all(
            f"{_RESULTS} AND (created_at < :at OR (created_at = :at AND id < :id))"
            " ORDER BY created_at DESC, id DESC LIMIT :limit",
            {"guild": guild_id, "member": member_id, "at": than.created_at, "id": than.id, "limit": limit},
        )
    )


def newer(reader: Reader, *, guild_id: GuildId, member_id: MemberId, than: Job, limit: int) -> tuple[Job, ...]:
    """The results that came right after that job, the newest first."""
    rows = reader.all(
        f"{_RESULTS} AND (created_at > :at OR (created_at = :at AND id > :id)) ORDER BY created_at, id LIMIT :limit",
        {"guild": guild_id, "member": member_id, "at": than.created_at, "id": than.id, "limit": limit},
    )
    return _jobs(rows[::-1])


def _jobs(rows: list[Row]) -> tuple[Job, ...]:
    return tuple(read_job(row) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """One picture of a result; `removed_at` is set once it was cleaned up."""

    asset_id: AssetId
    removed_at: Millis | None


def pictures_of(reader: Reader, job_id: JobId) -> tuple[PictureRow, ...]:
    """A result's pictures in the gateway's order, those that are cleaned up included."""
    rows = reader.all(
        "SELECT picture.asset_id, asset.removed_at FROM picture JOIN asset ON asset.id = picture.asset_id"
        " WHERE picture.job_id = ? ORDER BY picture.position",
        (job_id,),
    )
    return tuple(PictureRow(asset_id=AssetId(row["asset_id"]), removed_at=row["removed_at"]) for row in rows)

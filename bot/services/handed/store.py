"""SQL of pictures that are handed in: where gateways keep them, where Discord shows them, which are at hand."""

from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import AssetId, ChannelId, GuildId, JobId, MemberId, MessageId
from bot.db import Reader, Transaction
from bot.jobs.model import Job
from bot.jobs.store import read_job


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """Where a gateway itself keeps a job's sources, in their order, since `at`."""

    urls: tuple[str, ...]
    at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOf:
    """A public post that shows a picture: in which message, at which place from 0."""

    channel_id: ChannelId
    message_id: MessageId
    position: int


def handed_over(reader: Reader, job_id: JobId, *, provider: str) -> HandedOver | None:
    """What the gateway was given for the job; None where it was given nothing."""
    rows = reader.all(
        "SELECT url, at FROM handed_over WHERE job_id = ? AND provider = ? ORDER BY position", (job_id, provider)
    )
    return HandedOver(urls=tuple(row["url"] for row in rows), at=Millis(rows[0]["at"])) if rows else None


def hand_over(tx: Transaction, job_id: JobId, *, provider: str, urls: tuple[str, ...], at: Millis) -> None:
    """Stores it, in place of what was given before."""
    tx.execute("DELETE FROM handed_over WHERE job_id = ? AND provider = ?", (job_id, provider))
    for position, url in enumerate(urls):
        tx.execute(
            "INSERT INTO handed_over (job_id, provider, position, url, at) VALUES (?, ?, ?, ?, ?)",
            (job_id, provider, position, url, at),
        )


def post_of(reader: Reader, asset_id: AssetId, *, guild_id: GuildId) -> PostOf | None:
    """The latest public post in the guild that shows the picture; a message may be gone by now."""
    row = reader.one(
        "SELECT delivery.channel_id, delivery.message_id, picture.position FROM picture"
        " JOIN delivery ON delivery.job_id = picture.job_id JOIN job ON job.id = picture.job_id"
        " WHERE picture.asset_id = ? AND job.guild_id = ? AND delivery.route = 'channel'"
        " AND delivery.message_id IS NOT NULL ORDER BY delivery.delivered_at DESC LIMIT 1",
        (asset_id, guild_id),
    )
    if row is None:
        return None
    return PostOf(
        channel_id=ChannelId(row["channel_id"]), message_id=MessageId(row["message_id"]), position=row["position"]
    )


def is_result(reader: Reader, asset_id: AssetId) -> bool:
    """Whether any job brought the picture: then a model made it."""
    return reader.one("SELECT 1 AS found FROM picture WHERE asset_id = ? LIMIT 1", (asset_id,)) is not None


def job_of_post(reader: Reader, message_id: MessageId) -> JobId | None:
    """The job whose result the message is."""
    row = reader.one("SELECT job_id FROM delivery WHERE message_id = ?", (message_id,))
    return None if row is None else JobId(row["job_id"])


def recent(
    reader: Reader, *, guild_id: GuildId, member_id: MemberId, limit: int
) -> tuple[tuple[Job, int, AssetId], ...]:
    """The member's latest pictures in the guild that were not deleted, the newest first: job, place from 0, picture."""
    rows = reader.all(
        "SELECT job.*, picture.position AS place, picture.asset_id FROM job JOIN picture ON picture.job_id = job.id"
        " LEFT JOIN removal ON removal.job_id = job.id"
        " WHERE job.guild_id = ? AND job.member_id = ? AND job.state = 'done' AND removal.removed_at IS NULL"
        " ORDER BY job.created_at DESC, job.id, picture.position LIMIT ?",
        (guild_id, member_id, limit),
    )
    return tuple((read_job(row), row["place"], AssetId(row["asset_id"])) for row in rows)

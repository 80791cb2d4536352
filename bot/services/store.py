"""SQL of what belongs to no single room below: a job's pictures, its delivery, and facts the bot remembers."""

from bot.core.clock import Millis
from bot.core.ids import AssetId, ChannelId, JobId, MessageId
from bot.db import Reader, Row, Transaction
from bot.services.deliveries import DeliveryRow, Route
from bot.services.sources import SourceRef


def add_picture(tx: Transaction, *, job_id: JobId, position: int, asset_id: AssetId) -> None:
    """Notes one of a job's pictures; the same again changes nothing."""
    tx.execute(
        "INSERT INTO picture (job_id, position, asset_id) VALUES (?, ?, ?) ON CONFLICT (job_id, position) DO NOTHING",
        (job_id, position, asset_id),
    )


def pictures_of(reader: Reader, job_id: JobId) -> tuple[AssetId, ...]:
    """A job's pictures in the gateway's order; none once one of them was cleaned up."""
    rows = reader.all(
        "SELECT asset_id FROM picture WHERE job_id = :job AND NOT EXISTS"
        " (SELECT 1 FROM picture AS other JOIN asset ON asset.id = other.asset_id"
        " WHERE other.job_id = :job AND asset.removed_at IS NOT NULL) ORDER BY position",
        {"job": job_id},
    )
    return tuple(AssetId(row["asset_id"]) for row in rows)


def add_source(tx: Transaction, *, job_id: JobId, position: int, source: SourceRef) -> None:
    """Notes a picture that the request hands in."""
    tx.execute(
        "INSERT INTO source (job_id, position, asset_id, url) VALUES (?, ?, ?, ?)",
        (job_id, position, source.asset_id, source.url),
    )


def sources_of(reader: Reader, job_id: JobId) -> tuple[SourceRef, ...]:
    """What the request handed in, in the member's order."""
    rows = reader.all("SELECT asset_id, url FROM source WHERE job_id = ? ORDER BY position", (job_id,))
    return tuple(SourceRef(asset_id=AssetId(row["asset_id"]), url=row["url"]) for row in rows)


def plan_delivery(tx: Transaction, *, job_id: JobId, route: Route, channel_id: ChannelId, at: Millis) -> None:
    """Decides the route before the first try."""
    tx.execute(
        "INSERT INTO delivery (job_id, route, channel_id, started_at) VALUES (?, ?, ?, ?)",
        (job_id, route, channel_id, at),
    )


def delivery_of(reader: Reader, job_id: JobId) -> DeliveryRow | None:
    """The delivery of a job, once it is planned."""
    row = reader.one("SELECT * FROM delivery WHERE job_id = ?", (job_id,))
    if row is None:
        return None
    return DeliveryRow(
        job_id=job_id,
        route=Route(row["route"]),
        channel_id=ChannelId(row["channel_id"]),
        started_at=row["started_at"],
        tries=row["tries"],
        message_id=None if row["message_id"] is None else MessageId(row["message_id"]),
        reason=row["reason"],
    )


def begin_try(tx: Transaction, job_id: JobId) -> None:
    """Counts a try before it is made, so that a later one knows to look at the channel first."""
    tx.execute("UPDATE delivery SET tries = tries + 1 WHERE job_id = ?", (job_id,))


def change_route(tx: Transaction, job_id: JobId, *, route: Route, reason: str) -> None:
    """The planned route is closed for good; the next one is tried."""
    tx.execute("UPDATE delivery SET route = ?, reason = ? WHERE job_id = ?", (route, reason, job_id))


def delivered(tx: Transaction, job_id: JobId, *, message_id: MessageId | None, at: Millis) -> None:
    """The result is where its route leads; `message_id` of the public post, where there is one."""
    tx.execute("UPDATE delivery SET message_id = ?, delivered_at = ? WHERE job_id = ?", (message_id, at, job_id))


def open_cards(reader: Reader) -> list[Row]:
    """One row for each interaction that waits for its last word, oldest first.

    Its `id`, `state`, `received_at` and `has_token`; of its job, NULL while there is none, `job_id`, `job_state`,
    `job_created_at`, `submitted_at`, `provider`, `model`, `run_at`, `is_fetching`, `is_parked` and
    `is_cancel_requested`; and `leave_state` where it waits for leave, or waited.
    """
    return reader.all(
        "SELECT interaction.id, interaction.state, interaction.received_at, interaction.token IS NOT NULL AS has_token,"
        " job.id AS job_id, job.state AS job_state, job.created_at AS job_created_at, job.submitted_at,"
        " job.provider, job.model, job.run_at, job.result IS NOT NULL AS is_fetching, job.is_parked,"
        " job.cancel_requested_at IS NOT NULL AS is_cancel_requested, leave.state AS leave_state"
        " FROM interaction LEFT JOIN job ON job.id = interaction.job_id"
        " LEFT JOIN leave ON leave.job_id = interaction.job_id"
        " WHERE interaction.state IN ('received', 'accepted') ORDER BY interaction.id"
    )


def fact(reader: Reader, name: str) -> str | None:
    """A remembered fact."""
    row = reader.one("SELECT value FROM fact WHERE name = ?", (name,))
    return None if row is None else str(row["value"])


def remember(tx: Transaction, name: str, value: str) -> None:
    """Stores a fact, replacing what was known."""
    tx.execute(
        "INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )

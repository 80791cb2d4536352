"""The rows of assets: what is known of a picture without opening its file."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import AssetId
from bot.core.requests import PictureFormat
from bot.db import Reader, Row, Transaction
from bot.media.assets import Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """A stored asset; sizes in pixels and bytes. `removed_at` is set once the picture was cleaned up."""

    id: AssetId
    format: PictureFormat
    width: int
    height: int
    byte_size: int
    created_at: Millis
    removed_at: Millis | None = None


def insert_asset(tx: Transaction, asset: Asset, *, at: Millis) -> None:
    """Stores the row. The same picture again makes it young again, and brings back one that was cleaned up."""
    tx.execute(
        """
        INSERT INTO asset (id, format, width, height, byte_size, created_at, kept_at)
        VALUES (:id, :format, :width, :height, :byte_size, :at, :at)
        ON CONFLICT (id) DO UPDATE SET kept_at = excluded.kept_at, removed_at = NULL
        """,
        {
            "id": asset.id,
            "format": asset.format.value,
            "width": asset.width,
            "height": asset.height,
            "byte_size": asset.byte_size,
            "at": at,
        },
    )


def asset_of(reader: Reader, asset_id: AssetId) -> AssetRow | None:
    """The row, or None."""
    row = reader.one("SELECT * FROM asset WHERE id = :id", {"id": asset_id})
    return None if row is None else _asset_row(row)


def _asset_row(row: Row) -> AssetRow:
    return AssetRow(
        id=AssetId(row["id"]),
        format=PictureFormat(row["format"]),
        width=row["width"],
        height=row["height"],
        byte_size=row["byte_size"],
        created_at=Millis(row["created_at"]),
        removed_at=row["removed_at"],
    )


def gone_of(reader: Reader, asset_ids: Sequence[AssetId]) -> frozenset[AssetId]:
    """Those of the ids that no picture stands behind: cleaned up, or never noted."""
    rows = {asset_id: asset_of(reader, asset_id) for asset_id in asset_ids}
    return frozenset(asset_id for asset_id, row in rows.items() if row is None or row.removed_at is not None)

"""Pictures that a request hands in: kept when it is accepted, so that no address that ends can lose them."""

from dataclasses import dataclass

from bot.core.ids import AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRef:
    """A kept picture, and where Discord had it when the request was made; None for one it never had."""

    asset_id: AssetId
    url: str | None = None

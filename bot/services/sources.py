"""Pictures that a request hands in: kept when it is accepted, so that no address that ends can lose them."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from bot.core.clock import MINUTE_MS, SECOND_MS, Millis
from bot.core.ids import AssetId

# A gateway may draw from a queue: an address that ends within this is none any more.
ADDRESS_MARGIN_MS = 15 * MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRef:
    """A kept picture, and where Discord had it when the request was made; None for one it never had."""

    asset_id: AssetId
    url: str | None = None


def is_alive(url: str | None, *, now: Millis) -> bool:
    """Whether one of Discord's signed addresses lives long enough for a gateway.

    Its `ex` is the second of its end in hexadecimal digits. An address without one is not Discord's: never given away.
    """
    if url is None:
        return False
    try:
        ends_at = int(parse_qs(urlsplit(url).query)["ex"][0], 16) * SECOND_MS
    except (KeyError, ValueError):
        return False
    return ends_at > now + ADDRESS_MARGIN_MS

"""Addresses of our own for kept pictures, for gateways that take only addresses: hours long, and not to be guessed.

`PUBLIC_URL/pictures/<asset>/<until>/<mac>`: the mac over both is made with a key that only this bot's database holds.
"""

import hashlib
import hmac
from pathlib import Path

from bot.core.clock import HOUR_MS, SECOND_MS, Clock
from bot.core.errors import MediaError
from bot.core.ids import AssetId
from bot.media.media import Media

PATH = "/pictures"
# A gateway's queue is minutes long; a picture of a member is not left lying about for longer.
LINK_LIVES_MS = 2 * HOUR_MS
_DIGITS = 12


class Links:
    """Makes addresses and opens them. `public_url` is where this bot is reached from outside."""

    def __init__(self, *, key: bytes, public_url: str, media: Media, clock: Clock) -> None:
        self._key = hashlib.sha256(b"pictures" + key).digest()
        self._public_url = public_url
        self._media = media
        self._clock = clock

    def address_of(self, asset_id: AssetId) -> str:
        """A new address of the picture."""
        until = str((self._clock.now() + LINK_LIVES_MS) // SECOND_MS)
        return f"{self._public_url}{PATH}/{asset_id}/{until}/{self._mac(asset_id, until)}"

    async def find(self, asset_id: str, until: str, mac: str) -> Path | None:
        """The file behind an address; None for one that is not ours, or ended, or whose picture is gone."""
        wanted = self._mac(asset_id, until).encode()
        if not hmac.compare_digest(wanted, mac.encode(errors="replace")):
            return None
        if len(until) > _DIGITS or int(until) * SECOND_MS < self._clock.now():
            return None
        try:
            return await self._media.path_of(AssetId(asset_id))
        except MediaError:
            return None

    def _mac(self, asset_id: str, until: str) -> str:
        return hmac.new(self._key, f"{asset_id}/{until}".encode(errors="replace"), hashlib.sha256).hexdigest()

"""The front of this room: an address or bytes in, an asset out."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.core.errors import TooLarge
from bot.core.ids import AssetId
from bot.core.requests import PictureFormat
from bot.media.assets import Asset, AssetStore, Draft
from bot.media.download import MAX_BYTES, Downloader
from bot.media.pictures import Fitted, Pictures


class Media:
    """Fetches, proves, keeps and fits pictures.

    `async with` makes the folder, sweeps what a crash left half written and opens the connections.
    The row of an asset is the caller's: `bot.media.store.insert_asset` in a transaction of its own choosing.
    A file without a row, after a crash between the two, is found again under the same name when the picture
    is kept again.
    """

    def __init__(self, folder: Path, downloader: Downloader, *, max_bytes: int = MAX_BYTES) -> None:
        self._store = AssetStore(folder)
        self._downloader = downloader
        self._pictures = Pictures()
        self._max_bytes = max_bytes
        self.swept = 0  # half-written files that the start removed

    async def __aenter__(self) -> Self:
        self.swept = await asyncio.to_thread(self._store.prepare)
        await self._downloader.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pictures.close()
        await self._downloader.__aexit__(kind, error, trace)

    async def fetch(self, picture_url: str) -> Asset:
        """Downloads, proves and keeps one picture.

        Raises MediaError: UnsafeAddress, DownloadFailed, TooLarge or NotAPicture. Nothing is left behind
        then.
        """
        with self._store.draft() as draft:
            await self._downloader.download(picture_url, draft)
            return await self._finish(draft)

    async def keep(self, data: bytes) -> Asset:
        """Proves and keeps bytes that are here already. Raises TooLarge, NotAPicture, or DownloadFailed
        (disk)."""
        if len(data) > self._max_bytes:
            raise TooLarge(f"more than {self._max_bytes} bytes")
        with self._store.draft() as draft:
            await asyncio.to_thread(draft.write, data)
            return await self._finish(draft)

    async def _finish(self, draft: Draft) -> Asset:
        data = await asyncio.to_thread(draft.read)
        facts = await self._pictures.inspect(data)
        asset_id, path = await asyncio.to_thread(self._store.place, draft, facts.format)
        return Asset(
            id=asset_id,
            format=facts.format,
            width=facts.width,
            height=facts.height,
            byte_size=facts.byte_size,
            path=path,
        )

    async def read(self, asset_id: AssetId) -> tuple[bytes, PictureFormat]:
        """A kept picture's bytes and format. Raises MediaError when they are gone or damaged."""
        return await asyncio.to_thread(self._store.read, asset_id)

    async def fit(self, asset_id: AssetId, *, limit_bytes: int) -> Fitted:
        """A kept picture's own bytes when they fit, else the best smaller WebP. The kept file stays as it is.

        Raises MediaError when the picture is gone, TooLarge when it fits in no form.
        """
        data, picture_format = await self.read(asset_id)
        return await self._pictures.fit(data, picture_format, limit_bytes=limit_bytes)

"""The front of this room: an address or bytes in, an asset out."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.core.clock import SECOND_MS, Millis
from bot.core.errors import MediaError, TooLarge
from bot.core.ids import AssetId
from bot.core.requests import PictureFormat
from bot.media.assets import Asset, AssetStore, Draft
from bot.media.download import MAX_BYTES, Downloader
from bot.media.intake import take_in
from bot.media.pictures import Fitted, Pictures
from bot.media.thumbnails import thumbnail


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A member's picture, kept. `is_as_sent`: byte for byte what lies behind its address."""

    asset: Asset
    is_as_sent: bool


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

    async def bring(self, picture_url: str) -> Brought:
        """Downloads a member's picture and keeps it upright, without what its file tells beside the picture.

        Raises as `fetch`, and MovingPicture. Nothing is left behind then.
        """
        with self._store.draft() as sent:
            await self._downloader.download(picture_url, sent)
            data = await asyncio.to_thread(sent.read)
            bare = await self._pictures.run(lambda: take_in(data))
        return Brought(asset=await self.keep(bare), is_as_sent=bare is data)

    async def is_kept(self, asset_id: AssetId) -> bool:
        """Whether the picture is still on disk."""
        try:
            await asyncio.to_thread(self._store.find, asset_id)
        except MediaError:
            return False
        return True

    async def path_of(self, asset_id: AssetId) -> Path:
        """Where the picture lies. Raises MediaError when it is gone."""
        path, _ = await asyncio.to_thread(self._store.find, asset_id)
        return path

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

    async def thumbnail(self, asset_id: AssetId) -> bytes:
        """A kept picture as a small WebP, for lists. Raises MediaError when it is gone or damaged."""
        data, _ = await self.read(asset_id)
        return await self._pictures.run(lambda: thumbnail(data))

    async def remove(self, asset_id: AssetId, *, before: Millis) -> bool:
        """Removes a picture's file where it was written before that moment; False where it was not.

        Raises MediaError (disk).
        """
        return await asyncio.to_thread(self._store.remove, asset_id, before_s=before / SECOND_MS)

    async def shelves(self) -> Sequence[Path]:
        """The folders that pictures lie in."""
        return await asyncio.to_thread(self._store.shelves)

    async def on_shelf(self, shelf: Path, *, before: Millis) -> Sequence[AssetId]:
        """What lies in one of them and was written before that moment."""
        return await asyncio.to_thread(self._store.on_shelf, shelf, before_s=before / SECOND_MS)

    async def fit(self, asset_id: AssetId, *, limit_bytes: int, is_generated: bool = True) -> Fitted:
        """A kept picture's own bytes when they fit, else the best smaller WebP. The kept file stays as it is.

        A smaller one says in its metadata that a model made it, unless `is_generated` is False. Raises MediaError when
        the picture is gone, TooLarge when it fits in no form.
        """
        data, picture_format = await self.read(asset_id)
        return await self._pictures.fit(data, picture_format, limit_bytes=limit_bytes, is_generated=is_generated)

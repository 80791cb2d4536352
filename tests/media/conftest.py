"""A room of pictures on a folder of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver

from bot.media import Downloader, DownloadLimits, Media, parse_allowed

OpenMedia = Callable[..., AbstractAsyncContextManager[Media]]


def files(folder: Path) -> list[Path]:
    """Every file below the folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


@pytest.fixture
def open_media(folder: Path) -> OpenMedia:
    """Opens `Media` that may fetch from the given hosts, within the given limits."""

    @asynccontextmanager
    async def opened(
        *allowed: str, limits: DownloadLimits | None = None, resolver: AbstractResolver | None = None
    ) -> AsyncIterator[Media]:
        downloader = Downloader(allowed=parse_allowed(allowed), limits=limits, resolver=resolver)
        async with Media(folder, downloader) as media:
            yield media

    return opened

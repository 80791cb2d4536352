"""What a kill and a full disk leave behind."""

import asyncio
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.core.errors import DownloadFailed
from tests.media import samples
from tests.media.conftest import OpenMedia, files
from tests.media.servers import serving

FETCH = """
import asyncio, pathlib, sys
from bot.core.crashpoints import parse
from bot.media import Downloader, Media, parse_allowed

async def main():
    folder, port, crash_at = sys.argv[1:]
    downloader = Downloader(allowed=parse_allowed(["127.0.0.1"]), crashpoints=parse(crash_at))
    async with Media(pathlib.Path(folder), downloader) as media:
        await media.fetch(f"http://127.0.0.1:{port}/")

asyncio.run(main())
"""


async def gallery(_request: web.BaseRequest) -> web.Response:
    return web.Response(body=samples.noise("PNG"))


async def test_a_kill_in_a_download_leaves_a_part_that_the_next_start_sweeps(
    open_media: OpenMedia, folder: Path
) -> None:
    async with serving(gallery) as port:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FETCH, str(folder), str(port), "mid_download"
        )
        assert await child.wait() == -signal.SIGKILL
        assert [path.name[:4] for path in files(folder)] == ["tmp-"]
        async with open_media("127.0.0.1") as media:
            assert media.swept == 1
            asset = await media.fetch(f"http://127.0.0.1:{port}/")
    assert files(folder) == [asset.path]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond 64 KiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
async def test_a_full_disk_is_a_passing_fault_and_leaves_nothing(open_media: OpenMedia, folder: Path) -> None:
    async with serving(gallery) as port, open_media("127.0.0.1") as media:
        with pytest.raises(DownloadFailed, match="could not be saved: File too large") as caught:
            await media.fetch(f"http://127.0.0.1:{port}/")
        assert not caught.value.is_gone
        with pytest.raises(DownloadFailed, match="could not be saved"):
            await media.keep(samples.noise("PNG"))
    assert files(folder) == []

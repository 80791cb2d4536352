"""C16: a place that cannot be written ends the start with one line and exit code 69, before a word to Discord."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.ground import DATABASE_NAME, PICTURES_NAME
from sandbox.stage import stage
from tests.e2e.process import PATIENCE_S

EX_UNAVAILABLE = 69


def _on_a_file_system_that_takes_no_files(_folder: Path) -> Path:
    """Not even from root, for whom permissions do not bind."""
    return Path("/proc/easel")


def _with_something_else_for_a_database(folder: Path) -> Path:
    (folder / DATABASE_NAME).mkdir(parents=True)
    return folder


def _with_something_else_for_the_pictures(folder: Path) -> Path:
    folder.mkdir()
    (folder / PICTURES_NAME).write_text("a file stands where the folder should", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "make",
    [
        _on_a_file_system_that_takes_no_files,
        _with_something_else_for_a_database,
        _with_something_else_for_the_pictures,
    ],
)
async def test_a_place_that_cannot_be_used_ends_the_start_in_one_line(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    place = make(tmp_path / "easel")
    async with (
        stage(tmp_path, scale=0.02, picture_side=64) as built,
        built.bot(ready=False, EASEL_DATA_DIR=str(place)) as bot,
    ):
        assert await bot.wait(PATIENCE_S) == EX_UNAVAILABLE, bot.log()
        told = [line for line in bot.log().splitlines() if not line.startswith("{")]
        assert len(told) == 1, bot.log()
        assert told[0].startswith("easel: ")
        assert str(place) in told[0]
        assert list(built.sandbox.requests) == []

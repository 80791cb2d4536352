"""Pictures on disk, and their rows."""

import hashlib
from pathlib import Path

import pytest

from bot.core.clock import Millis
from bot.core.errors import DatabaseUnavailable, DownloadFailed, MediaError
from bot.core.ids import AssetId
from bot.core.requests import PictureFormat
from bot.db import Database
from bot.media import store
from bot.media.assets import Asset, AssetStore


@pytest.fixture
def assets(folder: Path) -> AssetStore:
    made = AssetStore(folder)
    made.prepare()
    return made


def keep(assets: AssetStore, data: bytes) -> tuple[AssetId, Path]:
    with assets.draft() as draft:
        draft.write(data)
        return assets.place(draft, PictureFormat.PNG)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_picture_is_named_by_its_hash(assets: AssetStore, folder: Path) -> None:
    expected = hashlib.sha256(b"bytes").hexdigest()
    asset_id, path = keep(assets, b"bytes")
    assert asset_id == expected
    assert path == folder / expected[:2] / f"{expected}.png"
    assert assets.read(asset_id) == (b"bytes", PictureFormat.PNG)


def test_the_same_bytes_are_one_file(assets: AssetStore, folder: Path) -> None:
    assert keep(assets, b"bytes") == keep(assets, b"bytes")
    assert len(files(folder)) == 1


def test_a_file_that_went_bad_is_noticed_and_healed_by_the_same_bytes(assets: AssetStore) -> None:
    asset_id, path = keep(assets, b"bytes")
    path.write_bytes(b"rotten")
    with pytest.raises(MediaError, match="damaged"):
        assets.read(asset_id)
    keep(assets, b"bytes")
    assert assets.read(asset_id)[0] == b"bytes"


def test_a_draft_that_is_not_placed_vanishes(assets: AssetStore, folder: Path) -> None:
    with assets.draft() as draft:
        draft.write(b"half")
        assert [name[:4] for name in files(folder)] == ["tmp-"]
    assert files(folder) == []


def test_leftovers_are_swept_at_the_start_and_pictures_are_not(assets: AssetStore, folder: Path) -> None:
    asset_id, _ = keep(assets, b"bytes")
    (folder / "tmp-abc").write_bytes(b"half")
    assert AssetStore(folder).prepare() == 1
    assert len(files(folder)) == 1
    assert assets.read(asset_id)[0] == b"bytes"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "../../etc/passwd",
        "a" * 63,
        "a" * 65,
        "A" * 64,
        "a" * 63 + "\n",
        "a" * 63 + "\0",
        "/" * 64,
        "٣" * 64,
    ],
)
def test_only_an_id_ever_becomes_a_path(assets: AssetStore, text: str) -> None:
    with pytest.raises(MediaError, match="not an asset id"):
        assets.read(AssetId(text))


def test_a_picture_that_is_not_here_is_named(assets: AssetStore) -> None:
    with pytest.raises(MediaError, match="aaaaaaaaaaaa is not on disk"):
        assets.read(AssetId("a" * 64))


def test_a_folder_that_cannot_be_used_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatabaseUnavailable, match="pictures' folder"):
        AssetStore(tmp_path / "file").prepare()


def test_a_folder_that_cannot_be_written_is_a_passing_fault(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="could not be saved"):
        AssetStore(tmp_path / "missing").draft()


async def test_the_row_of_a_picture_is_stored_once(tmp_path: Path) -> None:
    asset = Asset(
        id=AssetId("ab" * 32),
        format=PictureFormat.WEBP,
        width=640,
        height=480,
        byte_size=1234,
        path=tmp_path / "x",
    )
    async with Database.open(tmp_path / "easel.db") as database:
        await database.write(lambda tx: store.insert_asset(tx, asset, at=Millis(5)))
        await database.write(lambda tx: store.insert_asset(tx, asset, at=Millis(9)))
        row = await database.read(lambda reader: store.asset_of(reader, asset.id))
        nothing = await database.read(lambda reader: store.asset_of(reader, AssetId("cd" * 32)))
    assert row == store.AssetRow(
        id=asset.id, format=PictureFormat.WEBP, width=640, height=480, byte_size=1234, created_at=Millis(5)
    )
    assert nothing is None

"""Pictures on disk, named by the SHA-256 of their bytes.

    <folder>/tmp-*                    being written; what a crash left is swept at the next start
    <folder>/ab/abcd….png             whole, decoded once, durable

A name is made of hex digits and one of three endings, never of anything a person or a gateway wrote. The same
bytes make the same name, so they are kept once. One process owns the folder (the lock beside the database
holds that).
"""

import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.core.errors import DatabaseUnavailable, DownloadFailed, MediaError
from bot.core.ids import AssetId
from bot.core.requests import PictureFormat

TEMPORARY_PREFIX = "tmp-"
ENDINGS = {PictureFormat.PNG: "png", PictureFormat.JPEG: "jpg", PictureFormat.WEBP: "webp"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A picture that is whole, decodes, and lies at `path`."""

    id: AssetId
    format: PictureFormat
    width: int
    height: int
    byte_size: int
    path: Path


class Draft:
    """A temporary file that counts and hashes what is written; it vanishes on exit unless it was placed."""

    def __init__(self, folder: Path) -> None:
        with _saving():
            handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=folder)
        # Buffered on purpose: its lock makes closing wait for a write that a cancelled caller left in a
        # thread.
        self._file = os.fdopen(handle, "w+b")
        self.path = Path(name)
        self.byte_size = 0
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        try:
            self._file.close()
        except OSError:
            # Flushing the rest failed on a full disk. The handle is closed all the same and the file goes
            # next.
            pass

    def write(self, data: bytes) -> None:
        """Appends. Raises DownloadFailed when the disk does not take it."""
        with _saving():
            self._file.write(data)
        self._hash.update(data)
        self.byte_size += len(data)

    def read(self) -> bytes:
        """All that was written so far."""
        with _saving():
            self._file.seek(0)
            data = self._file.read()
            self._file.seek(0, os.SEEK_END)
        return data

    def seal(self) -> AssetId:
        """Makes the bytes durable, closes the file and returns their name."""
        with _saving():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return AssetId(self._hash.hexdigest())


class AssetStore:
    """The folder of pictures. All of it blocks: call it from a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Between looking at a file's age and removing it no new one may take its name.
        self._naming = threading.Lock()

    def prepare(self) -> int:
        """Makes the folder and sweeps what a crash left half written; returns how many files that were.

        Raises DatabaseUnavailable, as for the rest of the data folder, where the folder cannot be used.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            leftovers = list(self._folder.glob(f"{TEMPORARY_PREFIX}*"))
            for leftover in leftovers:
                leftover.unlink(missing_ok=True)
        except OSError as error:
            raise DatabaseUnavailable(
                f"the pictures' folder {self._folder} cannot be used: {error.strerror}"
            ) from error
        return len(leftovers)

    def draft(self) -> Draft:
        """A new temporary file; use it in a `with`."""
        return Draft(self._folder)

    def place(self, draft: Draft, picture_format: PictureFormat) -> tuple[AssetId, Path]:
        """Gives a finished draft its name for good. The same bytes again replace themselves."""
        asset_id = draft.seal()
        target = self.path_of(asset_id, picture_format)
        with _saving():
            if not target.parent.is_dir():
                target.parent.mkdir(exist_ok=True)
                _sync_folder(self._folder)
            with self._naming:
                draft.path.replace(target)
            _sync_folder(target.parent)
        return asset_id, target

    def path_of(self, asset_id: AssetId, picture_format: PictureFormat) -> Path:
        """Where the picture lies or would lie. Raises MediaError for what is no id."""
        if _SHA256.fullmatch(asset_id) is None:
            raise MediaError("not an asset id")
        return self._folder / asset_id[:2] / f"{asset_id}.{ENDINGS[picture_format]}"

    def find(self, asset_id: AssetId) -> tuple[Path, PictureFormat]:
        """The picture's path and format. Raises MediaError when it is not here."""
        for picture_format in PictureFormat:
            path = self.path_of(asset_id, picture_format)
            if path.is_file():
                return path, picture_format
        raise MediaError(f"asset {asset_id[:12]} is not on disk")

    def remove(self, asset_id: AssetId, *, before_s: float) -> bool:
        """Removes the picture where it was written before that moment (seconds since 1970); False where it was not.

        A younger file was kept anew, and its row is perhaps still to be written. Raises MediaError (disk).
        """
        paths = [self.path_of(asset_id, picture_format) for picture_format in PictureFormat]
        try:
            with self._naming:
                found = [path for path in paths if path.is_file() and path.stat().st_mtime < before_s]
                for path in found:
                    path.unlink()
        except OSError as error:
            raise MediaError(f"asset {asset_id[:12]} cannot be removed: {error.strerror}") from error
        return bool(found)

    def shelves(self) -> list[Path]:
        """The folders that pictures lie in; there are 256 at most."""
        return sorted(path for path in self._folder.iterdir() if path.is_dir())

    def on_shelf(self, shelf: Path, *, before_s: float) -> list[AssetId]:
        """What lies in one of them and was written before that moment (seconds since 1970)."""
        found = []
        for path in shelf.iterdir():
            try:
                is_old = path.stat().st_mtime < before_s
            except FileNotFoundError:
                continue
            if is_old and _SHA256.fullmatch(path.stem) is not None:
                found.append(AssetId(path.stem))
        return sorted(found)

    def read(self, asset_id: AssetId) -> tuple[bytes, PictureFormat]:
        """The picture's bytes and format. Raises MediaError when it is not here or no longer what it was."""
        path, picture_format = self.find(asset_id)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise MediaError(f"asset {asset_id[:12]} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != asset_id:
            raise MediaError(f"asset {asset_id[:12]} is damaged on disk")
        return data, picture_format


@contextmanager
def _saving() -> Iterator[None]:
    """A full disk is a passing fault: the picture can be kept once there is room."""
    try:
        yield
    except OSError as error:
        raise DownloadFailed(f"the picture could not be saved: {error.strerror}", is_ours=True) from error


def _sync_folder(folder: Path) -> None:
    """Makes a rename in the folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

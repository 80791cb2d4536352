"""One process owns a data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.errors import DatabaseUnavailable, DataFolderBusy

LOCK_NAME = "easel.lock"


@contextmanager
def lock_data_folder(data_dir: Path) -> Iterator[None]:
    """Holds the folder for this process; the kernel lets go of it when the process ends, however it ends.

    Makes the folder where there is none. Raises DataFolderBusy where another process holds it,
    DatabaseUnavailable where it cannot be used at all. Two processes could corrupt the file (SQLite's
    WAL-reset bug, 3.7.0 to 3.51.2) and would both run every job.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DatabaseUnavailable(f"the data folder {data_dir} cannot be used: {error.strerror}") from error
    try:
        _lock(handle, data_dir)
        yield
    finally:
        # The file stays: were it deleted, a third process could lock a new one beside a second's old one.
        os.close(handle)


def _lock(handle: int, data_dir: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
        raise DataFolderBusy(f"another Easel (process {owner}) owns the data folder {data_dir}") from None
    os.ftruncate(handle, 0)
    os.write(handle, f"{os.getpid()}\n".encode())

"""Whether the data folder and the database in it can be used. Nothing is written or locked."""

import os
import shutil
import stat
from pathlib import Path

from bot.commands import plain, store
from bot.commands.checks import Check, Level
from bot.core.errors import DatabaseUnavailable
from bot.db import Database

GIB = 1024**3
# Pictures and the write-ahead log need room; a full disk stops every request.
MIN_FREE_BYTES = GIB
# Versions 3.7.0 to 3.51.2 can corrupt a file that two connections write and checkpoint at once (the WAL-reset bug).
MENDED_SQLITE = (3, 51, 3)
# Locks and the shared memory of the write-ahead log need one machine's own disk (sqlite.org/wal.html); a container's
# overlay is local, but gone with the container.
_REMOTE = frozenset({"9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs"})
_PASSING = frozenset({"overlay", "tmpfs", "ramfs"})
_MOUNTS = Path("/proc/self/mountinfo")


def examine_folder(folder: Path) -> list[Check]:
    """Permissions, room, and what kind of disk it is."""
    title = "data folder"
    if not _is_there(folder):
        parent = next(one for one in folder.absolute().parents if _is_there(one))
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            told = f"{folder} is not there and cannot be made: make it, or set EASEL_DATA_DIR"
            return [Check(Level.BAD, title, told)]
        told = f"{folder} is not there yet; the start makes it"
        return [Check(Level.OK, title, told), _room(parent), _disk(parent)]
    if not folder.is_dir():
        return [Check(Level.BAD, title, f"{folder} is no folder: set EASEL_DATA_DIR")]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        told = f"{folder} cannot be read and written by this user: chown or chmod it"
        return [Check(Level.BAD, title, told)]
    return [_permissions(folder), _room(folder), _disk(folder)]


def _is_there(path: Path) -> bool:
    """False also where a folder on the way is closed to us; `Path.exists` raises then."""
    return os.path.exists(path)


def _permissions(folder: Path) -> Check:
    if folder.stat().st_mode & stat.S_IWOTH:
        return Check(Level.WARN, "data folder", f"everybody can write to {folder}: chmod o-w")
    return Check(Level.OK, "data folder", f"{folder} can be read and written")


def _room(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    told = f"{free / GIB:.1f} GiB free"
    if free < MIN_FREE_BYTES:
        return Check(Level.WARN, "disk", f"{told}: make room for at least 1 GiB")
    return Check(Level.OK, "disk", told)


def _disk(folder: Path) -> Check:
    title = "file system"
    try:
        kind = kind_of(folder.resolve(), _MOUNTS.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        kind = None
    if kind is None:
        return Check(Level.OK, title, "its kind is not told here; the database needs a local disk")
    if kind in _REMOTE or kind.startswith("fuse"):
        return Check(
            Level.WARN, title, f"{plain(kind)} may be no local disk, and the database needs one: move the folder"
        )
    if kind in _PASSING:
        return Check(Level.WARN, title, f"{kind} may be gone with the container or the machine: mount a volume there")
    return Check(Level.OK, title, plain(kind))


def kind_of(folder: Path, mounts: str) -> str | None:
    """The file system's kind by the text of `/proc/self/mountinfo` (proc(5)); None where no line fits."""
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        if len(fields) < 5 or not kinds:
            continue
        # Blanks and their like stand there as octal numbers.
        point = fields[4].encode("latin-1", "replace").decode("unicode_escape")
        depth = len(Path(point).parts)
        # Of mounts on one place the last lies on top.
        if folder.is_relative_to(point) and (found is None or depth >= found[0]):
            found = (depth, kinds[0])
    return None if found is None else found[1]


async def examine_database(path: Path) -> list[Check]:
    """SQLite's version, and whether the file is whole; read alone, also beside a running bot."""
    if not _is_there(path):
        told = f"{path} is not there yet; the start makes it. SQLite's version is told once it is there"
        return [Check(Level.OK, "database", told)]
    try:
        async with Database.open_readonly(path) as readers:
            version = await readers.read(store.sqlite_version)
            damage = await readers.read(store.quick_check)
    except DatabaseUnavailable as error:
        return [Check(Level.BAD, "database", plain(str(error)))]
    if damage is not None:
        return [_version(version), Check(Level.BAD, "database", f"damaged ({plain(damage)}): restore a backup")]
    return [_version(version), Check(Level.OK, "database", f"{path} is whole")]


def _version(version: tuple[int, ...]) -> Check:
    told = ".".join(str(part) for part in version)
    if version < MENDED_SQLITE:
        told += " can corrupt a file that two programs write at once: let nothing but Easel open it; 3.51.3 mends that"
        return Check(Level.WARN, "SQLite", told)
    return Check(Level.OK, "SQLite", told)

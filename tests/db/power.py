"""What a disk holds after the power went at some moment of a recorded log.

All that was synced is there. Each step after a file's last sync may have reached the disk or not, whatever came
before or after it, and a write may be torn at the boundaries of sectors. The first sync of a new journal or log
syncs the folder too, and with it the deletions before (SQLite's os_unix.c does that; a journal that came back later
would undo everything).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from tests.db.recorded import Acknowledged, Delete, Step, Sync, Truncate, Write

SECTOR = 512


class Disk:
    """The files as synced, and the steps since."""

    def __init__(self) -> None:
        self._synced: dict[str, bytes] = {}
        self._pending: dict[str, list[Write | Truncate | Delete]] = {}
        self.acknowledged: list[str] = []

    def take(self, step: Step) -> None:
        """One step of the log."""
        match step:
            case Acknowledged():
                self.acknowledged.append(step.name)
            case Sync():
                if step.file.endswith(("-journal", "-wal")) and step.file not in self._synced:
                    self._flush_deletions()
                self._flush(step.file)
            case Delete(is_synced=True):
                self._pending.pop(step.file, None)
                self._synced.pop(step.file, None)
            case Write() | Truncate() | Delete():
                self._pending.setdefault(step.file, []).append(step)

    def _flush(self, file: str) -> None:
        _keep(self._synced, file, self._pending.pop(file, []))

    def _flush_deletions(self) -> None:
        for file in [file for file, steps in self._pending.items() if isinstance(steps[-1], Delete)]:
            self._flush(file)

    def cut(self, folder: Path, chance: Random) -> None:
        """Writes what is left of the files into the folder."""
        left = dict(self._synced)
        for file, steps in self._pending.items():
            _keep(left, file, [part for step in steps for part in _survivors(step, chance)])
        for file, data in left.items():
            (folder / file).write_bytes(data)


def _keep(files: dict[str, bytes], file: str, steps: Sequence[Write | Truncate | Delete]) -> None:
    if not steps:
        return
    data = bytearray(files.pop(file, b""))
    is_there = True
    for step in steps:
        is_there = not isinstance(step, Delete)
        match step:
            case Write():
                end = step.offset + len(step.data)
                data.extend(bytes(max(0, end - len(data))))
                data[step.offset : end] = step.data
            case Truncate():
                data = data[: step.size].ljust(step.size, b"\0")
            case Delete():
                data.clear()
    if is_there:
        files[file] = bytes(data)


def _survivors(step: Write | Truncate | Delete, chance: Random) -> Iterator[Write | Truncate | Delete]:
    """The step whole, in pieces, or not at all: each a third of the time."""
    fate = chance.randrange(3)
    if fate == 0:
        yield step
    elif fate == 1 and isinstance(step, Write):
        for start in range(0, len(step.data), SECTOR):
            if chance.random() < 0.5:
                yield Write(file=step.file, offset=step.offset + start, data=step.data[start : start + SECTOR])


def cuts(log: Sequence[Step], folder: Path, *, count: int, chance: Random) -> Iterator[tuple[Path, list[str]]]:
    """For `count` random moments of the log: a folder with what is left, and what had been acknowledged by then."""
    moments = sorted(chance.randrange(len(log) + 1) for _ in range(count))
    disk, at = Disk(), 0
    for number, moment in enumerate(moments):
        for step in log[at:moment]:
            disk.take(step)
        at = moment
        place = folder / f"cut-{number}"
        place.mkdir()
        disk.cut(place, chance)
        yield place, list(disk.acknowledged)

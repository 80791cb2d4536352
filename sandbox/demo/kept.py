"""What a demo with --keep leaves in its folder, and takes up again: the world, the gateways' book, the bot's data.

run/demo/kept.json      written as a whole beside the old one, then put in its place
run/demo/files/         the attachments, each under its id
run/demo/data/          the bot's own: database and pictures
"""

import asyncio
import fcntl
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sandbox.discord import Change, ChangeKind, keeping
from sandbox.discord.keeping import KeptWorld
from sandbox.gateways.book import Charge
from sandbox.stage import ROOT, Stage

NAME = "kept.json"
FILES = "files"
MARK = ".easel-demo"  # a folder with it may be emptied
SAVE_EVERY_S = 3.0
SHAPE = 1  # of the file; another one is not read
OTHERS = 9  # demos beside each other, each with a folder of its own
_CHARGES = TypeAdapter(list[Charge])


class Unkeepable(Exception):
    """The kept state cannot be taken up; the text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What lay in the folder. `starts` counts the demos on it: gateways number their works from it."""

    world: KeptWorld
    charges: tuple[Charge, ...]
    starts: int


@contextmanager
def claim(folder: Path, *, is_kept: bool) -> Iterator[Path]:
    """A folder for this demo alone: the one named or, where another demo has it, the next one beside it.

    Raises Unkeepable where it must be the named one and is taken.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, OTHERS + 1):
        mine = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        handle = os.open(mine.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            if is_kept:
                raise Unkeepable(f"another demo is using {folder}") from None
            continue
        try:
            yield mine
        finally:
            os.close(handle)
        return
    raise Unkeepable(f"{OTHERS} demos are running already")


def empty(folder: Path) -> None:
    """Throws away what a demo left there. Raises Unkeepable where something else lies in the folder."""
    is_ours = folder.parent == ROOT / "run" or (folder / MARK).exists()
    if folder.exists() and any(folder.iterdir()) and not is_ours:
        raise Unkeepable(f"{folder} is not a demo's folder, so it is not emptied; name another one")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def take_up(folder: Path) -> Kept | None:
    """What was kept in the folder; None where nothing was, and then the folder is empty. Raises Unkeepable."""
    if not (folder / NAME).exists():
        empty(folder)
        return None
    (folder / "catalogue.toml").unlink(missing_ok=True)  # made anew, for the scale of this demo
    try:
        body = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if body["shape"] != SHAPE:
            raise Unkeepable("the kept demo was written by another version; start one without --keep")
        world = keeping.read(body["world"], lambda number: (folder / FILES / str(number)).read_bytes())
        charges = tuple(_CHARGES.validate_python(body["charges"]))
        return Kept(world=world, charges=charges, starts=int(body["starts"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unkeepable(f"the kept demo in {folder} cannot be read; start one without --keep") from error


@asynccontextmanager
async def saving(stage: Stage, folder: Path, *, starts: int) -> AsyncIterator[None]:
    """Writes the state every few seconds while it changes, at once with new commands, and at the end."""
    saver = _Saver(stage, folder, starts)
    task = asyncio.create_task(saver.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await saver.save()


class _Saver:
    def __init__(self, stage: Stage, folder: Path, starts: int) -> None:
        self._stage = stage
        self._folder = folder
        self._starts = starts
        self._is_changed = True
        self._lock = asyncio.Lock()
        self._hurry = asyncio.Event()
        stage.sandbox.world.listen(self._note)

    def _note(self, change: Change) -> None:
        self._is_changed = True
        # The bot notes what it has registered and does not do it again: a world without it would never be ready.
        if change.kind is ChangeKind.COMMANDS:
            self._hurry.set()

    async def run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), SAVE_EVERY_S)
            self._hurry.clear()
            if self._is_changed:
                await self.save()

    async def save(self) -> None:
        async with self._lock:
            self._is_changed = False
            world, files = keeping.write(self._stage.sandbox.world, self._stage.sandbox.guild)
            charges = _CHARGES.dump_python(list(self._stage.gateways.book.charges), mode="json")
            body = {"shape": SHAPE, "starts": self._starts, "world": world, "charges": charges}
            await asyncio.to_thread(_write, self._folder, body, files)


def _write(folder: Path, body: dict[str, Any], files: dict[int, bytes]) -> None:
    """Files first, then the JSON that names them, then what nobody names any more goes."""
    place = folder / FILES
    place.mkdir(exist_ok=True)
    for number, data in files.items():
        path = place / str(number)
        if not path.exists():
            _replace(path, data)
    _replace(folder / NAME, json.dumps(body).encode())
    for path in place.iterdir():
        if not path.name.isdecimal() or int(path.name) not in files:
            path.unlink()


def _replace(path: Path, data: bytes) -> None:
    """As a whole or not at all, also when the power goes."""
    fresh = path.with_suffix(".fresh")
    with fresh.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)

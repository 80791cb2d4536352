"""Real processes: kill -9 in commits and in a migration, exits that must not hang, the folder's lock."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors import DatabaseUnavailable, DataFolderBusy
from bot.db import Database, lock_data_folder
from bot.db.schema import statements_of
from tests.db.conftest import NOTES
from tests.db.notes import texts

ROOT = Path(__file__).parents[2]
LIMIT_S = 20

WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from bot.db import Database
from tests.db.notes import add

async def client(db, name):
    number = 0
    while True:
        await db.write(add(f"{name}-{number}"))
        print(f"{name}-{number}", flush=True)
        number += 1

async def main():
    async with Database.open(Path(sys.argv[1]), scripts=Path(sys.argv[2])) as db:
        await asyncio.gather(*(client(db, name) for name in range(8)))

asyncio.run(main())
"""

OPEN_AND = """
import asyncio, sys
from pathlib import Path
from bot.core.crashpoints import parse
from bot.db import Database

async def main():
    crashpoints = parse(sys.argv[3])
    async with Database.open(Path(sys.argv[1]), scripts=Path(sys.argv[2]), crashpoints=crashpoints) as db:
        exec(sys.argv[4])

asyncio.run(main())
"""

HOLD_LOCK = """
import sys
from pathlib import Path
from bot.db import lock_data_folder

with lock_data_folder(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Exit code and standard error; a process that hangs is ended and fails the test."""
    try:
        _, errors = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, errors


async def test_what_was_acknowledged_before_kill_9_is_there_afterwards(path: Path, scripts: Path) -> None:
    for _ in range(2):
        process = start(WRITE_FOR_EVER, path, scripts)
        assert process.stdout is not None
        acknowledged = {process.stdout.readline().strip() for _ in range(400)}
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=LIMIT_S)
        # The last line may be torn by the kill.
        acknowledged |= {line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n")}
        # A reader may come first, and must find its way through the log that the dead process left.
        async with Database.open_readonly(path, scripts=scripts) as readers:
            assert acknowledged <= set(await readers.read(texts))
        async with Database.open(path, scripts=scripts) as db:
            assert acknowledged <= set(await db.read(texts))
            assert (await db.read(lambda reader: reader.all("PRAGMA integrity_check")))[0][0] == "ok"


@pytest.mark.parametrize("nth", range(1, len(statements_of(NOTES)) + 1))
async def test_a_kill_after_any_statement_of_a_migration_is_mended_by_the_next_start(
    path: Path, scripts: Path, nth: int
) -> None:
    code, _ = finish(start(OPEN_AND, path, scripts, f"mid_migration:{nth}", "pass"))
    assert code == -signal.SIGKILL
    async with Database.open(path, scripts=scripts) as db:
        assert await db.read(texts) == []
        assert await db.write(lambda tx: tx.execute("INSERT INTO note (text) VALUES ('@')")) == 1


@pytest.mark.parametrize(("ending", "code"), [("raise ValueError", 1), ("sys.exit(3)", 3), ("pass", 0)])
def test_a_process_with_an_open_database_ends_however_its_body_ends(
    path: Path, scripts: Path, ending: str, code: int
) -> None:
    assert finish(start(OPEN_AND, path, scripts, "mid_migration:99", ending))[0] == code


def test_a_process_whose_writer_died_can_end(path: Path, scripts: Path) -> None:
    dying = "def die(tx): raise GeneratorExit\nawait db.write(die)"
    body = OPEN_AND.replace("exec(sys.argv[4])", dying.replace("\n", "\n        "))
    code, errors = finish(start(body, path, scripts, "mid_migration:99"))
    assert code == 1
    assert "the writer died" in errors


def test_a_second_process_is_refused_the_folder_in_one_clear_line(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    process = start(HOLD_LOCK, folder)
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    with (
        pytest.raises(DataFolderBusy, match=rf"^another Easel \(process {process.pid}\) owns .*$"),
        lock_data_folder(folder),
    ):
        pass
    process.send_signal(signal.SIGKILL)
    finish(process)
    with lock_data_folder(folder):
        assert (folder / "easel.lock").read_text() == f"{os.getpid()}\n"


def test_the_folder_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock_data_folder(tmp_path):
        raise ZeroDivisionError
    with lock_data_folder(tmp_path), pytest.raises(DataFolderBusy), lock_data_folder(tmp_path):
        pass


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(DatabaseUnavailable, match="cannot be used"), lock_data_folder(file / "data"):
        pass


def test_a_whole_run_in_a_loop_of_its_own_leaves_nothing_behind(path: Path, scripts: Path) -> None:
    async def main() -> list[str]:
        async with Database.open(path, scripts=scripts) as db:
            return await db.read(texts)

    assert asyncio.run(main()) == []

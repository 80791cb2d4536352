"""The plan of the house holds: a wrong arrow fails like a wrong result."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/*.py")])
_SQL = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|WITH)\b", re.MULTILINE)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_imports_go_downwards_only() -> None:
    # A process of its own: the linter sets up logging for itself and would silence ours.
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_sql_text_stands_in_stores_and_the_database_room_alone(path: Path) -> None:
    found = [text for text in _strings(ast.parse(path.read_text(encoding="utf-8"))) if _SQL.search(text)]
    is_allowed = path.name == "store.py" or path.parent == ROOT / "bot" / "db"

    assert is_allowed or not found


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_the_machines_clock_is_read_in_one_file_alone(path: Path) -> None:
    names = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    readings = names & {"time.time", "time.time_ns", "time.monotonic", "datetime.now", "datetime.utcnow"}

    assert not readings or _name(path) == "bot/core/clock.py"


@pytest.mark.parametrize("path", sorted(ROOT.glob("cogs/*.py")), ids=_name)
def test_a_cog_stays_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 200


def test_the_example_settings_are_the_settings() -> None:
    from bot import config  # noqa: PLC0415 - the settings are read in this one test

    assert (ROOT / ".env.example").read_text(encoding="utf-8") == config.example()


def test_the_lock_files_hold_hashes_and_name_no_address() -> None:
    for name in ("run", "dev", "mpp"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert "://" not in text
        assert "index-url" not in text
        pins = re.findall(r"^[a-z0-9._-]+==\S+(?: ;.*)? \\$", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[a-z]", text, re.MULTILINE))

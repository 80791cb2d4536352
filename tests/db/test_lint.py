"""A deferred BEGIN that later writes fails at once, whatever the busy timeout: there must be none."""

import re
from pathlib import Path

import pytest

import bot.db

FOLDER = Path(bot.db.__file__).parent
# A trigger's body begins on a line of its own, with its statements behind it.
BEGIN = re.compile(
    r"""(?:^|["'(])\s*BEGIN\b(?! IMMEDIATE\b)(?:\s*;|\s*["')]|\s+(?:DEFERRED|EXCLUSIVE|TRANSACTION)\b)""",
    re.M,
)


@pytest.mark.parametrize("bad", ['execute("BEGIN")', "BEGIN;", "BEGIN DEFERRED;", 'execute("BEGIN TRANSACTION")'])
def test_the_lint_finds_a_deferred_begin(bad: str) -> None:
    assert BEGIN.search(bad)


@pytest.mark.parametrize(
    "good", ['execute("BEGIN IMMEDIATE")', "BEGIN IMMEDIATE;", "BEGIN SELECT RAISE(ABORT, 'x'); END;"]
)
def test_the_lint_lets_the_right_one_pass(good: str) -> None:
    assert not BEGIN.search(good)


def test_every_begin_of_the_database_room_is_immediate() -> None:
    files = [file for pattern in ("*.py", "*.sql") for file in FOLDER.rglob(pattern)]
    assert len(files) > 5
    assert [file.name for file in files if BEGIN.search(file.read_text(encoding="utf-8"))] == []

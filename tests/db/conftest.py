"""A folder of test migrations, so that these tests do not depend on the rooms' own tables."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.db import Database

NOTES = """
-- A table to write into; a comment with a semicolon; and a trigger of two statements.
BEGIN IMMEDIATE;
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL CHECK (text <> '')) STRICT;
CREATE TABLE mention (
    note_id INTEGER REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED,
    count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TRIGGER note_mentions AFTER INSERT ON note WHEN NEW.text = '@'
BEGIN INSERT INTO mention (note_id) VALUES (NEW.id); UPDATE mention SET count = count + 1; END;
PRAGMA user_version = 1;
COMMIT;
-- the end
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "0001_notes.sql").write_text(NOTES, encoding="utf-8")
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "easel.sqlite"


@pytest.fixture
async def db(path: Path, scripts: Path) -> AsyncIterator[Database]:
    async with Database.open(path, scripts=scripts) as database:
        yield database

"""The bench runs, in small: what it measures then means nothing, but nothing in it has rotted."""

import sqlite3
from pathlib import Path

from benchmarks import book, book_rows
from benchmarks.rows import table
from bot.db import Reader
from bot.db.connection import configure
from bot.ledger.check import check


def test_a_book_that_was_built_in_bulk_is_one_that_work_could_have_left(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite"
    book.build(path, 1_200)
    connection = sqlite3.connect(path)
    configure(connection)
    reader = Reader(connection)
    assert check(reader) == ()
    (kinds,) = reader.all("SELECT count(*) AS entries, count(DISTINCT kind) AS kinds FROM entry")
    assert (kinds["entries"], kinds["kinds"]) == (1_200, 4)
    connection.close()


async def test_every_row_about_long_books_is_measured() -> None:
    found = await book_rows.rows((10, 600), rounds=1, each=20)
    assert len(found) == 12
    assert all(row.ours for row in found)
    assert "not measured" not in table(found)

"""The rows about long books: one book for each length, built once, looked at from every side, and thrown away."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import admitting, book, exporting, reporting
from benchmarks.rows import Row

SIZES = (10, 100_000, 1_000_000)


async def rows(
    sizes: Sequence[int] = SIZES, *, rounds: int = admitting.ROUNDS, each: int = admitting.EACH
) -> list[Row]:
    """Three to four minutes, most of it for the longest book. Admission comes last: it writes."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        books = {entries: Path(folder, f"{entries}.sqlite") for entries in sizes}
        for entries, path in books.items():
            book.build(path, entries)
        longest = max(sizes)
        reports = await reporting.rows(books[longest], longest)
        exports = await exporting.rows(books[longest], longest)
        return [*await admitting.rows(books, rounds=rounds, each=each), *reports, *exports]

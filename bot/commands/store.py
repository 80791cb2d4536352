"""What SQLite says of itself and of its file."""

from bot.db import Reader


def sqlite_version(reader: Reader) -> tuple[int, ...]:
    """The version of the library in use, such as (3, 51, 3)."""
    rows = reader.all("SELECT sqlite_version() AS version")
    return tuple(int(part) for part in rows[0]["version"].split("."))


def quick_check(reader: Reader) -> str | None:
    """The first damage that SQLite finds in the file, or None (sqlite.org/pragma.html, "quick_check")."""
    rows = reader.all("PRAGMA quick_check(1)")
    found = str(rows[0][0])
    return None if found == "ok" else found

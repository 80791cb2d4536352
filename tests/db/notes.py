"""What the tests write and read."""

from collections.abc import Callable
from functools import partial

from bot.db import Reader, Transaction


def add(text: str) -> Callable[[Transaction], int]:
    """Work that adds a note and returns the number of rows changed."""
    return partial(_add, text=text)


def _add(tx: Transaction, text: str) -> int:
    return tx.execute("INSERT INTO note (text) VALUES (?)", (text,))


def texts(reader: Reader) -> list[str]:
    """Every note, the oldest first."""
    return [row["text"] for row in reader.all("SELECT text FROM note ORDER BY id")]


def break_commit(tx: Transaction) -> None:
    """Work that succeeds and makes the COMMIT fail: a reference checked only there."""
    tx.execute("INSERT INTO mention (note_id) VALUES (-1)")

"""Replays the entries of each hold in the order they were written, and names the first that cannot follow. Pure but
for `broken_entries`, which reads them.

    hold -> reprice* -> post [overrun] | void | presume -> adjust*        (no adjust after void)

A void and a presume say what was held last; an overrun stands right behind its post and says what the hold did not
cover; corrections never take a sum below nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.ids import HoldId
from bot.db import Reader
from bot.ledger.check import store
from bot.ledger.check.store import Line
from bot.ledger.model import EntryKind

PAGE = 5_000  # entries read at once: a book of any length is replayed in the memory of these


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenEntry:
    """The first entry of a hold that cannot follow those before it, and why."""

    line: Line
    why: str


class Replay:
    """One hold's entries so far."""

    def __init__(self) -> None:
        self._held: tuple[int, int] | None = None
        self._closed: EntryKind | None = None
        self._booked = 0
        self._owed: tuple[int, int] | None = None  # what the overrun behind the last post must say
        self._post: Line | None = None

    def take(self, line: Line) -> BrokenEntry | None:
        """Takes the next entry; what is wrong with it, or None."""
        owed, self._owed = self._owed, None
        if line.kind is EntryKind.OVERRUN:
            is_right = owed == (line.amount, line.pictures)
            return None if is_right else BrokenEntry(line=line, why=f"says another overrun than {owed or 'none'}")
        if owed is not None:
            return self._without_overrun()
        why = self._refused(line)
        return None if why is None else BrokenEntry(line=line, why=why)

    def end(self) -> BrokenEntry | None:
        """What is wrong where nothing follows any more."""
        return None if self._owed is None else self._without_overrun()

    def _without_overrun(self) -> BrokenEntry | None:
        return (
            None
            if self._post is None
            else BrokenEntry(line=self._post, why="is more than was held; no overrun says so")
        )

    def _refused(self, line: Line) -> str | None:
        if line.kind is EntryKind.HOLD:
            return self._open(line)
        if self._held is None:
            return "comes before the hold was opened"
        if line.kind is EntryKind.ADJUST:
            return self._adjust(line)
        if self._closed is not None:
            return f"comes after the hold was closed by a {self._closed}"
        if line.kind is EntryKind.REPRICE:
            return self._reprice(line, self._held)
        return self._close(line, self._held)

    def _open(self, line: Line) -> str | None:
        if self._held is not None:
            return "opens a hold that is there already"
        self._held = (line.amount, line.pictures)
        return None

    def _reprice(self, line: Line, held: tuple[int, int]) -> str | None:
        if line.pictures != held[1]:
            return f"changes {held[1]} pictures, which stay"
        self._held = (line.amount, line.pictures)
        return None

    def _close(self, line: Line, held: tuple[int, int]) -> str | None:
        self._closed = line.kind
        if line.kind is EntryKind.POST:
            over = (max(0, line.amount - held[0]), max(0, line.pictures - held[1]))
            self._owed = over if any(over) else None
            self._post = line
        elif (line.amount, line.pictures) != held:
            return f"says other than what was held, {held[0]} and {held[1]} pictures"
        self._booked = 0 if line.kind is EntryKind.VOID else line.amount
        return None

    def _adjust(self, line: Line) -> str | None:
        if self._closed not in (EntryKind.POST, EntryKind.PRESUME):
            return "corrects a hold on which nothing was booked"
        self._booked += line.amount
        return None if self._booked >= 0 else f"leaves a sum of {self._booked}"


def broken_entries(reader: Reader) -> Iterator[BrokenEntry]:
    """The first broken entry of each hold that has one, by hold. Reads the whole book, a page at a time."""
    replay, is_broken, after = Replay(), False, (HoldId(""), 0)
    while page := store.lines(reader, after=after, limit=PAGE):
        for line in page:
            if line.hold_id != after[0]:
                if not is_broken and (last := replay.end()) is not None:
                    yield last
                replay, is_broken = Replay(), False
            after = (line.hold_id, line.id)
            if not is_broken and (found := replay.take(line)) is not None:
                is_broken = True
                yield found
    if not is_broken and (last := replay.end()) is not None:
        yield last

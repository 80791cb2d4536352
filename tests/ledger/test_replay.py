"""Each entry must be able to follow those before it; the first that cannot is named, with its reason."""

import pytest

from bot.core.ids import HoldId
from bot.ledger.check import replay
from bot.ledger.check.replay import Replay, broken_entries
from bot.ledger.check.store import Line
from bot.ledger.model import EntryKind
from tests.ledger.book import Book, request, unguarded
from tests.ledger.test_check import filled

Told = tuple[str, int, int]


def broken(*told: Told) -> tuple[int, str] | None:
    """Which of the entries breaks the hold, from 1, and why."""
    taking = Replay()
    for number, (kind, amount, pictures) in enumerate(told, start=1):
        line = Line(id=number, hold_id=HoldId("h"), kind=EntryKind(kind), amount=amount, pictures=pictures)
        if (found := taking.take(line)) is not None:
            return found.line.id, found.why
    last = taking.end()
    return None if last is None else (last.line.id, last.why)


@pytest.mark.parametrize(
    "told",
    [
        [("hold", 5, 1)],
        [("hold", 5, 1), ("reprice", 7, 1), ("reprice", 2, 1), ("void", 2, 1)],
        [("hold", 5, 1), ("presume", 5, 1), ("adjust", -5, 0), ("adjust", 5, 0), ("adjust", 0, 0)],
        [("hold", 5, 1), ("post", 0, 0)],
        [("hold", 5, 1), ("post", 7, 1), ("overrun", 2, 0), ("adjust", 1, 0)],
        [("hold", 5, 1), ("post", 5, 3), ("overrun", 0, 2)],
    ],
)
def test_what_a_ledger_writes_can_be_replayed(told: list[Told]) -> None:
    assert broken(*told) is None


@pytest.mark.parametrize(
    ("told", "number", "why"),
    [
        ([("post", 5, 1)], 1, "before the hold was opened"),
        ([("adjust", 5, 0)], 1, "before the hold was opened"),
        ([("hold", 5, 1), ("hold", 5, 1)], 2, "there already"),
        ([("hold", 5, 1), ("reprice", 5, 2)], 2, "changes 1 pictures"),
        ([("hold", 5, 1), ("void", 5, 1), ("reprice", 5, 1)], 3, "closed by a void"),
        ([("hold", 5, 1), ("post", 5, 1), ("presume", 5, 1)], 3, "closed by a post"),
        ([("hold", 5, 1), ("void", 4, 1)], 2, "other than what was held, 5 and 1 pictures"),
        ([("hold", 5, 1), ("presume", 5, 2)], 2, "other than what was held"),
        ([("hold", 5, 1), ("adjust", 5, 0)], 2, "nothing was booked"),
        ([("hold", 5, 1), ("void", 5, 1), ("adjust", 5, 0)], 3, "nothing was booked"),
        ([("hold", 5, 1), ("post", 5, 1), ("adjust", -6, 0)], 3, "a sum of -1"),
        ([("hold", 5, 1), ("overrun", 1, 0)], 2, "another overrun than none"),
        ([("hold", 5, 1), ("post", 5, 1), ("overrun", 1, 0)], 3, "another overrun than none"),
        ([("hold", 5, 1), ("post", 7, 1), ("overrun", 1, 0)], 3, "another overrun than (2, 0)"),
        ([("hold", 5, 1), ("post", 7, 1)], 2, "no overrun says so"),
        ([("hold", 5, 1), ("post", 7, 1), ("adjust", 1, 0)], 2, "no overrun says so"),
    ],
)
def test_what_no_ledger_writes_is_named(told: list[Told], number: int, why: str) -> None:
    found = broken(*told)
    assert found is not None
    assert found[0] == number
    assert why in found[1]


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_each_broken_hold_is_named_once_however_the_pages_fall(
    broken_book: Book, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(replay, "PAGE", page)
    filled(broken_book)
    broken_book.hold(request("zz", 1, 1))
    assert list(broken_entries(broken_book.reader)) == []
    with unguarded(broken_book) as connection:
        connection.executescript(
            "DROP TRIGGER entry_is_never_changed; DROP TRIGGER entry_is_never_deleted;"
            "UPDATE entry SET amount = 1 WHERE kind IN ('void', 'presume');"
            "DELETE FROM entry WHERE kind = 'overrun';"
            "INSERT INTO entry (hold_id, kind, amount, pictures, note, at) VALUES ('zz', 'overrun', 1, 0, '', 1)"
        )
    found = [(one.line.hold_id, one.line.kind) for one in broken_entries(broken_book.reader)]
    assert found == [("over", "post"), ("presumed", "presume"), ("voided", "void"), ("zz", "overrun")]


def test_a_post_whose_overrun_is_gone_is_found_in_the_last_hold_too(broken_book: Book) -> None:
    filled(broken_book)
    with unguarded(broken_book) as connection:
        connection.executescript(
            "DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE kind = 'overrun' OR hold_id > 'over'"
        )
    assert [one.line.hold_id for one in broken_entries(broken_book.reader)] == ["over"]

"""A presumption is confirmed once, and counters that drifted become what the entries give."""

from functools import partial

import pytest

from bot.core.ids import HoldId
from bot.ledger import store
from bot.ledger.correcting.store import BrokenEntries, confirm, rebuild
from bot.ledger.model import EntryKind, NotAdjustable, UnknownHold
from bot.ledger.records import store as records
from bot.ledger.records.model import Axis, Period
from tests.ledger.book import NOON, Book, request, unguarded
from tests.ledger.test_check import HELD, filled


def say_so(book: Book, name: str) -> None:
    book.write(lambda tx: confirm(tx, hold_id=HoldId(name), at=NOON, reason="seen on the bill", author="ada"))


def presumed(book: Book, name: str) -> None:
    book.hold(request(name, 20, 2))
    book.write(lambda tx: store.presume(tx, hold_id=HoldId(name), at=NOON))


def test_what_was_presumed_stands_apart_until_a_person_confirms_it(book: Book) -> None:
    presumed(book, "a")
    (before,) = records.sums(book.reader, Axis.ALL, period=Period())
    say_so(book, "a")
    (after,) = records.sums(book.reader, Axis.ALL, period=Period())

    assert (before.amount, before.jobs, before.pictures) == (0, 0, 0)
    assert (before.presumed_amount, before.presumed_jobs, before.presumed_pictures) == (20, 1, 2)
    assert (after.amount, after.jobs, after.pictures) == (20, 1, 2)
    assert (after.presumed_amount, after.presumed_jobs, after.presumed_pictures) == (0, 0, 0)
    entry = store.entries_of(book.reader, HoldId("a"))[-1]
    assert (entry.kind, entry.amount, entry.author, entry.note) == (EntryKind.ADJUST, 0, "ada", "seen on the bill")


def test_the_first_correction_settles_a_presumption_and_later_ones_only_add(book: Book) -> None:
    presumed(book, "a")
    for difference in (-5, 2):
        correct = partial(store.adjust, hold_id=HoldId("a"), difference=difference, at=NOON, reason="", author="ada")
        book.write(correct)
    (found,) = records.sums(book.reader, Axis.ALL, period=Period())
    assert (found.amount, found.jobs, found.presumed_amount, found.presumed_jobs) == (17, 1, 0, 0)


def test_nothing_is_confirmed_twice_or_that_was_never_presumed(book: Book) -> None:
    presumed(book, "a")
    say_so(book, "a")
    book.hold(request("open", 1, 1))
    for name in ("a", "open"):
        with pytest.raises(NotAdjustable, match="waits to be confirmed"):
            say_so(book, name)
    with pytest.raises(UnknownHold):
        say_so(book, "none")


def test_a_sound_book_is_left_alone(book: Book) -> None:
    filled(book)
    assert book.write(rebuild) == ()


@pytest.mark.parametrize(
    ("damage", "row", "before", "after"),
    [
        (HELD, "counter 1 (member:1:10 money day", (21, 64, 15, 100), (20, 64, 15, 100)),
        (
            "UPDATE counter SET spent = 0 WHERE id = 3",
            "counter 3 (guild:1 money day",
            (20, 0, 15, 200),
            (20, 64, 15, 200),
        ),
        (
            "UPDATE counter SET limit_amount = 1 WHERE scope = 'bot'",
            "counter 5 (bot money month",
            (20, 64, 15, 1),
            (20, 64, 15, 69),
        ),
        ("UPDATE spend SET amount = 7", "the sum of guild 1", (3, 6, 7, 0, 0, 0), (3, 6, 64, 0, 0, 0)),
        ("DELETE FROM spend", "the sum of guild 1", (0,) * 6, (3, 6, 64, 0, 0, 0)),
        ("UPDATE spend_of_day SET amount = 7", "the spend_of_day of guild 1", (3, 6, 7, 0, 0, 0), (3, 6, 64, 0, 0, 0)),
        ("DELETE FROM spend_of_member", "the spend_of_member of guild 1", (0,) * 6, (3, 6, 64, 0, 0, 0)),
        (
            "INSERT INTO spend SELECT 2, day, 5, 'edit', 'p', 'm', 1, 1, 1, 0, 0, 0 FROM spend",
            "the sum of guild 2, 2026-05-15, member 5, edit p m",
            (1, 1, 1, 0, 0, 0),
            (0,) * 6,
        ),
    ],
)
def test_what_drifted_becomes_what_the_entries_give(
    book: Book, damage: str, row: str, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    filled(book)
    with unguarded(book) as connection:
        connection.executescript(damage)
    assert book.findings() != ()

    (repair,) = book.write(rebuild)

    assert repair.row.startswith(row)
    assert (repair.before, repair.after) == (before, after)
    assert book.findings() == ()
    assert book.write(rebuild) == ()


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TRIGGER entry_is_never_changed; UPDATE entry SET amount = 1 WHERE kind = 'void'",
        "UPDATE hold SET amount = 21 WHERE hold_id = 'open'",
        "UPDATE hold_leg SET amount = 21 WHERE hold_id = 'open'",
    ],
)
def test_nothing_is_made_anew_from_entries_that_are_broken(broken_book: Book, damage: str) -> None:
    filled(broken_book)
    with unguarded(broken_book) as connection:
        connection.executescript(f"{HELD}; {damage}")
    with pytest.raises(BrokenEntries, match=r"I[23]: "):
        broken_book.write(rebuild)
    assert broken_book.reader.all("SELECT held FROM counter WHERE id = 1")[0]["held"] == 21

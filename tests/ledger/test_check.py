"""The check finds what somebody who edits by hand would do."""

from functools import partial

import pytest

from bot.core.ids import HoldId
from bot.core.money import Ticks
from bot.ledger import store
from bot.ledger.check import Report, examine
from bot.ledger.repricing.store import reprice
from tests.ledger.book import NOON, Book, request, unguarded


def filled(book: Book) -> None:
    book.hold(request("open", 5, 2))
    limits = request("open", 5, 2).limits
    book.write(
        lambda tx: reprice(
            tx, hold_id=HoldId("open"), amount=Ticks(20), limits=limits, price_version="2", at=NOON, note="b"
        )
    )
    for name in ("posted", "voided", "presumed", "over"):
        book.hold(request(name, 20, 2))
    book.write(
        lambda tx: store.post(
            tx, hold_id=HoldId("posted"), actual=Ticks(12), pictures=1, at=NOON, basis="listed", note=""
        )
    )
    book.write(lambda tx: store.void(tx, hold_id=HoldId("voided"), at=NOON, reason=""))
    book.write(lambda tx: store.presume(tx, hold_id=HoldId("presumed"), at=NOON))
    book.write(
        lambda tx: store.post(
            tx, hold_id=HoldId("over"), actual=Ticks(30), pictures=3, at=NOON, basis="reported", note=""
        )
    )
    for difference in (5, -3):
        correct = partial(
            store.adjust,
            hold_id=HoldId("presumed"),
            difference=difference,
            at=NOON,
            reason="bill",
            author="me",
        )
        book.write(correct)


def test_a_book_with_every_kind_of_entry_is_clean(book: Book) -> None:
    assert book.findings() == ()
    filled(book)
    assert book.findings() == ()


HELD = "UPDATE counter SET held = held + 1 WHERE scope = 'member:1:10' AND unit = 'money'"
SECOND_END = """
INSERT INTO entry (hold_id, kind, amount, pictures, note, at) VALUES ('posted', 'void', 1, 1, '', 1)
"""


@pytest.mark.parametrize(
    ("damage", "invariants"),
    [
        ("UPDATE counter SET limit_amount = 1 WHERE scope = 'bot'", ["I1", "I9"]),
        (HELD, ["I2", "I8"]),
        ("UPDATE counter SET spent = spent - 1 WHERE scope = 'bot'", ["I2", "I8"]),
        ("UPDATE counter SET overrun = overrun + 1 WHERE scope = 'bot'", ["I8"]),
        (
            "DROP TRIGGER hold_terms_are_fixed; UPDATE hold SET amount = 21 WHERE hold_id = 'open'",
            ["I2"] * 4 + ["I3", "I8"],
        ),
        ("UPDATE hold SET amount = 21 WHERE hold_id = 'open'", ["I2"] * 4 + ["I3"]),
        ("DROP TRIGGER leg_of_a_closed_hold_is_fixed", ["I8"]),
        ("UPDATE hold SET state = 'voided', closed_at = 1 WHERE hold_id = 'open'", ["I2"] * 5 + ["I3"]),
        ("DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE hold_id = 'open'", ["I3"] + ["I8"] * 6),
        ("DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE kind = 'void'", ["I3"] + ["I8"] * 6),
        (
            "DROP TRIGGER entry_is_never_changed; UPDATE entry SET amount = 13 WHERE basis = 'listed'",
            ["I10"] + ["I2"] * 4 + ["I8"] * 5,
        ),
        (f"DROP INDEX entry_closes_once; {SECOND_END}", ["I3"] * 2),
        ("DROP TRIGGER entry_is_summed", ["I8"]),
        ("UPDATE spend SET presumed_jobs = 1", ["I10"]),
        ("DELETE FROM spend", ["I10"]),
        ("UPDATE spend_of_day SET amount = amount + 1", ["I10"]),
        ("DELETE FROM spend_of_member", ["I10"]),
        ("DROP TRIGGER spend_is_taken_out", ["I8"]),
        ("INSERT INTO spend SELECT 2, day, 5, 'edit', 'p', 'm', 1, 1, 1, 0, 0, 0 FROM spend", ["I10"]),
        (SECOND_END.replace("'posted', 'void'", "'gone', 'hold'"), ["I9"]),
        ("UPDATE counter SET window_kind = 'year' WHERE unit = 'pictures'", ["I9"]),
    ],
)
def test_damage_by_hand_is_found_and_named(broken_book: Book, damage: str, invariants: list[str]) -> None:
    filled(broken_book)
    with unguarded(broken_book) as connection:
        connection.executescript(damage)
    findings = broken_book.findings()
    assert sorted(finding.split(":")[0] for finding in findings) == invariants, findings


def test_a_finding_names_the_counter_and_both_numbers(broken_book: Book) -> None:
    filled(broken_book)
    with unguarded(broken_book) as connection:
        connection.execute(HELD)
    (finding, replay) = broken_book.findings()
    assert finding.startswith("I2: member:1:10 money day from ")
    assert finding.endswith("held is 21, the open holds sum to 20")
    assert replay.endswith("held, spent, overrun are (21, 64, 15), the entries give (20, 64, 15)")


UNLOCK = "DROP TRIGGER entry_is_never_changed; DROP TRIGGER entry_is_never_deleted;"


@pytest.mark.parametrize(
    ("damage", "row"),
    [
        (HELD, "counter 1 (member:1:10 money day from 1778803200000)"),
        ("UPDATE spend SET jobs = 9", "the sum of guild 1, 2026-05-15, member 10, no job"),
        ("UPDATE spend_of_member SET jobs = 9", "the spend_of_member of guild 1, 2026-05-15"),
        ("UPDATE hold SET amount = 21 WHERE hold_id = 'open'", "hold open"),
        (
            "UPDATE hold_leg SET amount = 21 WHERE hold_id = 'open' AND counter_id = 3",
            "the leg of hold open on counter 3",
        ),
        ("UPDATE entry SET amount = 19 WHERE kind = 'void'", "entry 8 (void of hold voided)"),
        ("DELETE FROM entry WHERE kind = 'void'", "entry 8, which is gone"),
        # A gap before it is nearer the cause, one behind it is not.
        (
            "DELETE FROM entry WHERE kind = 'reprice'; UPDATE entry SET amount = 19 WHERE kind = 'void'",
            "entry 2, which is gone",
        ),
        (
            "DELETE FROM entry WHERE kind = 'overrun'; UPDATE entry SET amount = 19 WHERE kind = 'void'",
            "entry 8 (void of hold voided)",
        ),
        ("DROP TRIGGER hold_closes_once", None),
    ],
)
def test_the_first_row_that_breaks_the_book_is_named(broken_book: Book, damage: str, row: str | None) -> None:
    filled(broken_book)
    assert examine(broken_book.reader) == Report(problems=(), first_row=None)
    with unguarded(broken_book) as connection:
        connection.executescript(f"{UNLOCK} {damage}")
    report = examine(broken_book.reader)
    assert report.problems
    assert report.first_row == row

"""What is said of the two books, where they do not agree yet or never will."""

import pytest

from sandbox.demo.books import Books


@pytest.mark.parametrize(
    ("spent", "held", "charged", "problems", "under_way", "unknown", "verdict"),
    [
        (0, 0, 0, (), 0, 0, "they agree"),
        (2, 0, 2, (), 0, 0, "they agree"),
        (0, 3, 0, (), 1, 0, "work is under way"),
        (0, 6, 2, (), 1, 1, "work is under way"),
        (0, 3, 2, (), 0, 1, "nobody knows what became of 1 request"),
        (0, 6, 4, (), 0, 2, "nobody knows what became of 2 requests"),
        (3, 0, 2, (), 0, 0, "they differ"),
        (2, 0, 2, ("a counter is wrong",), 0, 0, "the ledger's check has found something"),
    ],
)
def test_the_books_are_judged_by_what_is_still_open(
    spent: int, held: int, charged: int, problems: tuple[str, ...], under_way: int, unknown: int, verdict: str
) -> None:
    books = Books(
        spent=spent,
        held=held,
        charged=charged,
        problems=problems,
        last_picture=None,
        under_way=under_way,
        unknown=unknown,
    )
    assert books.verdict == verdict
    assert verdict in books.lines()[1]

"""A fresh book for each test; where a test does not break it on purpose, it must be clean at the end."""

from collections.abc import Iterator

import pytest

from tests.ledger.book import Book


@pytest.fixture
def book() -> Iterator[Book]:
    """A book that must be clean when the test is over."""
    opened = Book()
    yield opened
    findings = opened.findings()
    opened.close()
    assert findings == ()


@pytest.fixture
def broken_book() -> Iterator[Book]:
    """A book that the test breaks."""
    opened = Book()
    yield opened
    opened.close()

"""A fresh database in memory for each test."""

from collections.abc import Iterator

import pytest

from tests.jobs.memory import Memory


@pytest.fixture
def memory() -> Iterator[Memory]:
    """Closed when the test is over."""
    opened = Memory()
    yield opened
    opened.close()

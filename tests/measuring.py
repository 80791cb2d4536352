"""Coverage of a test run, in each of the processes that it is divided among.

`make test` names this as a plugin, so that it begins before any of ours is imported: what runs at import counts too.
Bots that tests start as processes of their own are not measured: a killed one could write nothing down.
"""

import pytest
from coverage import Coverage


def begin() -> Coverage:
    """Measures this process from here on."""
    coverage = Coverage(data_suffix=True)
    coverage.start()
    return coverage


COVERAGE = begin()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Writes down what ran; `coverage combine` puts it together."""
    COVERAGE.stop()
    COVERAGE.save()

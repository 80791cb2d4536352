"""What holds for a whole run: the bot's wire was held against Discord's own document, and no secret was written.

The last lines say how much was looked at. A run in which a secret was found has failed.
"""

import logging

import pytest

from sandbox.gateways import Gateways
from sandbox.stage import AT_CLOSE, TALLY
from tests.leaks import LEAKS, OURS, Listener, hear_errors


def pytest_configure() -> None:
    """Listens from the start, to our own rooms at every level that an operator may choose."""
    for name, key in Gateways.keys.items():
        LEAKS.watch(f"the key of {name}", key)
    AT_CLOSE.append(LEAKS.take_stage)
    logging.getLogger().addHandler(Listener(LEAKS))
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    hear_errors(LEAKS)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Looks through what is left; a finding fails the run."""
    LEAKS.look()
    if LEAKS.findings and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for secrets, one for the wire, and one more where Discord's document was not at hand."""
    terminalreporter.write_line(LEAKS.summary, red=bool(LEAKS.findings))
    for finding in LEAKS.findings[:20]:
        terminalreporter.write_line(f"    {finding.label}: {finding.place}", red=True)
    if not TALLY.requests:
        return
    terminalreporter.write_line(
        f"the bot's wire: {TALLY.requests} requests and their answers checked, {TALLY.violations} violations"
    )
    if TALLY.stages_without_document:
        terminalreporter.write_line("Discord's OpenAPI document was not at hand: only its limits were checked")

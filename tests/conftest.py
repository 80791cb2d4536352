"""The last lines of a run: how much of the bot's wire was held against Discord's own document."""

import pytest

from sandbox.stage import TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line, and one more where Discord's document was not at hand."""
    if not TALLY.requests:
        return
    terminalreporter.write_line(
        f"the bot's wire: {TALLY.requests} requests and their answers checked, {TALLY.violations} violations"
    )
    if TALLY.stages_without_document:
        terminalreporter.write_line("Discord's OpenAPI document was not at hand: only its limits were checked")

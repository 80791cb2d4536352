"""What holds for a whole run: the bot's wire was held against Discord's own document, and no secret was written.

The last lines say how much was looked at. A run in which a secret was found, or a rule of Discord's was broken, has
failed. Where the run is divided among processes, each hands on what it has seen, and the one that divides it says the
last lines.
"""

import logging
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from sandbox.discord.tally import TALLY
from sandbox.gateways import Gateways
from sandbox.stage import AT_CLOSE
from tests.leaks import LEAKS, OURS, Listener, hear_errors

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("easel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("easel")
# How many tests of the sandbox's page were left out, for want of a Chromium.
LEFT_OUT = pytest.StashKey[int]()


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
    handed_on: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if handed_on is not None:
        left_out = session.config.stash.get(LEFT_OUT, 0)
        handed_on |= {"leaks": LEAKS.handed_on(), "tally": astuple(TALLY), "left_out": left_out}
    if (LEAKS.findings or TALLY.violations) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes over what a process that ends has seen; one that died has handed nothing on, and its tests have failed."""
    seen: dict[str, Any] = getattr(node, "workeroutput", {})
    if "leaks" in seen:
        LEAKS.take_over(seen["leaks"])
        TALLY.take_over(*seen["tally"])
        node.config.stash[LEFT_OUT] = seen["left_out"]  # each process has found all tests, and left out the same


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line for secrets, one for the wire, and one more for each thing that was not at hand."""
    terminalreporter.write_line(LEAKS.summary, red=bool(LEAKS.findings))
    for finding in LEAKS.findings[:20]:
        terminalreporter.write_line(f"    {finding.label}: {finding.place}", red=True)
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(f"there is no Chromium here: {left_out} tests of the sandbox's page were left out")
    if not TALLY.checked + TALLY.others:
        return
    terminalreporter.write_line(TALLY.summary, red=bool(TALLY.violations))
    for violation in TALLY.violations[:20]:
        terminalreporter.write_line(f"    {violation}", red=True)
    if TALLY.without_document:
        terminalreporter.write_line("Discord's OpenAPI document was not at hand: only its limits were checked")

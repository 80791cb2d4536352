"""The true ledger passes the machine, and every ledger with a mistake is caught by it.

`EASEL_EXAMPLES=3000` plays longer, and differently every time.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ledger.machine import machine_for
from tests.ledger.mutants import MUTANTS
from tests.ledger.subject import Subject

EXAMPLES = int(os.environ.get("EASEL_EXAMPLES", "300"))
PLAY = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    derandomize="EASEL_EXAMPLES" not in os.environ,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)
# Caught is caught: the shortest story of a known mistake is not needed.
CATCH = settings(PLAY, phases=[Phase.generate], report_multiple_bugs=False)


def test_the_true_ledger_agrees_with_the_reference_after_every_step() -> None:
    run_state_machine_as_test(machine_for(Subject()), settings=PLAY)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_ledger_with_a_mistake_is_caught(mutant: type[Subject]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_for(mutant()), settings=CATCH)

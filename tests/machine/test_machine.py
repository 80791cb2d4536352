"""The true bot passes the machine, and every bot with a mistake is caught by it.

`EASEL_EXAMPLES=3000` plays longer, and differently every time.
"""

import logging
import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.house import House
from tests.machine.machine import machine_for
from tests.machine.mutants import MUTANTS

# Several short games see more than one long one: within a game chance likes to repeat itself.
GAME = 60
EXAMPLES = int(os.environ.get("EASEL_EXAMPLES", "300"))
FIRST_SEED = random.randrange(2**32) if "EASEL_EXAMPLES" in os.environ else 0
SEEDS = range(FIRST_SEED, FIRST_SEED + EXAMPLES // GAME)
# In which game chance comes upon a rare mistake soonest as the games are now; else the others follow.
SOONEST = {
    "BoughtAfterTheCancel": 4,
    "DeliversWithoutLooking": 3,
    "DoublePost": 6,
    "MovesOnWhatIsCancelled": 3,
    "RepeatTrusted": 3,
    "VoidAfterThePost": 8,
}
PLAY = settings(
    max_examples=GAME,
    stateful_step_count=30,
    deadline=None,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# Caught is caught: the shortest story of a known mistake is not needed.
CATCH = settings(PLAY, phases=[Phase.generate], report_multiple_bugs=False)

pytestmark = pytest.mark.timeout(EXAMPLES)  # seconds; a longer game may take longer


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of simulated failures are not worth a line each."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def play(kind: type[House], rules: settings) -> None:
    """All games against one bot; the first broken law ends them."""
    first = SOONEST.get(kind.__name__)
    for number in SEEDS if first is None else (first, *SEEDS):
        run_state_machine_as_test(seed(number)(machine_for(kind)), settings=rules)


def test_the_true_bot_keeps_the_laws_through_crashes_and_redeliveries() -> None:
    play(House, PLAY)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_bot_with_a_mistake_is_caught(mutant: type[House], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, replaced in mutant.patches():
        monkeypatch.setattr(name, replaced)
    with pytest.raises(AssertionError):
        play(mutant, CATCH)

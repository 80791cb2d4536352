"""The true rooms pass the machine, and rooms with a mistake are caught by it.

`EASEL_EXAMPLES=3000` plays longer, and differently every time.
"""

import os
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.budgets.machine import BudgetMachine
from tests.budgets.mutants import MUTANTS

# Several short games see more than one long one: within a game chance likes to repeat itself.
GAME = 60
EXAMPLES = int(os.environ.get("EASEL_EXAMPLES", "60"))
# A mistake that shows only where three rare things meet needs more games than the true rooms are played.
CATCHING_GAMES = 40
# In which game chance comes upon it soonest as the games are now; else all follow.
SOONEST = {
    "a role goes before a name": 3,
    "a raise never begins": 1,
    "a raise never ends": 4,
    "a pace lets one more in": 4,
    "a pace is a minute short": 4,
    "a pace binds nobody": 4,
    "a role begins at nought": 1,
    "a move opens the windows of its moment": 4,
    "a new gateway's limits are not checked": 6,
    "rules for guild do not bind": 1,
    "rules for member do not bind": 2,
    "rules for command do not bind": 2,
    "rules for channel do not bind": 8,
}
PLAY = settings(
    max_examples=GAME,
    stateful_step_count=40,
    deadline=None,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TRUE = settings(PLAY, max_examples=EXAMPLES, derandomize="EASEL_EXAMPLES" not in os.environ)
# Caught is caught: the shortest story of a known mistake is not needed.
CATCH = settings(PLAY, phases=[Phase.generate], report_multiple_bugs=False)


def play(games: Iterable[int], rules: settings) -> None:
    """Games by their seeds; the first broken promise ends them."""
    for number in games:
        kind = type("Game", (BudgetMachine,), {})
        run_state_machine_as_test(seed(number)(kind), settings=rules)


def test_no_window_exceeds_any_limit_and_every_refusal_names_what_refused() -> None:
    run_state_machine_as_test(BudgetMachine, settings=TRUE)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_budget_with_a_mistake_is_caught(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, replaced in MUTANTS[mutant].items():
        monkeypatch.setattr(name, replaced)
    with pytest.raises(AssertionError):
        play((SOONEST.get(mutant, 0), *range(CATCHING_GAMES)), CATCH)

"""A short run of `make torture`."""

from pathlib import Path

from bot.jobs.model import State
from tests.torture import torture


async def test_random_kills_lose_nothing_and_charge_nothing_twice(tmp_path: Path) -> None:
    outcome = await torture(tmp_path, jobs=25, kills=10, seed=20, tell=len)

    assert outcome.is_sound, "\n".join(outcome.lines())
    assert outcome.jobs >= 25
    assert outcome.states[State.DONE] > 0

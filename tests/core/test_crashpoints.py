"""Crash points: nothing without a setting, a real SIGKILL with one."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.crashpoints import NONE, CrashPoint, Crashpoints, parse

ROOT = Path(__file__).parents[2]
PASS_THREE_TIMES = """
import sys
from bot.core.crashpoints import CrashPoint, parse

points = parse(sys.argv[1])
for number in range(1, 4):
    points.reached(CrashPoint.AFTER_ACK)
    points.reached(CrashPoint.AFTER_INTENT)
    print(number, flush=True)
"""


def run(setting: str) -> tuple[int, str]:
    """Exit status and output of a process that passes the points three times."""
    done = subprocess.run(
        [sys.executable, "-c", PASS_THREE_TIMES, setting], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("setting", "printed"), [("after_intent", ""), ("after_intent:1", ""), ("after_intent:3", "1\n2\n")]
)
def test_the_process_dies_by_sigkill_at_the_passing_asked_for(setting: str, printed: str) -> None:
    assert run(setting) == (-signal.SIGKILL, printed)


def test_a_point_that_is_passed_less_often_kills_nobody() -> None:
    assert run("after_intent:4") == (0, "1\n2\n3\n")
    assert run("after_send") == (0, "1\n2\n3\n")


def test_without_a_setting_every_point_is_passed_in_peace() -> None:
    for point in CrashPoint:
        NONE.reached(point)
    assert NONE.armed is None


def test_it_kills_once_and_this_very_process() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        points = Crashpoints(armed=CrashPoint.AFTER_POST, passings_left=2, _kill=signal.SIGUSR1)
        for _ in range(4):
            points.reached(CrashPoint.AFTER_POST)
            points.reached(CrashPoint.AFTER_SEND)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [signal.SIGUSR1]
    assert points.passings_left == -2


@pytest.mark.parametrize("point", CrashPoint)
def test_every_point_can_be_named(point: CrashPoint) -> None:
    assert parse(point) == Crashpoints(armed=point, passings_left=1)
    assert parse(f"{point}:7") == Crashpoints(armed=point, passings_left=7)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"after_received, after_ack, .*mid_migration"):
        parse("somewhere")


@pytest.mark.parametrize("nth", ["0", "-1", "x", "1.5", "²"])
def test_a_passing_is_a_number_from_1(nth: str) -> None:
    with pytest.raises(ValueError, match="a number from 1"):
        parse(f"after_ack:{nth}")

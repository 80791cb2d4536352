"""What cards are told of the line: the place, and how long it may take."""

from functools import partial

import pytest

from bot.core.clock import ManualClock
from bot.jobs.line.order import Standing
from bot.jobs.model import Caps, State
from bot.services.line import LineView
from tests.jobs.bench import NOW, later, put
from tests.jobs.memory import Memory

CAPS = Caps(by_provider={"locus": 4}, per_guild=2, per_member=1)
FIRST, SECOND = (Standing(place=place, in_guild=place, of_member=place) for place in (1, 2))


def test_who_waits_has_a_place_and_who_is_put_off_or_at_the_gateway_has_none(memory: Memory) -> None:
    view = LineView(caps=CAPS, clock=ManualClock(NOW))
    jobs = [put(memory, "a"), put(memory, "late", run_at=later(9)), put(memory, "drawn", State.WAITING)]

    assert [memory.read(partial(view.of, job=job, now=NOW)) for job in jobs] == [FIRST, None, None]


def test_a_line_that_was_just_put_in_order_is_good_for_a_moment_and_for_those_in_it(memory: Memory) -> None:
    clock = ManualClock(NOW)
    view = LineView(caps=CAPS, clock=clock)
    old = put(memory, "b", at=later(1))
    assert memory.read(lambda reader: view.everyone(reader, now=later(5))) == {"b": FIRST}
    new = put(memory, "a")

    assert memory.read(lambda reader: view.of(reader, new, now=later(5))) == FIRST
    assert memory.read(lambda reader: view.of(reader, old, now=later(5))) == FIRST
    clock.advance(seconds=1.0)
    assert memory.read(lambda reader: view.of(reader, old, now=later(5))) == SECOND


@pytest.mark.parametrize(
    ("standing", "provider", "usual_s", "ready_in_s"),
    [
        (Standing(place=4, in_guild=1, of_member=1), "locus", 10.0, 20.0),
        (Standing(place=8, in_guild=1, of_member=1), "locus", 10.0, 30.0),
        (Standing(place=8, in_guild=6, of_member=1), "locus", 10.0, 40.0),
        (Standing(place=8, in_guild=6, of_member=5), "locus", 10.0, 60.0),
        (FIRST, "gone", 10.0, None),
        (FIRST, "locus", 0.0, None),
        (None, "locus", 10.0, None),
    ],
)
def test_how_long_it_may_take_follows_from_the_place_and_the_caps(
    standing: Standing | None, provider: str, usual_s: float, ready_in_s: float | None
) -> None:
    view = LineView(caps=CAPS, clock=ManualClock(NOW))
    assert view.ready_in_s(standing, provider=provider, usual_s=usual_s) == ready_in_s

"""A thousand requests at once under five layers of limits, a kill -9 in the middle: to the tick, and none refused in
vain.

What "no needless refusal" means. The writer decides one request after the other. Where all cost the same, the limits
lie within each other and what was cancelled is set apart, as many run as the best of all orders would let run
(`rush.most`). Where prices differ there is no such number: whoever comes first may take the room of three later ones,
and no order is more right than the one in which they came. So each refusal is held against the sums at its own place in
that order, which are kept here by hand: some limit had no room, and it is the one that the member was told. And when
all is over nothing is left that any of those who were refused could have had.
"""

import asyncio
import json
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.db import Reader
from bot.db.connection import configure
from bot.ledger.check import check
from sandbox.stage import ROOT
from tests.budgets.rush import REQUESTS, Key, Kind, Request, Taken, crowd, most, number_of
from tests.budgets.rushing import DATABASE, JOURNAL

KILL_AFTER = REQUESTS // 2  # so many were told by then
PATIENCE_S = 60.0
Told = dict[tuple[int, int], str]  # what was told, by wave and request


async def live(folder: Path, kind: Kind, life: int, *, kill_after: int | None = None) -> Told:
    """One process, killed once so many were told, or left to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.budgets.rushing",
        str(folder),
        kind,
        str(life),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told: Told = {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for line in process.stdout:
                wave, number, outcome = line.split()
                told[int(wave), int(number)] = outcome.decode()
                if len(told) == kill_after:
                    process.kill()
            assert await process.wait() == (0 if kill_after is None else -signal.SIGKILL)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return told


class Story:
    """What was decided, replayed in the writer's order against sums that are kept by hand."""

    def __init__(self, folder: Path, kind: Kind, told: Told) -> None:
        self.requests = crowd(kind)
        self.told = told
        self.taken = Taken()
        self.refused = 0
        self.connection = sqlite3.connect(folder / DATABASE)
        configure(self.connection)
        self.reader = Reader(self.connection)
        self.states = {row["id"]: row["state"] for row in self.reader.all("SELECT id, state FROM job")}
        self.numbers = {
            row["job_id"]: number_of(row["id"])
            for row in self.reader.all("SELECT id, job_id FROM interaction WHERE job_id IS NOT NULL")
        }
        for line in (folder / JOURNAL).read_text().splitlines():
            self.take(json.loads(line))

    def take(self, noted: dict[str, Any]) -> None:
        """The next decision. What the kill undid was never told, and is nowhere in the book."""
        if noted["outcome"] == "refused":
            if self.told.get((noted["wave"], noted["number"])) == "refused":
                self.refuse(self.requests[noted["number"]], noted["facts"])
            return
        state = self.states.get(noted["job"])
        if state is None:
            return
        request = self.requests[self.numbers[noted["job"]]]
        if noted["does"] == "admit":
            assert not self.taken.full(request), f"{request} was accepted beyond a limit"
            self.taken.add(request, request.price, 1)
        elif noted["does"] == "cancel" and noted["outcome"] == "cancelled" and state == "cancelled":
            self.taken.add(request, -request.price, -1)
        elif noted["does"] == "settle" and state == "failed":
            self.taken.add(request, noted["actual"] - request.price, 0)

    def refuse(self, request: Request, facts: dict[str, Any]) -> None:
        """A refusal that somebody read: there was need for it, and it names the limit and what was left of it."""
        key: Key = (facts["scope"], facts["unit"], facts["window"])
        full = self.taken.full(request)
        assert key in full, f"{request} was refused by {facts}, and only {full} had no room"
        assert facts["left"] == full[key]
        self.refused += 1


@pytest.mark.parametrize("kind", Kind)
async def test_a_rush_that_is_killed_in_the_middle_takes_what_there_is_and_no_more(tmp_path: Path, kind: Kind) -> None:
    first = await live(tmp_path, kind, 1, kill_after=KILL_AFTER)
    told = first | await live(tmp_path, kind, 2)
    story = Story(tmp_path, kind, told)
    reader = story.reader

    # To the tick: no counter is beyond its limit, and each is what the decisions add up to.
    counters = {(row["scope"], row["unit"], row["window_kind"]): row for row in reader.all("SELECT * FROM counter")}
    assert all(row["held"] + row["spent"] <= row["limit_amount"] for row in counters.values())
    assert all(row["overrun"] == 0 for row in counters.values())
    assert {key: counters[key]["held"] + counters[key]["spent"] for key in story.taken.sums} == story.taken.sums
    assert check(reader) == ()
    # Whoever was told that it was accepted has a job, and nobody has two.
    accepted = {number for (_, number), outcome in told.items() if outcome == "accepted"}
    assert accepted <= set(story.numbers.values())
    assert len(story.numbers) == len(set(story.numbers.values())) == len(story.states)
    # No needless refusal.
    assert story.refused > REQUESTS // 4
    refused = [one for one in story.requests if one.number not in set(story.numbers.values())]
    assert all(story.taken.full(one) for one in refused)
    if kind is Kind.EQUAL:
        cancelled = {story.numbers[job] for job, state in story.states.items() if state == "cancelled"}
        assert len(cancelled) > 10
        remaining = [one for one in story.requests if one.number not in cancelled]
        assert list(story.states.values()).count("queued") == most(remaining)
    story.connection.close()


def test_the_number_that_could_run_is_found_by_any_order() -> None:
    """`most` against the thing itself: letting in whatever fits, first to last and last to first."""
    everybody = crowd(Kind.EQUAL)
    for some in (everybody, everybody[::3], everybody[:400], everybody[::7]):
        for order in (some, some[::-1]):
            taken, count = Taken(), 0
            for one in order:
                if not taken.full(one):
                    taken.add(one, one.price, 1)
                    count += 1
            assert count == most(some)

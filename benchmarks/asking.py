"""A streamed answer: from its first word at the gateway to the first text in Discord, and how often it is edited.

The bot is a process of its own; the pretend gateway and Discord are this one, on one clock.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.bots import GENEROUS
from benchmarks.rows import Row
from sandbox.discord import Change, ChangeKind, Message
from sandbox.gateways import says
from sandbox.stage import Stage, stage

ANSWERS = 15
FIRST_AIM_S = 0.3
# An answer of this many words, one each so many seconds: about 6 s, as a real one.
WORDS = 120
WORD_S = 0.05
EDIT_EVERY_S = 1.5  # what the bot promises at the most
GIVE_UP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """One answer: seconds to its first text, how often its message changed, how long it was written."""

    first_s: float
    edits: int
    written_s: float
    shortest_s: float  # between two changes while it was written


class _Watch:
    """Notes when the gateway sent its first word, and when Discord had what."""

    def __init__(self, built: Stage) -> None:
        self._sent = 0
        self.first_word: float | None = None
        self.shown: list[tuple[float, Message]] = []
        built.gateways.xai.between_events = self._between
        built.sandbox.world.listen(self._on_change)

    def begin(self) -> None:
        self._sent, self.first_word, self.shown = 0, None, []

    async def _between(self) -> None:
        """Called before each event but the first, which holds no word."""
        self._sent += 1
        if self.first_word is None:
            self.first_word = time.perf_counter()
        await asyncio.sleep(WORD_S if self._sent > 1 else 0.0)

    def _on_change(self, change: Change) -> None:
        is_message = change.kind in (ChangeKind.MESSAGE_CREATED, ChangeKind.MESSAGE_EDITED)
        if is_message and isinstance(change.subject, Message) and not change.subject.is_ephemeral:
            self.shown.append((time.perf_counter(), change.subject))


async def measure() -> list[Streamed]:
    """So many answers one after another, by one bot."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        async with (
            stage(Path(folder), scale=0.01, openapi=False, checks=False, names=("xai",), extra=GENEROUS) as built,
            built.bot(),
        ):
            watch = _Watch(built)
            await _one(built, watch)  # warms up
            return [await _one(built, watch) for _ in range(ANSWERS)]


async def _one(built: Stage, watch: _Watch) -> Streamed:
    built.gateways.faults.next("xai", says(" ".join(f"word{n}" for n in range(WORDS))))
    watch.begin()
    use = await built.sandbox.person("ana").command("ask", question="tell me", model="xai/grok-4.3")
    await use.wait_until(lambda card: "Posted: " in card.plain_text(), GIVE_UP_S)
    times = [at for at, _ in watch.shown]
    first_word = times[0] if watch.first_word is None else watch.first_word
    # The last one is the whole answer, which comes as soon as it is stored.
    gaps = [after - before for before, after in pairwise(times[:-1])]
    return Streamed(
        first_s=times[0] - first_word,
        edits=len(times) - 1,
        written_s=times[-1] - times[0],
        shortest_s=min(gaps, default=0.0),
    )


async def rows() -> list[Row]:
    """What `make bench` prints."""
    found = await measure()
    first, worst = median(one.first_s for one in found), max(one.first_s for one in found)
    edits, written = median(one.edits for one in found), median(one.written_s for one in found)
    return [
        Row(
            name="/ask streamed: first word to first text",
            ours=f"{first * 1_000:.0f} ms, longest {worst * 1_000:.0f} ms",
            aim=f"<= {FIRST_AIM_S:g} s",
            is_met=worst <= FIRST_AIM_S,
        ),
        Row(
            name=f"  edits per answer ({written:.1f} s of writing)",
            ours=f"{edits:.0f}, {min(one.shortest_s for one in found):.2f} s apart at least",
            beside=f"one each word {WORDS}",
            ratio=edits / WORDS,
        ),
    ]


if __name__ == "__main__":
    from benchmarks.rows import table

    print(table(asyncio.run(rows())))

"""Every feature the bot uses is driven once in simcord and once in the sandbox, and what came of it is the same.

What is compared: every request the bot sent, what each person sees, what was suggested, which forms opened.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.simcord.rig import simcord_world
from tests.simcord.sandboxed import sandbox_world
from tests.simcord.stories import STORIES, Notes, Story
from tests.simcord.stories_records import RECORDS
from tests.simcord.worlds import Sent, World

# Cards of work under way, and answers being written, are edited as often as there is time.
UNDER_WAY = ("▰", "still writing")


def _lasting(sent: Sequence[Sent]) -> list[Sent]:
    """The requests but for those; an edit that a restart repeats counts once, whatever was sent between the two."""
    kept: list[Sent] = []
    last_edit: Sent | None = None
    for one in sent:
        is_under_way = any(mark in json.dumps(one.body, ensure_ascii=False) for mark in UNDER_WAY)
        is_edit = one.method == "PATCH"
        if not is_under_way and not (is_edit and one == last_edit):
            kept.append(one)
            last_edit = one if is_edit else last_edit
    return kept


async def _lived(world: World, story: Story) -> tuple[Notes, list[Sent]]:
    notes: Notes = []
    await story(world, notes)
    return notes, _lasting(world.sent())


@pytest.mark.parametrize("story", [*STORIES, *RECORDS], ids=lambda story: story.__name__)
async def test_both_worlds_tell_the_same_story(tmp_path: Path, story: Story) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    async with sandbox_world(tmp_path / "ours") as sandbox:
        ours, our_sent = await _lived(sandbox, story)
        assert sandbox.rig.sandbox.violations == []
    async with simcord_world(tmp_path / "theirs") as simcord:
        theirs, their_sent = await _lived(simcord, story)
    assert theirs == ours
    assert their_sent == our_sent

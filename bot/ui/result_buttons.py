"""The buttons of a result: which there are, how they stand in rows, and the item that finds them after any restart."""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Self

import discord
from discord import ui

from bot.core.ids import JobId
from bot.services.ports import NextSteps
from bot.ui import custom_ids
from bot.ui.custom_ids import Press, ResultVerb

ROW = 5  # Discord's bound for the buttons of a row
Button = ui.Button[ui.LayoutView]
Row = ui.ActionRow[ui.LayoutView]
# Does what a press asks for, and answers it.
Handle = Callable[[discord.Interaction[Any], Press], Awaitable[None]]


def button(
    verb: ResultVerb,
    job_id: JobId,
    label: str,
    *,
    position: int | None = None,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> Button:
    """One button of a result."""
    return ui.Button(
        label=label, style=style, custom_id=custom_ids.of_press(Press(verb=verb, job_id=job_id, position=position))
    )


def result_rows(job_id: JobId, steps: NextSteps) -> list[Row]:
    """What can be made from the result; below it what concerns the result itself, the irreversible last."""
    last = [
        button(ResultVerb.DETAILS, job_id, "Details"),
        button(ResultVerb.REPORT, job_id, "Report"),
        button(ResultVerb.DELETE, job_id, "Delete", style=discord.ButtonStyle.danger),
    ]
    return [*in_rows(list(_making(job_id, steps))), row_of(last)]


def _making(job_id: JobId, steps: NextSteps) -> Iterator[Button]:
    yield button(ResultVerb.AGAIN, job_id, "Again", style=discord.ButtonStyle.primary)
    if steps.can_vary:
        # Without a place it asks which of them is meant.
        yield button(ResultVerb.VARY, job_id, "Vary", position=1 if steps.pictures == 1 else None)
    if steps.can_edit:
        yield button(ResultVerb.EDIT, job_id, "Edit…")
    for position in steps.upscalable:
        label = "Upscale" if steps.pictures <= 1 else f"Upscale {position}"
        yield button(ResultVerb.UPSCALE, job_id, label, position=position)


def in_rows(buttons: list[Button]) -> list[Row]:
    """As many rows as the buttons need."""
    return [row_of(buttons[start : start + ROW]) for start in range(0, len(buttons), ROW)]


def row_of(buttons: list[Button]) -> Row:
    """At most five buttons side by side."""
    row: Row = ui.ActionRow()
    for one in buttons:
        row.add_item(one)
    return row


def result_button(handle: Handle) -> type[ui.DynamicItem[Button]]:
    """The item behind every button of a result, over what does the work."""

    class ResultButton(ui.DynamicItem[Button], template=custom_ids.RESULT_PATTERN):
        """Found by its custom id on any message, from any earlier process."""

        def __init__(self, custom_id: str, press: Press) -> None:
            super().__init__(ui.Button(label=press.verb, custom_id=custom_id))
            self._press = press

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            press = custom_ids.read_press(match.string)
            if press is None:
                raise ValueError("no button of a result")
            return cls(match.string, press)

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._press)

    return ResultButton

"""The item behind the buttons of `/history`, found by its custom id after any restart."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord
from discord import ui

from bot.core.ids import JobId
from bot.ui import custom_ids
from bot.ui.custom_ids import HistoryVerb

Button = ui.Button[ui.LayoutView]
# Does what a press asks for, and answers it.
Handle = Callable[[discord.Interaction[Any], HistoryVerb, JobId], Awaitable[None]]


def history_button(handle: Handle) -> type[ui.DynamicItem[Button]]:
    """The item over what does the work."""

    class HistoryButton(ui.DynamicItem[Button], template=custom_ids.HISTORY_PATTERN):
        """Carries a verb and the result beside which the page lies."""

        def __init__(self, verb: HistoryVerb, job_id: JobId) -> None:
            super().__init__(ui.Button(label=verb, custom_id=custom_ids.of_history(verb, job_id)))
            self._verb = verb
            self._job_id = job_id

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(HistoryVerb(match["verb"]), JobId(match["job"]))

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._verb, self._job_id)

    return HistoryButton

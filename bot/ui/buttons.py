"""Buttons that outlive restarts: each carries a job id, loads the row, and checks who pressed."""

import re
from collections.abc import Awaitable, Callable
from typing import Self

import discord
from discord import ui

from bot.core.errors import DatabaseUnavailable
from bot.core.ids import GuildId, JobId, MemberId
from bot.services.cancelling import CancelOutcome
from bot.ui import cards, custom_ids, words
from bot.ui.acknowledging import acknowledge

Cancel = Callable[[JobId, GuildId, MemberId], Awaitable[CancelOutcome]]

_BUSY = words.Words(title="I am busy right now", body="Nothing was cancelled. Press again in a minute.")
_ANSWERS: dict[CancelOutcome, words.Words] = {
    CancelOutcome.TOO_LATE: words.Words(
        title="Too late to cancel", body="It is finished, or its request has already ended."
    ),
    CancelOutcome.NOT_YOURS: words.Words(title="Not your request", body="Only whoever asked can cancel it."),
    CancelOutcome.NO_SUCH_JOB: words.Words(
        title="I do not know this request any more", body=f"There is nothing to cancel. {words.NOT_CHARGED}"
    ),
}


def cancel_button(cancel: Cancel) -> type[ui.DynamicItem[ui.Button[ui.LayoutView]]]:
    """The Cancel button over the use case it calls."""

    class CancelButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=custom_ids.CANCEL_PATTERN):
        """Found by its custom id on any message, from any earlier process."""

        def __init__(self, job_id: JobId) -> None:
            super().__init__(ui.Button(label="Cancel", custom_id=custom_ids.cancel(job_id)))
            self._job_id = job_id

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(JobId(match["job"]))

        async def callback(self, interaction: discord.Interaction) -> None:
            # The card itself changes through its keeper; the press is acknowledged without touching it.
            await acknowledge(interaction)
            try:
                outcome = await cancel(self._job_id, GuildId(interaction.guild_id or 0), MemberId(interaction.user.id))
            except DatabaseUnavailable:
                answer: words.Words | None = _BUSY
            else:
                answer = _ANSWERS.get(outcome)
            if answer is not None:
                await interaction.followup.send(view=cards.notice(answer), ephemeral=True)

    return CancelButton

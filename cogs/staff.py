"""The staff's cards: a moderator allows or refuses what waits for leave."""

from collections.abc import Awaitable
from typing import Any

import discord
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.clock import millis
from bot.core.errors import DatabaseUnavailable
from bot.core.ids import JobId
from bot.services.leave.desk import LeaveAnswer
from bot.ui import cards, custom_ids
from bot.ui.acknowledging import acknowledge
from bot.ui.custom_ids import LeaveVerb
from bot.ui.leave_buttons import leave_button, read_reason, refuse_form
from bot.ui.leave_cards import BUSY, NOT_ALLOWED, answer_words
from bot.ui.pressing import custom_id_of, is_on_message, may_moderate, whose

Interaction = discord.Interaction[Any]


class StaffCog(commands.Cog):
    """Every press is judged anew: by whom, and whether there is still something to decide."""

    def __init__(self, client: EaselClient) -> None:
        self._leave = client.services.leave

    async def press(self, interaction: Interaction, verb: LeaveVerb, job_id: JobId) -> None:
        """Does what the button says; whatever goes wrong, its moderator reads an answer."""
        await self._owning_up(interaction, self._press(interaction, verb, job_id))

    @commands.Cog.listener("on_interaction")
    async def others(self, interaction: Interaction) -> None:
        """The form; and buttons that are gone from their message by now, since somebody else was first."""
        custom_id = custom_id_of(interaction)
        if interaction.type is discord.InteractionType.modal_submit:
            job_id = custom_ids.read_leave_form(custom_id)
            if job_id is not None:
                await self._owning_up(interaction, self._refuse(interaction, job_id))
        elif (found := custom_ids.read_leave(custom_id)) is not None and not is_on_message(interaction):
            await self.press(interaction, *found)

    async def _owning_up(self, interaction: Interaction, doing: Awaitable[None]) -> None:
        try:
            await doing
        except DatabaseUnavailable:
            await interaction.followup.send(view=cards.notice(BUSY), ephemeral=True)
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)

    async def _press(self, interaction: Interaction, verb: LeaveVerb, job_id: JobId) -> None:
        if not may_moderate(interaction):
            await interaction.response.send_message(view=cards.notice(NOT_ALLOWED), ephemeral=True)
        elif verb is LeaveVerb.REFUSE:
            await interaction.response.send_modal(refuse_form(job_id))
        elif await acknowledge(interaction):
            guild_id, member_id = whose(interaction)
            at = millis(interaction.created_at)
            await self._answer(interaction, await self._leave.allow(job_id, guild_id=guild_id, by=member_id, at=at))

    async def _refuse(self, interaction: Interaction, job_id: JobId) -> None:
        if not may_moderate(interaction):
            await interaction.response.send_message(view=cards.notice(NOT_ALLOWED), ephemeral=True)
        elif await acknowledge(interaction):
            guild_id, member_id = whose(interaction)
            reason = read_reason(interaction.data or {})
            answer = await self._leave.refuse(job_id, guild_id=guild_id, by=member_id, reason=reason)
            await self._answer(interaction, answer)

    async def _answer(self, interaction: Interaction, answer: LeaveAnswer) -> None:
        """The card itself changes through its loop; what only this moderator must know is told to them alone."""
        told = answer_words(answer)
        if told is not None:
            await interaction.followup.send(view=cards.notice(told), ephemeral=True)


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the buttons that any earlier card carries."""
    cog = StaffCog(client)
    client.add_dynamic_items(leave_button(cog.press))
    client.add_forms(custom_ids.LEAVE_FORM_PATTERN)
    await client.add_cog(cog)

"""Buttons and forms that no version knows any more, or not yet: whoever uses one reads a polite answer."""

from typing import Any

import discord
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.ui import cards, custom_ids
from bot.ui.pressing import custom_id_of
from bot.ui.result_cards import UNKNOWN_BUTTON, UNKNOWN_FORM

Interaction = discord.Interaction[Any]


class OutdatedCog(commands.Cog):
    """Answers what no other cog has registered with the client."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client

    @commands.Cog.listener("on_interaction")
    async def used(self, interaction: Interaction) -> None:
        """Everything of ours begins alike."""
        custom_id = custom_id_of(interaction)
        if not custom_id.startswith(custom_ids.PREFIX):
            return
        is_form = interaction.type is discord.InteractionType.modal_submit
        is_known = self._client.knows_form(custom_id) if is_form else self._client.knows_button(custom_id)
        if is_known:
            return
        notice = cards.notice(UNKNOWN_FORM if is_form else UNKNOWN_BUTTON)
        try:
            await interaction.response.send_message(view=notice, ephemeral=True)
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(OutdatedCog(client))

"""The buttons, menus and forms of `/settings budget`; the command itself stands with the other settings."""

from collections.abc import Awaitable
from typing import Any

import discord
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.ui.budgets.buttons import budget_button, budget_menu, log_button
from bot.ui.budgets.desk import BudgetDesk
from bot.ui.budgets.ids import FORM_PATTERN, Press, read_log, read_press
from bot.ui.pressing import custom_id_of, is_on_message

Interaction = discord.Interaction[Any]


class BudgetsCog(commands.Cog):
    """Whatever goes wrong, whoever pressed reads an answer."""

    def __init__(self, client: EaselClient) -> None:
        self._desk = BudgetDesk(client.services)

    async def press(self, interaction: Interaction, press: Press) -> None:
        """A button or a menu of the card."""
        await self._owning_up(interaction, self._desk.press(interaction, press))

    async def turn_log(self, interaction: Interaction, page: int) -> None:
        """A button of the log."""
        await self._owning_up(interaction, self._desk.turn_log(interaction, page))

    @commands.Cog.listener("on_interaction")
    async def others(self, interaction: Interaction) -> None:
        """Forms; and presses on a card that was drawn anew meanwhile, for which discord.py finds no item."""
        if interaction.type is discord.InteractionType.modal_submit:
            await self._owning_up(interaction, self._desk.sent(interaction))
        elif interaction.type is discord.InteractionType.component and not is_on_message(interaction):
            custom_id = custom_id_of(interaction)
            press, page = read_press(custom_id), read_log(custom_id)
            if press is not None:
                await self.press(interaction, press)
            elif page is not None:
                await self.turn_log(interaction, page)

    async def _owning_up(self, interaction: Interaction, doing: Awaitable[None]) -> None:
        try:
            await doing
        except DatabaseUnavailable:
            await answer_error(interaction, Refusal(RefusalReason.BUSY))
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the items that any earlier card carries."""
    cog = BudgetsCog(client)
    client.add_dynamic_items(budget_button(cog.press), budget_menu(cog.press), log_button(cog.turn_log))
    client.add_forms(FORM_PATTERN)
    await client.add_cog(cog)

"""`/help` and `/about`: what there is to do here, and what this bot is."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.about_card import about_card
from bot.ui.acknowledging import answer
from bot.ui.help_card import help_card
from bot.ui.reception import receive

Interaction = discord.Interaction[EaselClient]


class HelpCog(commands.Cog):
    """Both commands; free, and for the member alone."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client
        self._services = client.services

    @app_commands.command(name="help", description="Shows what you can do here, with commands to click; free")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def help(self, interaction: Interaction) -> None:
        """Acknowledges, shows the tasks that this member can do."""
        received = await receive(interaction, self._services, command="help")
        if received is None:
            return
        card = help_card(
            ids=self._client.command_ids,
            may_run=lambda name: self._may_run(name, interaction.permissions),
            verbs=self._services.about.verbs(),
            closed=await self._services.about.closed_to(received.guild_id, received.member_id),
        )
        await answer(interaction, card)
        await self._services.desk.answered(received.id)

    @app_commands.command(name="about", description="Shows version, models, prices and what is kept; free")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def about(self, interaction: Interaction) -> None:
        """Acknowledges, shows the facts."""
        received = await receive(interaction, self._services, command="about")
        if received is None:
            return
        await answer(interaction, about_card(self._services.about.facts()))
        await self._services.desk.answered(received.id)

    def _may_run(self, name: str, has: discord.Permissions) -> bool:
        """Whether the command is there and its default lets the member run it."""
        command = self._client.tree.get_command(name)
        if command is None:
            return False
        needed = command.default_permissions
        return needed is None or has.administrator or needed <= has


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(HelpCog(client))

"""`/usage`: where you and the server stand."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.acknowledging import answer
from bot.ui.reception import receive
from bot.ui.usage_card import usage


class UsageCog(commands.Cog):
    """The command."""

    def __init__(self, client: EaselClient) -> None:
        self._services = client.services

    @app_commands.command(name="usage", description="Shows what you and this server have spent, and what is left; free")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def show(self, interaction: discord.Interaction[EaselClient]) -> None:
        """Acknowledges, asks the service, shows the card."""
        received = await receive(interaction, self._services, command="usage")
        if received is None:
            return
        standings = await self._services.usage.standing(guild_id=received.guild_id, member_id=received.member_id)
        await answer(interaction, usage(standings))
        await self._services.desk.answered(received.id)


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(UsageCog(client))

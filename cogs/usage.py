"""`/usage`: where you and the server stand."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.core.ids import GuildId, MemberId
from bot.ui.acknowledging import acknowledge
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
        if not await acknowledge(interaction):
            return
        standings = await self._services.usage.standing(
            guild_id=GuildId(interaction.guild_id or 0), member_id=MemberId(interaction.user.id)
        )
        await interaction.edit_original_response(view=usage(standings))


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(UsageCog(client))

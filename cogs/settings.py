"""`/settings`: what those who manage a server decide."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.services.styles.model import Owner
from bot.ui.style_choices import STYLE_MAX
from bot.ui.style_desk import StyleDesk

Interaction = discord.Interaction[EaselClient]
Name = app_commands.Range[str, 1, STYLE_MAX]


class SettingsCog(commands.Cog):
    """The commands; the right is judged again behind each of them."""

    settings = app_commands.Group(
        name="settings",
        description="What this server decides; for those who manage it",
        guild_only=True,
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        default_permissions=discord.Permissions(manage_guild=True),
    )
    styles = app_commands.Group(name="styles", description="Styles that everybody here can choose", parent=settings)

    def __init__(self, client: EaselClient) -> None:
        self._desk = StyleDesk(client.services)

    @styles.command(name="list", description="Shows this server's styles; free")
    async def show(self, interaction: Interaction) -> None:
        """Lists."""
        await self._desk.show(interaction, Owner.GUILD)

    @styles.command(name="add", description="Opens a form for a new style of this server; free")
    async def add(self, interaction: Interaction) -> None:
        """Opens the form."""
        await self._desk.add(interaction, Owner.GUILD)

    @styles.command(name="change", description="Opens a form with one of this server's styles; free")
    @app_commands.describe(name="Which of the server's styles")
    async def change(self, interaction: Interaction, name: Name) -> None:
        """Opens the form with what the style says."""
        await self._desk.change(interaction, Owner.GUILD, name)

    @styles.command(name="remove", description="Removes one of this server's styles; pictures stay")
    @app_commands.describe(name="Which of the server's styles")
    async def remove(self, interaction: Interaction, name: Name) -> None:
        """Removes."""
        await self._desk.remove(interaction, Owner.GUILD, name)

    @change.autocomplete("name")
    @remove.autocomplete("name")
    async def _names(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await self._desk.names(interaction, Owner.GUILD, current)


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(SettingsCog(client))

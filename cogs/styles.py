"""`/style`: a member's own styles, and a look at the server's."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.services.styles.model import Owner
from bot.ui.style_choices import STYLE_MAX
from bot.ui.style_desk import StyleDesk
from bot.ui.style_forms import STYLE_FORM_PATTERN

Interaction = discord.Interaction[EaselClient]
Name = app_commands.Range[str, 1, STYLE_MAX]


class StylesCog(commands.Cog):
    """The commands, and the forms of all styles."""

    style = app_commands.Group(
        name="style",
        description="Your own styles: named ways of drawing that are added to your words; free",
        guild_only=True,
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    def __init__(self, client: EaselClient) -> None:
        self._desk = StyleDesk(client.services)

    @style.command(name="list", description="Shows your own styles and this server's; free")
    async def show(self, interaction: Interaction) -> None:
        """Lists."""
        await self._desk.show(interaction, Owner.MEMBER)

    @style.command(name="add", description="Opens a form for a new style of your own; free")
    async def add(self, interaction: Interaction) -> None:
        """Opens the form."""
        await self._desk.add(interaction, Owner.MEMBER)

    @style.command(name="change", description="Opens a form with one of your styles; free")
    @app_commands.describe(name="Which of your styles")
    async def change(self, interaction: Interaction, name: Name) -> None:
        """Opens the form with what the style says."""
        await self._desk.change(interaction, Owner.MEMBER, name)

    @style.command(name="remove", description="Removes one of your styles; pictures stay")
    @app_commands.describe(name="Which of your styles")
    async def remove(self, interaction: Interaction, name: Name) -> None:
        """Removes."""
        await self._desk.remove(interaction, Owner.MEMBER, name)

    @change.autocomplete("name")
    @remove.autocomplete("name")
    async def _names(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await self._desk.names(interaction, Owner.MEMBER, current)

    @commands.Cog.listener("on_interaction")
    async def sent(self, interaction: Interaction) -> None:
        """A form came back; whatever goes wrong, its member reads an answer."""
        if interaction.type is discord.InteractionType.modal_submit:
            try:
                await self._desk.sent(interaction)
            except Exception as error:  # the last resort: logged there, and answered
                await answer_error(interaction, error)


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the forms that it reads."""
    client.add_forms(STYLE_FORM_PATTERN)
    await client.add_cog(StylesCog(client))

"""`/upscale`: a picture enlarged, an uploaded one or one of your own."""

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.core.ids import GuildId, MemberId
from bot.core.requests import PictureRequest, Verb
from bot.providers.routing import model_choices
from bot.ui.accepting import missing_permissions, settle
from bot.ui.message_pictures import handed
from bot.ui.picture_choices import picture_choices
from bot.ui.reception import receive


class UpscaleCog(commands.Cog):
    """The command."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client
        self._services = client.services

    @app_commands.command(name="upscale", description="Makes a picture larger; the price is shown before and after")
    @app_commands.describe(
        image="A picture to upload: PNG, JPEG or WebP",
        picture="Or one of your latest pictures",
        factor="How many times longer the sides become; left out, what the model usually does",
        model="Which model enlarges it; left out, the cheapest that can",
    )
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def upscale(
        self,
        interaction: discord.Interaction[EaselClient],
        image: discord.Attachment | None = None,
        picture: app_commands.Range[str, 1, 100] | None = None,
        factor: Literal[2, 4] | None = None,
        model: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        """Acknowledges, asks the service, shows the card."""
        received = await receive(interaction, self._services, command="upscale")
        if received is None:
            return
        submitting = self._services.editing.upscale(
            received,
            PictureRequest(prompt="", model=model, factor=factor),
            [one for one in (None if image is None else handed(image), picture) if one is not None],
            missing=missing_permissions(interaction),
        )
        await settle(interaction, received, submitting, services=self._services, keeper=self._client.keeper)

    @upscale.autocomplete("picture")
    async def _pictures(
        self, interaction: discord.Interaction[EaselClient], current: str
    ) -> list[app_commands.Choice[str]]:
        recent = await self._services.editing.recent(
            current, guild_id=GuildId(interaction.guild_id or 0), member_id=MemberId(interaction.user.id)
        )
        return picture_choices(recent, now=self._services.clock.now())

    @upscale.autocomplete("model")
    async def _models(
        self, interaction: discord.Interaction[EaselClient], current: str
    ) -> list[app_commands.Choice[str]]:
        choices = model_choices(self._services.registry.offers(), current, verb=Verb.UPSCALE)
        return [app_commands.Choice(name=label, value=value) for label, value in choices]


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(UpscaleCog(client))

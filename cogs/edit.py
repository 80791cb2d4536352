"""`/edit`: a picture changed by words."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.core.requests import PictureRequest, Verb
from bot.providers.routing import ChoiceOption, model_choices, value_choices
from bot.ui.accepting import missing_permissions, settle
from bot.ui.message_pictures import handed
from bot.ui.reception import receive
from bot.ui.style_choices import STYLE_MAX, style_choices

# Discord cuts at 6,000; what a model takes is checked by the service, with a better answer.
PROMPT_MAX = 6_000
Choices = list[app_commands.Choice[str]]


class EditCog(commands.Cog):
    """The command."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client
        self._services = client.services

    @app_commands.command(
        name="edit", description="Changes a picture by your words; the price is shown before and after"
    )
    @app_commands.describe(
        prompt="What should change, in your own words",
        image="The picture: PNG, JPEG or WebP",
        image2="A second picture to draw from, where the model takes one; may cost a little more",
        image3="A third picture to draw from; may cost a little more",
        style="A kept style that is added to your words; see /style list",
        model="Which model changes it; left out, the cheapest that can",
        aspect_ratio="Shape, such as 1:1 or 16:9",
        count="How many versions; each costs",
        resolution="Size, such as 1k or 2k; larger costs more",
        format="File format: jpeg, png or webp",
    )
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def edit(
        self,
        interaction: discord.Interaction[EaselClient],
        prompt: app_commands.Range[str, 1, PROMPT_MAX],
        image: discord.Attachment,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        style: app_commands.Range[str, 1, STYLE_MAX] | None = None,
        model: app_commands.Range[str, 1, 100] | None = None,
        aspect_ratio: app_commands.Range[str, 1, 20] | None = None,
        count: app_commands.Range[int, 1, 10] | None = None,
        resolution: app_commands.Range[str, 1, 20] | None = None,
        format: app_commands.Range[str, 1, 20] | None = None,  # noqa: A002 - the option's name for members
    ) -> None:
        """Acknowledges, asks the service, shows the card."""
        received = await receive(interaction, self._services, command="edit")
        if received is None:
            return
        request = PictureRequest(
            prompt=prompt,
            style=style,
            model=model,
            aspect_ratio=aspect_ratio,
            count=count,
            resolution=resolution,
            format=format,
        )
        given = [handed(one) for one in (image, image2, image3) if one is not None]
        missing = missing_permissions(interaction)
        submitting = self._services.editing.edit(received, request, given, missing=missing)
        await settle(interaction, received, submitting, services=self._services, keeper=self._client.keeper)

    def _choices(self, interaction: discord.Interaction[EaselClient], option: ChoiceOption, current: str) -> Choices:
        model = interaction.namespace.model
        given = (interaction.namespace.image, interaction.namespace.image2, interaction.namespace.image3)
        values = value_choices(
            self._services.registry.offers(),
            option=option,
            model=model if isinstance(model, str) else None,
            typed=current,
            verb=Verb.EDIT,
            sources=max(1, sum(one is not None for one in given)),
        )
        return [app_commands.Choice(name=str(value), value=str(value)) for value in values]

    @edit.autocomplete("style")
    async def _styles(self, interaction: discord.Interaction[EaselClient], current: str) -> Choices:
        return await style_choices(interaction, self._services.styles, current)

    @edit.autocomplete("aspect_ratio")
    async def _ratios(self, interaction: discord.Interaction[EaselClient], current: str) -> Choices:
        return self._choices(interaction, "aspect_ratio", current)

    @edit.autocomplete("resolution")
    async def _resolutions(self, interaction: discord.Interaction[EaselClient], current: str) -> Choices:
        return self._choices(interaction, "resolution", current)

    @edit.autocomplete("format")
    async def _formats(self, interaction: discord.Interaction[EaselClient], current: str) -> Choices:
        return self._choices(interaction, "format", current)

    @edit.autocomplete("model")
    async def _models(self, interaction: discord.Interaction[EaselClient], current: str) -> Choices:
        choices = model_choices(self._services.registry.offers(), current, verb=Verb.EDIT)
        return [app_commands.Choice(name=label, value=value) for label, value in choices]


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(EditCog(client))

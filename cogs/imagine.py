"""`/imagine`: a picture from words."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.core.ids import GuildId, JobId, MemberId
from bot.core.requests import PictureRequest
from bot.providers.routing import ChoiceOption, model_choices, value_choices
from bot.services.cancelling import CancelOutcome
from bot.ui.accepting import missing_permissions, settle
from bot.ui.buttons import cancel_button
from bot.ui.reception import receive
from bot.ui.style_choices import STYLE_MAX, style_choices

# Discord cuts at 6,000; what a model takes is checked by the service, with a better answer.
PROMPT_MAX = 6_000


class ImagineCog(commands.Cog):
    """The command and its Cancel button."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client
        self._services = client.services

    @app_commands.command(
        name="imagine", description="Draws a picture from your words; the price is shown before and after"
    )
    @app_commands.describe(
        prompt="What the picture shows, in your own words",
        style="A kept style that is added to your words; see /style list",
        model="Which model draws it; left out, the cheapest that can",
        aspect_ratio="Shape, such as 1:1 or 16:9",
        count="How many pictures; each costs",
        resolution="Size, such as 1k or 2k; larger costs more",
        format="File format: jpeg, png or webp",
    )
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def imagine(
        self,
        interaction: discord.Interaction[EaselClient],
        prompt: app_commands.Range[str, 1, PROMPT_MAX],
        style: app_commands.Range[str, 1, STYLE_MAX] | None = None,
        model: app_commands.Range[str, 1, 100] | None = None,
        aspect_ratio: app_commands.Range[str, 1, 20] | None = None,
        count: app_commands.Range[int, 1, 10] | None = None,
        resolution: app_commands.Range[str, 1, 20] | None = None,
        format: app_commands.Range[str, 1, 20] | None = None,  # noqa: A002 - the option's name for members
    ) -> None:
        """Acknowledges, asks the service, shows the card."""
        received = await receive(interaction, self._services, command="imagine")
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
        submitting = self._services.pictures.submit(
            received, request, missing_permissions=missing_permissions(interaction)
        )
        await settle(interaction, received, submitting, services=self._services, keeper=self._client.keeper)

    def _choices(
        self, interaction: discord.Interaction[EaselClient], option: ChoiceOption, current: str
    ) -> list[app_commands.Choice[str]]:
        model = interaction.namespace.model
        values = value_choices(
            self._services.registry.offers(),
            option=option,
            model=model if isinstance(model, str) else None,
            typed=current,
        )
        return [app_commands.Choice(name=str(value), value=str(value)) for value in values]

    @imagine.autocomplete("style")
    async def _styles(
        self, interaction: discord.Interaction[EaselClient], current: str
    ) -> list[app_commands.Choice[str]]:
        return await style_choices(interaction, self._services.styles, current)

    @imagine.autocomplete("aspect_ratio")
    async def _ratios(
        self, interaction: discord.Interaction[EaselClient], current: str
    ) -> list[app_commands.Choice[str]]:
        return self._choices(interaction, "aspect_ratio", current)

    @imagine.autocomplete("resolution")
    async def _resolutions(
        self, interaction: discord.Interaction[EaselClient], current: str
    ) -> list[app_commands.Choice[str]]:
        return self._choices(interaction, "resolution", current)

    @imagine.autocomplete("format")
    async def _formats(
        self, interaction: discord.Interaction[EaselClient], current: str
    ) -> list[app_commands.Choice[str]]:
        return self._choices(interaction, "format", current)

    @imagine.autocomplete("model")
    async def _models(
        self, interaction: discord.Interaction[EaselClient], current: str
    ) -> list[app_commands.Choice[str]]:
        choices = model_choices(self._services.registry.offers(), current)
        return [app_commands.Choice(name=label, value=value) for label, value in choices]


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the button that any earlier card carries."""
    services = client.services

    async def cancel(job_id: JobId, guild_id: GuildId, member_id: MemberId) -> CancelOutcome:
        outcome = await services.cancelling.cancel(job_id, guild_id=guild_id, member_id=member_id)
        client.keeper.nudge()
        return outcome

    client.add_dynamic_items(cancel_button(cancel))
    await client.add_cog(ImagineCog(client))

"""`/imagine`: a picture from words."""

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.core.errors import Refusal
from bot.core.ids import GuildId, JobId, MemberId
from bot.core.requests import PictureRequest
from bot.interactions.model import Received
from bot.providers.routing import ChoiceOption, model_choices, value_choices
from bot.services.cancelling import CancelOutcome
from bot.ui import cards, words
from bot.ui.acknowledging import answer
from bot.ui.buttons import cancel_button
from bot.ui.reception import receive

# What a public result needs; asked before any money is held.
_NEEDED = ("view_channel", "send_messages", "attach_files")
_NEEDED_IN_THREADS = ("view_channel", "send_messages_in_threads", "attach_files")
# Discord cuts at 6,000; what a model takes is checked by the service, with a better answer.
PROMPT_MAX = 6_000


def _missing(interaction: discord.Interaction[EaselClient]) -> str:
    needed = _NEEDED_IN_THREADS if isinstance(interaction.channel, discord.Thread) else _NEEDED
    has = interaction.app_permissions
    return ", ".join(name.replace("_", " ") for name in needed if not getattr(has, name))


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
            model=model,
            aspect_ratio=aspect_ratio,
            count=count,
            resolution=resolution,
            format=format,
        )
        try:
            job_id = await self._services.pictures.submit(received, request, missing_permissions=_missing(interaction))
        except Refusal as error:
            await answer(interaction, cards.notice(words.refusal(error)))
            await self._services.desk.answered(received.id)
            return
        await self._show(interaction, received, job_id)

    async def _show(self, interaction: discord.Interaction[EaselClient], received: Received, job_id: JobId) -> None:
        """The first card; its keeper goes on from here, also when this edit fails."""
        progress = await self._services.board.of_job(job_id)
        if progress is None or progress.has_last_word:
            return
        self._client.keeper.note_shown(received.id, progress)
        try:
            await interaction.edit_original_response(view=cards.working(progress))
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            self._client.keeper.forget_shown(received.id)

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

"""`/usage`: where you and the server stand."""

from typing import Any, assert_never

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.services.exporting import Format
from bot.services.spending.model import View
from bot.ui import cards
from bot.ui.acknowledging import acknowledge, answer, is_too_large
from bot.ui.pressing import custom_id_of, is_on_message, manages_server
from bot.ui.reception import receive
from bot.ui.usage_asking import asker_of
from bot.ui.usage_buttons import usage_button
from bot.ui.usage_card import NOT_ALLOWED, guild_card, member_card
from bot.ui.usage_chart import chart_file, chart_of
from bot.ui.usage_files import entry_files, files_card, room, too_large
from bot.ui.usage_ids import Part, UsagePress, read_usage

Interaction = discord.Interaction[Any]


class UsageCog(commands.Cog):
    """The command and its buttons. Looking is free."""

    def __init__(self, client: EaselClient) -> None:
        self._services = client.services
        self._usage = client.services.usage

    @app_commands.command(name="usage", description="Shows what you and this server have spent, and what is left; free")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def show(self, interaction: discord.Interaction[EaselClient]) -> None:
        """Acknowledges, asks the service, shows the card: the guild's to those who manage it, else one's own."""
        received = await receive(interaction, self._services, command="usage")
        if received is None:
            return
        if manages_server(interaction):
            await self._show_guild(interaction, View())
        else:
            await self._show_own(interaction)
        await self._services.desk.answered(received.id)

    @commands.Cog.listener("on_interaction")
    async def turned_away(self, interaction: Interaction) -> None:
        """A press on a card that showed something else by then, for which discord.py finds no button."""
        press = read_usage(custom_id_of(interaction))
        if press is not None and not is_on_message(interaction):
            await self.press(interaction, press)

    async def press(self, interaction: Interaction, press: UsagePress) -> None:
        """Shows the report anew in place, or something beside it; whatever goes wrong, its member reads an answer."""
        try:
            if press.part is not Part.OWN and not manages_server(interaction):
                if await acknowledge(interaction, opens_card=True):
                    await answer(interaction, cards.notice(NOT_ALLOWED))
            elif await acknowledge(interaction, opens_card=press.part not in (Part.STRETCH, Part.GROUPING)):
                await self._do(interaction, press)
        except DatabaseUnavailable:
            await answer_error(interaction, Refusal(RefusalReason.BUSY))
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)

    async def _do(self, interaction: Interaction, press: UsagePress) -> None:
        match press.part:
            case Part.STRETCH | Part.GROUPING:
                await self._show_guild(interaction, press.view)
            case Part.CSV:
                await self._show_files(interaction, press.view, Format.CSV)
            case Part.JSONL:
                await self._show_files(interaction, press.view, Format.JSONL)
            case Part.OWN:
                await self._show_own(interaction)
            case _:
                assert_never(press.part)

    async def _show_own(self, interaction: Interaction) -> None:
        await answer(interaction, member_card(await self._usage.of_member(asker_of(interaction))))

    async def _show_guild(self, interaction: Interaction, view: View) -> None:
        usage = await self._usage.of_guild(asker_of(interaction), view)
        chart = chart_of(usage)
        name = None if interaction.guild is None else interaction.guild.name
        await answer(interaction, guild_card(usage, chart, guild_name=name), files=[await chart_file(chart)])

    async def _show_files(self, interaction: Interaction, view: View, form: Format) -> None:
        limit, most = room(interaction.filesize_limit)
        parts = await self._usage.files(asker_of(interaction), view, form, limit_bytes=limit, most=most)
        files = entry_files(parts)
        try:
            await answer(interaction, files_card(parts, [file.filename for file in files]), files=files)
        except discord.HTTPException as error:
            if not is_too_large(error):
                raise
            await answer(interaction, too_large(), files=())


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the buttons that any earlier card carries."""
    cog = UsageCog(client)
    client.add_dynamic_items(usage_button(cog.press))
    await client.add_cog(cog)

"""`/history`: one's own results, page by page, and from each of them every action."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import JobId
from bot.services.history.pages import Cursor, Direction, Page
from bot.ui import custom_ids
from bot.ui.acknowledging import acknowledge, answer, is_too_large
from bot.ui.custom_ids import HistoryVerb
from bot.ui.delivery import DEFAULT_FILE_LIMIT, REQUEST_LIMIT
from bot.ui.history_buttons import history_button
from bot.ui.history_card import history_card, opened_card, opened_files, thumbnails
from bot.ui.pressing import custom_id_of, is_on_message, whose
from bot.ui.reception import receive

Interaction = discord.Interaction[Any]


class HistoryCog(commands.Cog):
    """The command and the buttons of its pages. Looking is free."""

    def __init__(self, client: EaselClient) -> None:
        self._services = client.services
        self._history = client.services.history

    @app_commands.command(name="history", description="Shows your own results here, the latest first; free")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def show(self, interaction: discord.Interaction[EaselClient]) -> None:
        """Acknowledges, asks the service, shows the first page."""
        received = await receive(interaction, self._services, command="history")
        if received is None:
            return
        page = await self._history.page(guild_id=received.guild_id, member_id=received.member_id)
        await self._turn_to(interaction, page)
        await self._services.desk.answered(received.id)

    @commands.Cog.listener("on_interaction")
    async def turned_away(self, interaction: Interaction) -> None:
        """A press on a page that was turned meanwhile, for which discord.py finds no button."""
        asked = custom_ids.read_history(custom_id_of(interaction))
        if asked is not None and not is_on_message(interaction):
            await self.press(interaction, *asked)

    async def press(self, interaction: Interaction, verb: HistoryVerb, job_id: JobId) -> None:
        """Turns the page in place, or opens a result beside it; whatever goes wrong, its member reads an answer."""
        try:
            if verb is HistoryVerb.OPEN:
                await self._open(interaction, job_id)
            else:
                await self._turn(interaction, Cursor(direction=Direction(verb), job_id=job_id))
        except DatabaseUnavailable:
            await answer_error(interaction, Refusal(RefusalReason.BUSY))
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)

    async def _turn(self, interaction: Interaction, cursor: Cursor) -> None:
        if await acknowledge(interaction):
            guild_id, member_id = whose(interaction)
            page = await self._history.page(guild_id=guild_id, member_id=member_id, cursor=cursor)
            await self._turn_to(interaction, page)

    async def _turn_to(self, interaction: Interaction, page: Page) -> None:
        await answer(interaction, history_card(page), files=thumbnails(page))

    async def _open(self, interaction: Interaction, job_id: JobId) -> None:
        if await acknowledge(interaction, opens_card=True):
            guild_id, member_id = whose(interaction)
            opened = await self._history.open(job_id, guild_id=guild_id, member_id=member_id)
            share = REQUEST_LIMIT // max(1, len(opened.post.pictures))
            limit = min(interaction.filesize_limit or DEFAULT_FILE_LIMIT, share)
            files = opened_files(opened.post, await self._history.pictures(opened.post, limit_bytes=limit))
            try:
                await answer(interaction, opened_card(opened, [file.filename for file in files]), files=files)
            except discord.HTTPException as error:
                if not files or not is_too_large(error):
                    raise
                await answer(interaction, opened_card(opened, ()), files=())


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the buttons that any earlier page carries."""
    cog = HistoryCog(client)
    client.add_dynamic_items(history_button(cog.press))
    await client.add_cog(cog)

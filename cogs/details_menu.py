"""The menu of a result's message: what it was made of."""

import discord
from discord import app_commands

from bot.client import EaselClient
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import MessageId
from bot.ui.acknowledging import acknowledge
from bot.ui.originals import answer_details
from bot.ui.pressing import whose

DETAILS = "Picture details"


async def setup(client: EaselClient) -> None:
    """Adds the menu."""
    desk = client.services.results.details

    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def details(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
        """Acknowledges, asks the service, shows the card. Looking is free."""
        if not await acknowledge(interaction, opens_card=True):
            return
        guild_id, member_id = whose(interaction)
        try:
            found = await desk.look_at_post(MessageId(message.id), guild_id=guild_id, member_id=member_id)
        except DatabaseUnavailable:
            raise Refusal(RefusalReason.BUSY) from None
        await answer_details(interaction, found, desk, post=message)

    client.tree.add_command(app_commands.ContextMenu(name=DETAILS, callback=details))

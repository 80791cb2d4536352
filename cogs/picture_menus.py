"""The menu of any message that shows a picture: change it, enlarge it."""

from typing import Any

import discord
from discord import app_commands

from bot.client import EaselClient
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import MessageId
from bot.core.requests import PictureRequest
from bot.services.handed.bringing import Handed
from bot.ui.accepting import missing_permissions, settle
from bot.ui.edit_form import EditForm
from bot.ui.message_pictures import first_picture
from bot.ui.reception import receive

EDIT = "Edit this picture…"
UPSCALE = "Upscale"


def _shown(message: discord.Message) -> Handed:
    """The message's picture. Raises Refusal BAD_SOURCE."""
    found = first_picture(message)
    if found is None:
        raise Refusal(RefusalReason.BAD_SOURCE, {"trouble": "no_picture"})
    return found


def _edit_menu(client: EaselClient) -> app_commands.ContextMenu:
    services = client.services

    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def edit(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
        """Opens the form, which is free; what is sent off is stored, acknowledged and paid for."""
        shown = _shown(message)

        async def submit(sent: discord.Interaction[Any], prompt: str) -> None:
            received = await receive(sent, services, command="edit")
            if received is None:
                return
            submitting = services.editing.edit_message(
                received,
                PictureRequest(prompt=prompt),
                message_id=MessageId(message.id),
                shown=shown,
                missing=missing_permissions(sent),
            )
            await settle(sent, received, submitting, services=services, keeper=client.keeper)

        await interaction.response.send_modal(EditForm(submit))

    return app_commands.ContextMenu(name=EDIT, callback=edit)


def _upscale_menu(client: EaselClient) -> app_commands.ContextMenu:
    services = client.services

    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def upscale(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
        """Acknowledges, asks the service, shows the card."""
        received = await receive(interaction, services, command="upscale")
        if received is None:
            return
        submitting = services.editing.upscale_message(
            received,
            message_id=MessageId(message.id),
            shown=first_picture(message),
            missing=missing_permissions(interaction),
        )
        await settle(interaction, received, submitting, services=services, keeper=client.keeper)

    return app_commands.ContextMenu(name=UPSCALE, callback=upscale)


async def setup(client: EaselClient) -> None:
    """Adds the menus."""
    client.tree.add_command(_edit_menu(client))
    client.tree.add_command(_upscale_menu(client))

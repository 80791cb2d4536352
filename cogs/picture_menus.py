"""The menu of any message that shows a picture: change it, enlarge it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, assert_never

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import JobId, MessageId
from bot.core.requests import PictureRequest
from bot.interactions.model import Received
from bot.services.handed.bringing import Handed
from bot.services.handed.editing import OfMessage
from bot.ui import cards, custom_ids
from bot.ui.accepting import missing_permissions, settle
from bot.ui.custom_ids import MenuForm, MenuVerb
from bot.ui.picture_forms import EditWish, edit_form, read_edit, read_upscale, upscale_form
from bot.ui.pressing import custom_id_of
from bot.ui.reception import receive
from bot.ui.result_cards import UNKNOWN_FORM
from bot.ui.shown_pictures import ShownPictures

EDIT = "Edit this picture…"
UPSCALE = "Upscale"
Interaction = discord.Interaction[Any]


class PictureMenusCog(commands.Cog):
    """The menus, and the forms that they open. Opening one is free."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client
        self._services = client.services
        self._shown = ShownPictures()

    async def edit(self, interaction: Interaction, message: discord.Message) -> None:
        """Opens the form; what is sent off is stored, acknowledged and paid for."""
        shown = self._shown.note(message)
        if not shown:
            raise Refusal(RefusalReason.BAD_SOURCE, {"trouble": "no_picture"})
        form = MenuForm(verb=MenuVerb.EDIT, message_id=MessageId(message.id))
        await interaction.response.send_modal(edit_form(custom_ids.of_menu_form(form), count=len(shown)))

    async def upscale(self, interaction: Interaction, message: discord.Message) -> None:
        """Enlarges the only picture; of several it asks which."""
        shown, message_id = self._shown.note(message), MessageId(message.id)
        if len(shown) > 1:
            form = MenuForm(verb=MenuVerb.UPSCALE, message_id=message_id)
            await interaction.response.send_modal(upscale_form(custom_ids.of_menu_form(form), count=len(shown)))
            return
        await self._enlarge(interaction, message_id, 1)

    @commands.Cog.listener("on_interaction")
    async def sent(self, interaction: Interaction) -> None:
        """A form came back; whatever goes wrong, its member reads an answer."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        form = custom_ids.read_menu_form(custom_id_of(interaction))
        if form is not None:
            try:
                await self._go_on(interaction, form)
            except Exception as error:  # the last resort: logged there, and answered
                await answer_error(interaction, error)

    async def _go_on(self, interaction: Interaction, form: MenuForm) -> None:
        data: Mapping[str, Any] = interaction.data or {}
        wish = read_edit(data) if form.verb is MenuVerb.EDIT else read_upscale(data)
        if wish is None:
            await interaction.response.send_message(view=cards.notice(UNKNOWN_FORM), ephemeral=True)
            return
        match form.verb:
            case MenuVerb.EDIT:
                await self._change(interaction, form.message_id, wish)
            case MenuVerb.UPSCALE:
                await self._enlarge(interaction, form.message_id, wish.position)
            case _:
                assert_never(form.verb)

    async def _change(self, interaction: Interaction, message_id: MessageId, wish: EditWish) -> None:
        editing, request = self._services.editing, PictureRequest(prompt=wish.prompt)
        missing = missing_permissions(interaction)
        await self._pay(
            interaction,
            "edit",
            lambda received, one: editing.edit_message(received, request, one, missing=missing),
            message_id=message_id,
            position=wish.position,
        )

    async def _enlarge(self, interaction: Interaction, message_id: MessageId, position: int) -> None:
        editing, missing = self._services.editing, missing_permissions(interaction)
        await self._pay(
            interaction,
            "upscale",
            lambda received, one: editing.upscale_message(received, one, missing=missing),
            message_id=message_id,
            position=position,
        )

    async def _pay(
        self,
        interaction: Interaction,
        command: str,
        submit: Callable[[Received, OfMessage], Awaitable[JobId]],
        *,
        message_id: MessageId,
        position: int,
    ) -> None:
        received = await receive(interaction, self._services, command=command)
        if received is None:
            return

        async def submitted() -> JobId:
            shown = await self._shown.find(interaction, message_id)
            picture: Handed | None = next(iter(shown[position - 1 : position]), None)
            return await submit(received, OfMessage(message_id=message_id, position=position, shown=picture))

        await settle(interaction, received, submitted(), services=self._services, keeper=self._client.keeper)


def _menus(cog: PictureMenusCog) -> tuple[app_commands.ContextMenu, ...]:
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def edit(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
        await cog.edit(interaction, message)

    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def upscale(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
        await cog.upscale(interaction, message)

    return (
        app_commands.ContextMenu(name=EDIT, callback=edit),
        app_commands.ContextMenu(name=UPSCALE, callback=upscale),
    )


async def setup(client: EaselClient) -> None:
    """Adds the menus, and the forms that they open."""
    cog = PictureMenusCog(client)
    for menu in _menus(cog):
        client.tree.add_command(menu)
    client.add_forms(custom_ids.MENU_FORM_PATTERN)
    await client.add_cog(cog)

"""What `/style` and `/settings styles` share: each wish about a keeper's styles, answered to its member alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands, ui

from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import GuildId, MemberId
from bot.interactions.model import Received
from bot.services.container import Services
from bot.services.styles.desk import of_guild, of_member
from bot.services.styles.model import Keeper, Owner, StyleOutcome
from bot.ui import cards
from bot.ui.acknowledging import acknowledge, answer
from bot.ui.pressing import custom_id_of, manages_server
from bot.ui.reception import receive
from bot.ui.style_cards import BUSY, NOT_ALLOWED, list_card, outcome_card
from bot.ui.style_choices import choices_of
from bot.ui.style_forms import read_style, read_style_form_id, style_form

Interaction = discord.Interaction[Any]
# Makes the answer to a command.
Show = Callable[[Received], Awaitable[ui.LayoutView]]
# A form must be open within Discord's 3 s, and what stands in it is read before.
PREPARE_S = 2.0


class StyleDesk:
    """Judges the right anew each time: what a command's default says can be changed by a server."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._styles = services.styles

    async def show(self, interaction: Interaction, owner: Owner) -> None:
        """The guild's styles; for a member theirs too."""

        async def view(received: Received) -> ui.LayoutView:
            guild = await self._styles.kept_by(of_guild(received.guild_id))
            if owner is Owner.GUILD:
                return list_card(guild=guild)
            return list_card(guild=guild, member=await self._styles.kept_by(of_member(received.member_id)))

        await self._answer(interaction, owner, view)

    async def remove(self, interaction: Interaction, owner: Owner, name: str) -> None:
        """Forgets the style of that name."""

        async def view(_: Received) -> ui.LayoutView:
            return outcome_card(await self._styles.remove(_keeper(interaction, owner), name), name)

        await self._answer(interaction, owner, view)

    async def add(self, interaction: Interaction, owner: Owner) -> None:
        """Opens an empty form."""
        if await self._is_allowed(interaction, owner):
            await interaction.response.send_modal(style_form(owner))

    async def change(self, interaction: Interaction, owner: Owner, name: str) -> None:
        """Opens the form with what the style says now. Raises Refusal BUSY."""
        if not await self._is_allowed(interaction, owner):
            return
        try:
            async with asyncio.timeout(PREPARE_S):
                style = await self._styles.named(_keeper(interaction, owner), name)
        except (TimeoutError, DatabaseUnavailable):
            raise Refusal(RefusalReason.BUSY) from None
        if style is None:
            await _say(interaction, outcome_card(StyleOutcome.NO_SUCH, name))
        else:
            await interaction.response.send_modal(style_form(owner, style))

    async def sent(self, interaction: Interaction) -> None:
        """A form came back; one that is none of ours is left to others."""
        form = read_style_form_id(custom_id_of(interaction))
        if form is None or not await self._is_allowed(interaction, form.owner):
            return
        if not await acknowledge(interaction, opens_card=True):
            return
        draft, keeper = read_style(interaction.data or {}), _keeper(interaction, form.owner)
        author_id = MemberId(interaction.user.id)
        try:
            if form.style_id is None:
                outcome = await self._styles.add(keeper, draft, author_id=author_id)
            else:
                outcome = await self._styles.change(keeper, form.style_id, draft, author_id=author_id)
        except DatabaseUnavailable:
            await answer(interaction, cards.notice(BUSY))
        else:
            await answer(interaction, outcome_card(outcome, draft.name))

    async def names(self, interaction: Interaction, owner: Owner, typed: str) -> list[app_commands.Choice[str]]:
        """The keeper's styles whose names hold what was typed; none while the database is away."""
        try:
            return choices_of(await self._styles.kept_by(_keeper(interaction, owner)), typed)
        except DatabaseUnavailable:
            return []

    async def _answer(self, interaction: Interaction, owner: Owner, view: Show) -> None:
        received = await receive(interaction, self._services, command="style" if owner is Owner.MEMBER else "settings")
        if received is None:
            return
        shown = await view(received) if _may(interaction, owner) else cards.notice(NOT_ALLOWED)
        await answer(interaction, shown)
        await self._services.desk.answered(received.id)

    async def _is_allowed(self, interaction: Interaction, owner: Owner) -> bool:
        if not _may(interaction, owner):
            await _say(interaction, cards.notice(NOT_ALLOWED))
            return False
        return True


def _may(interaction: Interaction, owner: Owner) -> bool:
    return owner is Owner.MEMBER or manages_server(interaction)


def _keeper(interaction: Interaction, owner: Owner) -> Keeper:
    if owner is Owner.GUILD:
        return of_guild(GuildId(interaction.guild_id or 0))
    return of_member(MemberId(interaction.user.id))


async def _say(interaction: Interaction, view: ui.LayoutView) -> None:
    await interaction.response.send_message(view=view, ephemeral=True)

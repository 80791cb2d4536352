"""What stands behind `/settings budget` and its card: the right is judged each time, then a form opens or a card is
shown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import ui

from bot.core.clock import millis
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.interactions.model import Received
from bot.ledger.rules.model import Draft, Whom
from bot.services.budgets.reading import Budget
from bot.services.container import Services
from bot.ui import cards, words
from bot.ui.acknowledging import acknowledge, answer
from bot.ui.budgets.add_forms import add_form
from bot.ui.budgets.card import NOT_ALLOWED, Told, budget_card, busy_card
from bot.ui.budgets.change_forms import change_form, find
from bot.ui.budgets.deeds import Asker, Deeds
from bot.ui.budgets.ids import Adding, Do, Press, Sheet, read_form_id, read_key
from bot.ui.budgets.log import log_card
from bot.ui.budgets.offered import offered_by
from bot.ui.budgets.reading import Sent
from bot.ui.budgets.refusals import GONE, REFUSED, refused
from bot.ui.budgets.setting_forms import pause_form, settings_form
from bot.ui.budgets.simulation import simulation_card
from bot.ui.pressing import custom_id_of, manages_server, whose
from bot.ui.reception import receive
from bot.ui.result_cards import UNKNOWN_BUTTON

Interaction = discord.Interaction[Any]
# A form must be open within Discord's 3 s, and what stands in it is read before.
PREPARE_S = 2.0
_DAYS = {Do.WEEK: 7, Do.MONTH: 30}


class BudgetDesk:
    """Keeps nothing: what a press or a form means stands in its custom id, and what holds in the database."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._budgets = services.budgets
        self._deeds = Deeds(services.budgets, services.guild_desk)

    # -- commands ------------------------------------------------------------------------------------

    async def show(self, interaction: Interaction) -> None:
        """The card."""
        await self._command(interaction, lambda: self._card(interaction, Sheet()))

    async def pause(self, interaction: Interaction, command: str | None, reason: str) -> None:
        """The card, with what became of the wish to pause."""

        async def view() -> ui.LayoutView:
            told = await self._deeds.pause(command, reason, _asker(interaction))
            return await self._card(interaction, Sheet(), told)

        await self._command(interaction, view)

    async def resume(self, interaction: Interaction, command: str | None) -> None:
        """The card, with what became of the wish to go on."""

        async def view() -> ui.LayoutView:
            told = await self._deeds.resume(command, _asker(interaction))
            return await self._card(interaction, Sheet(), told)

        await self._command(interaction, view)

    async def simulate(self, interaction: Interaction, days: int, wanted: Callable[[], Draft | None]) -> None:
        """What the last days would have looked like, with one more limit where one is wanted."""

        async def view() -> ui.LayoutView:
            try:
                draft = wanted()
            except REFUSED as error:
                return cards.notice(words.Words(title="That limit is not possible", body=refused(error)))
            return await self._simulation(interaction, days, draft)

        await self._command(interaction, view)

    async def _command(self, interaction: Interaction, view: Callable[[], Awaitable[ui.LayoutView]]) -> None:
        received: Received | None = await receive(interaction, self._services, command="settings")
        if received is None:
            return
        try:
            shown = await view() if manages_server(interaction) else cards.notice(NOT_ALLOWED)
        except DatabaseUnavailable:
            shown = busy_card(Sheet())
        await answer(interaction, shown)
        await self._services.desk.answered(received.id)

    # -- the card's buttons and menus ----------------------------------------------------------------

    async def press(self, interaction: Interaction, press: Press) -> None:
        """Opens a form, draws the card anew in place, or shows something beside it. Raises Refusal BUSY."""
        if not manages_server(interaction):
            await _say(interaction, cards.notice(NOT_ALLOWED))
            return
        match press.do:
            case Do.ADD:
                await self._open_add(interaction, press.sheet)
            case Do.CHANGE:
                await self._open_change(interaction, press.sheet)
            case Do.PAUSE:
                await interaction.response.send_modal(pause_form(press.sheet, offered_by(self._services.registry)))
            case Do.SETTINGS:
                budget = await self._prepared(interaction)
                await interaction.response.send_modal(settings_form(budget.settings, press.sheet))
            case Do.REFRESH | Do.TURN:
                await self._redraw(interaction, press.sheet)
            case Do.LOG:
                await self._beside(interaction, lambda: self._log(interaction, 0))
            case Do.WEEK | Do.MONTH:
                days = _DAYS[press.do]
                await self._beside(interaction, lambda: self._simulation(interaction, days))

    async def turn_log(self, interaction: Interaction, page: int) -> None:
        """Another page of the log, in place."""
        if not manages_server(interaction):
            await _say(interaction, cards.notice(NOT_ALLOWED))
        elif await acknowledge(interaction):
            await answer(interaction, await self._log(interaction, page))

    async def _open_add(self, interaction: Interaction, sheet: Sheet) -> None:
        try:
            adding = Adding(_chosen(interaction))
        except ValueError:
            await _say(interaction, cards.notice(UNKNOWN_BUTTON))
        else:
            offered = offered_by(self._services.registry)
            if adding is Adding.MODEL and not offered.models:
                raise Refusal(RefusalReason.NO_PROVIDER)
            await interaction.response.send_modal(add_form(adding, sheet, offered))

    async def _open_change(self, interaction: Interaction, sheet: Sheet) -> None:
        key = read_key(_chosen(interaction))
        shown = None if key is None else find(await self._prepared(interaction), key)
        if key is None or shown is None:
            await self._redraw(interaction, sheet, Told(text=GONE, is_good=False))
        else:
            guild_id, _ = whose(interaction)
            form = change_form(key, shown, sheet, guild_id, offered_by(self._services.registry))
            await interaction.response.send_modal(form)

    async def _prepared(self, interaction: Interaction) -> Budget:
        """What stands in a form, in time. Raises Refusal BUSY."""
        asker = _asker(interaction)
        try:
            async with asyncio.timeout(PREPARE_S):
                return await self._budgets.rules_of(asker.guild_id)
        except (TimeoutError, DatabaseUnavailable):
            raise Refusal(RefusalReason.BUSY) from None

    # -- forms ---------------------------------------------------------------------------------------

    async def sent(self, interaction: Interaction) -> None:
        """A form came back; one that is none of these is left to others."""
        found = read_form_id(custom_id_of(interaction))
        if found is None:
            return
        if not manages_server(interaction):
            await _say(interaction, cards.notice(NOT_ALLOWED))
        elif await acknowledge(interaction):
            form, sheet = found
            data: Mapping[str, Any] = interaction.data or {}
            try:
                told = await self._deeds.do(form, Sent(data), _asker(interaction))
                card = await self._card(interaction, sheet.next, told)
            except DatabaseUnavailable:
                card = busy_card(sheet.next)
            await answer(interaction, card)

    # -- cards ---------------------------------------------------------------------------------------

    async def _redraw(self, interaction: Interaction, sheet: Sheet, told: Told | None = None) -> None:
        if await acknowledge(interaction):
            try:
                card = await self._card(interaction, sheet.next, told)
            except DatabaseUnavailable:
                card = busy_card(sheet.next)
            await answer(interaction, card)

    async def _beside(self, interaction: Interaction, view: Callable[[], Awaitable[ui.LayoutView]]) -> None:
        if await acknowledge(interaction, opens_card=True):
            await answer(interaction, await view())

    async def _card(self, interaction: Interaction, sheet: Sheet, told: Told | None = None) -> ui.LayoutView:
        asker = _asker(interaction)
        budget = await self._budgets.rules_of(asker.guild_id)
        return budget_card(budget, self._budgets.ceilings, asker.guild_id, sheet, _names(interaction), told)

    async def _log(self, interaction: Interaction, page: int) -> ui.LayoutView:
        guild_id, _ = whose(interaction)
        return log_card(await self._budgets.changes_of(guild_id), page, guild_id)

    async def _simulation(self, interaction: Interaction, days: int, draft: Draft | None = None) -> ui.LayoutView:
        guild_id, _ = whose(interaction)
        found = await self._budgets.simulate_beside(guild_id, draft, days=days)
        return simulation_card(found, days=days, guild_id=guild_id, draft=draft)


def _asker(interaction: Interaction) -> Asker:
    guild_id, member_id = whose(interaction)
    return Asker(guild_id=guild_id, member_id=member_id, at=millis(interaction.created_at))


def _names(interaction: Interaction) -> Callable[[Whom, str], str | None]:
    """Roles and channels by their names, where this process knows them."""
    guild = interaction.guild

    def name_of(whom: Whom, name: str) -> str | None:
        if guild is None:
            return None
        found = guild.get_role(int(name)) if whom is Whom.ROLE else guild.get_channel_or_thread(int(name))
        return None if found is None else found.name

    return name_of


def _chosen(interaction: Interaction) -> str:
    """The one thing chosen in a menu; empty where there is none."""
    data: Mapping[str, Any] = interaction.data or {}
    values = data.get("values") or [""]
    return str(values[0])


async def _say(interaction: Interaction, view: ui.LayoutView) -> None:
    await interaction.response.send_message(view=view, ephemeral=True)

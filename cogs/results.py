"""The buttons under a result, and the forms that they open."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import JobId
from bot.interactions.model import Received
from bot.services.results.removing import RemovalOutcome
from bot.services.results.sequels import Origin
from bot.ui import cards, custom_ids
from bot.ui.accepting import missing_permissions, settle
from bot.ui.acknowledging import acknowledge, answer
from bot.ui.custom_ids import FormId, FormVerb, Press, ResultVerb
from bot.ui.originals import answer_details, posted_url
from bot.ui.picture_forms import edit_form, read_edit
from bot.ui.pressing import custom_id_of, is_on_message, is_on_own_card, remover, whose
from bot.ui.reception import receive
from bot.ui.result_buttons import result_button
from bot.ui.result_cards import NOT_STORED, REPORTED, UNKNOWN_FORM, removal_card, which_to_vary
from bot.ui.result_forms import read_report, report_form

Interaction = discord.Interaction[Any]
# A form must be open within Discord's 3 s, and its prompt is read before.
PREPARE_S = 2.0


class ResultsCog(commands.Cog):
    """Every press is judged anew: by whom, on what, and whether it still can be."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client
        self._services = client.services
        self._results = client.services.results
        self._doings: Mapping[ResultVerb, Callable[[Interaction, Press], Awaitable[None]]] = {
            ResultVerb.AGAIN: self._again,
            ResultVerb.VARY: self._vary,
            ResultVerb.EDIT: self._open_edit,
            ResultVerb.UPSCALE: self._upscale,
            ResultVerb.DETAILS: self._details,
            ResultVerb.REPORT: self._open_report,
            ResultVerb.DELETE: self._ask_to_delete,
            ResultVerb.REMOVE: self._remove,
        }

    async def press(self, interaction: Interaction, press: Press) -> None:
        """Does what the button says; whatever goes wrong, its member reads an answer."""
        await self._owning_up(interaction, self._doings[press.verb](interaction, press))

    @commands.Cog.listener("on_interaction")
    async def others(self, interaction: Interaction) -> None:
        """Forms; and buttons that discord.py finds no item for, because they are gone from their message."""
        custom_id = custom_id_of(interaction)
        form, press = custom_ids.read_form(custom_id), custom_ids.read_press(custom_id)
        if interaction.type is discord.InteractionType.modal_submit:
            if form is not None:
                await self._owning_up(interaction, self._form(interaction, form))
        elif press is not None and not is_on_message(interaction):
            await self.press(interaction, press)

    async def _owning_up(self, interaction: Interaction, doing: Awaitable[None]) -> None:
        try:
            await doing
        except DatabaseUnavailable:
            await answer_error(interaction, Refusal(RefusalReason.BUSY))
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)

    async def _say(self, interaction: Interaction, view: ui.LayoutView) -> None:
        await interaction.response.send_message(view=view, ephemeral=True)

    # -- what makes another picture ------------------------------------------------------------------

    async def _pay(
        self, interaction: Interaction, command: str, submit: Callable[[Received, str], Awaitable[JobId]]
    ) -> None:
        received = await receive(interaction, self._services, command=command)
        if received is None:
            return
        submitting = submit(received, missing_permissions(interaction))
        await settle(interaction, received, submitting, services=self._services, keeper=self._client.keeper)

    async def _again(self, interaction: Interaction, press: Press) -> None:
        sequels = self._results.sequels
        await self._pay(
            interaction, "again", lambda received, missing: sequels.again(received, press.job_id, missing=missing)
        )

    async def _vary(self, interaction: Interaction, press: Press) -> None:
        if press.position is None:
            await self._ask_which(interaction, press)
            return
        sequels, origin = self._results.sequels, self._origin(interaction, press.job_id, press.position)
        await self._pay(interaction, "vary", lambda received, missing: sequels.vary(received, origin, missing=missing))

    async def _ask_which(self, interaction: Interaction, press: Press) -> None:
        if not await acknowledge(interaction, opens_card=True):
            return
        guild_id, member_id = whose(interaction)
        details = await self._results.details.look(press.job_id, guild_id=guild_id, member_id=member_id)
        if not details.pictures:
            raise Refusal(RefusalReason.PICTURE_GONE)
        await answer(interaction, which_to_vary(press.job_id, len(details.pictures)))

    async def _upscale(self, interaction: Interaction, press: Press) -> None:
        sequels, origin = self._results.sequels, self._origin(interaction, press.job_id, press.position or 1)
        await self._pay(
            interaction, "upscale", lambda received, missing: sequels.upscale(received, origin, missing=missing)
        )

    async def _open_edit(self, interaction: Interaction, press: Press) -> None:
        guild_id, member_id = whose(interaction)
        try:
            async with asyncio.timeout(PREPARE_S):
                details = await self._results.details.look(press.job_id, guild_id=guild_id, member_id=member_id)
        except TimeoutError:
            raise Refusal(RefusalReason.BUSY) from None
        if not details.pictures:
            raise Refusal(RefusalReason.PICTURE_GONE)
        custom_id = custom_ids.of_form(FormId(verb=FormVerb.EDIT, job_id=press.job_id))
        # Where nobody described the picture its words are what it is called, which is nothing to be drawn.
        words = details.words if details.steps.can_vary else None
        form = edit_form(custom_id, prompt=words or "", count=len(details.pictures))
        await interaction.response.send_modal(form)

    def _origin(self, interaction: Interaction, job_id: JobId, position: int) -> Origin:
        return Origin(job_id=job_id, position=position, url=posted_url(interaction.message, job_id, position))

    # -- what concerns the result itself -------------------------------------------------------------

    async def _details(self, interaction: Interaction, press: Press) -> None:
        if await acknowledge(interaction, opens_card=True):
            guild_id, member_id = whose(interaction)
            details = await self._results.details.look(press.job_id, guild_id=guild_id, member_id=member_id)
            await answer_details(interaction, details, self._results.details, post=interaction.message)

    async def _open_report(self, interaction: Interaction, press: Press) -> None:
        await interaction.response.send_modal(report_form(press.job_id))

    async def _ask_to_delete(self, interaction: Interaction, press: Press) -> None:
        if await acknowledge(interaction, opens_card=True):
            is_allowed = await self._results.removing.may_remove(press.job_id, remover(interaction))
            outcome = RemovalOutcome.ALLOWED if is_allowed else RemovalOutcome.NOT_YOURS
            await answer(interaction, removal_card(outcome, press.job_id))

    async def _remove(self, interaction: Interaction, press: Press) -> None:
        # The question turns into its answer; no public message ever does.
        if await acknowledge(interaction, opens_card=not is_on_own_card(interaction)):
            outcome = await self._results.removing.remove(press.job_id, remover(interaction))
            await answer(interaction, removal_card(outcome, press.job_id))

    # -- forms ---------------------------------------------------------------------------------------

    async def _form(self, interaction: Interaction, form: FormId) -> None:
        data: Mapping[str, Any] = interaction.data or {}
        if form.verb is FormVerb.EDIT and (wish := read_edit(data)) is not None:
            sequels, origin = self._results.sequels, self._origin(interaction, form.job_id, wish.position)
            await self._pay(
                interaction,
                "edit_form",
                lambda received, missing: sequels.edit(received, origin, prompt=wish.prompt, missing=missing),
            )
        elif form.verb is FormVerb.REPORT:
            await self._report(interaction, form)
        else:
            await self._say(interaction, cards.notice(UNKNOWN_FORM))

    async def _report(self, interaction: Interaction, form: FormId) -> None:
        told = read_report(interaction.data or {})
        if told is None:
            await self._say(interaction, cards.notice(UNKNOWN_FORM))
        elif await acknowledge(interaction, opens_card=True):
            guild_id, member_id = whose(interaction)
            try:
                await self._results.reporting.report(
                    form.job_id, guild_id=guild_id, member_id=member_id, reason=told.reason, text=told.text
                )
            except DatabaseUnavailable:
                await answer(interaction, cards.notice(NOT_STORED))
            else:
                await answer(interaction, cards.notice(REPORTED, colour=cards.RESULT_COLOUR))


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the buttons that any earlier result carries."""
    cog = ResultsCog(client)
    client.add_dynamic_items(result_button(cog.press))
    client.add_forms(custom_ids.FORM_PATTERN)
    await client.add_cog(cog)

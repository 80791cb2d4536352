"""The buttons under an answer: going on, reading aloud, forgetting; in a channel, on a card, in a direct message."""

from collections.abc import Awaitable, Callable
from typing import Any, assert_never

import discord
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import JobId
from bot.interactions.model import Received
from bot.services.ask.model import Question
from bot.ui import cards, custom_ids
from bot.ui.accepting import missing_permissions, settle
from bot.ui.acknowledging import acknowledge, answer
from bot.ui.answers import buttons
from bot.ui.answers.buttons import TalkPress
from bot.ui.answers.direct import is_direct, place_of_press, with_roles
from bot.ui.answers.wording import refused
from bot.ui.custom_ids import TalkVerb
from bot.ui.pressing import custom_id_of, is_on_message
from bot.ui.reception import receive

Interaction = discord.Interaction[Any]
# Above this a reading is confirmed first, in ticks: five cents.
DEAR_TICKS = 500_000_000


class AnswersCog(commands.Cog):
    """Every press is judged anew. A direct message belongs to the server where its member asked."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client
        self._services = client.services
        self._talk = client.services.talk

    async def press(self, interaction: Interaction, press: TalkPress) -> None:
        """Does what the button says; whatever goes wrong, its member reads an answer."""
        match press.verb:
            case TalkVerb.CONTINUE:
                await self._owning_up(interaction, self._open_form(interaction, press.job_id))
            case TalkVerb.SPEAK:
                await self._owning_up(interaction, self._speak(interaction, press.job_id, is_sure=False))
            case TalkVerb.ALOUD:
                await self._owning_up(interaction, self._speak(interaction, press.job_id, is_sure=True))
            case TalkVerb.FORGET:
                await self._owning_up(interaction, self._forget(interaction, press.job_id))
            case _:
                assert_never(press.verb)

    async def _owning_up(self, interaction: Interaction, doing: Awaitable[None]) -> None:
        try:
            await doing
        except DatabaseUnavailable:
            await answer_error(interaction, Refusal(RefusalReason.BUSY))
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)

    async def _open_form(self, interaction: Interaction, job_id: JobId) -> None:
        place = await place_of_press(interaction, job_id, self._talk)
        if await self._talk.asking.answer(job_id, place.guild_id) is None:
            notice = cards.notice(refused(Refusal(RefusalReason.NO_RESULT)))
            await interaction.response.send_message(view=notice, ephemeral=True)
            return
        await interaction.response.send_modal(buttons.continue_form(job_id))

    async def _go_on(self, interaction: Interaction, job_id: JobId) -> None:
        wanted = Question(text=buttons.typed(interaction.data or {}), parent=job_id, is_private=is_direct(interaction))
        asking = self._talk.asking
        await self._pay(
            interaction,
            job_id,
            "continue",
            lambda received, missing: asking.ask(received, wanted, missing_permissions=missing),
        )

    async def _speak(self, interaction: Interaction, job_id: JobId, *, is_sure: bool) -> None:
        asking = self._talk.asking
        place = await place_of_press(interaction, job_id, self._talk)
        turn = await asking.answer(job_id, place.guild_id)
        price = None if turn is None else asking.speech_price(turn)
        if price is not None and price > DEAR_TICKS and not is_sure:
            question = buttons.ask_before_reading(job_id, price)
            await interaction.response.send_message(view=question, ephemeral=True)
            return
        await self._pay(
            interaction,
            job_id,
            "speak",
            lambda received, missing: asking.speak(received, job_id, missing_permissions=missing),
        )

    async def _pay(
        self,
        interaction: Interaction,
        job_id: JobId,
        command: str,
        submit: Callable[[Received, str], Awaitable[JobId]],
    ) -> None:
        place = await place_of_press(interaction, job_id, self._talk)
        received = await receive(interaction, self._services, command=command, place=place)
        if received is None:
            return
        missing = "" if is_direct(interaction) else missing_permissions(interaction)

        async def submitted() -> JobId:
            return await submit(await with_roles(interaction, received), missing)

        await settle(
            interaction, received, submitted(), services=self._services, keeper=self._client.keeper, told=refused
        )

    async def _forget(self, interaction: Interaction, job_id: JobId) -> None:
        if await acknowledge(interaction, opens_card=True):
            place = await place_of_press(interaction, job_id, self._talk)
            forgotten = await self._talk.conversations.forget(
                job_id,
                guild_id=place.guild_id,
                member_id=place.member_id,
                is_moderator=interaction.permissions.manage_messages and not is_direct(interaction),
            )
            await answer(interaction, buttons.forgotten_notice(forgotten))

    @commands.Cog.listener("on_interaction")
    async def others(self, interaction: Interaction) -> None:
        """The form behind Continue; and buttons of ours that are gone from their message by now."""
        custom_id = custom_id_of(interaction)
        if interaction.type is discord.InteractionType.modal_submit:
            job_id = buttons.read_continued(custom_id)
            if job_id is not None:
                await self._owning_up(interaction, self._go_on(interaction, job_id))
        elif (press := buttons.read_press(custom_id)) is not None and not is_on_message(interaction):
            await self.press(interaction, press)


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the buttons that any earlier answer carries."""
    cog = AnswersCog(client)
    client.add_dynamic_items(buttons.talk_button(cog.press))
    client.add_forms(custom_ids.CONTINUED_PATTERN)
    await client.add_cog(cog)

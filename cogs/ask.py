"""`/ask`: questions, and what an answer leads to: going on, reading aloud, forgetting."""

from collections.abc import Awaitable
from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import JobId
from bot.core.requests import SearchKind
from bot.services.ask.model import Question
from bot.ui import cards
from bot.ui.accepting import missing_permissions, settle
from bot.ui.acknowledging import acknowledge, answer
from bot.ui.answers import buttons
from bot.ui.answers.buttons import TalkPress
from bot.ui.answers.by_message import go_on, is_reply_to
from bot.ui.answers.wording import refused
from bot.ui.custom_ids import TalkVerb
from bot.ui.message_pictures import handed
from bot.ui.pressing import custom_id_of, is_on_message, whose
from bot.ui.reception import receive

Interaction = discord.Interaction[Any]
# Discord cuts at 6,000; what a model takes is checked by the service, with a better answer.
QUESTION_MAX = 6_000
# Above this a reading is confirmed first, in ticks: five cents.
DEAR_TICKS = 500_000_000
_SEARCHES: dict[str, SearchKind] = {"web": SearchKind.WEB, "X": SearchKind.X, "code": SearchKind.CODE}


class AskCog(commands.Cog):
    """The command, the buttons of an answer, and replies to it."""

    def __init__(self, client: EaselClient) -> None:
        self._client = client
        self._services = client.services
        self._talk = client.services.talk

    @app_commands.command(name="ask", description="Answers a question; the price is shown before and after")
    @app_commands.describe(
        question="What you want to know, in your own words",
        image="A picture that the question is about: PNG, JPEG or WebP; costs a little more",
        search="Where to look first; costs more than an answer from memory",
        model="Which model answers; left out, the cheapest that can",
        private="Only you see the answer; left out, everybody in the channel does",
    )
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def ask(
        self,
        interaction: discord.Interaction[EaselClient],
        question: app_commands.Range[str, 1, QUESTION_MAX],
        image: discord.Attachment | None = None,
        search: Literal["web", "X", "code"] | None = None,
        model: app_commands.Range[str, 1, 100] | None = None,
        private: bool = False,
    ) -> None:
        """Acknowledges, asks the service, shows the card."""
        wanted = Question(
            text=question,
            model=model,
            search=() if search is None else (_SEARCHES[search],),
            is_private=private,
        )
        await self._submit(interaction, wanted, "ask", image=image)

    @ask.autocomplete("model")
    async def _models(
        self, interaction: discord.Interaction[EaselClient], current: str
    ) -> list[app_commands.Choice[str]]:
        del interaction
        return [app_commands.Choice(name=label, value=key) for label, key in self._talk.asking.models(current)]

    async def _submit(
        self, interaction: Interaction, wanted: Question, command: str, *, image: discord.Attachment | None = None
    ) -> None:
        received = await receive(interaction, self._services, command=command)
        if received is None:
            return
        picture = None if image is None else handed(image)
        missing = missing_permissions(interaction)
        submitting = self._talk.asking.ask(received, wanted, picture=picture, missing_permissions=missing)
        await self._settle(interaction, received, submitting)

    async def _settle(self, interaction: Interaction, received: Any, submitting: Awaitable[JobId]) -> None:
        await settle(
            interaction, received, submitting, services=self._services, keeper=self._client.keeper, told=refused
        )

    # -- buttons -------------------------------------------------------------------------------------

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

    async def _owning_up(self, interaction: Interaction, doing: Awaitable[None]) -> None:
        try:
            await doing
        except DatabaseUnavailable:
            await answer_error(interaction, Refusal(RefusalReason.BUSY))
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)

    async def _open_form(self, interaction: Interaction, job_id: JobId) -> None:
        guild_id, _ = whose(interaction)
        if await self._talk.asking.answer(job_id, guild_id) is None:
            notice = cards.notice(refused(Refusal(RefusalReason.NO_RESULT)))
            await interaction.response.send_message(view=notice, ephemeral=True)
            return
        await interaction.response.send_modal(buttons.continue_form(job_id))

    async def _speak(self, interaction: Interaction, job_id: JobId, *, is_sure: bool) -> None:
        guild_id, _ = whose(interaction)
        turn = await self._talk.asking.answer(job_id, guild_id)
        price = None if turn is None else self._talk.asking.speech_price(turn)
        if price is not None and price > DEAR_TICKS and not is_sure:
            question = buttons.ask_before_reading(job_id, price)
            await interaction.response.send_message(view=question, ephemeral=True)
            return
        received = await receive(interaction, self._services, command="speak")
        if received is not None:
            missing = missing_permissions(interaction)
            submitting = self._talk.asking.speak(received, job_id, missing_permissions=missing)
            await self._settle(interaction, received, submitting)

    async def _forget(self, interaction: Interaction, job_id: JobId) -> None:
        if await acknowledge(interaction, opens_card=True):
            guild_id, member_id = whose(interaction)
            forgotten = await self._talk.conversations.forget(
                job_id,
                guild_id=guild_id,
                member_id=member_id,
                is_moderator=interaction.permissions.manage_messages,
            )
            await answer(interaction, buttons.forgotten_notice(forgotten))

    @commands.Cog.listener("on_interaction")
    async def others(self, interaction: Interaction) -> None:
        """The form behind Continue; and buttons of ours that are gone from their message by now."""
        custom_id = custom_id_of(interaction)
        if interaction.type is discord.InteractionType.modal_submit:
            job_id = buttons.read_continued(custom_id)
            if job_id is not None:
                wanted = Question(text=buttons.typed(interaction.data or {}), parent=job_id)
                await self._owning_up(interaction, self._submit(interaction, wanted, "continue"))
        elif (press := buttons.read_press(custom_id)) is not None and not is_on_message(interaction):
            await self.press(interaction, press)

    # -- replies -------------------------------------------------------------------------------------

    @commands.Cog.listener("on_message")
    async def reply(self, message: discord.Message) -> None:
        """A reply to an answer, with the mention that a reply carries, goes on from it."""
        if self._client.user is not None and is_reply_to(message, self._client.user.id):
            await go_on(message, self._client, self._services)


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the buttons that any earlier answer carries."""
    cog = AskCog(client)
    client.add_dynamic_items(buttons.talk_button(cog.press))
    await client.add_cog(cog)

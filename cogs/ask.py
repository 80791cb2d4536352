"""`/ask`: questions, and replies to answers."""

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.core.requests import SearchKind
from bot.services.ask.model import Question
from bot.ui.accepting import missing_permissions, settle
from bot.ui.answers.by_message import go_on, is_reply_to
from bot.ui.answers.wording import refused
from bot.ui.message_pictures import handed
from bot.ui.reception import receive

Interaction = discord.Interaction[EaselClient]
# Discord cuts at 6,000; what a model takes is checked by the service, with a better answer.
QUESTION_MAX = 6_000
_SEARCHES: dict[str, SearchKind] = {"web": SearchKind.WEB, "X": SearchKind.X, "code": SearchKind.CODE}


class AskCog(commands.Cog):
    """The command, and replies that go on from an answer."""

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
        interaction: Interaction,
        question: app_commands.Range[str, 1, QUESTION_MAX],
        image: discord.Attachment | None = None,
        search: Literal["web", "X", "code"] | None = None,
        model: app_commands.Range[str, 1, 100] | None = None,
        private: bool = False,
    ) -> None:
        """Acknowledges, asks the service, shows the card."""
        received = await receive(interaction, self._services, command="ask")
        if received is None:
            return
        wanted = Question(
            text=question,
            model=model,
            search=() if search is None else (_SEARCHES[search],),
            is_private=private,
        )
        picture = None if image is None else handed(image)
        missing = missing_permissions(interaction)
        submitting = self._talk.asking.ask(received, wanted, picture=picture, missing_permissions=missing)
        await settle(
            interaction, received, submitting, services=self._services, keeper=self._client.keeper, told=refused
        )

    @ask.autocomplete("model")
    async def _models(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        del interaction
        return [app_commands.Choice(name=label, value=key) for label, key in self._talk.asking.models(current)]

    @commands.Cog.listener("on_message")
    async def reply(self, message: discord.Message) -> None:
        """A reply to an answer, with the mention that a reply carries, goes on from it."""
        if self._client.user is not None and is_reply_to(message, self._client.user.id):
            await go_on(message, self._client, self._services)


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(AskCog(client))

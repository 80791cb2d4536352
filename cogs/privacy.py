"""`/privacy`: what is kept about a member, as a file, and gone when they want it."""

from typing import Any, assert_never

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient, answer_error
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.services.privacy.model import Whose
from bot.ui import cards
from bot.ui.acknowledging import acknowledge, answer, is_too_large
from bot.ui.pressing import whose
from bot.ui.privacy_buttons import privacy_button
from bot.ui.privacy_card import TOO_LARGE, begun_card, data_card, data_files, privacy_card, question_card
from bot.ui.privacy_ids import PrivacyVerb
from bot.ui.reception import receive
from bot.ui.usage_files import room

Interaction = discord.Interaction[Any]


class PrivacyCog(commands.Cog):
    """The command and its buttons; free. Whoever presses reaches their own data alone."""

    def __init__(self, client: EaselClient) -> None:
        self._services = client.services
        self._privacy = client.services.privacy

    @app_commands.command(name="privacy", description="Shows what is kept about you; download or delete it; free")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    async def show(self, interaction: discord.Interaction[EaselClient]) -> None:
        """Acknowledges, asks the service, shows the card."""
        received = await receive(interaction, self._services, command="privacy")
        if received is None:
            return
        kept = await self._privacy.kept(_whose(interaction))
        await answer(interaction, privacy_card(kept))
        await self._services.desk.answered(received.id)

    async def press(self, interaction: Interaction, verb: PrivacyVerb) -> None:
        """Answers beside the card; whatever goes wrong, its member reads an answer."""
        try:
            if await acknowledge(interaction, opens_card=True):
                await self._do(interaction, verb)
        except DatabaseUnavailable:
            await answer_error(interaction, Refusal(RefusalReason.BUSY))
        except Exception as error:  # the last resort: logged there, and answered
            await answer_error(interaction, error)

    async def _do(self, interaction: Interaction, verb: PrivacyVerb) -> None:
        match verb:
            case PrivacyVerb.DATA:
                await self._hand_out(interaction)
            case PrivacyVerb.DELETE:
                await answer(interaction, question_card(await self._privacy.kept(_whose(interaction))))
            case PrivacyVerb.ERASE | PrivacyVerb.ERASE_POSTS:
                with_posts = verb is PrivacyVerb.ERASE_POSTS
                kept = await self._privacy.delete(_whose(interaction), with_posts=with_posts)
                await answer(interaction, begun_card(kept, with_posts=with_posts))
            case _:
                assert_never(verb)

    async def _hand_out(self, interaction: Interaction) -> None:
        limit, most = room(interaction.filesize_limit)
        data = await self._privacy.data(_whose(interaction), limit_bytes=limit, most=most)
        files = data_files(data)
        try:
            await answer(interaction, data_card(data, [file.filename for file in files]), files=files)
        except discord.HTTPException as error:
            if not is_too_large(error):
                raise
            await answer(interaction, cards.notice(TOO_LARGE), files=())


def _whose(interaction: Interaction) -> Whose:
    guild_id, member_id = whose(interaction)
    return Whose(guild_id=guild_id, member_id=member_id)


async def setup(client: EaselClient) -> None:
    """Adds the cog, and the buttons that any earlier card carries."""
    cog = PrivacyCog(client)
    client.add_dynamic_items(privacy_button(cog.press))
    await client.add_cog(cog)

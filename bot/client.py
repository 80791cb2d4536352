"""The discord.py client: carries the services, answers errors nobody else did, registers the commands."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.core.errors import DatabaseUnavailable, EaselError, Refusal
from bot.core.ids import InteractionId
from bot.services.container import Services
from bot.ui import cards, words
from bot.ui.acknowledging import ALREADY_ACKNOWLEDGED, answer
from bot.ui.keeper import CardKeeper

log = logging.getLogger(__name__)

# discord.py waits this long for a rate limit at most; longer ones come back as an error and are tried by `run_at`.
MAX_RATE_LIMIT_WAIT_S = 30.0
# How long discord.py waits for one more guild before it calls itself ready; nothing here needs all of them.
GUILD_READY_TIMEOUT_S = 0.5
# Commands are registered again only when they differ from what was registered last.
COMMANDS_FACT = "commands"
# The ids that Discord gave them, for texts in which a command can be clicked.
COMMAND_IDS_FACT = "command_ids"

# The bot plays no sound: that the libraries for it are missing is no news.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False

# Reads and stores a remembered fact: (name) and (name, value).
ReadFact = Callable[[str], Awaitable[str | None]]
WriteFact = Callable[[str, str], Awaitable[None]]

UNEXPECTED = words.Words(
    title="Something went wrong on our side",
    body="If your request was accepted, its result will still come. If nothing appears within a minute, try again.",
)


class EaselTree(app_commands.CommandTree["EaselClient"]):
    """The command tree with the last-resort error handler: nobody is left on "thinking…"."""

    async def on_error(
        self, interaction: discord.Interaction["EaselClient"], error: app_commands.AppCommandError, /
    ) -> None:
        """Answers whatever a command let through."""
        await answer_error(interaction, error)


async def answer_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Answers whatever a command, a button or a form let through, in place of what it had shown."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(cause, Refusal):
        view = cards.notice(words.refusal(cause))
    else:
        log.error("a command failed", exc_info=cause, extra={"interaction": interaction.id})
        view = cards.notice(UNEXPECTED, colour=cards.FAILURE_COLOUR, reference=f"{interaction.id % 10**6:06d}")
    client = interaction.client
    if client.is_closed():
        return  # the process is ending: whoever waits is answered by the next one
    try:
        await _show(interaction, view)
        await client.services.desk.refused(InteractionId(interaction.id))
    except (discord.HTTPException, aiohttp.ClientError, OSError, DatabaseUnavailable) as trouble:
        # The card keeper answers what is left, after a minute.
        extra = {"interaction": interaction.id, "trouble": type(trouble).__name__}
        log.warning("an error could not be shown", extra=extra)


async def _show(interaction: discord.Interaction[Any], view: ui.LayoutView) -> None:
    """Says it now: as the first answer, or in place of an acknowledgement that Discord has although we do not know."""
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(view=view, ephemeral=True)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
        else:
            return
    await answer(interaction, view)


class EaselClient(commands.Bot):
    """Slash commands and buttons; no prefix commands, no privileged intents."""

    def __init__(
        self, *, extensions: tuple[str, ...], read_fact: ReadFact, write_fact: WriteFact, **options: Any
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=EaselTree,
            # Messages too: a reply that mentions the bot comes with its words, which needs no privileged intent.
            intents=discord.Intents(guilds=True, guild_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=MAX_RATE_LIMIT_WAIT_S,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            guild_ready_timeout=GUILD_READY_TIMEOUT_S,
            **options,
        )
        self._wanted = extensions
        self._read_fact = read_fact
        self._write_fact = write_fact
        self._services: Services | None = None
        self._keeper: CardKeeper | None = None
        self._buttons: list[re.Pattern[str]] = []
        self._forms: list[re.Pattern[str]] = []
        self.command_ids: Mapping[str, int] = {}
        self.connected = asyncio.Event()

    def add_dynamic_items(self, *items: type[ui.DynamicItem[ui.Item[Any]]]) -> None:
        """Registers buttons, and remembers their custom ids."""
        super().add_dynamic_items(*items)
        self._buttons += [item.__discord_ui_compiled_template__ for item in items]

    def knows_button(self, custom_id: str) -> bool:
        """Whether some registered button has that custom id."""
        return any(one.fullmatch(custom_id) for one in self._buttons)

    def add_forms(self, *patterns: str) -> None:
        """Remembers the custom ids of forms that some cog reads when they are sent off."""
        self._forms += [re.compile(one) for one in patterns]

    def knows_form(self, custom_id: str) -> bool:
        """Whether some cog reads a form with that custom id."""
        return any(one.fullmatch(custom_id) for one in self._forms)

    def attach(self, *, services: Services, keeper: CardKeeper) -> None:
        """Hands over what the cogs work with; called once, before the login."""
        self._services = services
        self._keeper = keeper

    @property
    def services(self) -> Services:
        """The use cases."""
        if self._services is None:
            raise EaselError("the client has no services yet")
        return self._services

    @property
    def keeper(self) -> CardKeeper:
        """The loop that keeps the cards."""
        if self._keeper is None:
            raise EaselError("the client has no card keeper yet")
        return self._keeper

    async def setup_hook(self) -> None:
        """Loads the cogs and registers the commands where they changed."""
        for extension in self._wanted:
            await self.load_extension(extension)
        await self.register_commands()

    async def register_commands(self) -> None:
        """Registers all commands globally when their hash is not the one registered last."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, payload], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        known = await self._read_fact(COMMAND_IDS_FACT)
        if known is not None and await self._read_fact(COMMANDS_FACT) == digest:
            self.command_ids = json.loads(known)
            return
        synced = await self.tree.sync()
        self.command_ids = {one.name: one.id for one in synced if one.type is discord.AppCommandType.chat_input}
        await self._write_fact(COMMAND_IDS_FACT, json.dumps(self.command_ids))
        await self._write_fact(COMMANDS_FACT, digest)
        log.info("commands registered", extra={"commands": len(payload)})

    async def on_message(self, message: discord.Message, /) -> None:
        """No prefix commands: what a message asks is the cogs' own matter."""

    async def on_connect(self) -> None:
        """Discord knows us: cards and results can be sent. Comes again after each new session."""
        self.connected.set()

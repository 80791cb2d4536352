"""Replies to answers: a message that mentions the bot, whose words Discord then gives without a privileged intent.

There is no interaction and so no card: the message is stored under its own id before anything else, once however
often the gateway brings it, and its answer, or what became of it, is a reply to it.
"""

import logging
import re
from typing import Any

import aiohttp
import discord
from discord import ui
from discord.ext import commands

from bot.core.crashpoints import CrashPoint
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import ChannelId, GuildId, InteractionId, JobId, MemberId, MessageId, nonce_of
from bot.interactions.model import REPLY, Received
from bot.services.ask.model import Question, Turn
from bot.services.container import Services
from bot.ui.answers.wording import refused
from bot.ui.leave_cards import cancel_of, waiting_words
from bot.ui.message_pictures import first_picture
from bot.ui.places import parent_of
from bot.ui.words import Words

log = logging.getLogger(__name__)

_NEEDED = ("view_channel", "send_messages", "attach_files", "read_message_history")
_NEEDED_IN_THREADS = ("view_channel", "send_messages_in_threads", "attach_files", "read_message_history")


def is_reply_to(message: discord.Message, bot_id: int) -> bool:
    """Whether a person replies, in a server, and mentions the bot: what the reply answers is looked up then."""
    is_reply = message.reference is not None and message.reference.message_id is not None
    mentions = any(user.id == bot_id for user in message.mentions)
    return is_reply and mentions and message.guild is not None and not message.author.bot


async def go_on(message: discord.Message, client: commands.Bot, services: Services) -> None:
    """Asks what the reply asks, if it answers an answer; whatever goes wrong, its author reads a reply."""
    reference, guild = message.reference, message.guild
    if reference is None or reference.message_id is None or guild is None:
        return
    try:
        turn = await services.talk.asking.answered_by(MessageId(reference.message_id), GuildId(guild.id))
        if turn is not None:
            await _ask(message, guild, turn, client, services)
    except Refusal as error:
        await _tell(message, error)
    except DatabaseUnavailable:
        await _tell(message, Refusal(RefusalReason.BUSY))


async def _ask(
    message: discord.Message, guild: discord.Guild, turn: Turn, client: commands.Bot, services: Services
) -> None:
    desk, clock = services.desk, services.clock
    received = Received(
        id=InteractionId(message.id),
        command=REPLY,
        guild_id=GuildId(guild.id),
        channel_id=ChannelId(message.channel.id),
        member_id=MemberId(message.author.id),
        token=None,
        received_at=clock.now(),
        roles=frozenset(role.id for role in getattr(message.author, "roles", ())),
        parent_channel_id=parent_of(message.channel),
    )
    if not desk.is_open:
        raise Refusal(RefusalReason.RESTARTING)
    if not await desk.receive(received):
        return  # the gateway brought it twice
    services.crashpoints.reached(CrashPoint.AFTER_RECEIVED)
    me = 0 if client.user is None else client.user.id
    question = Question(text=_words(message.content, me), parent=turn.job_id, message_id=MessageId(message.id))
    picture = first_picture(message)
    try:
        job_id = await services.talk.asking.ask(
            received, question, picture=picture, missing_permissions=_missing(message, guild)
        )
    except Refusal:
        await desk.refused(received.id)
        raise
    await _show_place(message, job_id, services)


async def _show_place(message: discord.Message, job_id: JobId, services: Services) -> None:
    """The answer comes without it too, and after a restart; so does a moderator's word."""
    progress = await services.board.of_job(job_id)
    if progress is not None and not progress.has_last_word:
        await services.talk.live.wait_in_channel(job_id, estimate=progress.estimate, held=progress.held)
    leave = await services.leave.of(job_id) if progress is None else None
    if leave is not None and not leave.is_over:
        view: ui.View = ui.View(timeout=None)
        view.add_item(cancel_of(leave))
        view.stop()
        await _reply(message, waiting_words(leave), nonce=f"waits {message.id}", view=view)


def _words(content: str, bot_id: int) -> str:
    """What is asked, without the mention of the bot itself."""
    return re.sub(rf"<@!?{bot_id}>", "", content).strip()


def _missing(message: discord.Message, guild: discord.Guild) -> str:
    channel: Any = message.channel
    needed = _NEEDED_IN_THREADS if isinstance(channel, discord.Thread) else _NEEDED
    try:
        has = channel.permissions_for(guild.me)
    except (AttributeError, discord.ClientException):
        return ""  # a channel that is not known yet: the send itself will tell
    return ", ".join(name.replace("_", " ") for name in needed if not getattr(has, name))


async def _tell(message: discord.Message, error: Refusal) -> None:
    await _reply(message, refused(error), nonce=f"refusal {message.id}")


async def _reply(message: discord.Message, told: Words, *, nonce: str, view: ui.View | None = None) -> None:
    """Once, to whoever wrote the message; where it does not arrive, nothing else depends on it."""
    nothing: Any = None  # what `send` takes for a message without buttons, though its overloads do not say so
    try:
        await message.channel.send(
            f"**{told.title}**\n{told.body}",
            reference=message.to_reference(fail_if_not_exists=False),
            nonce=nonce_of(JobId(nonce)),
            view=nothing if view is None else view,
            allowed_mentions=discord.AllowedMentions.none(),
            suppress_embeds=True,
        )
    except (discord.HTTPException, aiohttp.ClientError, OSError) as trouble:
        log.warning("a reply could not be sent", extra={"error": type(trouble).__name__})

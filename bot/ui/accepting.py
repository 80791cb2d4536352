"""How every paid request ends at the desk: with its first card, or with a refusal."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.core.errors import Refusal
from bot.core.ids import JobId
from bot.interactions.model import Received
from bot.services.container import Services
from bot.ui import cards, words
from bot.ui.acknowledging import answer
from bot.ui.keeper import CardKeeper

# What a public result needs; asked before any money is held.
_NEEDED = ("view_channel", "send_messages", "attach_files")
_NEEDED_IN_THREADS = ("view_channel", "send_messages_in_threads", "attach_files")


def missing_permissions(interaction: discord.Interaction[Any]) -> str:
    """What the bot lacks in the channel to post a result, in words; empty where it lacks nothing."""
    needed = _NEEDED_IN_THREADS if isinstance(interaction.channel, discord.Thread) else _NEEDED
    has = interaction.app_permissions
    return ", ".join(name.replace("_", " ") for name in needed if not getattr(has, name))


async def settle(
    interaction: discord.Interaction[Any],
    received: Received,
    submitting: Awaitable[JobId],
    *,
    services: Services,
    keeper: CardKeeper,
    told: Callable[[Refusal], words.Words] = words.refusal,
) -> None:
    """Waits for the job and shows its first card; a Refusal, as `told`, becomes the last word. The desk is told."""
    try:
        job_id = await submitting
    except Refusal as error:
        await answer(interaction, cards.notice(told(error)))
        await services.desk.answered(received.id)
        return
    await _show(received, job_id, services=services, keeper=keeper)


async def _show(received: Received, job_id: JobId, *, services: Services, keeper: CardKeeper) -> None:
    """The first card; its keeper goes on from here, also when this edit fails."""
    progress = await services.board.of_job(job_id)
    if progress is None:
        keeper.nudge()  # it waits for a moderator's leave
    elif not progress.has_last_word:
        await keeper.show(received, progress)

"""Acknowledging an interaction within Discord's 3 s, and answering it, whatever the connection does."""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import discord
from discord import ui

# Two tries, and the second one still comes before Discord's 3 s are over.
TRY_TIMEOUT_S = 1.2
TRIES = 2
# A refusal whose connection is cut is tried again this often; discord.py itself repeats after 5xx alone.
ANSWER_TRIES = 3
ANSWER_PAUSE_S = 0.5
# Discord's answers that an acknowledgement came too late, or was given already.
UNKNOWN_INTERACTION = 10062
ALREADY_ACKNOWLEDGED = 40060
# And that the files of an answer are above what it takes.
_FILES_TOO_LARGE = 40005


async def acknowledge(interaction: discord.Interaction[Any], *, opens_card: bool = False) -> bool:
    """Defers for the member alone; False when it is too late. A press is acknowledged without touching its message.

    `opens_card`: a press or a form gets a message of its own, that only the member sees, as a command does; what is
    edited afterwards is that one, and never the message with the button.

    An answer that got lost is asked for again: Discord then says that it has the acknowledgement, which is success.
    Raises discord.HTTPException, and what the connection raised where no try came through.
    """
    for left in reversed(range(TRIES)):
        try:
            async with asyncio.timeout(TRY_TIMEOUT_S):
                await interaction.response.defer(ephemeral=True, thinking=opens_card)
        except discord.HTTPException as error:
            if error.code == UNKNOWN_INTERACTION:
                return False
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
        except (aiohttp.ClientError, OSError, TimeoutError):
            if not left:
                raise
            continue
        break
    return True


async def answer(
    interaction: discord.Interaction[Any], view: ui.LayoutView, *, files: Sequence[discord.File] | None = None
) -> None:
    """Replaces what an acknowledged interaction says; editing twice does no harm, so a cut connection is tried again.

    `files` take the place of what was attached; None leaves that alone.

    Raises discord.HTTPException, and what the connection raised where no try came through.
    """
    for left in reversed(range(ANSWER_TRIES)):
        try:
            if files is not None:
                for file in files:
                    file.reset()
                await interaction.edit_original_response(view=view, attachments=files)
            else:
                await interaction.edit_original_response(view=view)
        except (aiohttp.ClientError, OSError, TimeoutError):
            if not left:
                raise
            await asyncio.sleep(ANSWER_PAUSE_S)
        else:
            return


def is_too_large(error: discord.HTTPException) -> bool:
    """Whether Discord refused the size of what was attached."""
    return error.status == 413 or error.code == _FILES_TOO_LARGE

"""Acknowledging an interaction within Discord's 3 s, and answering it, whatever the connection does."""

import asyncio
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


async def acknowledge(interaction: discord.Interaction[Any]) -> bool:
    """Defers for the member alone; False when it is too late. A press is acknowledged without touching its message.

    An answer that got lost is asked for again: Discord then says that it has the acknowledgement, which is success.
    Raises discord.HTTPException, and what the connection raised where no try came through.
    """
    for left in reversed(range(TRIES)):
        try:
            async with asyncio.timeout(TRY_TIMEOUT_S):
                await interaction.response.defer(ephemeral=True)
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


async def answer(interaction: discord.Interaction[Any], view: ui.LayoutView) -> None:
    """Replaces what an acknowledged interaction says; editing twice does no harm, so a cut connection is tried again.

    Raises discord.HTTPException, and what the connection raised where no try came through.
    """
    for left in reversed(range(ANSWER_TRIES)):
        try:
            await interaction.edit_original_response(view=view)
        except (aiohttp.ClientError, OSError, TimeoutError):
            if not left:
                raise
            await asyncio.sleep(ANSWER_PAUSE_S)
        else:
            return

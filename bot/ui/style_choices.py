"""What Discord suggests while a member types the name of a style."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.core.errors import DatabaseUnavailable
from bot.core.ids import GuildId, MemberId
from bot.services.styles.desk import Styles
from bot.services.styles.model import Owner, Style, key_of

# Longer than any name: a mistyped one is answered by a refusal that lists the right ones.
STYLE_MAX = 100
# Discord's bound for suggestions.
CHOICES_MAX = 25


def choices_of(styles: Sequence[Style], typed: str) -> list[app_commands.Choice[str]]:
    """Those whose name holds what was typed, each saying whose it is; at most 25."""
    wanted = key_of(typed)
    fitting = [style for style in styles if wanted in key_of(style.name)]
    return [
        app_commands.Choice(name=f"{style.name} ({_whose(style)})", value=style.name) for style in fitting[:CHOICES_MAX]
    ]


def _whose(style: Style) -> str:
    return "yours" if style.keeper.owner is Owner.MEMBER else "this server"


async def style_choices(
    interaction: discord.Interaction[Any], styles: Styles, current: str
) -> list[app_commands.Choice[str]]:
    """For the option `style` of any command: the member's own and the server's; none while the database is away."""
    try:
        found = await styles.at_hand(
            guild_id=GuildId(interaction.guild_id or 0), member_id=MemberId(interaction.user.id)
        )
    except DatabaseUnavailable:
        return []
    return choices_of(found, current)

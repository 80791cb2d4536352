"""The least that answers `/imagine`: discord.py, one handler that acknowledges and edits. What Easel is held against.

Same library, intents and caches as Easel, no database, no gateways, no logs. Run by `benchmarks.bots`:

    python -m benchmarks.bare_bot      # reads EASEL_DISCORD_TOKEN, _API_URL and _GATEWAY_URL
"""

import asyncio
import os

import discord
from discord import app_commands
from yarl import URL


class BareBot(discord.Client):
    """A client with one command."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            guild_ready_timeout=0.5,
        )
        self.tree = app_commands.CommandTree(self)
        self.tree.command(name="imagine", description="Acknowledges and edits")(_imagine)

    async def setup_hook(self) -> None:
        """Registers the command."""
        await self.tree.sync()


async def _imagine(interaction: discord.Interaction, prompt: str, model: str | None = None) -> None:
    await interaction.response.defer(ephemeral=True)
    await interaction.edit_original_response(content=f"{prompt}, by {model}"[:2_000])


async def _run() -> None:
    discord.http.Route.BASE = os.environ["EASEL_DISCORD_API_URL"]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(os.environ["EASEL_DISCORD_GATEWAY_URL"])
    async with BareBot() as bot:
        await bot.start(os.environ["EASEL_DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(_run())

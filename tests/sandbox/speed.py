"""How fast the sandbox is under a bare discord.py handler that defers and edits: `python -m tests.sandbox.speed`."""

import asyncio
import sys
import time

import discord

from sandbox.discord import Sandbox
from tests.sandbox.bot import Bot, card, running
from tests.sandbox.wire import register, slash

COUNT, AT_ONCE = 1_000, 50


class Bare(Bot):
    """Defers and edits, nothing else."""

    async def setup_hook(self) -> None:
        """Registers nothing; the command is put in place by hand."""

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(view=card("done"))


async def measure(*, checks: bool) -> float:
    """Defer and edit pairs per second."""
    async with Sandbox.start(checks=checks) as sandbox:
        await register(sandbox, slash("bare"))
        bot = Bare()
        async with running(sandbox, bot):
            ana = sandbox.person("ana")
            gate = asyncio.Semaphore(AT_ONCE)

            async def once() -> None:
                async with gate:
                    use = await ana.command("bare")
                    await use.answered(30)

            began = time.perf_counter()
            await asyncio.gather(*(once() for _ in range(COUNT)))
            return COUNT / (time.perf_counter() - began)


def main() -> None:
    for checks in (False, True):
        rate = asyncio.run(measure(checks=checks))
        sys.stdout.write(f"checks {'on' if checks else 'off'}: {rate:.0f} defer+edit/s\n")


if __name__ == "__main__":
    main()

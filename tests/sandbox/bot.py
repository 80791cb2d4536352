"""A small real discord.py bot that uses every part of the sandbox; each command does what its name says."""

import asyncio
import io
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import yarl
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from discord.http import Route
from PIL import Image

from sandbox.discord import Sandbox

NONCE = "0123456789abcdef012345678"


def picture(colour: str = "teal", side: int = 8) -> bytes:
    """A small PNG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


class Cancel(ui.DynamicItem[ui.Button[ui.LayoutView]], template=r"cancel:(?P<job>\w+)"):
    """A button that needs nothing in memory."""

    def __init__(self, job: str) -> None:
        super().__init__(ui.Button(label="Cancel", custom_id=f"cancel:{job}", style=discord.ButtonStyle.danger))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> "Cancel":
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(view=card(f"cancelled {self.job}"))


class Form(ui.Modal, title="Why?"):
    """A text field and a select, each under a label."""

    reason: ui.Label[ui.Modal] = ui.Label(text="Reason", component=ui.TextInput(custom_id="reason", max_length=20))
    kind: ui.Label[ui.Modal] = ui.Label(
        text="Kind",
        component=ui.Select(
            custom_id="kind",
            options=[discord.SelectOption(label="Good", value="good"), discord.SelectOption(label="Bad", value="bad")],
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.reason.component, ui.TextInput)
        assert isinstance(self.kind.component, ui.Select)
        text = f"{self.kind.component.values[0]}: {self.reason.component.value}"
        await interaction.response.send_message(text, ephemeral=True)


def card(text: str, *, job: str | None = None, filename: str | None = None) -> ui.LayoutView:
    """A card of Components V2."""
    view = ui.LayoutView(timeout=None)
    box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=0x5865F2)
    if filename is not None:
        item = discord.MediaGalleryItem(f"attachment://{filename}", description="a teal square")
        box.add_item(ui.MediaGallery(item))
    box.add_item(ui.TextDisplay(text))
    box.add_item(ui.Separator())
    if job is not None:
        box.add_item(ui.ActionRow(Cancel(job)))
    view.add_item(box)
    return view


class Bot(discord.Client):
    """Registers its commands in `setup_hook`, as Easel does."""

    def __init__(self, *, intents: discord.Intents | None = None) -> None:
        super().__init__(
            intents=intents or discord.Intents(guilds=True, guild_messages=True),
            guild_ready_timeout=0.05,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = app_commands.CommandTree(self)
        self.errors: list[BaseException] = []
        self.heard: list[int] = []
        self.read: list[str] = []
        self.left: list[str] = []
        self.tree.error(self._on_error)
        add_commands(self)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Cancel)
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.heard.append(interaction.id)

    async def on_message(self, message: discord.Message) -> None:
        self.read.append(message.content)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.left.append(guild.name)

    async def _on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        self.errors.append(getattr(error, "original", error))


def add_commands(bot: Bot) -> None:
    """All commands of the test bot."""
    tree = bot.tree

    @tree.command(description="Makes a picture")
    @app_commands.describe(prompt="What to draw", count="How many", model="Which model")
    @app_commands.choices(shape=[app_commands.Choice(name="Square", value="1:1")])
    async def imagine(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 1000],
        count: app_commands.Range[int, 1, 4] = 1,
        model: str | None = None,
        shape: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(view=card(f"drawing {prompt} x{count} {model}", job="j1"))
        file = discord.File(io.BytesIO(picture()), "easel.png", description="a teal square")
        await interaction.edit_original_response(
            view=card(f"drew {prompt}", job="j1", filename="easel.png"), attachments=[file]
        )

    @imagine.autocomplete("model")
    async def models(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        names = ("grok-imagine", "grok-pro", "other")
        return [app_commands.Choice(name=name.title(), value=name) for name in names if name.startswith(current)]

    @tree.command(description="Posts twice with one nonce")
    async def post(interaction: discord.Interaction, text: str) -> None:
        await interaction.response.defer(ephemeral=True)
        assert isinstance(interaction.channel, discord.TextChannel)
        ids = set()
        for _ in range(2):
            file = discord.File(io.BytesIO(picture()), "easel.png", description=text)
            view = card(text, filename="easel.png")
            ids.add((await interaction.channel.send(view=view, file=file, nonce=NONCE)).id)
        await interaction.edit_original_response(content=f"{len(ids)} message")

    @tree.command(description="Opens a form")
    async def form(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    @tree.command(description="Says more later")
    async def later(interaction: discord.Interaction, public: bool = False) -> None:
        await interaction.response.defer(ephemeral=not public)
        await interaction.followup.send("first")
        await interaction.followup.send("second", ephemeral=True)

    @tree.command(description="Answers nothing")
    async def silent(interaction: discord.Interaction) -> None:
        pass

    @tree.command(description="Only defers")
    async def thinking(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)

    @tree.command(description="For moderators")
    @app_commands.default_permissions(manage_messages=True)
    @app_commands.guild_only()
    async def review(interaction: discord.Interaction, who: discord.Member, proof: discord.Attachment) -> None:
        data = await proof.read()
        bits = interaction.app_permissions.attach_files, interaction.permissions.manage_messages
        await interaction.response.send_message(f"{who.name} {len(data)} {bits} {interaction.filesize_limit}")


@asynccontextmanager
async def running(sandbox: Sandbox, bot: Bot | None = None) -> AsyncIterator[Bot]:
    """The bot connected to the sandbox; discord.py's global addresses are put back afterwards."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = sandbox.api_url, yarl.URL(sandbox.gateway_url)
    client = bot or Bot()
    try:
        async with client:
            task = asyncio.create_task(client.start(sandbox.token))
            try:
                await sandbox.bot_ready()
                yield client
            finally:
                await client.close()
                await asyncio.gather(task, return_exceptions=True)
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


async def serve() -> None:
    """Runs against the addresses in the environment, as a process of its own."""
    Route.BASE = os.environ["API"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["GATEWAY"])
    async with Bot() as bot:
        await bot.start(os.environ["TOKEN"])


if __name__ == "__main__":
    asyncio.run(serve())

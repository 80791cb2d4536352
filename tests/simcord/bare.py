"""Both worlds around the small bot of the sandbox's own tests, for requests written by hand.

They go through discord.py's own client: over a socket in one world, into simcord's routes in the other.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Protocol

import discord
import simcord
from discord.http import Route

from bot.core.clock import ManualClock
from sandbox.discord import Permission, Sandbox, SandboxClock
from tests.sandbox.bot import Bot, running

# What a request came to: Discord's status and code; None where it was taken; a name where simcord has no such thing.
Outcome = tuple[int, int] | str | None


class Opened(NamedTuple):
    """An interaction that nobody has answered."""

    id: int
    token: str

    @property
    def callback(self) -> str:
        """Where it is answered."""
        return f"/interactions/{self.id}/{self.token}/callback"


class Bare(Protocol):
    """What a world must do for requests written by hand."""

    @property
    def bot(self) -> Bot:
        """The bot, connected."""
        ...

    @property
    def channel_id(self) -> int:
        """Where it writes."""
        ...

    async def use(self) -> Opened:
        """A member uses a command that the bot leaves unanswered."""
        ...

    async def fill_in(self, opened: Opened, field: str) -> Opened:
        """The member sends the form off that came in answer; the bot leaves that unanswered too."""
        ...

    async def later(self, seconds: float) -> None:
        """Time passes."""
        ...

    async def said(self) -> int:
        """A message of the member's."""
        ...

    def silence(self) -> None:
        """The bot may not write in the channel any more."""
        ...


async def ask(world: Bare, method: str, path: str, body: object = None) -> Outcome:
    """Sends a request with the bot's own client."""
    try:
        await world.bot.http.request(Route(method, path), json=body)
    except discord.HTTPException as error:
        return error.status, error.code
    except (simcord.RouteNotImplemented, simcord.UnsupportedField) as gap:
        return type(gap).__name__
    return None


class BareSandbox:
    """See `Bare`."""

    def __init__(self, sandbox: Sandbox, bot: Bot) -> None:
        self._sandbox = sandbox
        self.bot = bot
        self.channel_id = sandbox.channel("general").id
        self._ana = sandbox.person("ana")
        self._uses: dict[int, Any] = {}

    async def _heard(self, use: Any) -> Opened:
        self._uses[use.id] = use
        await self._sandbox.world.until(lambda: use.id in self.bot.heard, 5)
        return Opened(use.id, use.interaction.token)

    async def use(self) -> Opened:
        return await self._heard(await self._ana.command("silent"))

    async def fill_in(self, opened: Opened, field: str) -> Opened:
        return await self._heard(await self._ana.submit_modal(self._uses[opened.id], {field: "x"}))

    async def later(self, seconds: float) -> None:
        self._sandbox.clock.forward(seconds=seconds)

    async def said(self) -> int:
        return self._ana.say("hello").id

    def silence(self) -> None:
        self._sandbox.take_permission(Permission.SEND_MESSAGES)


class BareSimcord:
    """See `Bare`."""

    def __init__(self, env: simcord.Env, bot: Bot) -> None:
        self._env = env
        self.bot = bot
        self._guild = env.create_guild()
        self._channel = self._guild.create_text_channel("general")
        self.channel_id = self._channel.id
        self._ana = self._guild.add_member(env.create_user("ana"))
        self._results: dict[int, simcord.InteractionResult] = {}

    def _opened(self, result: simcord.InteractionResult) -> Opened:
        record = max(self._env.backend.interactions.values(), key=lambda one: one.id)
        self._results[record.id] = result
        return Opened(record.id, record.token)

    async def use(self) -> Opened:
        return self._opened(await self._ana.slash(self._channel, "silent"))

    async def fill_in(self, opened: Opened, field: str) -> Opened:
        return self._opened(await self._ana.submit_modal(self._results[opened.id], {field: "x"}))

    async def later(self, seconds: float) -> None:
        await self._env.advance_time(seconds)

    async def said(self) -> int:
        return (await self._ana.send(self._channel, "hello")).id

    def silence(self) -> None:
        none = discord.PermissionOverwrite(send_messages=False)
        closed = self._guild.create_text_channel("closed", overwrites={self._guild.default_role: none})
        self.channel_id = closed.id


@asynccontextmanager
async def bare_sandbox() -> AsyncIterator[BareSandbox]:
    """The sandbox with the small bot, for requests that are wrong on purpose."""
    async with Sandbox.start(clock=SandboxClock(ManualClock())) as sandbox, running(sandbox) as bot:
        sandbox.is_wrong_on_purpose = True
        yield BareSandbox(sandbox, bot)


@asynccontextmanager
async def bare_simcord() -> AsyncIterator[BareSimcord]:
    """simcord with the small bot."""
    bot = Bot()
    async with simcord.run(bot) as env:
        yield BareSimcord(env, bot)

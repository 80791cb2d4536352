"""The sandbox as one thing: Discord's world behind a loopback server, and the people who act in it."""

import importlib.util
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from bot.core.clock import Clock
from bot.core.ids import Randomness, SystemRandomness
from sandbox.discord import keeping, seed
from sandbox.discord.cdn import Cdn
from sandbox.discord.clock import SandboxClock
from sandbox.discord.faults import Faults
from sandbox.discord.gateway import Gateway
from sandbox.discord.keeping import KeptWorld
from sandbox.discord.limits import Limits
from sandbox.discord.model import Channel, ChannelKind, Guild, Interaction, InteractionKind, User
from sandbox.discord.payloads import Payloads
from sandbox.discord.permissions import Permission
from sandbox.discord.person import Person
from sandbox.discord.rest import API, LARGEST_REQUEST, Recorded, Rest, Violation
from sandbox.discord.tally import TALLY
from sandbox.discord.world import ChangeKind, World

if TYPE_CHECKING:
    from sandbox.discord.openapi import Document  # needs jsonschema, which only developers have

HOST = "127.0.0.1"
LEFT_OUT = "Discord's OpenAPI document is left out: bodies are checked against Discord's limits alone"
UNCHECKED = "bodies are not checked"
SHUTDOWN_S = 0.2  # what is still in flight then is cut


class Trouble(StrEnum):
    """What can be wrong with how an interaction was answered."""

    THINKING = 'acknowledged, and the member looks at "thinking…" still'
    LATE = "answered after the deadline"
    SILENT = "never answered: the application did not respond"


class Finding(NamedTuple):
    """One interaction that was not answered as it should be."""

    interaction: Interaction
    trouble: Trouble


class Sandbox:
    """Use `Sandbox.start`. `note` says in one line what could not be checked, or is None.

    Every violation fails the test run in which it happens. Where a test sends wrong requests itself it says so by
    `is_wrong_on_purpose`: they are refused and recorded as ever, and not counted. Wrong answers always are.
    """

    def __init__(
        self,
        world: World,
        guild: Guild,
        *,
        base_url: str,
        token: str,
        rest: Rest,
        gateway: Gateway,
        faults: Faults,
    ) -> None:
        self.world = world
        self.guild = guild
        self.faults = faults
        self.gateway = gateway
        self.base_url = base_url
        self.api_url = base_url + API
        self.gateway_url = base_url.replace("http", "ws", 1) + "/gateway"
        self.token = token
        self.note: str | None = None
        self.is_wrong_on_purpose = False
        self.rest = rest
        self._render = Payloads(world, base_url)

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        clock: Clock | None = None,
        port: int = 0,
        openapi: bool = True,
        checks: bool = True,
        real_rate_limits: bool = False,
        randomness: Randomness | None = None,
        kept: KeptWorld | None = None,
    ) -> AsyncIterator["Sandbox"]:
        """Listens on 127.0.0.1; port 0 takes a free one.

        `clock` may be a `SandboxClock` shared with a bot in the same process. `openapi` False leaves Discord's
        document out even where it is at hand; `checks` False turns every check of bodies off (benchmarks).
        `kept` is a world to take up instead of a new one.
        """
        ticking = clock if isinstance(clock, SandboxClock) else SandboxClock(clock)
        if kept is not None:
            world, guild = keeping.restore(kept, ticking)
        else:
            world = World(ticking, (randomness or SystemRandomness()).token_bytes(32))
            guild = seed.fill(world)
        app = web.Application(client_max_size=LARGEST_REQUEST)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        faults = Faults()
        token = f"{world.application_id}.sandbox.{world.sign('bot token')}"
        document, note = _document() if openapi and checks else (None, LEFT_OUT if checks else UNCHECKED)
        # The address is part of every payload, so the port must be known before the routes are made.
        sock = _listen(port)
        base_url = f"http://{HOST}:{sock.getsockname()[1]}"
        render = Payloads(world, base_url)
        limits = Limits(ticking, is_real=real_rate_limits)
        rest = Rest(world, render, token=token, faults=faults, limits=limits, document=document, is_checked=checks)
        gateway = Gateway(world, render, token=token)
        for part in (rest, gateway, Cdn(world)):
            part.add_to(app)
        await runner.setup()
        await web.SockSite(runner, sock).start()
        sandbox = cls(world, guild, base_url=base_url, token=token, rest=rest, gateway=gateway, faults=faults)
        sandbox.note = note
        TALLY.without_document += openapi and checks and document is None
        try:
            yield sandbox
        finally:
            rest.close()
            TALLY.add(sandbox.requests, sandbox.violations, is_wrong_on_purpose=sandbox.is_wrong_on_purpose)
            await gateway.shut()
            await runner.cleanup()

    # -- records ---------------------------------------------------------------------------------

    @property
    def clock(self) -> SandboxClock:
        return self.world.clock

    @property
    def requests(self) -> deque[Recorded]:
        """Every REST request, oldest first."""
        return self.rest.requests

    @property
    def violations(self) -> list[Violation]:
        """Every body that broke Discord's rules, whichever side sent it."""
        return self.rest.violations

    def check_answers(self) -> list[Finding]:
        """Interactions left on "thinking…", and those answered too late. Those never answered: `unanswered`."""
        found = []
        for interaction in self.world.interactions.values():
            response = interaction.response
            if response is not None and response.is_loading and not response.is_deleted:
                found.append(Finding(interaction, Trouble.THINKING))
            if interaction.late_ms is not None:
                found.append(Finding(interaction, Trouble.LATE))
        return found

    def unanswered(self) -> list[Finding]:
        """Interactions past the deadline without any answer; autocompletes, which people do not miss, aside."""
        now = self.clock.now()
        return [
            Finding(interaction, Trouble.SILENT)
            for interaction in self.world.interactions.values()
            if interaction.kind != InteractionKind.AUTOCOMPLETE and interaction.is_overdue(now)
        ]

    # -- people and places -----------------------------------------------------------------------

    def person(self, name: str, *, guild: Guild | None = None) -> Person:
        """`op`, `admin`, `mod`, `ana`, `bo`, `newbie`, or one made by `newcomer`."""
        user = seed.user_named(self.world, name)
        return Person(self.world, self._render, self.gateway, user, (guild or self.guild).id)

    def newcomer(self, name: str, *, guild: Guild | None = None) -> Person:
        """Makes one more member."""
        user = self.world.add_user(User(id=self.world.snowflakes.new(), name=name, display_name=name.title()))
        self.world.join(guild or self.guild, user)
        return self.person(name, guild=guild)

    def crowd(self, count: int) -> list[Person]:
        """Makes `count` members, for a burst."""
        return [self.newcomer(f"member{number}") for number in range(1, count + 1)]

    def add_guild(self, name: str, *, has_bot: bool = True) -> Guild:
        """One more guild with the same places and people; with `has_bot` the bot is told that it joined."""
        guild = seed.add_guild(self.world, name, has_bot=has_bot)
        seed.settle(self.world, guild)
        if has_bot:
            self.world.tell(ChangeKind.BOT_JOINED, guild)
        return guild

    def channel(self, name: str, *, guild: Guild | None = None) -> Channel:
        """Raises LookupError."""
        home = guild or self.guild
        for channel in self.world.channels.values():
            if channel.guild_id == home.id and channel.name == name:
                return channel
        raise LookupError(f"there is no channel {name!r} in {home.name}")

    def take_permission(self, permission: Permission, *, channel: Channel | None = None) -> None:
        """Takes a right from the bot, in one channel or in all of the guild."""
        for place in self._places(channel):
            self.world.deny(place, self.world.application_id, permission)

    def give_permission(self, permission: Permission, *, channel: Channel | None = None) -> None:
        """Gives the bot a right, in one channel or in all of the guild."""
        for place in self._places(channel):
            self.world.allow(place, self.world.application_id, permission)

    def channels_without(self, permission: Permission) -> list[Channel]:
        """The guild's channels in which the right was taken from the bot."""
        return [place for place in self._places(None) if self._own(place) & permission]

    def give_permissions_back(self) -> None:
        """Undoes what `take_permission` and `give_permission` have done."""
        for place in self._places(None):
            self.world.forget_overwrite(place, self.world.application_id)

    def _own(self, place: Channel) -> int:
        """What the channel denies the bot itself."""
        return next((one.deny for one in place.overwrites if one.target_id == self.world.application_id), 0)

    def _places(self, channel: Channel | None) -> list[Channel]:
        every = [place for place in self.world.channels.values() if place.guild_id == self.guild.id]
        return [place for place in every if place.kind != ChannelKind.THREAD] if channel is None else [channel]

    # -- waiting ---------------------------------------------------------------------------------

    async def bot_ready(self, timeout_s: float = 10.0) -> None:
        """Returns when a bot is connected and commands are registered. After a kill await `bot_gone` first."""
        await self.world.until(
            lambda: bool(self.gateway.connected) and any(self.world.commands.values()), timeout_s, "the bot"
        )

    async def bot_gone(self, timeout_s: float = 10.0) -> None:
        """Returns when no bot is connected."""
        await self.world.until(lambda: not self.gateway.connected, timeout_s, "the bot to go")


def _document() -> "tuple[Document | None, str | None]":
    """Discord's OpenAPI document, or why bodies are checked without it."""
    if importlib.util.find_spec("jsonschema") is None:
        return None, "jsonschema is not installed: bodies are checked against Discord's limits alone"
    from sandbox.discord import openapi  # noqa: PLC0415

    path = openapi.find()
    if path is None:
        return None, "Discord's OpenAPI document is not at hand: bodies are checked against Discord's limits alone"
    return openapi.load(path), None


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((HOST, port))
    return listening

"""Easel, whole and with its real cogs, on simcord: another Discord, in this very process, by another hand.

Only what discord.py starts belongs to simcord's bot (its commands, buttons, forms): simcord waits for all of that after
each act of a person. The runner, the card keeper, the database and the gateways live beside it, as they do beside
discord.py, so that their idle loops and their HTTP calls are none of simcord's business.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import discord
import simcord
from aiohttp import web
from simcord.backend import cdn, serializers
from simcord.backend.access import can_access_message
from simcord.backend.models.channel import Overwrite
from simcord.builders import ChannelHandle
from simcord.enums import OverwriteType
from simcord.http import client as transport
from simcord.results import InteractionResult, ResponseMessage

from bot import app, config
from bot.core.clock import Millis
from sandbox.discord.seed import GUILD_NAME
from sandbox.gateways import EVERY, Gateways
from sandbox.stage import scaled_catalogue
from tests.e2e.pressing import ENOUGH
from tests.e2e.rig import EDIT_EVERY_S, PICTURE_SIDE
from tests.e2e.scene import SCALE
from tests.simcord.worlds import ADMIN, ANA, BO, Body, Sent, Upload, menu_of, plain_body, route_of

TOKEN = "simcord.fake.token"
# simcord's time begins here and stands still but for `advance_time`.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
HEAD_START_S = 60.0


class SimcordClock:
    """The house's clock: from simcord's first moment on, as fast as the machine's.

    It counts by `perf_counter`, for simcord replaces `time.monotonic` by its own within what it calls the bot.
    """

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def now(self) -> Millis:
        """Discord's own time, for ages and deadlines are counted from its ids."""
        return Millis(round((EPOCH.timestamp() + HEAD_START_S + self.monotonic()) * 1000))

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return time.perf_counter() - self._began


class SimcordAct:
    """See `tests.simcord.worlds.Act`."""

    def __init__(self, world: "SimcordWorld", result: InteractionResult) -> None:
        self._world = world
        self.result = result

    @property
    def is_acknowledged(self) -> bool:
        return self.result.acknowledged

    @property
    def form(self) -> Body | None:
        return self.result.modal

    @property
    def answer(self) -> Body | None:
        found = self.result.response
        return None if found is None else self._world.body(found.id)


class SimcordWorld:
    """See `tests.simcord.worlds.World`."""

    def __init__(self, env: simcord.Env, clock: SimcordClock, houses: "Houses", gateways: Gateways) -> None:
        self.env = env
        self.gateways = gateways
        self._clock = clock
        self._houses = houses
        self.guild = env.create_guild(GUILD_NAME)
        self.channel: ChannelHandle = self.guild.create_text_channel("general")
        role = self.guild.create_role("admin", permissions=discord.Permissions(manage_guild=True))
        self.people = {name: self.guild.add_member(env.create_user(name)) for name in (ANA, BO)}
        self.people[ADMIN] = self.guild.add_member(env.create_user(ADMIN), roles=[role])

    def may_use(self, who: str, command: str) -> bool:
        return command in self.people[who].available_commands(self.channel)

    async def _catch_up(self) -> None:
        """Brings simcord's time to where the house's is."""
        behind = self._clock.now() / 1000 - self.env.now().timestamp()
        await self.env.advance_time(max(0.0, behind))

    async def slash(self, who: str, command: str, /, **options: object) -> SimcordAct:
        await self._catch_up()
        given = {name: _value(value) for name, value in options.items()}
        return SimcordAct(self, await self.people[who].slash(self.channel, command, **given))

    async def suggest(self, who: str, command: str, option: str, typed: str, /) -> Sequence[tuple[str, object]]:
        await self._catch_up()
        found = await self.people[who].autocomplete(self.channel, command, option, typed)
        return [(choice["name"], choice["value"]) for choice in found]

    async def press(self, who: str, message: Body, label: str) -> SimcordAct:
        await self._catch_up()
        return SimcordAct(self, await self.people[who].click(self._message(message), label=label))

    async def choose(self, who: str, message: Body, placeholder: str, value: str) -> SimcordAct:
        await self._catch_up()
        custom_id = menu_of(message, placeholder)
        return SimcordAct(self, await self.people[who].select(self._message(message), [value], custom_id=custom_id))

    async def menu(self, who: str, name: str, message: Body) -> SimcordAct:
        await self._catch_up()
        return SimcordAct(self, await self.people[who].context_menu(self.channel, name, self._message(message)))

    async def submit(self, who: str, opened: Any, values: Mapping[str, object]) -> SimcordAct:
        await self._catch_up()
        given = {
            name: [self.people[str(one)] for one in value] if isinstance(value, list) else value
            for name, value in values.items()
        }
        return SimcordAct(self, await self.people[who].submit_modal(opened.result, given))

    async def reply(self, who: str, message: Body, text: str) -> None:
        await self._catch_up()
        await self.people[who].send(self.channel, text, reply_to=self._message(message))

    def forbid_files(self) -> None:
        channel = self.env.backend.get_channel(self.channel.id)
        bit = discord.Permissions(attach_files=True).value
        me = self.env.backend.bot_user.id
        channel.overwrites.append(Overwrite(target_id=me, type=OverwriteType.MEMBER, deny=bit))

    def _message(self, message: Body) -> ResponseMessage:
        return ResponseMessage(self.env, self.env.backend.get_message(self.channel.id, int(message["id"])))

    def body(self, message_id: int) -> Body:
        """A message as simcord puts it on the wire; `mentions` without those that `allowed_mentions` kept quiet."""
        found = self.env.backend.get_message(self.channel.id, message_id)
        loud = [serializers.user_payload(self.env.backend.users[one]) for one in found.ping_user_ids]
        return {**serializers.message_payload(self.env.backend, found), "mentions": loud}

    def seen(self, who: str) -> Sequence[Body]:
        every = self.env.backend.messages[self.channel.id].values()
        viewer = self.people[who]
        return [self.body(one.id) for one in every if can_access_message(self.env, self.channel.id, one, viewer)]

    def sent(self) -> Sequence[Sent]:
        return [
            Sent(method=one.method, route=route_of(one.path), body=plain_body(one.json))
            for one in self.env.http_requests
            if one.method != "GET"
        ]

    async def restart(self) -> None:
        await self._houses.close()
        house = await self._houses.open()
        await self.env.restart_bot(house.client)
        self._houses.run()


def _value(value: object) -> object:
    return (value.filename, value.data) if isinstance(value, Upload) else value


class Houses:
    """The bot's processes, one after the other, over one data folder."""

    def __init__(self, settings: config.Settings, clock: SimcordClock) -> None:
        self._settings = settings
        self._clock = clock
        self._stack = AsyncExitStack()
        self._loops: list[asyncio.Task[None]] = []
        self._house: app.House | None = None

    async def open(self) -> app.House:
        """Builds every room."""
        building = app.build(self._settings, clock=self._clock, edit_every_s=EDIT_EVERY_S)
        self._house = await self._stack.enter_async_context(building)
        return self._house

    def run(self) -> None:
        """Starts the loops beside the client, as `bot.serving` does once Discord is reached."""
        house = self._house
        assert house is not None
        assert house.client.connected.is_set()
        self._loops = [asyncio.create_task(loop()) for loop in (house.runner.run, house.keeper.run)]

    async def close(self) -> None:
        """Ends the loops, then the rooms."""
        for loop in self._loops:
            loop.cancel()
        ends = await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops = []
        await self._stack.aclose()
        for end in ends:
            if end is not None and not isinstance(end, asyncio.CancelledError):
                raise end


@asynccontextmanager
async def _files_of(serve: list[simcord.Env]) -> AsyncIterator[str]:
    """simcord's attachments on a loopback port, for the bot fetches what it is handed over HTTP; gives the address."""

    async def give(request: web.Request) -> web.Response:
        data = serve[0].backend.cdn.get(cdn.CDN_BASE + request.path)
        return web.Response(body=data) if data is not None else web.Response(status=404)

    site = web.Application()
    site.router.add_get("/{path:.*}", give)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


_ORIGINAL_PATH_OF = transport._path_of


def _path_of(url: str) -> str:
    """A path as it arrives: aiohttp sends `@` as it is where discord.py wrote `%40`, and simcord stands before that."""
    return unquote(_ORIGINAL_PATH_OF(url))


@asynccontextmanager
async def simcord_world(folder: Path) -> AsyncIterator[SimcordWorld]:
    """Easel on simcord, with every pretend gateway."""
    catalogue = folder / "catalogue.toml"
    catalogue.write_text(scaled_catalogue(SCALE), encoding="utf-8")
    served: list[simcord.Env] = []
    async with (
        Gateways.start(scale=SCALE, picture_side=PICTURE_SIDE, names=EVERY) as gateways,
        _files_of(served) as host,
    ):
        clock = SimcordClock()
        values = {
            "EASEL_DISCORD_TOKEN": TOKEN,
            "EASEL_DATA_DIR": str(folder / "data"),
            "EASEL_CATALOGUE": str(catalogue),
            "EASEL_WEB_PORT": "0",
            **ENOUGH,
            **gateways.settings(),
        }
        values["EASEL_DOWNLOAD_ALLOW_HOSTS"] += f",{host}"
        overrides = {name.removeprefix("EASEL_").lower(): value for name, value in values.items()}
        houses = Houses(config.load(_env_file=None, **overrides), clock)
        house = await houses.open()
        try:
            with patch.object(cdn, "CDN_BASE", f"http://{host}"), patch.object(transport, "_path_of", _path_of):
                async with simcord.run(house.client) as env:
                    served.append(env)
                    houses.run()
                    yield SimcordWorld(env, clock, houses, gateways)
                    await houses.close()
        finally:
            await houses.close()

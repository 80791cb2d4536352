"""Easel in our own sandbox, behind the acts that simcord knows too."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from sandbox.discord import ClientRefused, Permission, Person, Use, client_options
from sandbox.discord import Upload as GivenFile
from sandbox.discord.payloads import Payloads
from sandbox.gateways import EVERY, Gateways
from tests.e2e.pressing import ENOUGH
from tests.e2e.rig import Rig, rig
from tests.e2e.scene import SCALE
from tests.simcord.worlds import Body, Sent, Upload, menu_of, plain_body, route_of


class SandboxAct:
    """See `tests.simcord.worlds.Act`."""

    def __init__(self, world: "SandboxWorld", use: Use) -> None:
        self._world = world
        self.use = use

    @property
    def is_acknowledged(self) -> bool:
        return self.use.is_acknowledged

    @property
    def form(self) -> Body | None:
        return self.use.interaction.modal

    @property
    def answer(self) -> Body | None:
        found = self.use.interaction.response
        return None if found is None else self._world.render.message(found)


class SandboxWorld:
    """See `tests.simcord.worlds.World`."""

    def __init__(self, built: Rig) -> None:
        self.rig = built
        self._stack = AsyncExitStack()
        self.render = Payloads(built.sandbox.world, built.sandbox.api_url.removesuffix("/api/v10"))

    @property
    def gateways(self) -> Gateways:
        return self.rig.gateways

    def may_use(self, who: str, command: str) -> bool:
        sandbox = self.rig.sandbox
        try:
            client_options.find_command(sandbox.world, command, 1, self._who(who).user, sandbox.channel("general"))
        except ClientRefused:
            return False
        return True

    def _who(self, name: str) -> Person:
        return self.rig.sandbox.person(name)

    async def slash(self, who: str, command: str, /, **options: object) -> SandboxAct:
        given = {name: _value(value) for name, value in options.items()}
        return await self._done(await self._who(who).type_command(command, given))

    async def suggest(self, who: str, command: str, option: str, typed: str, /) -> Sequence[tuple[str, object]]:
        found = await self._who(who).suggestions(command, option, typed, {})
        return [(choice.name, choice.value) for choice in found]

    async def press(self, who: str, message: Body, label: str) -> SandboxAct:
        return await self._done(await self._who(who).press(self._message(message), label))

    async def choose(self, who: str, message: Body, placeholder: str, value: str) -> SandboxAct:
        custom_id = menu_of(message, placeholder)
        return await self._done(await self._who(who).select(self._message(message), [value], custom_id=custom_id))

    async def menu(self, who: str, name: str, message: Body) -> SandboxAct:
        return await self._done(await self._who(who).message_command(name, self._message(message)))

    async def submit(self, who: str, opened: Any, values: Mapping[str, object]) -> SandboxAct:
        given = {
            name: [self._who(str(one)) for one in value] if isinstance(value, list) else value
            for name, value in values.items()
        }
        return await self._done(await self._who(who).submit_modal(opened.use, given))

    async def reply(self, who: str, message: Body, text: str) -> None:
        self._who(who).say(text, reply_to=self._message(message))

    def forbid_files(self) -> None:
        self.rig.sandbox.take_permission(Permission.ATTACH_FILES)

    async def _done(self, use: Use) -> SandboxAct:
        """simcord returns when the bot's handler has ended; the nearest thing here is its first answer."""
        await use.acknowledged()
        return SandboxAct(self, use)

    def _message(self, message: Body) -> Any:
        return self.rig.sandbox.world.messages[int(message["id"])]

    def seen(self, who: str) -> Sequence[Body]:
        return [self.render.message(one) for one in self._who(who).sees()]

    def sent(self) -> Sequence[Sent]:
        return [
            Sent(method=one.method, route=route_of(one.path), body=plain_body(one.json))
            for one in self.rig.sandbox.requests
            if one.method != "GET"
        ]

    async def open(self) -> None:
        """Starts a bot."""
        bot = self.rig.bot(clock=self.rig.sandbox.clock, **ENOUGH)
        await self._stack.enter_async_context(bot)

    async def close(self) -> None:
        """Ends the bot."""
        await self._stack.aclose()
        await self.rig.sandbox.bot_gone()

    async def restart(self) -> None:
        await self.close()
        await self.open()


def _value(value: object) -> Any:
    return GivenFile(filename=value.filename, data=value.data) if isinstance(value, Upload) else value


@asynccontextmanager
async def sandbox_world(folder: Path) -> AsyncIterator[SandboxWorld]:
    """Easel in the sandbox, with every pretend gateway."""
    async with rig(folder, scale=SCALE, names=EVERY) as built:
        world = SandboxWorld(built)
        await world.open()
        try:
            yield world
        finally:
            await world.close()

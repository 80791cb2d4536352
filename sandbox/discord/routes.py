"""The table of REST routes: which function answers which method and path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord.drafts import Upload
from sandbox.discord.errors import Code, refusal
from sandbox.discord.model import Channel, Guild
from sandbox.discord.payloads import Payloads
from sandbox.discord.permissions import Permission
from sandbox.discord.world import World


@dataclass(slots=True, kw_only=True)
class Call:
    """One request, read. `files` are the uploads by the number in their part's name (`files[0]`)."""

    world: World
    render: Payloads
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    files: dict[int, Upload] = field(default_factory=dict)

    def snowflake(self, name: str) -> int:
        """An id in the path; what is no number names nothing."""
        text = self.params[name]
        if not text.isdecimal():
            raise refusal(Code.NOT_FOUND)
        return int(text)

    def channel(self) -> Channel:
        """The channel of the path, if the bot may see it."""
        channel = self.world.channels.get(self.snowflake("channel_id"))
        if channel is None:
            raise refusal(Code.UNKNOWN_CHANNEL)
        if not self.world.bits_in(self.world.application_id, channel) & Permission.VIEW_CHANNEL:
            raise refusal(Code.MISSING_ACCESS)
        return channel

    def guild(self) -> Guild:
        guild = self.world.guilds.get(self.snowflake("guild_id"))
        if guild is None or not guild.has_bot:
            raise refusal(Code.UNKNOWN_GUILD)
        return guild

    def require(self, channel: Channel, *permissions: Permission) -> None:
        bits = self.world.bits_in(self.world.application_id, channel)
        if any(not bits & permission for permission in permissions):
            raise refusal(Code.MISSING_PERMISSIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back; `body` None with 204."""

    status: int = 200
    body: Any = None


NO_CONTENT = Answer(status=204)
Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`path` is the template of Discord's OpenAPI document. Without `needs_token` the path itself is the proof."""

    method: str
    path: str
    handler: Handler
    needs_token: bool = True


ROUTES: list[Route] = []


def route(method: str, path: str, *, needs_token: bool = True) -> Callable[[Handler], Handler]:
    """Enters the function below into the table."""

    def enter(handler: Handler) -> Handler:
        ROUTES.append(Route(method=method, path=path, handler=handler, needs_token=needs_token))
        return handler

    return enter

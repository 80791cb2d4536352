"""What the client's checks share: what a person may give as a value, and what an interaction carries with it."""

from collections.abc import Mapping

from sandbox.discord.components import Body
from sandbox.discord.drafts import Upload, take
from sandbox.discord.model import Attachment, Channel, Message, Role, User
from sandbox.discord.payloads import Payloads
from sandbox.discord.world import World

Value = str | int | float | bool | User | Channel | Role | Upload


class ClientRefused(Exception):
    """The client does not let the person do that; nothing was sent."""


class Resolved:
    """The people, places and files that an interaction's values name."""

    def __init__(self, world: World, render: Payloads, channel: Channel) -> None:
        self._world = world
        self._render = render
        self._channel = channel
        self.body: Body = {}

    def add(self, thing: User | Channel | Role | Message | Attachment) -> str:
        """Enters it and returns its id."""
        match thing:
            case User():
                self._put("users", thing.id, self._render.user(thing))
                guild = self._world.guilds.get(self._channel.guild_id or 0)
                member = guild.members.get(thing.id) if guild is not None else None
                if member is not None:
                    bits = str(self._world.bits_in(thing.id, self._channel))
                    self._put(
                        "members",
                        thing.id,
                        {**self._render.member(member, with_user=False), "permissions": bits},
                    )
            case Channel():
                self._put("channels", thing.id, {**self._render.channel(thing), "permissions": "0"})
            case Role():
                self._put("roles", thing.id, self._render.role(thing))
            case Message():
                self._put("messages", thing.id, self._render.message(thing))
            case Attachment():
                self._put("attachments", thing.id, self._render.attachment(thing))
        return str(thing.id)

    def kept(self, default: Body) -> User | Channel | Role:
        """Whom or what a menu came with as chosen. Raises ClientRefused for what is not there any more."""
        number, place = int(default["id"]), self._channel
        guild = self._world.guilds.get(place.guild_id or 0)
        things: dict[str, Mapping[int, User | Channel | Role]] = {
            "user": self._world.users,
            "channel": self._world.channels,
            "role": {} if guild is None else guild.roles,
        }
        found = things[default["type"]].get(number)
        if found is None:
            raise ClientRefused(f"there is no {default['type']} {number}")
        return found

    def upload(self, upload: Upload) -> str:
        limit = self._world.upload_limit(self._channel)
        if len(upload.data) > limit:
            raise ClientRefused(f"{upload.filename} is larger than {limit} bytes")
        return self.add(take(self._world, self._channel, upload, is_ephemeral=True))

    def _put(self, group: str, key: int, body: Body) -> None:
        self.body.setdefault(group, {})[str(key)] = body


def check_length(name: str, text: str, low: int, high: int) -> None:
    if text and not low <= len(text) <= high:
        raise ClientRefused(f"{name} takes {low} to {high} characters, not {len(text)}")

"""The world as one person sees it, in the page's own JSON: Discord's shapes, and what the page adds under "sandbox"."""

from sandbox.discord import Channel, ClientRefused, Guild, Message, Permission, Person, Sandbox
from sandbox.discord.client_options import find_command
from sandbox.discord.components import Body
from sandbox.discord.model import InteractionKind, User
from sandbox.discord.payloads import Payloads

LOOKED_AT = 100  # messages of a channel that a window is given at once
NOTES = {
    "op": "operator",
    "admin": "admin",
    "mod": "moderator",
    "ana": "member",
    "bo": "member",
    "newbie": "new member",
}


class Views:
    """Renders for people. Attachments get addresses without a host: the page's own server gives them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._world = sandbox.world
        self._render = Payloads(sandbox.world, "")

    # -- what a person may see -------------------------------------------------------------------

    def sees_channel(self, person: Person, channel: Channel) -> bool:
        """True where the person finds the channel."""
        return bool(self._world.bits_in(person.id, channel) & Permission.VIEW_CHANNEL)

    def sees_message(self, person: Person, message: Message) -> bool:
        """True where the person finds the message: what is ephemeral is its member's alone."""
        channel = self._world.channels.get(message.channel_id)
        return message.only_for in (None, person.id) and channel is not None and self.sees_channel(person, channel)

    def channels(self, person: Person, guild: Guild) -> list[Channel]:
        """The guild's channels and threads that the person finds."""
        places = [place for place in self._world.channels.values() if place.guild_id == guild.id]
        return [place for place in places if self.sees_channel(person, place)]

    # -- the state -------------------------------------------------------------------------------

    def state(self, person: Person) -> Body:
        """Who and what there is, without the bot's own state and the speed."""
        direct = self._world.direct_channel(person.id)
        guilds = [guild for guild in self._world.guilds.values() if person.id in guild.members]
        places = [direct, *(place for guild in guilds for place in self.channels(person, guild))]
        people = [user for user in self._world.users.values() if not user.is_bot]
        return {
            "type": "state",
            "me": {**self._render.user(person.user), "sandbox": self._person(person.user)},
            "people": [{**self._person(user), "user": self._render.user(user)} for user in people],
            "now_ms": self._world.clock.now(),
            "guilds": [self._guild(person, guild) for guild in guilds],
            "direct": [self._channel(person, direct)],
            "commands": {str(place.id): self.commands(person, place) for place in places},
        }

    def _person(self, user: User) -> Body:
        return {"person": user.name, "note": NOTES.get(user.name, "member")}

    def _guild(self, person: Person, guild: Guild) -> Body:
        return {
            "id": str(guild.id),
            "name": guild.name,
            "owner_id": str(guild.owner_id),
            "channels": [self._channel(person, place) for place in self.channels(person, guild)],
            "roles": [self._render.role(role) for role in guild.roles.values()],
            "members": [self._render.member(member) for member in guild.members.values()],
        }

    def _channel(self, person: Person, channel: Channel) -> Body:
        home = self._world.channels.get(channel.parent_id or 0, channel)
        bits = self._world.bits_in(person.id, channel)
        hidden = [one for one in home.overwrites if one.target_id == channel.guild_id]
        body = self._render.channel(channel)
        if channel.guild_id is None:
            body["recipients"] = [self._render.user(self._world.users[self._world.application_id])]
        return {
            **body,
            "sandbox": {
                "can_write": person.may_write(channel),
                "can_use_commands": bool(bits & Permission.USE_APPLICATION_COMMANDS),
                "is_staff_only": any(one.deny & Permission.VIEW_CHANNEL for one in hidden),
                "is_age_restricted": home.is_age_restricted,
            },
        }

    def commands(self, person: Person, channel: Channel) -> list[Body]:
        """What the person's client offers there."""
        scopes = [channel.guild_id, None] if channel.guild_id is not None else [None]
        offered: list[Body] = []
        for scope in scopes:
            for command in self._world.commands.get(scope, {}).values():
                try:
                    found = find_command(self._world, command.name, command.kind, person.user, channel)
                except ClientRefused:
                    continue
                if found is command:
                    offered.append(self._render.command(command))
        return offered

    # -- messages --------------------------------------------------------------------------------

    def messages(self, person: Person, channel: Channel, *, before: int | None = None) -> Body:
        """The newest messages of a channel, or the last ones before an id, oldest first; and whether they are all.

        A thread that hangs on a message begins with that, its `starter`.
        """
        starter = self._world.messages.get(channel.id)
        is_seen = starter is not None and self.sees_message(person, starter)
        found = [message for message in person.sees(channel=channel) if before is None or message.id < before]
        seen = [self.message(person, message) for message in found[-LOOKED_AT:]]
        return {
            "messages": seen,
            "is_whole": len(found) <= LOOKED_AT,
            "starter": self.message(person, starter) if starter is not None and is_seen else None,
        }

    def message(self, person: Person, message: Message) -> Body:
        """A message that the person may see."""
        body = self._render.message(message)
        if message.reply_to is not None:
            answered = self._world.messages.get(message.reply_to)
            is_seen = answered is not None and self.sees_message(person, answered)
            body["referenced_message"] = self._render.message(answered) if answered is not None and is_seen else None
        body["sandbox"] = {
            "is_ephemeral": message.is_ephemeral,
            "is_loading": message.is_loading,
            "versions": len(message.versions),
            "pings_me": message.pings_everyone or person.id in message.pinged,
            "uses": self._uses(message),
            "interaction_id": str(message.interaction_id) if message.interaction_id is not None else None,
            "can_delete": person.may_delete(message),
        }
        return body

    def _uses(self, message: Message) -> Body | None:
        """The line above an answer: who used which command."""
        interaction = self._world.interactions.get(message.interaction_id or 0)
        if interaction is None or not message.is_original or interaction.kind != InteractionKind.COMMAND:
            return None
        user = self._world.users[interaction.user_id]
        return {"user": self._render.user(user), "command": interaction.name, "type": interaction.data.get("type", 1)}

"""A world written down and taken up again: people, places, messages, commands, and the secret of its tokens.

Attachments lie as files of their own beside the JSON. Interactions are kept while a message or a young token needs
them; faults, sessions and deleted messages are not kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sandbox.discord.clock import SandboxClock
from sandbox.discord.model import Channel, Command, Guild, Interaction, Message, User
from sandbox.discord.world import World

# Of each channel; enough to scroll through, little enough to be written every few seconds.
KEPT_MESSAGES = 500


@dataclass(slots=True, kw_only=True)
class KeptWorld:
    """Everything by value; channels without their log, interactions without their messages (those by id)."""

    secret: str
    ahead_ms: int
    application_id: int
    operator_id: int
    home_id: int
    users: list[User]
    guilds: list[Guild]
    channels: list[Channel]
    messages: list[Message]
    interactions: list[Interaction]
    commands: list[Command]
    responses: dict[int, int] = field(default_factory=dict)
    followups: dict[int, list[int]] = field(default_factory=dict)


_WORLD = TypeAdapter(KeptWorld)
_LEFT_OUT: Any = {
    "channels": {"__all__": {"log"}},
    "messages": {"__all__": {"versions": {"__all__": {"attachments": {"__all__": {"data"}}}}}},
    "interactions": {"__all__": {"response", "followups"}},
}


def write(world: World, home: Guild) -> tuple[dict[str, Any], dict[int, bytes]]:
    """The world as JSON, and the bytes of its attachments by id."""
    messages = [message for channel in world.channels.values() for message in channel.log[-KEPT_MESSAGES:]]
    interactions = _needed(world, messages)
    here = {message.id for message in messages}
    kept = KeptWorld(
        secret=world.secret.hex(),
        ahead_ms=world.clock.ahead_ms,
        application_id=world.application_id,
        operator_id=world.operator_id,
        home_id=home.id,
        users=list(world.users.values()),
        guilds=list(world.guilds.values()),
        channels=list(world.channels.values()),
        messages=messages,
        interactions=interactions,
        commands=[command for scope in world.commands.values() for command in scope.values()],
        responses={one.id: one.response.id for one in interactions if one.response and one.response.id in here},
        followups={one.id: [said.id for said in one.followups if said.id in here] for one in interactions},
    )
    files = {file.id: file.data for message in messages for version in message.versions for file in version.attachments}
    body: dict[str, Any] = _WORLD.dump_python(kept, mode="json", exclude=_LEFT_OUT)
    return body, files


def _needed(world: World, messages: list[Message]) -> list[Interaction]:
    now = world.clock.now()
    wanted = {message.interaction_id for message in messages}
    found = {one.id: one for one in world.interactions.values() if one.id in wanted or not one.is_expired(now)}
    for one in tuple(found.values()):
        parent = world.interactions.get(one.parent_id or 0)
        if parent is not None:
            found[parent.id] = parent
    return [found[key] for key in sorted(found)]


def read(body: dict[str, Any], file: Callable[[int], bytes]) -> KeptWorld:
    """What `write` wrote; `file` gives an attachment's bytes. Raises ValueError where it is damaged, OSError."""
    try:
        for message in body["messages"]:
            for version in message["versions"]:
                for attachment in version["attachments"]:
                    attachment["data"] = file(int(attachment["id"]))
        return _WORLD.validate_python(body)
    except (ValidationError, KeyError, TypeError):
        raise ValueError("the kept world cannot be read") from None


def restore(kept: KeptWorld, clock: SandboxClock) -> tuple[World, Guild]:
    """The world as it was, and its first guild. The clock is put as far ahead as it was."""
    clock.forward(seconds=max(0, kept.ahead_ms - clock.ahead_ms) / 1_000)
    world = World(clock, bytes.fromhex(kept.secret))
    world.application_id, world.operator_id = kept.application_id, kept.operator_id
    world.users = {user.id: user for user in kept.users}
    world.guilds = {guild.id: guild for guild in kept.guilds}
    world.channels = {channel.id: channel for channel in kept.channels}
    for message in kept.messages:
        world.messages[message.id] = message
        world.channels[message.channel_id].log.append(message)
        for version in message.versions:
            world.attachments.update({file.id: file for file in version.attachments})
    for interaction in kept.interactions:
        interaction.response = world.messages.get(kept.responses.get(interaction.id, 0))
        interaction.followups = [world.messages[said] for said in kept.followups.get(interaction.id, [])]
        world.interactions[interaction.id] = interaction
        world.by_token[interaction.token] = interaction
    for command in kept.commands:
        world.commands.setdefault(command.guild_id, {})[command.id] = command
    return world, world.guilds[kept.home_id]

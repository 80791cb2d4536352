"""Typing a slash command: the checks a Discord client makes, and the interaction's data it builds."""

from collections.abc import Mapping
from typing import Any

from sandbox.discord.client import ClientRefused, Resolved, Value, check_length
from sandbox.discord.components import Body
from sandbox.discord.drafts import Upload
from sandbox.discord.model import Channel, Command, Guild, Role, User
from sandbox.discord.permissions import Permission
from sandbox.discord.world import World

# Application command option types (API reference, "Application Command Option Type").
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
STRING_LIMIT = 6_000
INTEGER_LIMIT = 2**53 - 1
THINGS: dict[int, tuple[type, ...]] = {
    USER: (User,),
    CHANNEL: (Channel,),
    ROLE: (Role,),
    MENTIONABLE: (User, Role),
}


def find_command(world: World, name: str, kind: int, user: User, channel: Channel) -> Command:
    """The command the person sees under that name in that channel. Raises ClientRefused when they do not see it."""
    command = world.command(name.split(" ", maxsplit=1)[0] if kind == 1 else name, kind, channel.guild_id)
    if command is None:
        raise ClientRefused(f"there is no command called {name!r}")
    contexts = command.body.get("contexts")
    here = 0 if channel.guild_id is not None else 1
    if contexts is not None and here not in contexts:
        raise ClientRefused(f"/{name} cannot be used here")
    if channel.guild_id is None:
        if command.guild_id is not None or command.body.get("dm_permission") is False:
            raise ClientRefused(f"/{name} cannot be used in direct messages")
        return command
    _check_rights(world, command, user, channel, world.guilds[channel.guild_id])
    return command


def _check_rights(world: World, command: Command, user: User, channel: Channel, guild: Guild) -> None:
    bits = world.bits_in(user.id, channel)
    if not bits & Permission.VIEW_CHANNEL:
        raise ClientRefused(f"{user.name} does not see #{channel.name}")
    if not bits & Permission.USE_APPLICATION_COMMANDS:
        raise ClientRefused(f"{user.name} may not use commands in #{channel.name}")
    needed = command.body.get("default_member_permissions")
    if needed is not None:
        wanted = int(needed)
        has = world.guild_bits(user.id, guild)
        is_admin = bool(has & Permission.ADMINISTRATOR)
        if not is_admin and (wanted == 0 or has & wanted != wanted):
            raise ClientRefused(f"{user.name} does not see /{command.name}: it needs permissions {wanted}")
    if command.body.get("nsfw") and not channel.is_age_restricted:
        raise ClientRefused(f"/{command.name} needs an age-restricted channel")


def command_data(
    command: Command, path: str, given: Mapping[str, Value], resolved: Resolved, *, focused: str | None = None
) -> Body:
    """The interaction's data for a slash command. With `focused`, an autocomplete of that option: nothing is
    required and that option's value is taken as typed."""
    specs: list[Body] = command.body.get("options") or []
    chain: list[Body] = []
    for step in path.split(" ")[1:]:
        found = next((spec for spec in specs if spec["name"] == step and spec["type"] in (SUBCOMMAND, GROUP)), None)
        if found is None:
            raise ClientRefused(f"/{path} does not exist")
        chain.append(found)
        specs = found.get("options") or []
    if any(spec["type"] in (SUBCOMMAND, GROUP) for spec in specs):
        raise ClientRefused(f"/{path} needs one of its subcommands")
    options = _options(specs, given, resolved, focused=focused)
    for spec in reversed(chain):
        options = [{"name": spec["name"], "type": spec["type"], "options": options}]
    data: Body = {"id": str(command.id), "name": command.name, "type": command.kind, "options": options}
    if command.guild_id is not None:
        data["guild_id"] = str(command.guild_id)
    if resolved.body:
        data["resolved"] = resolved.body
    return data


def _options(specs: list[Body], given: Mapping[str, Value], resolved: Resolved, *, focused: str | None) -> list[Body]:
    unknown = given.keys() - {spec["name"] for spec in specs}
    if unknown:
        raise ClientRefused(f"there is no option called {', '.join(sorted(unknown))}")
    options = []
    for spec in specs:
        name = spec["name"]
        if name in given:
            is_focused = name == focused
            value = given[name] if is_focused else option_value(spec, given[name], resolved)
            entry: Body = {"name": name, "type": spec["type"], "value": value}
            options.append({**entry, "focused": True} if is_focused else entry)
        elif spec.get("required") and focused is None:
            raise ClientRefused(f"the option {name} is required")
    return options


def option_value(spec: Body, value: Value, resolved: Resolved) -> Any:
    """The value as it is sent. Raises ClientRefused as the client would."""
    name, kind = spec["name"], spec["type"]
    choices = spec.get("choices")
    if choices and value not in [choice["value"] for choice in choices]:
        allowed = ", ".join(str(choice["value"]) for choice in choices)
        raise ClientRefused(f"{name} is one of {allowed}")
    match kind:
        case 3 if isinstance(value, str):
            check_length(name, value, spec.get("min_length") or 0, spec.get("max_length") or STRING_LIMIT)
            if spec.get("required") and not value:
                raise ClientRefused(f"the option {name} is required")
        case 4 if isinstance(value, int) and not isinstance(value, bool):
            _check_range(spec, value)
        case 10 if isinstance(value, int | float) and not isinstance(value, bool):
            _check_range(spec, value)
        case 5 if isinstance(value, bool):
            pass
        case 11 if isinstance(value, Upload):
            return resolved.upload(value)
        case 6 | 7 | 8 | 9 if isinstance(value, User | Channel | Role):
            if not isinstance(value, THINGS[kind]):
                raise ClientRefused(f"{name} does not take {value!r}")
            return resolved.add(value)
        case _:
            raise ClientRefused(f"{name} does not take {value!r}")
    return value


def _check_range(spec: Body, value: float) -> None:
    low, high = spec.get("min_value"), spec.get("max_value")
    low, high = -INTEGER_LIMIT if low is None else low, INTEGER_LIMIT if high is None else high
    if not low <= value <= high:
        raise ClientRefused(f"{spec['name']} lies between {low} and {high}")

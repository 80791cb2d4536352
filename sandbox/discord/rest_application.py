"""REST: the bot itself, its application, its commands, where the gateway is."""

from sandbox.discord.components import Body
from sandbox.discord.errors import Code, refusal
from sandbox.discord.routes import NO_CONTENT, Answer, Call, route

VERIFY_KEY = "0" * 64
COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"


@route("GET", "/users/@me")
def myself(call: Call) -> Answer:
    return Answer(body=call.render.myself())


@route("GET", "/users/{user_id}")
def user(call: Call) -> Answer:
    found = call.world.users.get(call.snowflake("user_id"))
    if found is None:
        raise refusal(Code.UNKNOWN_USER)
    return Answer(body=call.render.user(found))


@route("GET", "/applications/@me")
@route("GET", "/oauth2/applications/@me")
def application(call: Call) -> Answer:
    world = call.world
    body: Body = {
        "id": str(world.application_id),
        "name": "Easel",
        "icon": None,
        "description": "",
        "type": None,
        "bot": call.render.user(world.users[world.application_id]),
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": VERIFY_KEY,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": call.render.user(world.users[world.operator_id]),
        "approximate_guild_count": sum(guild.has_bot for guild in world.guilds.values()),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }
    return Answer(body=body)


@route("GET", "/gateway", needs_token=False)
def gateway(call: Call) -> Answer:
    return Answer(body={"url": _gateway_url(call)})


@route("GET", "/gateway/bot")
def gateway_bot(call: Call) -> Answer:
    limit = {"total": 1_000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
    return Answer(body={"url": _gateway_url(call), "shards": 1, "session_start_limit": limit})


def _gateway_url(call: Call) -> str:
    return call.render.base_url.replace("http", "ws", 1) + "/gateway"


def _scope(call: Call) -> int | None:
    if call.snowflake("application_id") != call.world.application_id:
        raise refusal(Code.NOT_FOUND)
    return call.guild().id if "guild_id" in call.params else None


@route("GET", COMMANDS)
@route("GET", GUILD_COMMANDS)
def commands(call: Call) -> Answer:
    found = call.world.commands.get(_scope(call), {}).values()
    return Answer(body=[call.render.command(command) for command in found])


@route("PUT", COMMANDS)
@route("PUT", GUILD_COMMANDS)
def overwrite_commands(call: Call) -> Answer:
    registered = call.world.register(_scope(call), call.body)
    return Answer(body=[call.render.command(command) for command in registered])


@route("GET", COMMANDS + "/{command_id}")
@route("GET", GUILD_COMMANDS + "/{command_id}")
def command(call: Call) -> Answer:
    found = call.world.commands.get(_scope(call), {}).get(call.snowflake("command_id"))
    if found is None:
        raise refusal(Code.UNKNOWN_COMMAND)
    return Answer(body=call.render.command(found))


@route("DELETE", COMMANDS + "/{command_id}")
@route("DELETE", GUILD_COMMANDS + "/{command_id}")
def delete_command(call: Call) -> Answer:
    scope = _scope(call)
    kept = dict(call.world.commands.get(scope, {}))
    if kept.pop(call.snowflake("command_id"), None) is None:
        raise refusal(Code.UNKNOWN_COMMAND)
    call.world.register(scope, [other.body for other in kept.values()])
    return NO_CONTENT

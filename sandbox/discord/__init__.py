"""A loopback Discord that unmodified discord.py works with, over a real websocket and real HTTP on 127.0.0.1.

    async with Sandbox.start() as sandbox:
        discord.http.Route.BASE = sandbox.api_url
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sandbox.gateway_url)
        ...                                  # start the bot with sandbox.token, here or in another process
        await sandbox.bot_ready()
        ana = sandbox.person("ana")
        use = await ana.command("imagine", prompt="a lighthouse", count=2)
        card = await use.answered()
        await ana.press(card, "Cancel")
        assert not sandbox.violations and not sandbox.check_answers()

How it is laid out, from the ground up:

    clock, permissions, components, model   time and ids, rights, reading components, what the world is made of
    world, seed                             the state, what may change it, who is told; what it starts with
    drafts, validate, openapi, errors       from a request's body to a message; Discord's rules; its refusals
    render_*, payloads                      the world as JSON
    routes, rest_*, rest, limits, faults    REST: the table, the routes, the server around them, 429s, faults
    sessions, gateway, cdn                  the websocket; attachments under signed addresses
    client*, person                         what a client checks and sends; the API for tests and the demo
    server                                  `Sandbox`, which ties all this together

What can be made to go wrong:

    sandbox.faults        REST requests delayed, cut, lost, refused, limited, stalled (`faults` lists them all)
    sandbox.gateway       close, ask_to_reconnect, invalidate, withhold and release, duplicate_next, redeliver,
                          set_guild_unavailable, is_acknowledging_heartbeats
    sandbox.world         delete, delete_channel, remove_bot, allow, deny
    sandbox               take_permission, give_permission, guild.upload_limit, person(…).user.accepts_direct
    sandbox.clock         forward(minutes=16) ends every interaction token
    person.command        made_ago_s=20 sends an old interaction, by_user_install=True one without the bot in the guild

The world knows nothing of the wire: a page for people listens to it (`World.listen`) as the gateway does.
"""

from sandbox.discord.client import ClientRefused
from sandbox.discord.clock import SandboxClock
from sandbox.discord.drafts import Upload
from sandbox.discord.faults import (
    CutBefore,
    Delay,
    Faults,
    Late,
    LoseAnswer,
    Malformed,
    Refuse,
    ServerError,
    Stall,
    Switch,
    TooManyRequests,
)
from sandbox.discord.model import Channel, Choice, Guild, Interaction, Message, Picture, Version
from sandbox.discord.permissions import Permission
from sandbox.discord.person import Person, Use
from sandbox.discord.rest import Recorded, Violation
from sandbox.discord.server import Finding, Sandbox, Trouble
from sandbox.discord.world import Change, ChangeKind, World

__all__ = [
    "Change",
    "ChangeKind",
    "Channel",
    "Choice",
    "ClientRefused",
    "CutBefore",
    "Delay",
    "Faults",
    "Finding",
    "Guild",
    "Interaction",
    "Late",
    "LoseAnswer",
    "Malformed",
    "Message",
    "Permission",
    "Person",
    "Picture",
    "Recorded",
    "Refuse",
    "Sandbox",
    "SandboxClock",
    "ServerError",
    "Stall",
    "Switch",
    "TooManyRequests",
    "Trouble",
    "Upload",
    "Use",
    "Version",
    "Violation",
    "World",
]

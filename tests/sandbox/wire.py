"""Requests written by hand, for what discord.py itself would not send."""

from typing import Any

import aiohttp

from sandbox.discord import Sandbox

Body = dict[str, Any]


async def send(
    sandbox: Sandbox, method: str, path: str, body: object = None, *, token: str | None = None
) -> tuple[int, Any]:
    """Status and JSON of one request with the bot's token."""
    headers = {"Authorization": f"Bot {token or sandbox.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, sandbox.api_url + path, json=body) as response,
    ):
        return response.status, await response.json() if response.status != 204 else None


async def register(sandbox: Sandbox, *commands: Body) -> None:
    """Registers commands everywhere."""
    status, answer = await send(sandbox, "PUT", f"/applications/{sandbox.world.application_id}/commands", commands)
    assert status == 200, answer


def slash(name: str, *options: Body, **more: Any) -> Body:
    """A slash command as the wire has it."""
    return {"name": name, "description": "A command", "type": 1, "options": list(options), **more}


def option(name: str, kind: int, **more: Any) -> Body:
    """One option of a slash command."""
    return {"name": name, "description": "An option", "type": kind, **more}


def text(words: str) -> Body:
    """A text display."""
    return {"type": 10, "content": words}


def row(*buttons: Body) -> Body:
    """An action row."""
    return {"type": 1, "components": list(buttons)}


def button(label: str, custom_id: str) -> Body:
    """A button."""
    return {"type": 2, "style": 1, "label": label, "custom_id": custom_id}

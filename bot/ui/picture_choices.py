"""A member's own pictures as suggestions of an option."""

from collections.abc import Sequence

from discord import app_commands

from bot.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, Millis
from bot.services.handed.editing import Recent
from bot.ui.text import plain, shorten

# Discord's bounds for suggestions (API reference, "Autocomplete").
MOST = 25
NAME_MAX = 100


def picture_choices(recent: Sequence[Recent], *, now: Millis) -> list[app_commands.Choice[str]]:
    """The prompt, which picture of several, and how old; at most 25."""
    return [app_commands.Choice(name=_name(one, now), value=one.id) for one in recent[:MOST]]


def _name(one: Recent, now: Millis) -> str:
    tail = f" · picture {one.position} · {age(now - one.created_at)}"
    return shorten(plain(one.prompt), NAME_MAX - len(tail)) + tail


def age(past_ms: int) -> str:
    """How long ago, in the largest whole unit."""
    for unit_ms, unit in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min")):
        if past_ms >= unit_ms:
            return f"{past_ms // unit_ms} {unit} ago"
    return "just now"

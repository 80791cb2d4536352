"""Made-up frames of the page's protocol: a server with people, channels and commands, and messages in it."""

from datetime import UTC, datetime, timedelta
from typing import Any

Body = dict[str, Any]

START = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
GUILD = "100"
GENERAL, STAFF, DARK, THREAD, DIRECT = "201", "202", "203", "204", "205"
PEOPLE = {
    "op": ("301", "Olga (operator)", "operator"),
    "admin": ("302", "Ada (admin)", "admin"),
    "mod": ("303", "Mo (moderator)", "moderator"),
    "ana": ("304", "Ana", "member"),
    "bo": ("305", "Bo", "member"),
    "newbie": ("306", "Nico (new)", "new member"),
}
BOT_ID = "399"
ROLES = {"401": ("Admin", 0xE74C3C, 3), "402": ("Moderator", 0x2ECC71, 2)}
V2, EPHEMERAL = 1 << 15, 1 << 6
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def user(name: str) -> Body:
    """A person, or `"easel"`."""
    if name == "easel":
        return {"id": BOT_ID, "username": "easel", "global_name": "Easel", "bot": True}
    return {"id": PEOPLE[name][0], "username": name, "global_name": PEOPLE[name][1], "bot": False}


def channel(channel_id: str, name: str, **more: Any) -> Body:
    rights = {"can_write": True, "can_use_commands": True, "is_staff_only": False, "is_age_restricted": False}
    return {
        "id": channel_id,
        "type": 0,
        "guild_id": GUILD,
        "name": name,
        "parent_id": None,
        "topic": None,
        **more,
        "sandbox": {**rights, **more.get("sandbox", {})},
    }


def option(name: str, kind: int, **more: Any) -> Body:
    return {"name": name, "type": kind, "description": f"what {name} is", **more}


COMMANDS: list[Body] = [
    {
        "id": "501",
        "name": "imagine",
        "type": 1,
        "description": "Draws a picture from your words",
        "options": [
            option("prompt", 3, required=True, max_length=60),
            option("model", 3, autocomplete=True),
            option("count", 4, min_value=1, max_value=4),
            option("shape", 3, choices=[{"name": "Square", "value": "1:1"}, {"name": "Wide", "value": "16:9"}]),
            option("private", 5),
            option("friend", 6),
        ],
    },
    {"id": "502", "name": "edit", "type": 1, "description": "Changes a picture", "options": [
        option("picture", 11, required=True), option("prompt", 3, required=True)]},
    {"id": "503", "name": "usage", "type": 1, "description": "What was spent", "options": []},
    {"id": "504", "name": "settings", "type": 1, "description": "Settings", "options": [
        {"name": "budget", "type": 1, "description": "The budget", "options": [option("usd", 10, required=True)]}]},
    {"id": "505", "name": "Edit this picture", "type": 3, "description": ""},
    {"id": "506", "name": "What was spent", "type": 2, "description": ""},
]  # fmt: skip


def state(person: str) -> Body:
    """The state for that person; staff see the staff channel."""
    hidden = {"is_staff_only": True}
    channels = [channel(GENERAL, "general", topic="Pictures and talk")]
    if person in ("admin", "mod", "op"):
        channels.append(channel(STAFF, "staff", sandbox=hidden))
    channels.append(channel(DARK, "after-dark", sandbox={"is_age_restricted": True, "can_write": False,
                                                         "can_use_commands": False}))  # fmt: skip
    channels.append(channel(THREAD, "poster-jam", type=11, parent_id=GENERAL))
    direct = {**channel(DIRECT, ""), "type": 1, "guild_id": None, "name": None, "recipients": [user("easel")]}
    held = {"admin": ["401"], "mod": ["402"]}
    members = [{"user": user(name), "roles": held.get(name, [])} for name in (*PEOPLE, "easel")]
    roles: list[Body] = [{"id": GUILD, "name": "@everyone", "color": 0, "position": 0, "hoist": False}]
    roles += [
        {"id": key, "name": name, "color": color, "position": position, "hoist": True}
        for key, (name, color, position) in ROLES.items()
    ]
    return {
        "type": "state",
        "me": {**user(person), "sandbox": {"person": person, "note": PEOPLE[person][2]}},
        "people": [{"person": name, "user": user(name), "note": note} for name, (_, _, note) in PEOPLE.items()],
        "now_ms": int((START + timedelta(minutes=20)).timestamp() * 1000),
        "speed": 1,
        "guilds": [{"id": GUILD, "name": "Aurora Studio", "channels": channels, "roles": roles, "members": members}],
        "direct": [direct],
        "commands": {place["id"]: COMMANDS for place in (*channels, direct)},
        "bot": {"state": "running", "seconds": 0.6, "starts": 1},
    }


def message(number: int, author: str = "easel", content: str = "", **more: Any) -> Body:
    """A message; `number` orders it and gives its minute. Keys of "sandbox" may be given as `sandbox`."""
    extras = {"is_ephemeral": False, "is_loading": False, "versions": 1, "pings_me": False, "uses": None,
              "interaction_id": None, "can_delete": False}  # fmt: skip
    return {
        "id": str(1_000 + number),
        "type": 0,
        "channel_id": GENERAL,
        "author": user(author),
        "content": content,
        "embeds": [],
        "components": [],
        "attachments": [],
        "mentions": [],
        "timestamp": (START + timedelta(minutes=number)).isoformat(),
        "edited_timestamp": None,
        "flags": 0,
        **more,
        "sandbox": {**extras, **more.get("sandbox", {})},
    }


def card(number: int, *parts: Body, **more: Any) -> Body:
    """A message of Components V2."""
    return message(number, components=list(parts), flags=V2, **more)


def text(content: str) -> Body:
    return {"type": 10, "content": content}


def row(*parts: Body) -> Body:
    return {"type": 1, "components": list(parts)}


def button(label: str, style: int = 2, **more: Any) -> Body:
    key = {} if style == 5 else {"custom_id": f"press:{label}"}
    return {"type": 2, "label": label, "style": style, **key, **more}


def container(*parts: Body, accent: int | None = None, spoiler: bool = False) -> Body:
    return {"type": 17, "components": list(parts), "accent_color": accent, "spoiler": spoiler}


def item(name: str, description: str | None = None, *, spoiler: bool = False) -> Body:
    media = {"url": f"/cdn/{name}.png", "width": 240, "height": 160, "content_type": "image/png"}
    return {"media": media, "description": description, "spoiler": spoiler}


def gallery(*items: Body) -> Body:
    return {"type": 12, "items": list(items)}


def attachment(filename: str, kind: str = "image/png", **more: Any) -> Body:
    return {"id": "9", "filename": filename, "size": 2_048, "url": f"/cdn/{filename}", "content_type": kind, **more}

"""Discord's limits that its OpenAPI document does not state, or not everywhere; they hold without the document too.

Sources: Discord API reference ("Component Reference", "Application Commands", "Message"), and ../docs of this
project. What depends on the message's state stands in `drafts`.
"""

import re
from collections import Counter
from collections.abc import Iterator

from sandbox.discord import components as parts
from sandbox.discord.components import Body, Kind
from sandbox.discord.errors import Fault
from sandbox.discord.model import CallbackKind, MessageFlag

CONTENT = 2_000
V2_TEXT = 4_000
COMPONENTS = 40
GALLERY_ITEMS = 10
ROWS = 5  # of a message without Components V2
ROW_BUTTONS = 5
SELECT_OPTIONS = 25
CUSTOM_ID = 100
BUTTON_LABEL = 80
MODAL_TITLE = 45
MODAL_PARTS = 5
ALT_TEXT = 1_024
EMBED_TEXT = 6_000
FILES = 10
CHOICES = 25
OPTIONS = 25
DESCRIPTION = 100
COMMAND_TEXT = 8_000
COMMANDS_OF_A_KIND = {1: 100, 2: 15, 3: 15}
SLASH_NAME = re.compile(r"[-_'\w]{1,32}")


def faults(method: str, route: str, body: object) -> list[Fault]:
    """What is wrong with the body of a request to that route."""
    if route.endswith("/callback") and isinstance(body, dict):
        return list(_callback(body))
    if route.endswith("/commands") and method == "PUT" and isinstance(body, list):
        return list(_commands(body))
    if "/messages" in route or route == "/webhooks/{webhook_id}/{webhook_token}":
        return list(message(body)) if isinstance(body, dict) else []
    return []


def _long(path: tuple[str | int, ...], text: object, limit: int) -> Iterator[Fault]:
    if isinstance(text, str) and len(text) > limit:
        yield Fault(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def _many(path: tuple[str | int, ...], count: int, limit: int, low: int = 0) -> Iterator[Fault]:
    if not low <= count <= limit:
        yield Fault(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {limit} in length.")


def message(body: Body, at: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """The limits of a message body."""
    yield from _long((*at, "content"), body.get("content"), CONTENT)
    embeds = body.get("embeds") or []
    if sum(_embed_size(embed) for embed in embeds) > EMBED_TEXT:
        yield Fault((*at, "embeds"), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum of {EMBED_TEXT}.")
    yield from _mentions(body.get("allowed_mentions") or {}, (*at, "allowed_mentions"))
    yield from _many((*at, "attachments"), len(body.get("attachments") or []), FILES)
    for index, file in enumerate(body.get("attachments") or []):
        yield from _long((*at, "attachments", index, "description"), file.get("description"), ALT_TEXT)
    components = body.get("components") or []
    if isinstance(components, list):
        yield from _components(components, (*at, "components"))


def _mentions(allowed: Body, at: tuple[str | int, ...]) -> Iterator[Fault]:
    """Either all of a kind are let through, or some by id."""
    for kind in ("users", "roles"):
        if kind in (allowed.get("parse") or ()) and allowed.get(kind):
            text = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            yield Fault((*at,), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)


def _embed_size(embed: Body) -> int:
    said = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    said.append((embed.get("author") or {}).get("name"))
    for entry in embed.get("fields") or []:
        said += [entry.get("name"), entry.get("value")]
    return sum(len(text) for text in said if text)


def _components(components: list[Body], at: tuple[str | int, ...]) -> Iterator[Fault]:
    every = list(parts.walk(components))
    yield from _many(at, len(every), COMPONENTS)
    if sum(map(len, parts.texts(components))) > V2_TEXT:
        yield Fault(at, "COMPONENT_MAX_TOTAL_TEXT", f"The total text must be {V2_TEXT} or fewer in length.")
    ids = Counter(part["custom_id"] for part in every if part.get("custom_id"))
    for custom_id, count in ids.items():
        if count > 1:
            text = f"Component custom id cannot be duplicated: {custom_id}"
            yield Fault(at, "COMPONENT_CUSTOM_ID_DUPLICATED", text)
    numbers = Counter(part["id"] for part in every if part.get("id"))
    for number, count in numbers.items():
        if count > 1:
            yield Fault(at, "COMPONENT_ID_DUPLICATED", f"Component id cannot be duplicated: {number}")
    for part in every:
        yield from _component(part, at)


def _component(part: Body, at: tuple[str | int, ...]) -> Iterator[Fault]:
    yield from _long((*at, "custom_id"), part.get("custom_id"), CUSTOM_ID)
    match part.get("type"):
        case Kind.ACTION_ROW:
            yield from _row(part.get("components") or [], at)
        case Kind.MEDIA_GALLERY:
            items = part.get("items") or []
            yield from _many((*at, "items"), len(items), GALLERY_ITEMS, 1)
            for item in items:
                yield from _long((*at, "items", "description"), item.get("description"), ALT_TEXT)
        case Kind.STRING_SELECT:
            yield from _options(part.get("options") or [], (*at, "options"))
        case Kind.BUTTON:
            yield from _button(part, at)
        case _:
            pass


def _row(children: list[Body], at: tuple[str | int, ...]) -> Iterator[Fault]:
    """Up to five buttons, or one select alone."""
    yield from _many((*at, "components"), len(children), ROW_BUTTONS, 1)
    if len(children) > 1 and any(child.get("type") in parts.SELECT_KINDS for child in children):
        yield Fault((*at, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A select takes a whole row")


def _options(options: list[Body], at: tuple[str | int, ...]) -> Iterator[Fault]:
    yield from _many(at, len(options), SELECT_OPTIONS, 1)
    for value, count in Counter(option.get("value") for option in options).items():
        if count > 1:
            text = f"The specified option value is already used: {value}"
            yield Fault(at, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)


def _button(part: Body, at: tuple[str | int, ...]) -> Iterator[Fault]:
    yield from _long((*at, "label"), part.get("label"), BUTTON_LABEL)
    is_link = part.get("style") == parts.LINK_STYLE
    if bool(part.get("url")) != is_link or bool(part.get("custom_id")) == is_link:
        text = "A link button has a url, every other a custom id, never both"
        yield Fault(at, "BUTTON_COMPONENT_URL_OR_ID", text)
    if not part.get("label") and not part.get("emoji"):
        yield Fault((*at, "label"), "BASE_TYPE_REQUIRED", "A button needs a label or an emoji")


def _callback(body: Body) -> Iterator[Fault]:
    data = body.get("data") or {}
    match body.get("type"):
        case CallbackKind.MESSAGE | CallbackKind.UPDATE:
            yield from message(data, ("data",))
        case CallbackKind.DEFERRED_MESSAGE:
            if (data.get("flags") or 0) & ~MessageFlag.EPHEMERAL:
                yield Fault(("data", "flags"), "BASE_TYPE_CHOICES", "A deferred answer takes only EPHEMERAL")
        case CallbackKind.CHOICES:
            choices = data.get("choices") or []
            yield from _many(("data", "choices"), len(choices), CHOICES)
            for choice in choices:
                yield from _many(("data", "choices", "name"), len(str(choice.get("name", ""))), 100, 1)
        case CallbackKind.MODAL:
            components = data.get("components") or []
            yield from _long(("data", "title"), data.get("title"), MODAL_TITLE)
            yield from _many(("data", "components"), len(components), MODAL_PARTS, 1)
            yield from _components(components, ("data", "components"))
        case _:
            pass


def _commands(bodies: list[Body]) -> Iterator[Fault]:
    names = Counter((body.get("name"), body.get("type") or 1) for body in bodies)
    for (name, kind), count in names.items():
        if count > 1:
            yield Fault((str(name), kind), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Command names must be unique")
    kinds = Counter(int(body.get("type") or 1) for body in bodies)
    for kind, count in kinds.items():
        yield from _many(("type", kind), count, COMMANDS_OF_A_KIND.get(kind, 1))
    for index, body in enumerate(bodies):
        if (body.get("type") or 1) == 1:
            yield from _slash(body, (index,))
            if _command_size(body) > COMMAND_TEXT:
                yield Fault((index,), "APPLICATION_COMMAND_TOO_LARGE", f"More than {COMMAND_TEXT} characters")
        elif body.get("description"):
            text = "Context menu commands cannot have description"
            yield Fault((index, "description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", text)


def _slash(body: Body, at: tuple[str | int, ...]) -> Iterator[Fault]:
    name = str(body.get("name", ""))
    if not SLASH_NAME.fullmatch(name) or name != name.lower():
        yield Fault((*at, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    yield from _many((*at, "description"), len(body.get("description") or ""), DESCRIPTION, 1)
    options = body.get("options") or []
    yield from _many((*at, "options"), len(options), OPTIONS)
    is_optional = False
    for index, option in enumerate(options):
        place = (*at, "options", index)
        yield from _slash(option, place)
        yield from _many((*place, "choices"), len(option.get("choices") or []), CHOICES)
        if option.get("required") and is_optional:
            text = "Required options must be placed before non-required options"
            yield Fault(place, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        is_optional = is_optional or not option.get("required")


def _command_size(body: Body) -> int:
    size = len(body.get("name") or "") + len(body.get("description") or "")
    for choice in body.get("choices") or []:
        size += len(str(choice.get("name", ""))) + len(str(choice.get("value", "")))
    return size + sum(_command_size(option) for option in body.get("options") or [])

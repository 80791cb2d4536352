"""Pressing buttons, choosing in menus, filling in forms: the client's checks and the interaction's data."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.discord.client import ClientRefused, Resolved, Value, check_length
from sandbox.discord.components import SELECT_KINDS, Body, Kind, walk
from sandbox.discord.model import Channel, Message, Role, User

TEXT_INPUT_LIMIT = 4_000
THINGS: dict[int, tuple[type, ...]] = {
    Kind.USER_SELECT: (User,),
    Kind.ROLE_SELECT: (Role,),
    Kind.MENTIONABLE_SELECT: (User, Role),
    Kind.CHANNEL_SELECT: (Channel,),
}


def find_button(message: Message, *, label: str | None, custom_id: str | None) -> Body:
    """The button to press. Raises ClientRefused when there is none, or it is disabled or a link."""
    found = [part for part in walk(message.now.components) if part["type"] == Kind.BUTTON]
    for part in found:
        if (label is None or part.get("label") == label) and custom_id in (None, part.get("custom_id")):
            if part.get("disabled"):
                raise ClientRefused(f"the button {part.get('label')!r} is disabled")
            if not part.get("custom_id"):
                raise ClientRefused(f"the button {part.get('label')!r} is a link")
            return part
    labels = ", ".join(repr(part.get("label")) for part in found) or "none"
    raise ClientRefused(f"there is no button {label or custom_id!r}; there are: {labels}")


def find_select(message: Message, custom_id: str | None) -> Body:
    for part in walk(message.now.components):
        if part["type"] in SELECT_KINDS and custom_id in (None, part["custom_id"]):
            if part.get("disabled"):
                raise ClientRefused("the select is disabled")
            return part
    raise ClientRefused("there is no such select")


def select_data(select: Body, values: Iterable[Value], resolved: Resolved) -> Body:
    """The interaction's data for a choice in a select menu."""
    chosen = selected(select, list(values), resolved)
    data: Body = {"component_type": select["type"], "id": select["id"], "custom_id": select["custom_id"]}
    data["values"] = chosen
    if resolved.body:
        data["resolved"] = resolved.body
    return data


def selected(select: Body, values: list[Value], resolved: Resolved) -> list[str]:
    low = 1 if select.get("min_values") is None else select["min_values"]
    _check_count(select["custom_id"], len(values), low, select.get("max_values") or 1)
    if "options" in select:
        allowed = [option["value"] for option in select["options"]]
        if any(value not in allowed for value in values):
            raise ClientRefused(f"the select offers {', '.join(allowed)}")
        return [str(value) for value in values]
    for value in values:
        kinds = select.get("channel_types") or ()
        is_other = isinstance(value, Channel) and kinds and value.kind not in kinds
        if is_other or not isinstance(value, THINGS[select["type"]]):
            raise ClientRefused(f"the select does not take {value!r}")
    return [resolved.add(value) for value in values if isinstance(value, User | Channel | Role)]


def _check_count(name: str, count: int, low: int, high: int) -> None:
    if not low <= count <= high:
        raise ClientRefused(f"{name} takes {low} to {high} values, not {count}")


def modal_data(modal: Body, given: Mapping[str, Any], resolved: Resolved) -> Body:
    """The interaction's data for a form sent off; `given` holds the values by custom_id, fields left out keep
    what the form came with."""
    fields = {part["custom_id"] for part in walk(modal["components"]) if part.get("custom_id")}
    unknown = given.keys() - fields
    if unknown:
        raise ClientRefused(f"the form has no field {', '.join(sorted(unknown))}; it has {', '.join(sorted(fields))}")
    filled = []
    for part in modal["components"]:
        head: Body = {"type": part["type"], "id": part["id"]}
        match part["type"]:
            case Kind.LABEL:
                filled.append({**head, "component": _field(part["component"], given, resolved)})
            case Kind.ACTION_ROW:
                filled.append({**head, "components": [_field(p, given, resolved) for p in part["components"]]})
            case _:
                filled.append(head)
    data: Body = {"custom_id": modal["custom_id"], "components": filled}
    if resolved.body:
        data["resolved"] = resolved.body
    return data


def _field(part: Body, given: Mapping[str, Any], resolved: Resolved) -> Body:
    name, kind = part["custom_id"], part["type"]
    is_required = part.get("required", True) is not False
    answer: Body = {"type": kind, "custom_id": name, "id": part["id"]}
    value = given.get(name)
    match kind:
        case Kind.TEXT_INPUT:
            text = str(value if value is not None else part.get("value") or "")
            if is_required and not text:
                raise ClientRefused(f"the field {name} is required")
            check_length(name, text, part.get("min_length") or 0, part.get("max_length") or TEXT_INPUT_LIMIT)
            return {**answer, "value": text}
        case Kind.CHECKBOX:
            return {**answer, "value": bool(part.get("default") if value is None else value)}
        case Kind.RADIO_GROUP:
            return {**answer, "value": _radio(part, value, is_required=is_required)}
        case Kind.FILE_UPLOAD:
            files = list(value or [])
            _check_count(name, len(files), int(is_required), part.get("max_values") or 1)
            return {**answer, "values": [resolved.upload(file) for file in files]}
        case _:
            chosen = list(value) if value is not None else _chosen_at_first(part, resolved)
            if not chosen and not is_required:
                return {**answer, "values": []}
            return {**answer, "values": selected(part, chosen, resolved)}


def _chosen_at_first(part: Body, resolved: Resolved) -> list[Any]:
    """What a menu in a form came with as chosen: options, or people, roles and channels."""
    return [*_defaults(part), *(resolved.kept(one) for one in part.get("default_values") or [])]


def _defaults(part: Body) -> list[str]:
    return [option["value"] for option in part.get("options") or [] if option.get("default")]


def _radio(part: Body, value: str | None, *, is_required: bool) -> str | None:
    chosen = value if value is not None else next(iter(_defaults(part)), None)
    if chosen is None and is_required:
        raise ClientRefused(f"the field {part['custom_id']} is required")
    if chosen is not None and chosen not in [option["value"] for option in part["options"]]:
        raise ClientRefused(f"the field {part['custom_id']} does not offer {chosen!r}")
    return chosen

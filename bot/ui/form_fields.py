"""Reading a sent form from the wire, so that one opened before a restart can be sent off after it."""

from collections.abc import Iterator, Mapping
from typing import Any


def chosen_of(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What was chosen in each menu of the form, by its custom id: options, or the ids of members, roles, channels."""
    return dict(_chosen(data.get("components") or []))


def _chosen(components: list[Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for part in components:
        yield from _chosen(_inside(part))
        if isinstance(part.get("custom_id"), str) and isinstance(part.get("values"), list):
            yield part["custom_id"], tuple(str(value) for value in part["values"])


def fields_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Each field's value by its custom id (Discord API reference, "Modal Submit Data")."""
    return dict(_fields(data.get("components") or []))


def _fields(components: list[Any]) -> Iterator[tuple[str, str]]:
    """However deep a field stands."""
    for part in components:
        yield from _fields(_inside(part))
        if isinstance(part.get("custom_id"), str) and isinstance(part.get("value"), str):
            yield part["custom_id"], part["value"]


def _inside(part: Mapping[str, Any]) -> list[Any]:
    return [part["component"]] if "component" in part else part.get("components") or []

"""Reading a sent form from the wire, so that one opened before a restart can be sent off after it."""

from collections.abc import Iterator, Mapping
from typing import Any


def fields_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Each field's value by its custom id (Discord API reference, "Modal Submit Data")."""
    return dict(_fields(data.get("components") or []))


def _fields(components: list[Any]) -> Iterator[tuple[str, str]]:
    """However deep a field stands."""
    for part in components:
        inner = [part["component"]] if "component" in part else part.get("components") or []
        yield from _fields(inner)
        if isinstance(part.get("custom_id"), str) and isinstance(part.get("value"), str):
            yield part["custom_id"], part["value"]

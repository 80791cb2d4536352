"""Checks a request body as a strict gateway does: unknown field, wrong type, value out of range."""

import json
from collections.abc import Callable, Mapping

from aiohttp import web

Check = Callable[[object], bool]


class RejectedError(Exception):
    """The body is not what the gateway documents."""


def text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def one_of(*values: str) -> Check:
    return lambda value: value in values


def whole(low: int, high: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def boolean(value: object) -> bool:
    return isinstance(value, bool)


async def read_body(request: web.Request, checks: Mapping[str, Check], *, required: str) -> dict[str, object]:
    """The JSON object. Raises RejectedError with a text that names the field."""
    if request.content_type != "application/json":
        raise RejectedError("Content-Type must be application/json")
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise RejectedError("body is not JSON") from None
    if not isinstance(body, dict):
        raise RejectedError("body is not an object")
    if required not in body:
        raise RejectedError(f"{required} is required")
    for name, value in body.items():
        if name not in checks:
            raise RejectedError(f"{name} is not a parameter")
        if not checks[name](value):
            raise RejectedError(f"{name} is out of range")
    return body

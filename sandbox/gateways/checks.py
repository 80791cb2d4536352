"""Checks a request body as a strict gateway does: unknown field, wrong type, value out of range."""

import json
from collections.abc import Callable, Mapping

from aiohttp import web

Check = Callable[[object], bool]


class RejectedError(Exception):
    """The body is not what the gateway documents; `name` is the field, empty where it is the whole body."""

    def __init__(self, problem: str, name: str = "") -> None:
        super().__init__(problem)
        self.name = name


def text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def one_of(*values: str) -> Check:
    return lambda value: value in values


def whole(low: int, high: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def boolean(value: object) -> bool:
    return isinstance(value, bool)


def number(low: float, high: float) -> Check:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))


def picture(value: object) -> bool:
    """An address, or a data URI."""
    return address(value) or (isinstance(value, str) and value.startswith("data:image/"))


def many(check: Check, low: int, high: int) -> Check:
    return lambda value: isinstance(value, list) and low <= len(value) <= high and all(map(check, value))


def fields(checks: Mapping[str, Check], *required: str | tuple[str, ...]) -> Check:
    """An object with these fields and no others."""
    return lambda value: (
        isinstance(value, dict)
        and all(name in value for name in required)
        and all(name in checks and checks[name](inner) for name, inner in value.items())
    )


async def read_body(
    request: web.Request, checks: Mapping[str, Check], *, required: str | tuple[str, ...]
) -> dict[str, object]:
    """The JSON object of a request. Raises RejectedError with a text that names the field."""
    if request.content_type != "application/json":
        raise RejectedError("Content-Type must be application/json")
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise RejectedError("body is not JSON") from None
    return check_body(body, checks, required=required)


def check_body(body: object, checks: Mapping[str, Check], *, required: str | tuple[str, ...]) -> dict[str, object]:
    """The object, checked. Raises RejectedError."""
    if not isinstance(body, dict):
        raise RejectedError("body is not an object")
    for name in (required,) if isinstance(required, str) else required:
        if name not in body:
            raise RejectedError(f"{name} is required", name)
    for name, value in body.items():
        if name not in checks:
            raise RejectedError(f"{name} is not a parameter", name)
        if not checks[name](value):
            raise RejectedError(f"{name} is out of range", name)
    return body

"""The traffic as it flows: the bot's REST requests, the gateway's frames, and the requests to the pretend gateways.

No token and no signed address stands in it; long texts are cut.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.core.clock import Clock
from sandbox.discord import Recorded
from sandbox.discord.components import Body
from sandbox.gateways.server import Watched

REMEMBERED = 300
FLUSH_S = 0.2  # five frames a second at most
STRING_MAX = 300
BODY_MAX = 6_000
LIST_MAX = 20
# Keys whose values let somebody act as somebody else.
SECRET_KEYS = frozenset({"token", "session_id", "authorization"})
SIGNATURE = re.compile(r"\?(?:ex|expires|sig)=[^\s\"]*")
OPS = {
    0: "DISPATCH",
    1: "HEARTBEAT",
    2: "IDENTIFY",
    3: "PRESENCE UPDATE",
    6: "RESUME",
    7: "RECONNECT",
    9: "INVALID SESSION",
    10: "HELLO",
    11: "HEARTBEAT ACK",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line. `direction` is the bot's: "out" is what it sent. `status` 0 is a connection that was cut."""

    n: int
    at_ms: int
    side: str
    direction: str
    title: str
    status: int | None
    check: str
    detail: str | None
    body: str

    def json(self) -> Body:
        """As the page has it."""
        return {
            "n": self.n,
            "at_ms": self.at_ms,
            "side": self.side,
            "direction": self.direction,
            "title": self.title,
            "status": self.status,
            "check": self.check,
            "detail": self.detail,
            "body": self.body,
        }


def shortened(value: object, depth: int = 0) -> object:
    """JSON without secrets, with long texts and lists cut."""
    match value:
        case dict() if depth < 12:
            return {
                key: "…" if key in SECRET_KEYS and inner else shortened(inner, depth + 1)
                for key, inner in value.items()
            }
        case list() if depth < 12:
            more = [f"… {len(value) - LIST_MAX} more"] if len(value) > LIST_MAX else []
            return [shortened(inner, depth + 1) for inner in value[:LIST_MAX]] + more
        case str():
            text = SIGNATURE.sub("?…", value)
            return text if len(text) <= STRING_MAX else f"{text[:STRING_MAX]}… ({len(text)} characters)"
        case dict() | list():
            return "…"
        case _:
            return value


def text_of(value: object) -> str:
    """The body of a line; "" where there is none."""
    if value is None:
        return ""
    text = json.dumps(shortened(value), ensure_ascii=False, indent=1)
    return text if len(text) <= BODY_MAX else f"{text[:BODY_MAX]}…"


def _place(done: Recorded) -> str:
    """The route without ids and tokens; words such as `@original` stay."""
    template, path = done.route.split("/"), done.path.split("/")
    if len(template) != len(path):
        return done.route
    return "/".join(
        word if word == sent or not word.startswith("{") else (sent if sent.startswith("@") else "…")
        for word, sent in zip(template, path, strict=True)
    )


class Feed:
    """Remembers the newest lines and hands them on in batches to `on_items`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._items: deque[Item] = deque(maxlen=REMEMBERED)
        self._count = 0
        self._told = 0
        self._timer: asyncio.TimerHandle | None = None
        self.on_items: Callable[[Iterable[Item]], None] | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        """The newest lines, oldest first."""
        return tuple(self._items)

    def close(self) -> None:
        """Hands nothing on any more."""
        self.on_items = None
        if self._timer is not None:
            self._timer.cancel()

    def request(self, done: Recorded) -> None:
        """A REST request of the bot."""
        check = "violation" if done.faults else ("ok" if done.is_checked else "unchecked")
        body = done.json if not done.files else {"payload_json": done.json, "files": list(done.files)}
        self._add(
            side="rest",
            direction="out",
            title=f"{done.method} {_place(done)}",
            status=done.status,
            check=check,
            detail="\n".join(done.faults) or None,
            body=text_of(body),
        )

    def frame(self, frame: Body, is_from_bot: bool) -> None:
        """A frame of Discord's gateway."""
        op = frame.get("op")
        title = str(frame.get("t") or OPS.get(op if isinstance(op, int) else -1, "?"))
        direction = "out" if is_from_bot else "in"
        self._add(side="gateway", direction=direction, title=f"op {op} {title}", body=text_of(frame.get("d")))

    def provider(self, done: Watched) -> None:
        """A request to a pretend gateway."""
        try:
            body = json.loads(done.body) if done.body else None
        except ValueError:
            body = f"{len(done.body)} bytes"
        title = f"{done.gateway}: {done.method} {done.path}"
        self._add(side="provider", direction="out", title=title, status=done.status, body=text_of(body))

    def _add(
        self,
        *,
        side: str,
        direction: str,
        title: str,
        status: int | None = None,
        check: str = "unchecked",
        detail: str | None = None,
        body: str,
    ) -> None:
        self._count += 1
        self._items.append(
            Item(
                n=self._count,
                at_ms=self._clock.now(),
                side=side,
                direction=direction,
                title=title,
                status=status,
                check=check,
                detail=detail,
                body=body,
            )
        )
        if self._timer is None and self.on_items is not None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self.flush)

    def flush(self) -> None:
        """Hands on at once what is new."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        fresh = [item for item in self._items if item.n > self._told]
        self._told = self._count
        if self.on_items is not None and fresh:
            self.on_items(fresh)

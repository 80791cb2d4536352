"""Two Discords behind one set of acts: the sandbox over real sockets, and simcord in this very process.

What both show is Discord's own message JSON, so that one pair of eyes looks at both.
"""

import asyncio
import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sandbox.discord import components as parts
from sandbox.gateways import Gateways

Body = dict[str, Any]
T = TypeVar("T")
WAIT_S = 8.0
# People in both worlds: two members, and one who may manage the server.
ANA, BO, ADMIN = "ana", "bo", "admin"
EPHEMERAL, LOADING, V2 = 1 << 6, 1 << 7, 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request of the bot's. `route` is its path with every id and token replaced by `*`."""

    method: str
    route: str
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that a person gives to a command or a form."""

    filename: str
    data: bytes


class Act(Protocol):
    """One use of a command, a button or a form, and what came of it."""

    @property
    def is_acknowledged(self) -> bool:
        """Whether the bot has answered in any way."""
        ...

    @property
    def form(self) -> Body | None:
        """The form that opened."""
        ...

    @property
    def answer(self) -> Body | None:
        """The original response as it reads now."""
        ...


class World(Protocol):
    """A Discord with one server, one channel, three people, and Easel in it."""

    @property
    def gateways(self) -> Gateways:
        """What draws and answers there."""
        ...

    def may_use(self, who: str, command: str) -> bool:
        """Whether this person finds the command in their list."""
        ...

    async def slash(self, who: str, command: str, /, **options: object) -> Act:
        """A command with its options; a file is an `Upload`."""
        ...

    async def suggest(self, who: str, command: str, option: str, typed: str, /) -> Sequence[tuple[str, object]]:
        """What the bot suggests, as (name, value)."""
        ...

    async def press(self, who: str, message: Body, label: str) -> Act:
        """A button by its label."""
        ...

    async def choose(self, who: str, message: Body, placeholder: str, value: str) -> Act:
        """An option of a menu in a message, found by what stands in it while nothing is chosen."""
        ...

    async def menu(self, who: str, name: str, message: Body) -> Act:
        """An entry of a message's menu."""
        ...

    async def submit(self, who: str, opened: Act, values: Mapping[str, object]) -> Act:
        """A form, filled in; in a list stand the names of people."""
        ...

    async def reply(self, who: str, message: Body, text: str) -> None:
        """A person's reply to a message, which mentions its author."""
        ...

    def forbid_files(self) -> None:
        """Takes the bot's right to attach files."""
        ...

    def seen(self, who: str) -> Sequence[Body]:
        """The messages that this person sees in the channel, oldest first."""
        ...

    def sent(self) -> Sequence[Sent]:
        """Every request of the bot's that changes something, in its order."""
        ...

    async def restart(self) -> None:
        """Another process of the bot with the same data folder."""
        ...


async def until(look: Callable[[], T | None], what: str = "it") -> T:
    """What `look` finds once it finds something. Raises TimeoutError."""
    try:
        async with asyncio.timeout(WAIT_S):
            while (found := look()) is None:
                await asyncio.sleep(0.01)
            return found
    except TimeoutError:
        raise TimeoutError(f"{what} did not come") from None


async def answered(act: Act, text: str = "") -> Body:
    """The answer once it is more than "thinking…" and `text` stands in it."""

    def look() -> Body | None:
        body = act.answer
        is_there = body is not None and not body["flags"] & LOADING and text in words(body)
        return body if is_there else None

    try:
        return await until(look, f"an answer with {text!r}")
    except TimeoutError:
        raise TimeoutError(f"the answer reads: {act.answer and words(act.answer)}") from None


async def posted(world: World, act: Act) -> Body:
    """The public post that the card links to in the end."""
    card = await answered(act, "Posted: ")
    (found,) = [one for one in world.seen(BO) if f"/{one['id']}" in words(card)]
    return found


# -- what a person finds in a message ----------------------------------------------------------------


def words(message: Body) -> str:
    """Everything that can be read."""
    return "\n".join([text for text in [message["content"]] if text] + parts.texts(message["components"]))


def menu_of(message: Body, placeholder: str) -> str:
    """The custom id of the menu in which that stands."""
    (found,) = [one for one in parts.selects(message["components"]) if one["placeholder"] == placeholder]
    return str(found["custom_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A message as a person sees it, without what is another in each world: ids, addresses, times."""

    text: str
    buttons: tuple[tuple[str, str, bool], ...]  # label, custom id, whether it is disabled
    pictures: tuple[str | None, ...]  # alt texts of what the components show
    files: tuple[tuple[str, str], ...]  # name and description
    is_ephemeral: bool
    is_v2: bool
    mentions: int


def view(message: Body) -> View:
    """What matters of a message."""
    shown = parts.buttons(message["components"])
    return View(
        text=plain(words(message)),
        buttons=tuple((one.label, plain(one.custom_id or one.url or ""), one.disabled) for one in shown),
        pictures=tuple(one.description and plain(one.description) for one in parts.media(message["components"])),
        files=tuple((plain(one["filename"]), plain(one.get("description") or "")) for one in message["attachments"]),
        is_ephemeral=bool(message["flags"] & EPHEMERAL),
        is_v2=bool(message["flags"] & V2),
        mentions=len(message["mentions"]),
    )


_MONTH = "(" + "|".join(name for names in (calendar.month_name, calendar.month_abbr) for name in names[1:]) + ")"
_CHANGING = (
    (re.compile(r"<t:\d+(:\w)?>"), "<time>"),
    (re.compile(r"https?://\S+"), "<address>"),
    (re.compile(r"\b(job|reference) `?[a-z2-7]{6}\b`?"), r"\1 <short>"),
    (re.compile(r"\b[a-z2-7]{24}\b"), "<job>"),
    (re.compile(r"\b[0-9a-f]{25}\b"), "<nonce>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<form>"),
    (re.compile(r"\b[0-9a-f]{10}\b"), "<seen>"),
    (re.compile(r"\b\d{17,20}\b"), "<id>"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "<seconds>"),
    (re.compile(r"\b\d{6}\b"), "<six>"),
    (re.compile(rf"\b(\d{{1,2}}( {_MONTH})?( 20\d\d)? to )?(\d{{1,2}} )?{_MONTH}( 20\d\d)?\b"), "<date>"),
    (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2}\b"), "<date>"),
    (re.compile(r"\b20\d\d-[01]\d(-[0-3]\d)?\b"), "<date>"),
)


def plain(text: str) -> str:
    """A text without what differs from one run to the next."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return text


def plain_body(body: Any) -> Any:
    """The same for a whole body."""
    if isinstance(body, Mapping):
        return {key: plain_body(value) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [plain_body(value) for value in body]
    if isinstance(body, int) and body >= 10**16:
        return "<id>"
    return plain(body) if isinstance(body, str) else body


_ROUTES = (
    (re.compile(r"^/api/v\d+"), ""),
    (re.compile(r"^/interactions/.*/callback$"), "/interactions/*/*/callback"),
    (re.compile(r"^/webhooks/\d+/[^/]+"), "/webhooks/*/*"),
    (re.compile(r"%40original"), "@original"),
    (re.compile(r"/\d{15,20}"), "/*"),
)


def route_of(path: str) -> str:
    """A path without ids, tokens and parameters."""
    path = path.split("?", 1)[0]
    for pattern, word in _ROUTES:
        path = pattern.sub(word, path)
    return path

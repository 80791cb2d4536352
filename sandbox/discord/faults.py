"""Faults by switch on the REST side: what goes wrong, for which requests, how often.

    sandbox.faults.next("PATCH", "*/messages/@original", LoseAnswer())              # the next one
    sandbox.faults.next("POST", "/channels/*/messages", ServerError(502, is_processed=True), times=2)
    switch = sandbox.faults.until_off("*", "*", Delay(0.2)); ...; switch.off()

A route is matched against the template of Discord's document (`/channels/{channel_id}/messages`) and against the
path as sent (`/channels/123/messages`), with `*` for anything. The oldest matching switch wins.
Faults of the gateway are methods of `sandbox.gateway`, faults of the world methods of `sandbox.world`.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Delay:
    """Waits real seconds before the request is looked at, or (`is_after`) before its answer is sent."""

    seconds: float
    is_after: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """Puts the sandbox's clock forward before the request is looked at: late without waiting."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """Does what the request asks, then cuts the connection."""


@dataclass(frozen=True, slots=True)
class CutBefore:
    """Cuts the connection and does nothing."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Never answers. With `is_processed` the request is done all the same."""

    is_processed: bool = False


@dataclass(frozen=True, slots=True)
class TooManyRequests:
    """429; without `via` it looks like the wall in front of Discord, not like Discord."""

    retry_after_s: float
    via: bool = True
    is_global: bool = False


@dataclass(frozen=True, slots=True)
class ServerError:
    """5xx, before the request is done or (`is_processed`) after it."""

    status: int = 502
    is_processed: bool = False


@dataclass(frozen=True, slots=True)
class Malformed:
    """Does what the request asks and answers 200 with half a JSON object."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answers an error of Discord's without doing anything: `Refuse(403, 50013, "Missing Permissions")`."""

    status: int
    code: int
    message: str


Trouble = Delay | Late | LoseAnswer | CutBefore | Stall | TooManyRequests | ServerError | Malformed | Refuse


@dataclass(slots=True, eq=False)
class Switch:
    """A fault that is on. `left` None means until `off`; `hits` counts the requests it met."""

    method: str
    pattern: str
    trouble: Trouble
    left: int | None
    hits: int = 0

    def off(self) -> None:
        self.left = 0

    def meets(self, method: str, template: str, path: str) -> bool:
        if self.left == 0 or not fnmatchcase(method, self.method):
            return False
        return any(fnmatchcase(name, self.pattern) for name in (template, path))


class Faults:
    """All switches."""

    def __init__(self) -> None:
        self._switches: list[Switch] = []

    def next(self, method: str, pattern: str, trouble: Trouble, *, times: int = 1) -> Switch:
        """Turns the fault on for the next `times` matching requests."""
        return self._add(Switch(method, pattern, trouble, times))

    def until_off(self, method: str, pattern: str, trouble: Trouble) -> Switch:
        return self._add(Switch(method, pattern, trouble, None))

    @property
    def active(self) -> tuple[Switch, ...]:
        """The switches that can still meet a request."""
        return tuple(switch for switch in self._switches if switch.left != 0)

    def clear(self) -> None:
        self._switches.clear()

    def take(self, method: str, template: str, path: str) -> Trouble | None:
        """The fault for this request, counted; called once per request by the server."""
        self._switches = [switch for switch in self._switches if switch.left != 0]
        for switch in self._switches:
            if switch.meets(method, template, path):
                switch.hits += 1
                if switch.left is not None:
                    switch.left -= 1
                return switch.trouble
        return None

    def _add(self, switch: Switch) -> Switch:
        self._switches.append(switch)
        return switch

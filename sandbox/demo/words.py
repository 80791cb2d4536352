"""What a person types at the demo's prompt."""

import re
from dataclasses import dataclass, field

HELP = """\
  /imagine prompt: a red fox count: 2     any command the bot registered, options as name: value
  press 1                                 presses a button, as numbered above
  as bo                                   goes on as somebody else: op, admin, mod, ana, bo, newbie
  books                                   the bot's ledger beside the gateways' own book
  kill / start                            kill -9 of the bot, and a new one on the same data
  quit                                    ends the demo"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One line: its first word without the slash, the rest, and whether it began with a slash."""

    verb: str
    rest: str = ""
    is_slash: bool = False


def read_line(line: str) -> Typed | None:
    """The line as a command; None for an empty one."""
    text = line.strip()
    if not text:
        return None
    verb, _, rest = text.partition(" ")
    return Typed(verb=verb.removeprefix("/").lower(), rest=rest.strip(), is_slash=verb.startswith("/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a registered command."""

    name: str
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a command, in its own order; the first takes text that names no option."""

    known: tuple[Option, ...] = field(default=())

    def read(self, rest: str) -> dict[str, str | int]:
        """`prompt: a fox count: 2` as values. Raises ValueError for a number that is none."""
        names = "|".join(re.escape(one.name) for one in self.known)
        values: dict[str, str | int] = {}
        if not names:
            return values
        parts = re.split(rf"(?:^|(?<=\s))({names}):\s*", rest)
        if parts[0].strip():
            values[self.known[0].name] = parts[0].strip()
        numbers = {one.name for one in self.known if one.is_number}
        for name, value in zip(parts[1::2], parts[2::2], strict=True):
            text = value.strip()
            if name in numbers and not text.isdecimal():
                raise ValueError(f"{name} is a number")
            values[name] = int(text) if name in numbers else text
        return values

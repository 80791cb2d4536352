"""What an operator does at the command line beside `run`: look at jobs, settle unknown ones, examine the house.

Commands return lines; only `bot.__main__` prints.
"""

from bot.core.errors import EaselError


class CommandRefused(EaselError):
    """What the operator asked for cannot be done; the message says why."""


class BadFile(EaselError):
    """A file that the operator handed in cannot be read; the message says where and why."""


def plain(text: str) -> str:
    """The text in one line without control characters: gateways' and members' words must not steer a terminal."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)

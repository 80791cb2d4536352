"""What a button of `/usage` carries: what it is for, and which report it stands on. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.services.spending.model import Grouping, Stretch, View


class Part(StrEnum):
    """What a button does. The first two show a view; both exist, since one message never has an id twice."""

    STRETCH = "stretch"
    GROUPING = "by"
    CSV = "csv"
    JSONL = "jsonl"
    OWN = "own"


USAGE_PATTERN = (
    rf"easel:usage:(?P<part>{'|'.join(Part)}):(?P<stretch>{'|'.join(Stretch)}):(?P<grouping>{'|'.join(Grouping)})"
)
_USAGE = re.compile(USAGE_PATTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePress:
    """A press: for a part that shows a view, the one to show; else the one that it stands on."""

    part: Part
    view: View


def usage_id(press: UsagePress) -> str:
    """The custom id of a button."""
    return f"easel:usage:{press.part}:{press.view.stretch}:{press.view.grouping}"


def press_of(match: re.Match[str]) -> UsagePress:
    """The press that a custom id stands for."""
    view = View(stretch=Stretch(match["stretch"]), grouping=Grouping(match["grouping"]))
    return UsagePress(part=Part(match["part"]), view=view)


def read_usage(custom_id: str) -> UsagePress | None:
    """The same; None for what is no button of `/usage`."""
    match = _USAGE.fullmatch(custom_id)
    return None if match is None else press_of(match)

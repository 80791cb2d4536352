"""The buttons of `/usage`: how they look, and the item that is found by their custom id after any restart."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Self

import discord
from discord import ui

from bot.services.spending.model import Grouping, Stretch, View
from bot.ui.usage_ids import USAGE_PATTERN, Part, UsagePress, press_of, usage_id

Button = ui.Button[ui.LayoutView]
# Does what a press asks for, and answers it.
Handle = Callable[[discord.Interaction[Any], UsagePress], Awaitable[None]]

_STRETCHES = {Stretch.WEEK: "This week", Stretch.MONTH: "This month"}
_GROUPINGS = {
    Grouping.COMMAND: "By command",
    Grouping.MEMBER: "By member",
    Grouping.MODEL: "By model",
    Grouping.PROVIDER: "By provider",
}
_OTHERS = {Part.CSV: "CSV", Part.JSONL: "JSON Lines", Part.OWN: "My limits"}


def usage_rows(shown: View) -> list[ui.ActionRow[ui.LayoutView]]:
    """Three rows; what is shown already cannot be pressed."""
    stretches = [
        _button(Part.STRETCH, replace(shown, stretch=stretch), label, is_shown=stretch is shown.stretch)
        for stretch, label in _STRETCHES.items()
    ]
    groupings = [
        _button(Part.GROUPING, replace(shown, grouping=grouping), label, is_shown=grouping is shown.grouping)
        for grouping, label in _GROUPINGS.items()
    ]
    others = [_button(part, shown, label) for part, label in _OTHERS.items()]
    return [ui.ActionRow(*buttons) for buttons in (stretches, groupings, others)]


def _button(part: Part, view: View, label: str, *, is_shown: bool = False) -> Button:
    custom_id = usage_id(UsagePress(part=part, view=view))
    return ui.Button(label=label, custom_id=custom_id, disabled=is_shown)


def usage_button(handle: Handle) -> type[ui.DynamicItem[Button]]:
    """The item over what does the work."""

    class UsageButton(ui.DynamicItem[Button], template=USAGE_PATTERN):
        """Carries a part and a view, and nothing of whom it was shown to."""

        def __init__(self, press: UsagePress) -> None:
            super().__init__(ui.Button(label=press.part, custom_id=usage_id(press)))
            self._press = press

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(press_of(match))

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._press)

    return UsageButton

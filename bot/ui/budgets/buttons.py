"""What stands below the card: two menus and buttons, found by their custom ids after any restart."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Self

import discord
from discord import ui

from bot.ui.budgets.ids import (
    BUTTON_PATTERN,
    LOG_PATTERN,
    SELECT_PATTERN,
    Adding,
    Do,
    Press,
    Sheet,
    key_text,
    log_id,
    press_id,
    press_of,
)
from bot.ui.budgets.items import Page
from bot.ui.text import shorten

Button = ui.Button[ui.LayoutView]
Select = ui.Select[ui.LayoutView]
Row = ui.ActionRow[ui.LayoutView]
# Does what a press asks for, and answers it. The second one gets the number of a page.
Handle = Callable[[discord.Interaction[Any], Press], Awaitable[None]]
HandleLog = Callable[[discord.Interaction[Any], int], Awaitable[None]]

# Discord's bound for what an option of a menu says.
_LABEL = 100
ADDINGS = {
    Adding.SERVER: ("A limit for the server", "For all members together"),
    Adding.EVERYONE: ("A limit for each member", "The same for everybody, each counted alone"),
    Adding.MEMBER: ("A limit for one member", "In the place of the one for each member"),
    Adding.ROLE: ("A limit for a role", "For each who has it; the most generous role counts"),
    Adding.CHANNEL: ("A limit for a channel", "For all that is asked for there"),
    Adding.COMMAND: ("A limit for a command", "For all members together"),
    Adding.MODEL: ("A limit for a model", "For all members together"),
    Adding.RESERVE: ("A reserve for a purpose", "A part of the server's limit that only an event may use"),
    Adding.MARK: ("Exempt or block a member", "Exempt: no limit for members binds them"),
    Adding.ROLE_LIST: ("What a role may use", "Models, sizes, pictures at once"),
    Adding.CHANNEL_LIST: ("What a channel may use", "Models, sizes, pictures at once"),
}
_BUTTONS = {
    Do.PAUSE: "Pause…",
    Do.SETTINGS: "Alerts and time zone…",
    Do.LOG: "Changes",
    Do.REFRESH: "Refresh",
    Do.WEEK: "Simulate 7 days",
    Do.MONTH: "Simulate 30 days",
}


def card_rows(page: Page, sheet: Sheet) -> list[Row]:
    """At most five rows: what can be added, what can be changed, and the buttons."""
    rows: list[Row] = [ui.ActionRow(_add_menu(sheet))]
    if page.items:
        rows.append(ui.ActionRow(_change_menu(page, sheet)))
    if page.pages > 1:
        rows.append(ui.ActionRow(*_turning(page, sheet)))
    rows.append(ui.ActionRow(*(_button(do, sheet) for do in (Do.PAUSE, Do.SETTINGS, Do.LOG))))
    rows.append(ui.ActionRow(*(_button(do, sheet) for do in (Do.WEEK, Do.MONTH, Do.REFRESH))))
    return rows


def refresh_row(sheet: Sheet) -> Row:
    """The one button that brings the card back."""
    return ui.ActionRow(_button(Do.REFRESH, sheet))


def log_row(page: int, pages: int) -> Row:
    """The buttons that turn the log; the latest changes stand on its first page."""
    later: Button = ui.Button(label="Later", custom_id=log_id(max(0, page - 1)), disabled=page == 0)
    earlier: Button = ui.Button(label="Earlier", custom_id=log_id(page + 1), disabled=page + 1 >= pages)
    return ui.ActionRow(later, earlier)


def _add_menu(sheet: Sheet) -> Select:
    options = [
        discord.SelectOption(label=label, description=told, value=adding) for adding, (label, told) in ADDINGS.items()
    ]
    return ui.Select(custom_id=press_id(Press(do=Do.ADD, sheet=sheet)), placeholder="Add…", options=options)


def _change_menu(page: Page, sheet: Sheet) -> Select:
    options = [
        discord.SelectOption(label=shorten(f"{number} · {item.label}", _LABEL), value=key_text(item.key))
        for number, item in enumerate(page.items, start=page.first)
    ]
    custom_id = press_id(Press(do=Do.CHANGE, sheet=sheet))
    return ui.Select(custom_id=custom_id, placeholder="Change or remove…", options=options)


def _turning(page: Page, sheet: Sheet) -> tuple[Button, Button]:
    def button(label: str, number: int, *, is_off: bool) -> Button:
        press = Press(do=Do.TURN, sheet=replace(sheet, page=number))
        return ui.Button(label=label, custom_id=press_id(press), disabled=is_off)

    back, on = page.number - 1, page.number + 1
    # A disabled button has an id too, and one message never has an id twice.
    first, last = back < 0, on >= page.pages
    return (
        button("Back", page.number if first else back, is_off=first),
        button("Next", page.number if last else on, is_off=last),
    )


def _button(do: Do, sheet: Sheet) -> Button:
    return ui.Button(label=_BUTTONS[do], custom_id=press_id(Press(do=do, sheet=sheet)))


def budget_button(handle: Handle) -> type[ui.DynamicItem[Button]]:
    """The item over what does the work."""

    class BudgetButton(ui.DynamicItem[Button], template=BUTTON_PATTERN):
        """Carries what it is for and its sheet, and nothing of whom it was shown to."""

        def __init__(self, press: Press) -> None:
            super().__init__(ui.Button(label=press.do, custom_id=press_id(press)))
            self._press = press

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(press_of(match))

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._press)

    return BudgetButton


def budget_menu(handle: Handle) -> type[ui.DynamicItem[Select]]:
    """The item over what does the work; what was chosen is read from the interaction."""

    class BudgetMenu(ui.DynamicItem[Select], template=SELECT_PATTERN):
        """Carries what it is for and its sheet."""

        def __init__(self, press: Press) -> None:
            super().__init__(ui.Select(custom_id=press_id(press)))
            self._press = press

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(press_of(match))

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._press)

    return BudgetMenu


def log_button(handle: HandleLog) -> type[ui.DynamicItem[Button]]:
    """The item that turns the log."""

    class LogButton(ui.DynamicItem[Button], template=LOG_PATTERN):
        """Carries the page to show."""

        def __init__(self, page: int) -> None:
            super().__init__(ui.Button(label="page", custom_id=log_id(page)))
            self._page = page

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(int(match["page"]))

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._page)

    return LogButton

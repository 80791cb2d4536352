"""The card of `/settings budget`: what holds for whom, what is left, when it resets."""

from dataclasses import dataclass, replace

from discord import ui

from bot.core.ids import GuildId
from bot.ledger.model import Ceilings
from bot.services.budgets.reading import Budget
from bot.ui import cards, words
from bot.ui.budgets.buttons import card_rows, refresh_row
from bot.ui.budgets.ids import Key, Sheet
from bot.ui.budgets.items import Page, items_of, page_of, page_with
from bot.ui.budgets.lines import Names, ceilings_line, settings_lines
from bot.ui.text import shorten

# The line that says what became of a change.
_TOLD = 300
_NOTHING = "Nothing is set here: only what whoever runs this bot allows holds. Choose in **Add…** whom a limit is for."
NOT_ALLOWED = words.Words(
    title="This is for those who manage the server",
    body="You need the right Manage Server. `/usage` shows your own limits. Nothing was changed.",
)
_BUSY = words.Words(
    title="I am busy right now",
    body="As far as I can see, nothing was changed. Refresh shows what holds.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a change, in a line; `key` is what was changed, which is shown then."""

    text: str
    is_good: bool = True
    key: Key | None = None


def budget_card(
    budget: Budget, ceilings: Ceilings, guild_id: GuildId, sheet: Sheet, names: Names, told: Told | None = None
) -> ui.LayoutView:
    """One page of it, with `told` on top."""
    items = items_of(budget, guild_id, names)
    found = None if told is None or told.key is None else page_with(items, told.key)
    page = page_of(items, sheet.page if found is None else found)
    head = ["### Budget of this server"]
    if told is not None:
        head += [f"**{'Changed' if told.is_good else 'Nothing was changed'}.** {shorten(told.text, _TOLD)}"]
    foot = [*settings_lines(budget.settings), f"-# {ceilings_line(ceilings)}"]
    colour = cards.PROGRESS_COLOUR if told is None else (cards.RESULT_COLOUR if told.is_good else cards.REFUSAL_COLOUR)
    return cards.layout(
        colour,
        ui.TextDisplay("\n".join(head)),
        ui.TextDisplay("\n".join(_entries(page))),
        ui.Separator(),
        ui.TextDisplay("\n".join(foot)),
        *card_rows(page, replace(sheet, page=page.number)),
    )


def _entries(page: Page) -> list[str]:
    if not page.items:
        return [_NOTHING]
    shown, heading = [], ""
    for number, item in enumerate(page.items, start=page.first):
        if item.heading != heading:
            heading = item.heading
            shown.append(f"**{heading}**")
        shown.append(f"`{number}` {item.line}")
    if page.pages > 1:
        shown.append(f"-# Page {page.number + 1} of {page.pages}")
    return shown


def busy_card(sheet: Sheet) -> ui.LayoutView:
    """What stands in the card's place while the database is away; a button brings it back."""
    text: ui.TextDisplay[ui.LayoutView] = ui.TextDisplay(f"### {_BUSY.title}\n{_BUSY.body}")
    return cards.layout(cards.REFUSAL_COLOUR, text, refresh_row(sheet))

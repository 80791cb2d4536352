"""Everything a server has set as numbered entries, so that a menu can name what the card shows. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.ids import GuildId
from bot.services.budgets.reading import Budget
from bot.ui.budgets import lines
from bot.ui.budgets.ids import Key, ListKey, MarkKey, PauseKey, RuleKey
from bot.ui.budgets.lines import Names

# Their lines fill no more than 2,700 of Discord's 4,000 characters, and a menu takes 25.
PAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry: under which heading, its line, and the same for a menu."""

    key: Key
    heading: str
    line: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the entries; `first` is the number of the first one, `number` the page's own from 0."""

    items: tuple[Item, ...]
    first: int
    number: int
    pages: int


def items_of(budget: Budget, guild_id: GuildId, names: Names) -> tuple[Item, ...]:
    """What stops everything first, then rules, members and lists in the order they have."""
    return tuple(_items(budget, guild_id, names))


def page_of(items: Sequence[Item], number: int) -> Page:
    """That page, or the last one where there are fewer by now."""
    pages = max(1, -(-len(items) // PAGE))
    number = min(number, pages - 1)
    start = number * PAGE
    return Page(items=tuple(items[start : start + PAGE]), first=start + 1, number=number, pages=pages)


def page_with(items: Sequence[Item], key: Key) -> int | None:
    """The page on which that entry stands; None where it is gone."""
    return next((place // PAGE for place, item in enumerate(items) if item.key == key), None)


def _items(budget: Budget, guild_id: GuildId, names: Names) -> Iterator[Item]:
    for pause in budget.pauses:
        key = PauseKey(command=pause.command)
        yield Item(key=key, heading="Paused", line=lines.pause_line(pause), label=lines.plain_pause(pause))
    for shown in budget.rules:
        yield Item(
            key=RuleKey(rule_id=shown.rule.rule_id),
            heading="Limits",
            line=lines.rule_line(shown),
            label=lines.plain_rule(shown.rule.draft, shown.amount, names),
        )
    for member_id, mark in budget.marks.items():
        key_of_member = MarkKey(member_id=member_id)
        line = lines.mark_line(member_id, mark)
        yield Item(key=key_of_member, heading="Members by name", line=line, label=lines.plain_mark(mark))
    for one in budget.lists:
        yield Item(
            key=ListKey(whom=one.whom, name=one.name, what=one.what),
            heading="Allowed",
            line=lines.list_line(one, guild_id),
            label=lines.plain_list(one, names),
        )

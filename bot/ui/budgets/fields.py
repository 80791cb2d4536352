"""The fields that the forms of a budget are made of, each with the id by which its value comes back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import discord
from discord import ui

from bot.core.requests import Resolution
from bot.ledger.model import Unit
from bot.ledger.rules.model import Span
from bot.ui.budgets.amounts import TYPED_MAX
from bot.ui.text import plain, shorten

Label = ui.Label[ui.Modal]
# Discord's bounds: options of a menu, what an option says, what stands above a field.
_OPTIONS = 25
_OPTION_TEXT = 100
_TITLE = 45


class Field(StrEnum):
    """Their custom ids."""

    WHOM = "whom"
    UNIT = "unit"
    SPAN = "span"
    AMOUNT = "amount"
    MINUTES = "minutes"
    TIME = "time"
    DO = "do"
    MARK = "mark"
    MODELS = "models"
    SIZES = "sizes"
    COUNT = "count"
    REASON = "reason"
    CHANNEL = "channel"
    ZONE = "zone"
    PERCENTS = "percents"
    DIGEST = "digest"
    SOFT = "soft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something to choose, with what stands below it."""

    value: str
    label: str
    told: str | None = None


UNITS = (
    Choice(value=Unit.MONEY, label="Money", told="Dollars, such as 1.50"),
    Choice(value=Unit.PICTURES, label="Pictures"),
    Choice(value=Unit.REQUESTS, label="Requests"),
)
WINDOWS = (
    Choice(value=Span.DAY, label="A day"),
    Choice(value=Span.WEEK, label="A week", told="From Monday on"),
    Choice(value=Span.MONTH, label="A month"),
)
PACE = Choice(value=Span.ROLLING, label="A pace", told="So many requests in any so many minutes")
SIZES = tuple(Choice(value=size, label=size) for size in Resolution)


def modal(title: str, custom_id: str, *parts: ui.Item[ui.Modal]) -> ui.Modal:
    """A form. Stopped, so that discord.py keeps nothing of it: what is sent off is found by the custom id."""
    form = ui.Modal(title=shorten(title, _TITLE), custom_id=custom_id)
    for part in parts:
        form.add_item(part)
    form.stop()
    return form


def radio(field: Field, text: str, choices: Sequence[Choice], *, chosen: str | None = None) -> Label:
    """One of several must be chosen."""
    options = [
        discord.RadioGroupOption(
            label=choice.label, value=choice.value, description=choice.told, default=choice.value == chosen
        )
        for choice in choices
    ]
    return ui.Label(text=text, component=ui.RadioGroup(custom_id=field, options=options))


def menu(field: Field, text: str, choices: Iterable[Choice], *, chosen: Iterable[str] = (), told: str) -> Label:
    """Any number of them, also none."""
    some, marked = list(choices)[:_OPTIONS], set(chosen)
    options = [_option(choice, is_chosen=choice.value in marked) for choice in some]
    select: ui.Select[Any] = ui.Select(
        custom_id=field, options=options, min_values=0, max_values=len(options), required=False
    )
    return ui.Label(text=text, description=told, component=select)


def one_of(field: Field, text: str, choices: Iterable[Choice]) -> Label:
    """One of many must be chosen."""
    options = [_option(choice, is_chosen=False) for choice in list(choices)[:_OPTIONS]]
    return ui.Label(text=text, component=ui.Select(custom_id=field, options=options, required=True))


def _option(choice: Choice, *, is_chosen: bool) -> discord.SelectOption:
    label = shorten(plain(choice.label), _OPTION_TEXT)
    return discord.SelectOption(label=label, value=choice.value, description=choice.told, default=is_chosen)


def typed(
    field: Field,
    text: str,
    *,
    told: str,
    example: str,
    value: str | None = None,
    is_needed: bool = True,
    most: int = TYPED_MAX,
) -> Label:
    """A line to type."""
    line: ui.TextInput[Any] = ui.TextInput(
        custom_id=field, placeholder=example, default=value or None, required=is_needed, max_length=most
    )
    return ui.Label(text=text, description=told, component=line)


def amount(value: str | None = None, *, is_needed: bool = True) -> Label:
    """How much."""
    told = "Dollars with a point, or a whole number of pictures or requests"
    return typed(Field.AMOUNT, "How much at most", told=told, example="1.50", value=value, is_needed=is_needed)


def minutes(value: str | None = None) -> Label:
    """The minutes of a pace."""
    told = "Only for a pace of requests: in how many minutes"
    return typed(Field.MINUTES, "Minutes of the pace", told=told, example="30", value=value, is_needed=False)

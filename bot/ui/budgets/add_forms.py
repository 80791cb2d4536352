"""The forms behind "Add…", each with what its subject needs; Discord takes five fields at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import discord
from discord import ui

from bot.ledger.rules.model import Mark
from bot.ui.budgets import fields
from bot.ui.budgets.buttons import ADDINGS
from bot.ui.budgets.fields import PACE, SIZES, UNITS, WINDOWS, Choice, Field, Label
from bot.ui.budgets.ids import AddForm, Adding, Sheet, form_id

MARKS = (
    Choice(value=Mark.EXEMPT, label="Exempt", told="No limit for members binds them; those for all do"),
    Choice(value=Mark.BLOCKED, label="Blocked", told="They cannot ask for anything here"),
)
# A purpose is one word, as events name it.
_PURPOSE_MAX = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What there is to choose: commands, and models as `provider/model`."""

    commands: Sequence[Choice]
    models: Sequence[Choice]


def add_form(adding: Adding, sheet: Sheet, offered: Offered) -> ui.Modal:
    """An empty form."""
    custom_id = form_id(AddForm(adding=adding), sheet)
    return fields.modal(ADDINGS[adding][0], custom_id, *_parts(adding, offered))


def _parts(adding: Adding, offered: Offered) -> list[Label]:
    return [*_whom(adding, offered), *_what(adding, offered)]


def _whom(adding: Adding, offered: Offered) -> list[Label]:
    match adding:
        case Adding.SERVER | Adding.EVERYONE:
            return []
        case Adding.MEMBER | Adding.MARK:
            return [_member()]
        case Adding.ROLE | Adding.ROLE_LIST:
            return [_role()]
        case Adding.CHANNEL | Adding.CHANNEL_LIST:
            return [_channel()]
        case Adding.COMMAND:
            return [fields.one_of(Field.WHOM, "Which command", offered.commands)]
        case Adding.MODEL:
            return [fields.one_of(Field.WHOM, "Which model", offered.models)]
        case Adding.RESERVE:
            told = "One word in small letters"
            return [fields.typed(Field.WHOM, "For what", told=told, example="event", most=_PURPOSE_MAX)]
        case _:
            assert_never(adding)


def _what(adding: Adding, offered: Offered) -> list[Label]:
    match adding:
        case Adding.EVERYONE | Adding.MEMBER | Adding.ROLE:
            return _personal()
        case Adding.SERVER | Adding.CHANNEL | Adding.COMMAND | Adding.MODEL | Adding.RESERVE:
            return _windowed()
        case Adding.MARK:
            return [fields.radio(Field.MARK, "What", MARKS)]
        case Adding.ROLE_LIST | Adding.CHANNEL_LIST:
            return _allowed(offered)
        case _:
            assert_never(adding)


def _windowed() -> list[Label]:
    return [
        fields.radio(Field.UNIT, "What counts", UNITS),
        fields.radio(Field.SPAN, "In which time", WINDOWS),
        fields.amount(),
    ]


def _personal() -> list[Label]:
    return [
        fields.radio(Field.UNIT, "What counts", UNITS),
        fields.radio(Field.SPAN, "In which time", (*WINDOWS, PACE)),
        fields.amount(),
        fields.minutes(),
    ]


def _allowed(offered: Offered) -> list[Label]:
    """What is left empty stays as it is."""
    told = "Leave it empty to say nothing of models"
    models = [fields.menu(Field.MODELS, "Only these models", offered.models, told=told)] if offered.models else []
    return [
        *models,
        fields.menu(Field.SIZES, "Only these sizes", SIZES, told="Leave it empty to say nothing of sizes"),
        fields.typed(
            Field.COUNT,
            "Pictures at once, at most",
            told="Leave it empty to say nothing of how many",
            example="2",
            is_needed=False,
        ),
    ]


def _member() -> Label:
    select: ui.UserSelect[Any] = ui.UserSelect(custom_id=Field.WHOM, required=True)
    return ui.Label(text="Which member", component=select)


def _role() -> Label:
    select: ui.RoleSelect[Any] = ui.RoleSelect(custom_id=Field.WHOM, required=True)
    return ui.Label(text="Which role", component=select)


def _channel() -> Label:
    kinds = [
        discord.ChannelType.text,
        discord.ChannelType.news,
        discord.ChannelType.public_thread,
        discord.ChannelType.private_thread,
        discord.ChannelType.voice,
        discord.ChannelType.stage_voice,
    ]
    select: ui.ChannelSelect[Any] = ui.ChannelSelect(custom_id=Field.WHOM, channel_types=kinds, required=True)
    return ui.Label(text="Which channel", component=select)

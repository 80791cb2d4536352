"""The forms that ask what is to be changed in a picture, and which one is meant where there are several.

What is sent off is found by its custom id and read from the wire: a form that was opened before a restart, or hours
ago, can be sent off after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.ui.form_fields import fields_of

# Discord's bound for a text field of a form; what a model takes is checked by the service.
PROMPT_MAX = 4_000
PROMPT_FIELD = "prompt"
PICTURE_FIELD = "picture"
# Discord's bound for the choices of a radio group; no message shows more pictures.
PICTURES_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EditWish:
    """A filled-in form: the words, empty where none were asked for, and which picture from 1."""

    prompt: str
    position: int


def edit_form(custom_id: str, *, prompt: str = "", count: int = 1) -> ui.Modal:
    """Asks for the words; `prompt` stands in the field from the start, to be changed. `count` pictures are there."""
    form = ui.Modal(title="Edit this picture", custom_id=custom_id)
    words: ui.TextInput[ui.Modal] = ui.TextInput(
        style=discord.TextStyle.paragraph,
        custom_id=PROMPT_FIELD,
        placeholder="Make it night, with a full moon",
        default=prompt[:PROMPT_MAX] or None,
        min_length=1,
        max_length=PROMPT_MAX,
    )
    form.add_item(
        ui.Label(
            text="What should change?", description="The price is shown on your card before and after.", component=words
        )
    )
    if count > 1:
        form.add_item(_which(count))
    return _stopped(form)


def upscale_form(custom_id: str, *, count: int) -> ui.Modal:
    """Asks which of several pictures is to be enlarged."""
    form = ui.Modal(title="Upscale a picture", custom_id=custom_id)
    form.add_item(_which(count))
    return _stopped(form)


def _which(count: int) -> ui.Label[ui.Modal]:
    options = [
        discord.RadioGroupOption(label=f"Picture {position}", value=str(position), default=position == 1)
        for position in range(1, min(count, PICTURES_MAX) + 1)
    ]
    group: ui.RadioGroup[ui.Modal] = ui.RadioGroup(custom_id=PICTURE_FIELD, options=options)
    return ui.Label(text="Which picture?", description="Counted from the top left.", component=group)


def _stopped(form: ui.Modal) -> ui.Modal:
    """So that discord.py keeps nothing of it."""
    form.stop()
    return form


def read_edit(data: Mapping[str, Any]) -> EditWish | None:
    """What an edit form brought; None for fields that this version does not know."""
    fields = fields_of(data)
    prompt, position = fields.get(PROMPT_FIELD), _position(fields)
    return None if prompt is None or position is None else EditWish(prompt=prompt, position=position)


def read_upscale(data: Mapping[str, Any]) -> EditWish | None:
    """What the other form brought; None for fields that this version does not know."""
    position = _position(fields_of(data))
    return None if position is None else EditWish(prompt="", position=position)


def _position(fields: Mapping[str, str]) -> int | None:
    place = fields.get(PICTURE_FIELD, "1")
    is_place = place.isascii() and place.isdecimal() and len(place) <= 2 and int(place) >= 1
    return int(place) if is_place else None

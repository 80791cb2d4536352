"""The form that a style is written in. Its custom id says whose it is, and which one is changed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.services.styles.model import NAME_MAX, PLACE, TEXT_MAX, Draft, Owner, Style, StyleId
from bot.ui.custom_ids import PREFIX
from bot.ui.form_fields import fields_of
from bot.ui.style_cards import whose

NAME_FIELD = "name"
TEXT_FIELD = "text"
# Ids grow from 1; ten digits are enough for ever.
STYLE_FORM_PATTERN = rf"{PREFIX}style:(?P<owner>{'|'.join(Owner)})(?::(?P<style>[1-9][0-9]{{0,9}}))?"
_PATTERN = re.compile(STYLE_FORM_PATTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleForm:
    """Which form: whose style, and the one to change; None to add one."""

    owner: Owner
    style_id: StyleId | None = None


def style_form_id(form: StyleForm) -> str:
    """The custom id of the form."""
    return f"{PREFIX}style:{form.owner}" + ("" if form.style_id is None else f":{form.style_id}")


def read_style_form_id(custom_id: str) -> StyleForm | None:
    """The form that a custom id stands for; None for what is none of these."""
    found = _PATTERN.fullmatch(custom_id)
    if found is None:
        return None
    style_id = found["style"]
    return StyleForm(owner=Owner(found["owner"]), style_id=None if style_id is None else StyleId(int(style_id)))


def style_form(owner: Owner, style: Style | None = None) -> ui.Modal:
    """An empty form, or one with the style to change."""
    form = StyleForm(owner=owner, style_id=None if style is None else style.id)
    modal = ui.Modal(title=whose(owner), custom_id=style_form_id(form))
    name: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=NAME_FIELD,
        placeholder="Ink drawing",
        default=None if style is None else style.name,
        max_length=NAME_MAX,
    )
    text: ui.TextInput[ui.Modal] = ui.TextInput(
        style=discord.TextStyle.paragraph,
        custom_id=TEXT_FIELD,
        placeholder=f"An ink drawing of {PLACE}, on rough paper",
        default=None if style is None else style.text,
        max_length=TEXT_MAX,
    )
    modal.add_item(ui.Label(text="Name", description="What people choose it by.", component=name))
    modal.add_item(
        ui.Label(text="How to draw", description=f"{PLACE} is where their words go; else after them.", component=text)
    )
    # Stopped, so that discord.py keeps nothing of it: what is sent off is found by the custom id.
    modal.stop()
    return modal


def read_style(data: Mapping[str, Any]) -> Draft:
    """What a style form brought."""
    fields = fields_of(data)
    return Draft(name=fields.get(NAME_FIELD, ""), text=fields.get(TEXT_FIELD, ""))

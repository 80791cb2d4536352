"""The forms behind "Pause…" and "Alerts and time zone…"."""

from typing import Any

import discord
from discord import ui

from bot.guilds.model import GuildSettings
from bot.services.budgets.seen import seen_as
from bot.ui.budgets import fields
from bot.ui.budgets.add_forms import Offered
from bot.ui.budgets.change_forms import reason
from bot.ui.budgets.fields import Choice, Field, Label
from bot.ui.budgets.ids import PauseForm, SettingsForm, Sheet, form_id
from bot.ui.command_names import EVERYTHING

# What stands for every command, and for no digest: a field always has a value.
ALL_COMMANDS = "*"
NEVER = "never"
WAITS, REFUSED = "waits", "refused"
# The longest name of a time zone there is has 32 characters.
_ZONE_MAX = 50
_DIGESTS = (
    Choice(value=NEVER, label="Never"),
    Choice(value="daily", label="Every day"),
    Choice(value="weekly", label="Every week"),
)
_SOFT = (
    Choice(value=REFUSED, label="It is refused"),
    Choice(value=WAITS, label="It waits for a moderator", told="Needs a staff channel"),
)


def pause_form(sheet: Sheet, offered: Offered) -> ui.Modal:
    """What is to be paused, and why."""
    everything = Choice(value=ALL_COMMANDS, label=EVERYTHING)
    what = fields.radio(Field.WHOM, "What", (everything, *offered.commands), chosen=ALL_COMMANDS)
    return fields.modal("Pause", form_id(PauseForm(), sheet), what, reason())


def settings_form(settings: GuildSettings, sheet: Sheet) -> ui.Modal:
    """What holds now, to be changed."""
    percents = ", ".join(str(percent) for percent in settings.thresholds)
    return fields.modal(
        "Alerts and time zone",
        form_id(SettingsForm(seen=seen_as(settings)), sheet),
        _staff_channel(settings.staff_channel_id),
        fields.typed(
            Field.ZONE,
            "Time zone",
            told="Days, weeks and months follow it: a region and a city",
            example="Europe/Berlin",
            value=settings.zone,
            most=_ZONE_MAX,
        ),
        fields.typed(
            Field.PERCENTS,
            "Tell the staff at these percents of a limit",
            told="At most five; empty for never",
            example="50, 80, 100",
            value=percents,
            is_needed=False,
        ),
        fields.radio(Field.DIGEST, "A summary for the staff", _DIGESTS, chosen=settings.digest or NEVER),
        fields.radio(
            Field.SOFT,
            "What a request over a limit meets",
            _SOFT,
            chosen=WAITS if settings.is_soft else REFUSED,
        ),
    )


def _staff_channel(channel_id: int | None) -> Label:
    kinds = [discord.ChannelType.text, discord.ChannelType.news]
    kept = (
        []
        if channel_id is None
        else [discord.SelectDefaultValue(id=channel_id, type=discord.SelectDefaultValueType.channel)]
    )
    select: ui.ChannelSelect[Any] = ui.ChannelSelect(
        custom_id=Field.CHANNEL, channel_types=kinds, required=False, min_values=0, default_values=kept
    )
    return ui.Label(text="Staff channel", description="Where alerts go; may stay empty", component=select)

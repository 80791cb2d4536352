"""The forms of a result. Their custom ids carry the job, and what was typed is read from the wire: a form that was
opened before a restart can be sent off after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.core.ids import JobId
from bot.services.results.reporting import TEXT_MAX, ReportReason
from bot.ui import custom_ids
from bot.ui.custom_ids import FormId, FormVerb
from bot.ui.edit_form import PROMPT_FIELD, EditForm
from bot.ui.form_fields import fields_of

PICTURE_FIELD = "picture"
REASON_FIELD = "reason"
TEXT_FIELD = "text"
_REASONS = {
    ReportReason.HARMFUL: "Harmful, hateful or illegal",
    ReportReason.PERSON: "Shows a real person against their will",
    ReportReason.RULES: "Against this server's rules",
    ReportReason.BROKEN: "Broken, or not what was asked for",
    ReportReason.OTHER: "Something else",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditWish:
    """A filled-in edit form."""

    prompt: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWords:
    """A filled-in report."""

    reason: ReportReason
    text: str


def edit_form(job_id: JobId, *, prompt: str, count: int) -> ui.Modal:
    """The form behind Edit…, with the prompt to change, and which picture where there are several."""
    custom_id = custom_ids.of_form(FormId(verb=FormVerb.EDIT, job_id=job_id))
    form = EditForm(_nobody, prompt=prompt, custom_id=custom_id)
    if count > 1:
        options = [
            discord.RadioGroupOption(label=f"Picture {position}", value=str(position), default=position == 1)
            for position in range(1, count + 1)
        ]
        form.add_item(
            ui.Label(
                text="Which picture?",
                description="Counted from the top left.",
                component=ui.RadioGroup(custom_id=PICTURE_FIELD, options=options),
            )
        )
    # Stopped, so that discord.py keeps nothing of it: what is sent off is found by the custom id.
    form.stop()
    return form


async def _nobody(interaction: discord.Interaction[Any], prompt: str) -> None:
    """A stopped form is never called."""


def report_form(job_id: JobId) -> ui.Modal:
    """The form behind Report."""
    form = ui.Modal(
        title="Report this result",
        custom_id=custom_ids.of_form(FormId(verb=FormVerb.REPORT, job_id=job_id)),
    )
    options = [discord.RadioGroupOption(label=label, value=reason.value) for reason, label in _REASONS.items()]
    reason: ui.RadioGroup[ui.Modal] = ui.RadioGroup(custom_id=REASON_FIELD, options=options)
    told: ui.TextInput[ui.Modal] = ui.TextInput(
        style=discord.TextStyle.paragraph, custom_id=TEXT_FIELD, required=False, max_length=TEXT_MAX
    )
    form.add_item(ui.Label(text="What is wrong with it?", component=reason))
    form.add_item(ui.Label(text="In your own words", description="May stay empty.", component=told))
    form.stop()
    return form


def read_edit(data: Mapping[str, Any]) -> EditWish | None:
    """What an edit form brought; None for fields that this version does not know."""
    fields = fields_of(data)
    prompt, place = fields.get(PROMPT_FIELD), fields.get(PICTURE_FIELD, "1")
    if prompt is None or not place.isascii() or not place.isdecimal() or len(place) > 2 or int(place) < 1:
        return None
    return EditWish(prompt=prompt, position=int(place))


def read_report(data: Mapping[str, Any]) -> ReportWords | None:
    """What a report form brought; None for fields that this version does not know."""
    fields = fields_of(data)
    try:
        reason = ReportReason(fields.get(REASON_FIELD, ""))
    except ValueError:
        return None
    return ReportWords(reason=reason, text=fields.get(TEXT_FIELD, ""))

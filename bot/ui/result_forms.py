"""The form behind Report. Its custom id carries the job, and what was typed is read from the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.core.ids import JobId
from bot.services.results.reporting import TEXT_MAX, ReportReason
from bot.ui import custom_ids
from bot.ui.custom_ids import FormId, FormVerb
from bot.ui.form_fields import fields_of

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
class ReportWords:
    """A filled-in report."""

    reason: ReportReason
    text: str


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


def read_report(data: Mapping[str, Any]) -> ReportWords | None:
    """What a report form brought; None for fields that this version does not know."""
    fields = fields_of(data)
    try:
        reason = ReportReason(fields.get(REASON_FIELD, ""))
    except ValueError:
        return None
    return ReportWords(reason=reason, text=fields.get(TEXT_FIELD, ""))

"""The buttons under a request that waits for leave, and the form behind "Refuse…"."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

import discord
from discord import ui

from bot.core.ids import JobId
from bot.services.leave.model import REASON_LENGTH
from bot.ui import custom_ids
from bot.ui.custom_ids import LeaveVerb
from bot.ui.form_fields import fields_of

Button = ui.Button[ui.LayoutView]
# Does what a press asks for, and answers it.
Handle = Callable[[discord.Interaction[Any], LeaveVerb, JobId], Awaitable[None]]
REASON_FIELD = "reason"


def leave_button(handle: Handle) -> type[ui.DynamicItem[Button]]:
    """The item over what does the work."""

    class LeaveButton(ui.DynamicItem[Button], template=custom_ids.LEAVE_PATTERN):
        """Carries a verb and the request; who presses is judged each time."""

        def __init__(self, verb: LeaveVerb, job_id: JobId) -> None:
            super().__init__(ui.Button(label=verb, custom_id=custom_ids.leave(verb, job_id)))
            self._verb = verb
            self._job_id = job_id

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(LeaveVerb(match["verb"]), JobId(match["job"]))

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._verb, self._job_id)

    return LeaveButton


def refuse_form(job_id: JobId) -> ui.Modal:
    """The form behind "Refuse…"."""
    form = ui.Modal(title="Refuse this request", custom_id=custom_ids.leave_form(job_id))
    told: ui.TextInput[ui.Modal] = ui.TextInput(custom_id=REASON_FIELD, required=False, max_length=REASON_LENGTH)
    form.add_item(ui.Label(text="Reason", description="The member reads it. May stay empty.", component=told))
    # Stopped, so that discord.py keeps nothing of it: what is sent off is found by the custom id.
    form.stop()
    return form


def read_reason(data: Mapping[str, Any]) -> str:
    """What the form brought."""
    return fields_of(data).get(REASON_FIELD, "")

"""The buttons of an answer, found by their custom id after any restart, and the form behind Continue."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import ui

from bot.core.ids import JobId
from bot.core.money import format_usd
from bot.services.ask.conversations import ForgetOutcome, Forgotten
from bot.ui import cards, custom_ids, words
from bot.ui.custom_ids import TalkVerb
from bot.ui.form_fields import fields_of

FIELD = "question"
QUESTION_MAX = 4_000  # Discord's bound for a text field of a form
_CONTINUED = re.compile(custom_ids.CONTINUED_PATTERN)
_TALK = re.compile(custom_ids.TALK_PATTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkPress:
    """A press on a button of an answer."""

    verb: TalkVerb
    job_id: JobId


Handle = Callable[[discord.Interaction[Any], TalkPress], Awaitable[None]]


def read_press(custom_id: str) -> TalkPress | None:
    """The press that a custom id stands for; None for what no answer's button carries."""
    found = _TALK.fullmatch(custom_id)
    return None if found is None else TalkPress(verb=TalkVerb(found["verb"]), job_id=JobId(found["job"]))


def read_continued(custom_id: str) -> JobId | None:
    """The answer that a form goes on from; None for any other form."""
    found = _CONTINUED.fullmatch(custom_id)
    return None if found is None else JobId(found["job"])


def talk_button(handle: Handle) -> type[ui.DynamicItem[ui.Button[ui.LayoutView]]]:
    """The item behind every button of an answer, over what does the work."""

    class TalkButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=custom_ids.TALK_PATTERN):
        """Found by its custom id on any message, from any earlier process."""

        def __init__(self, press: TalkPress) -> None:
            super().__init__(ui.Button(label=press.verb, custom_id=custom_ids.talk(press.verb, press.job_id)))
            self._press = press

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(TalkPress(verb=TalkVerb(match["verb"]), job_id=JobId(match["job"])))

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._press)

    return TalkButton


def continue_form(job_id: JobId) -> ui.Modal:
    """Asks what comes next. Stopped, so that discord.py keeps nothing of it: a sent form is found by its custom id."""
    form = ui.Modal(title="Go on", custom_id=custom_ids.continued(job_id))
    field: ui.TextInput[ui.Modal] = ui.TextInput(
        style=discord.TextStyle.paragraph, custom_id=FIELD, min_length=1, max_length=QUESTION_MAX
    )
    form.add_item(
        ui.Label(text="Your next question", description="The price is shown before and after.", component=field)
    )
    form.stop()
    return form


def typed(data: Mapping[str, Any]) -> str:
    """What stood in the form's field."""
    return fields_of(data).get(FIELD, "")


def ask_before_reading(job_id: JobId, price: int) -> ui.LayoutView:
    """A dear reading is confirmed first; the question names the price."""
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    label = f"Read it for about {format_usd(price)}"
    row.add_item(
        ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id=custom_ids.talk(TalkVerb.ALOUD, job_id))
    )
    text = f"### Read this answer aloud?\nIt is long: about {format_usd(price)}. Nothing has been charged yet."
    return cards.layout(cards.REFUSAL_COLOUR, ui.TextDisplay(text), row)


def forgotten_notice(forgotten: Forgotten) -> ui.LayoutView:
    """What became of Forget."""
    match forgotten.outcome:
        case ForgetOutcome.FORGOTTEN:
            many = "1 question" if forgotten.turns == 1 else f"{forgotten.turns} questions"
            told = words.Words(
                title="Forgotten",
                body=f"I have deleted {many} with their answers, and go on from none of them. Messages in the channel"
                " stay until somebody deletes them; what was spent stays in the books.",
            )
        case ForgetOutcome.NOT_YOURS:
            told = words.Words(title="Not your conversation", body="Whoever asked can forget it, or a moderator.")
        case ForgetOutcome.NOTHING_LEFT:
            told = words.Words(title="Nothing is left to forget", body="I do not know this conversation any more.")
    return cards.notice(told)

"""What a result's buttons answer: which picture is meant, whether to delete, what became of it, thanks for a report."""

import discord
from discord import ui

from bot.core.ids import JobId
from bot.services.results.removing import RemovalOutcome
from bot.ui import words
from bot.ui.cards import FAILURE_COLOUR, PROGRESS_COLOUR, REFUSAL_COLOUR, RESULT_COLOUR, notice
from bot.ui.custom_ids import ResultVerb
from bot.ui.result_buttons import Row, button, in_rows, row_of

UNKNOWN_BUTTON = words.Words(
    title="I do not know this button any more",
    body=f"It is from another version of me. Use the command anew. {words.NOT_CHARGED}",
)
UNKNOWN_FORM = words.Words(
    title="I do not know this form any more",
    body=f"It is from another version of me. Open it anew. {words.NOT_CHARGED}",
)
REPORTED = words.Words(
    title="Thank you",
    body="Your report is stored for whoever runs this bot. Nobody else sees who sent it.",
)
NOT_STORED = words.Words(title="I am busy right now", body="Nothing was stored or changed. Try again in a minute.")
_COST_STAYS = "What it cost stays counted."
_REMOVALS: dict[RemovalOutcome, tuple[discord.Colour, words.Words]] = {
    RemovalOutcome.ALLOWED: (
        FAILURE_COLOUR,
        words.Words(
            title="Delete this result?",
            body=f"The message and its pictures go for everybody, and for good. {_COST_STAYS}",
        ),
    ),
    RemovalOutcome.NOT_YOURS: (
        REFUSAL_COLOUR,
        words.Words(
            title="Not your result",
            body="Only whoever asked for it, and members who may manage messages, can delete it. Nothing was changed.",
        ),
    ),
    RemovalOutcome.DELETED: (RESULT_COLOUR, words.Words(title="Deleted", body=_COST_STAYS)),
    RemovalOutcome.WAS_GONE: (
        RESULT_COLOUR,
        words.Words(title="It was gone already", body=f"Nobody can see it any more. {_COST_STAYS}"),
    ),
    RemovalOutcome.OUT_OF_REACH: (
        REFUSAL_COLOUR,
        words.Words(
            title="I cannot reach that channel",
            body="I may not see it any more. A moderator can delete the message by hand.",
        ),
    ),
    RemovalOutcome.LATER: (
        REFUSAL_COLOUR,
        words.Words(title="Discord did not take it", body="Press Delete again in a minute."),
    ),
}


def _with_rows(colour: discord.Colour, text: words.Words, rows: list[Row]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    told: ui.TextDisplay[ui.LayoutView] = ui.TextDisplay(f"### {text.title}\n{text.body}")
    view.add_item(ui.Container(told, *rows, accent_colour=discord.Colour(colour.value)))
    view.stop()
    return view


def removal_card(outcome: RemovalOutcome, job_id: JobId) -> ui.LayoutView:
    """What Delete answers; where it is allowed, the question with its button."""
    colour, text = _REMOVALS[outcome]
    if outcome is not RemovalOutcome.ALLOWED:
        return notice(text, colour=colour)
    sure = button(ResultVerb.REMOVE, job_id, "Delete for good", style=discord.ButtonStyle.danger)
    return _with_rows(colour, text, [row_of([sure])])


def which_to_vary(job_id: JobId, count: int) -> ui.LayoutView:
    """Asks which of several pictures is meant."""
    text = words.Words(title="Vary which picture?", body="Counted from the top left. Each costs as one edit.")
    buttons = [
        button(ResultVerb.VARY, job_id, f"Vary {position}", position=position) for position in range(1, count + 1)
    ]
    return _with_rows(PROGRESS_COLOUR, text, in_rows(buttons))

"""An answer for its member alone: on their card, which stays a card, or in a direct message."""

import discord
from discord import ui

from bot.core.ids import JobId
from bot.services.ask.ports import Answer, Speech
from bot.ui import cards, custom_ids
from bot.ui.answers import rendering
from bot.ui.answers.harmless import harmless
from bot.ui.answers.splitting import split, units
from bot.ui.custom_ids import TalkVerb
from bot.ui.text import escape

# Discord's bound for all words of a card is 4,000; this leaves room for fences and the member's own question.
CARD_TEXT = 3_900


def card(post: Answer | Speech) -> tuple[ui.LayoutView, list[discord.File]]:
    """The card and its file, where it has one. An answer that does not fit comes as a file with its beginning."""
    return _answer(post) if isinstance(post, Answer) else _speech(post)


def so_far(job_id: JobId, question: str, text: str, *, is_late: bool) -> ui.LayoutView:
    """The card while the answer is written. `is_late`: the card will be out of reach before its end."""
    head = f"> {escape(question, rendering.QUESTION_SHOWN)}"
    mark = "\n-# still writing …"
    if is_late:
        mark += " This takes long: the whole answer comes to you by direct message."
    pieces = split(harmless(text), limit=CARD_TEXT - units(head) - units(mark) - 2)
    latest = pieces[-1].text if pieces else ""
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    cancel_id = custom_ids.cancel(job_id)
    row.add_item(ui.Button(label="Cancel", style=discord.ButtonStyle.danger, custom_id=cancel_id))
    return cards.layout(cards.PROGRESS_COLOUR, ui.TextDisplay(f"{head}\n{latest}{mark}"), row)


def _answer(answer: Answer) -> tuple[ui.LayoutView, list[discord.File]]:
    head, tail = rendering.quoted(answer.spot), rendering.tail(answer)
    text = harmless(answer.text).strip() or rendering.NOTHING
    room = CARD_TEXT - units(head) - units(tail) - 1
    pieces = split(text, limit=max(room, 100))
    if len(pieces) == 1:
        words, file = f"{head}{pieces[0].text}\n{tail}", None
    else:
        sheet = rendering.as_file(answer, text, head, tail)
        words, file = sheet.content, sheet
    items: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay(words)]
    files = [] if file is None else file.files()
    items += [ui.File(f"attachment://{one.filename}") for one in files]
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    for label, verb, style in _buttons(answer):
        row.add_item(ui.Button(label=label, style=style, custom_id=custom_ids.talk(verb, answer.spot.job_id)))
    return cards.layout(cards.RESULT_COLOUR, *items, row), files


def _buttons(answer: Answer) -> list[tuple[str, TalkVerb, discord.ButtonStyle]]:
    found = [("Continue…", TalkVerb.CONTINUE, discord.ButtonStyle.primary)]
    label = rendering.read_aloud_label(answer)
    if label is not None:
        found.append((label, TalkVerb.SPEAK, discord.ButtonStyle.secondary))
    return [*found, ("Forget", TalkVerb.FORGET, discord.ButtonStyle.danger)]


def _speech(speech: Speech) -> tuple[ui.LayoutView, list[discord.File]]:
    sheet = rendering.speech_sheet(speech)
    files = sheet.files()
    items = [ui.File[ui.LayoutView](f"attachment://{one.filename}") for one in files]
    return cards.layout(cards.RESULT_COLOUR, ui.TextDisplay(sheet.content), *items), files

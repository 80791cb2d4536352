"""The cards of `/history`: a page of results with small pictures, and one result opened."""

import io
from collections.abc import Sequence

import discord
from discord import ui

from bot.core.clock import SECOND_MS, Millis
from bot.core.ids import JobId, short
from bot.core.money import format_usd
from bot.media.assets import ENDINGS
from bot.media.pictures import Fitted
from bot.services.history.pages import Entry, Opened, Page
from bot.services.ports import Post
from bot.ui import cards, custom_ids, words
from bot.ui.custom_ids import HistoryVerb, ResultVerb
from bot.ui.delivery import file_stem
from bot.ui.result_buttons import Button, button, result_rows, row_of
from bot.ui.text import escape, plain, shorten

WORDS_ON_PAGE = 200
_STYLE = 60
_NO_WORDS = "The words of this request were cleaned up."
NOTHING_YET = words.Words(
    title="You have no results here yet", body="What `/imagine` draws for you stands here afterwards. Looking is free."
)


def thumbnail_name(job_id: JobId) -> str:
    """The file name of a result's small picture."""
    return f"small-{job_id}.webp"


def thumbnails(page: Page) -> list[discord.File]:
    """The small pictures that the page's card shows."""
    return [
        discord.File(io.BytesIO(entry.thumbnail), filename=thumbnail_name(entry.job_id), description=_alt_text(entry))
        for entry in page.entries
        if entry.thumbnail is not None
    ]


def history_card(page: Page) -> ui.LayoutView:
    """Each result with its picture, words, money and buttons; below them the way to older and newer ones."""
    if not page.entries:
        return cards.notice(NOTHING_YET, colour=cards.PROGRESS_COLOUR)
    items: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay("### Your results\n-# The latest first. Only you see this.")]
    for number, entry in enumerate(page.entries, start=1):
        items += [_shown(number, entry), row_of(_doings(number, entry))]
    if turns := _turns(page):
        items.append(row_of(turns))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*items, accent_colour=discord.Colour(cards.PROGRESS_COLOUR.value)))
    view.stop()
    return view


def _doings(number: int, entry: Entry) -> list[Button]:
    """Numbered, so that whoever listens knows which result a button belongs to."""
    name = custom_ids.of_history(HistoryVerb.OPEN, entry.job_id)
    return [
        ui.Button(label=f"Open {number}", custom_id=name),
        button(ResultVerb.AGAIN, entry.job_id, f"Again {number}"),
    ]


def _turns(page: Page) -> list[Button]:
    """Back leads to newer results, Next to older ones."""
    turns: list[Button] = []
    if page.has_newer:
        name = custom_ids.of_history(HistoryVerb.NEWER, page.entries[0].job_id)
        turns.append(ui.Button(label="Back", custom_id=name))
    if page.has_older:
        name = custom_ids.of_history(HistoryVerb.OLDER, page.entries[-1].job_id)
        turns.append(ui.Button(label="Next", style=discord.ButtonStyle.primary, custom_id=name))
    return turns


def _shown(number: int, entry: Entry) -> ui.Item[ui.LayoutView]:
    text: ui.TextDisplay[ui.LayoutView] = ui.TextDisplay(_text(number, entry))
    if entry.thumbnail is None:
        return text
    picture: ui.Thumbnail[ui.LayoutView] = ui.Thumbnail(
        f"attachment://{thumbnail_name(entry.job_id)}", description=_alt_text(entry)
    )
    return ui.Section(text, accessory=picture)


def _text(number: int, entry: Entry) -> str:
    said = f"**{escape(entry.words, WORDS_ON_PAGE)}**" if entry.words else _NO_WORDS
    lines = [f"{number} · {said}", _facts(entry)]
    if entry.cleaned_at is not None:
        lines.append(_cleaned(entry.cleaned_at, several=entry.picture_count > 1))
    elif entry.thumbnail is None:
        lines.append("The picture cannot be found any more. This record stays.")
    if entry.message_id is not None:
        link = f"https://discord.com/channels/{entry.guild_id}/{entry.channel_id}/{entry.message_id}"
        lines.append(f"Posted: {link}")
    return "\n".join(lines)


def _facts(entry: Entry) -> str:
    style = None if entry.style is None else f"style {escape(entry.style, _STYLE)}"
    pictures = "1 picture" if entry.picture_count == 1 else f"{entry.picture_count} pictures"
    when = f"<t:{entry.created_at // SECOND_MS}:f>"
    parts = (when, pictures, style, entry.model_label, format_usd(entry.cost))
    return f"-# {' · '.join(part for part in parts if part)} · job `{short(entry.job_id)}`"


def _cleaned(at: Millis, *, several: bool) -> str:
    what = "The pictures were" if several else "The picture was"
    return f"{what} cleaned up on <t:{at // SECOND_MS}:D>. This record stays."


def _alt_text(entry: Entry) -> str:
    return shorten(plain(entry.words or "A picture of yours"), cards.ALT_TEXT)


def opened_files(post: Post, pictures: Sequence[Fitted]) -> list[discord.File]:
    """The pictures of an opened result, under the names that its buttons know."""
    return [
        discord.File(
            io.BytesIO(one.data),
            filename=f"{file_stem(post.job_id)}-{position}.{ENDINGS[one.format]}",
            description=cards.alt_text(post, position),
        )
        for position, one in enumerate(pictures, start=1)
    ]


def opened_card(opened: Opened, names: Sequence[str]) -> ui.LayoutView:
    """One result with every button; `names` of its attached pictures, empty where there are none to show."""
    if names:
        return cards.result(opened.post, names)
    post = opened.post
    lines = ["### Your result", f"**{escape(post.prompt, WORDS_ON_PAGE)}**" if post.prompt else _NO_WORDS]
    if opened.cleaned_at is not None:
        lines.append(_cleaned(opened.cleaned_at, several=False))
    else:
        lines.append("Its pictures cannot be shown here. This record stays.")
    rows = [] if post.steps is None else result_rows(post.job_id, post.steps)
    view = ui.LayoutView(timeout=None)
    text: ui.TextDisplay[ui.LayoutView] = ui.TextDisplay("\n".join(lines))
    view.add_item(ui.Container(text, *rows, accent_colour=discord.Colour(cards.PROGRESS_COLOUR.value)))
    view.stop()
    return view

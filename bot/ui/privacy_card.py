"""The cards of `/privacy`: what is kept, the data as a file, the question before deleting, and what was begun."""

import io
from collections.abc import Sequence

import discord
from discord import ui

from bot.core.clock import SECOND_MS
from bot.services.privacy.handing_out import DataFiles
from bot.services.privacy.model import Kept, Wish
from bot.ui.cards import FAILURE_COLOUR, PROGRESS_COLOUR, layout, notice
from bot.ui.privacy_ids import PrivacyVerb, privacy_id
from bot.ui.words import Words

_STAYS = (
    "**What stays, and why**: what each request cost, when, where and by which model, without text: budgets and the"
    " gateways' bills rest on it. That you reported a result, without your words. Texts that managers wrote for this"
    " server. What others made from your posts, which is theirs. What the picture services keep is up to them."
)
TOO_LARGE = Words(
    title="Discord finds the file too large",
    body="Ask whoever runs this bot for your data. Nothing was deleted.",
)


def privacy_card(kept: Kept) -> ui.LayoutView:
    """What is kept about the member and for how long, with both buttons."""
    lines = [
        "### What this bot keeps about you",
        (
            f"Here: {_count(kept.requests, 'request')}, {_count(kept.pictures, 'picture')},"
            f" {_count(kept.reports, 'report')} of yours; everywhere: {_count(kept.styles, 'style')} of your own."
        ),
        *_periods(kept),
        "Your ids, and which commands and buttons you used when and where.",
        "What was spent, by whom and when: for good, without text.",
    ]
    if kept.wish is not None:
        lines.append(_wish(kept.wish, kept.running))
    buttons = ui.ActionRow[ui.LayoutView](
        _button(PrivacyVerb.DATA, "My data"), _button(PrivacyVerb.DELETE, "Delete my texts and pictures…", is_last=True)
    )
    return layout(PROGRESS_COLOUR, ui.TextDisplay("\n".join(lines)), ui.TextDisplay(_STAYS), buttons)


def question_card(kept: Kept) -> ui.LayoutView:
    """The last question before a deletion."""
    lines = [
        "### Delete your texts and pictures for good?",
        (
            "Your prompts, questions, answers and reports in this server are blanked, your pictures here are discarded,"
            " and your own styles are removed everywhere. **Nobody can bring them back.** Files of pictures go within"
            " two hours; one that somebody else's request uses stays with theirs."
        ),
        "Messages in channels stay, unless you choose to delete them too. What I may not reach stays.",
    ]
    if kept.running:
        lines.append(_running(kept.running))
    buttons = ui.ActionRow[ui.LayoutView](
        _button(PrivacyVerb.ERASE, "Delete for good", is_last=True),
        _button(PrivacyVerb.ERASE_POSTS, "Delete with my posts", is_last=True),
    )
    return layout(FAILURE_COLOUR, ui.TextDisplay("\n".join(lines)), ui.TextDisplay(_STAYS), buttons)


def begun_card(kept: Kept, *, with_posts: bool) -> ui.LayoutView:
    """The wish is stored."""
    lines = ["Your texts and pictures are being deleted, also over a restart. `/privacy` shows when it is done."]
    if with_posts:
        lines.append("Your posts go after them, one by one.")
    if kept.running:
        lines.append(_running(kept.running))
    return notice(Words(title="It has begun", body="\n".join(lines)), colour=PROGRESS_COLOUR)


def data_files(data: DataFiles) -> list[discord.File]:
    """The attachments."""
    return [discord.File(io.BytesIO(one.data), filename=one.name) for one in data.files]


def data_card(data: DataFiles, names: Sequence[str]) -> ui.LayoutView:
    """What the files hold, and what they do not."""
    lines = [
        "### Your data",
        (
            f"{_count(data.requests, 'request')} of this server with your words and their costs, your styles, reports,"
            " commands and deletions. Pictures stand by their ids; posts by their links."
        ),
    ]
    if not data.is_whole:
        lines.append(
            "**This is not all of it**: more does not fit into a message. The oldest requests are here; ask whoever"
            " runs this bot for the rest."
        )
    shown: list[ui.Item[ui.LayoutView]] = [ui.File(f"attachment://{name}") for name in names]
    return layout(PROGRESS_COLOUR, ui.TextDisplay("\n".join(lines)), *shown)


def _button(verb: PrivacyVerb, label: str, *, is_last: bool = False) -> ui.Button[ui.LayoutView]:
    style = discord.ButtonStyle.danger if is_last else discord.ButtonStyle.secondary
    return ui.Button(label=label, custom_id=privacy_id(verb), style=style)


def _periods(kept: Kept) -> list[str]:
    return [
        _days("Pictures", kept.periods.picture_days),
        _days("Prompts and what became of them", kept.periods.record_days),
        _days("Questions and answers", kept.conversation_days),
        "Your own styles and reports: until you delete them. Nothing of it stands in a log.",
    ]


def _days(what: str, days: int) -> str:
    return f"{what}: {_count(days, 'day')}." if days else f"{what}: for good, or until you delete them."


def _wish(wish: Wish, running: int) -> str:
    asked = f"<t:{wish.asked_at // SECOND_MS}:f>"
    if wish.finished_at is None:
        waits = f" {_running(running)}" if running else ""
        return f"**You asked on {asked} to delete your data: that is still under way.**{waits}"
    left = "" if not wish.posts_left else f" {_count(wish.posts_left, 'post')} could not be reached and may stand."
    return f"You asked on {asked} to delete your data: done, {_count(wish.jobs, 'request')} emptied.{left}"


def _running(running: int) -> str:
    requests = "1 request still runs: it is" if running == 1 else f"{running} requests still run: they are"
    return f"{requests} left until the end and deleted then."


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"

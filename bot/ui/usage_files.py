"""The entries of a guild as files in a message."""

import io
from collections.abc import Sequence

import discord
from discord import ui

from bot.core.clock import utc
from bot.ledger.records.model import Period
from bot.services.exporting import Format
from bot.services.spending.files import Parts
from bot.ui.cards import PROGRESS_COLOUR, layout, notice
from bot.ui.delivery import DEFAULT_FILE_LIMIT, REQUEST_LIMIT
from bot.ui.words import Words

# Discord's form around the files takes a little of the request.
_REST = 64 * 1024
TOO_LARGE = Words(
    title="Discord finds the file too large",
    body="Try This week first, then its file. Whoever runs this bot can export everything.",
)


def room(filesize_limit: int | None) -> tuple[int, int]:
    """How many bytes a file may have here, and how many such files fit into one message."""
    limit = min(filesize_limit or DEFAULT_FILE_LIMIT, REQUEST_LIMIT) - _REST
    return limit, max(1, (REQUEST_LIMIT - _REST) // limit)


def entry_files(parts: Parts) -> list[discord.File]:
    """The attachments, named by the first day of the period."""
    names = _names(parts)
    return [discord.File(io.BytesIO(data), filename=name) for name, data in zip(names, parts.files, strict=True)]


def files_card(parts: Parts, names: Sequence[str]) -> ui.LayoutView:
    """What the files hold, and what they do not."""
    lines = [f"### Entries of {_dates(parts.period)}", _contents(parts)]
    if not parts.is_whole:
        lines.append(
            f"**These are only the first {parts.rows:,}**: more does not fit into a message. Choose This week for the"
            " latest ones, or ask whoever runs this bot for all of them."
        )
    lines.append("-# Times are UTC, members and channels stand by their ids. Prompts are in no file.")
    shown: list[ui.Item[ui.LayoutView]] = [ui.File(f"attachment://{name}") for name in names]
    return layout(PROGRESS_COLOUR, ui.TextDisplay("\n".join(lines)), *shown)


def _contents(parts: Parts) -> str:
    if not parts.rows:
        return "There are none yet." if parts.is_whole else "They do not fit into a message."
    rows = "1 entry" if parts.rows == 1 else f"{parts.rows:,} entries"
    return rows if len(parts.files) == 1 else f"{rows} in {len(parts.files)} files"


def _dates(period: Period) -> str:
    first, last = utc(period.starts_at), utc(period.ends_at - 1)
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _names(parts: Parts) -> list[str]:
    stem = f"usage-{utc(parts.period.starts_at):%Y-%m-%d}"
    ending = "csv" if parts.form is Format.CSV else "jsonl"
    if len(parts.files) == 1:
        return [f"{stem}.{ending}"]
    return [f"{stem}-part-{number}.{ending}" for number in range(1, len(parts.files) + 1)]


def too_large() -> ui.LayoutView:
    """What stands in the place of files that Discord does not take after all."""
    return notice(TOO_LARGE)

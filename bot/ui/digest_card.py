"""The summary of a day or a week for the staff."""

from collections.abc import Callable, Iterator
from datetime import date

from discord import ui

from bot.core.money import format_usd
from bot.services.staff.model import DigestLine, DigestNotice, DigestPart
from bot.ui.cards import PROGRESS_COLOUR, layout
from bot.ui.command_names import command_name
from bot.ui.text import count, escape
from bot.ui.usage_chart import MONTHS

_NAME = 60


def digest_card(digest: DigestNotice, *, mark: str) -> ui.LayoutView:
    """Sums first, then who, with which commands, by which models; what nobody knows stands apart."""
    lines = [f"### Spending · {_dates(digest)}", *_sums(digest)]
    lines += _part("Members", digest.members, lambda line: f"<@{line.name}>")
    lines += _part("Commands", digest.commands, lambda line: f"`{command_name(line.name)}`" if line.name else "other")
    lines += _part("Models", digest.models, lambda line: escape(line.name, _NAME))
    lines.append(f"-# Days follow this server's time zone · `{mark}`")
    return layout(PROGRESS_COLOUR, ui.TextDisplay("\n".join(lines)))


def _dates(digest: DigestNotice) -> str:
    last = _date(digest.last)
    return last if digest.first == digest.last else f"{_date(digest.first)} to {last}"


def _date(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _sums(digest: DigestNotice) -> Iterator[str]:
    if digest.requests or digest.amount:
        pictures = f" · {count(digest.pictures, 'picture')}" if digest.pictures else ""
        yield f"**{format_usd(digest.amount)}** spent · {count(digest.requests, 'request')}{pictures}"
    else:
        yield "Nothing was spent."
    if digest.presumed_requests:
        what = count(digest.presumed_requests, "request")
        yield f"**presumed** · {format_usd(digest.presumed)} for {what}: no answer came, so it counts as spent."
    if digest.undecided.jobs:
        what = count(digest.undecided.jobs, "request")
        yield f"Nobody knows yet whether {what} cost anything; {format_usd(digest.undecided.held)} is reserved for it."
    if digest.held:
        yield f"{format_usd(digest.held)} is reserved for work under way now."
    if digest.waiting:
        yield f"Waiting for a moderator now: {count(digest.waiting, 'request')}."


def _part(title: str, part: DigestPart, name: Callable[[DigestLine], str]) -> Iterator[str]:
    if part.lines:
        yield f"**{title}**"
    for line in part.lines:
        pictures = f" · {count(line.pictures, 'picture')}" if line.pictures else ""
        yield f"{name(line)} · {format_usd(line.amount)} · {count(line.requests, 'request')}{pictures}"
    if part.more:
        yield f"-# and {part.more} more"

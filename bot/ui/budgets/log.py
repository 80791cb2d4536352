"""Who changed what and when, the latest first."""

import re
from collections.abc import Sequence
from datetime import datetime

from discord import ui

from bot.core.clock import SECOND_MS, millis
from bot.core.ids import GuildId
from bot.ledger.rules.model import Change, Whom
from bot.services.budgets.desk import CHANGES_SHOWN
from bot.ui import cards
from bot.ui.budgets.buttons import log_row
from bot.ui.budgets.lines import SETTINGS, who
from bot.ui.command_names import command_name
from bot.ui.text import escape

_PAGE = 10
_VALUE = 60
_SUBJECT = re.compile(rf"(?P<whom>{'|'.join(Whom)})(?::(?P<name>\S+))?(?: (?P<rest>.+))?")
# As `Budgets.raise_until` writes it.
_RAISED = re.compile(r"(?P<amount>.+) until (?P<until>\d{4}-\d\d-\d\dT\d\d:\d\d\+00:00)")
_SPANS = {"day": "a day", "week": "a week", "month": "a month", "rolling": "at a pace", "once": "allowed once"}
_SOFT = {"True": "waits for a moderator", "False": "refused"}


def log_card(changes: Sequence[Change], page: int, guild_id: GuildId) -> ui.LayoutView:
    """A page of the log."""
    pages = max(1, -(-len(changes) // _PAGE))
    page = min(page, pages - 1)
    shown = changes[page * _PAGE : (page + 1) * _PAGE]
    lines = ["### Changes of this server's budget", *(_line(change, guild_id) for change in shown)]
    lines += [] if changes else ["None yet."]
    if len(changes) >= CHANGES_SHOWN:
        lines.append(f"-# The last {CHANGES_SHOWN} are shown.")
    return cards.layout(cards.PROGRESS_COLOUR, ui.TextDisplay("\n".join(lines)), log_row(page, pages))


def _line(change: Change, guild_id: GuildId) -> str:
    before, after = (_value(change.subject, value) for value in (change.before, change.after))
    when = f"<t:{change.at // SECOND_MS}:f>"
    return f"{when} · <@{change.author_id}> · **{_subject(change.subject, guild_id)}**: {before} → {after}"


def _is_pause(subject: str) -> bool:
    return subject == "pause" or subject.startswith("pause /")


def _subject(subject: str, guild_id: GuildId) -> str:
    if subject in SETTINGS:
        return SETTINGS[subject]
    if _is_pause(subject):
        return f"Pause of {command_name(subject.partition('/')[2] or None).lower()}"
    match = _SUBJECT.fullmatch(subject)
    if match is None:
        return escape(subject, _VALUE)
    told = who(Whom(match["whom"]), match["name"] or "", guild_id)
    rest = " ".join(_SPANS.get(word, word) for word in (match["rest"] or "").split())
    return f"{told}, {escape(rest, _VALUE)}" if rest else told


def _value(subject: str, value: str | None) -> str:
    if _is_pause(subject) and not value:
        return "not paused" if value is None else "paused"
    if not value:
        return "nothing"
    if subject == "staff_channel_id" and value.isdecimal():
        return f"<#{value}>"
    if subject == "is_soft":
        return _SOFT.get(value, escape(value, _VALUE))
    raised = _RAISED.fullmatch(value)
    if raised is None:
        return escape(value, _VALUE)
    until = millis(datetime.fromisoformat(raised["until"])) // SECOND_MS
    return f"{escape(raised['amount'], _VALUE)} until <t:{until}:f>"

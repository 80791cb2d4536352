"""The cards of `/usage`: a member's own standing, and the guild's report with its chart."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import assert_never

import discord
from discord import ui

from bot.core.clock import SECOND_MS, Millis, utc
from bot.core.money import format_usd
from bot.ledger.model import PaceStanding, Standing, Unit
from bot.ledger.rules.model import Listed, Mark, Whom
from bot.media.charts import Chart, alt_text
from bot.services.spending.model import Allowance, Group, Grouping, GuildUsage, MemberUsage, Share, Stretch
from bot.ui import limit_words, words
from bot.ui.cards import PROGRESS_COLOUR, layout
from bot.ui.command_names import command_name
from bot.ui.text import count, escape
from bot.ui.usage_buttons import usage_rows
from bot.ui.usage_chart import CHART_NAME, MONTHS, dates_of, mark_of

# Of the 4,000 characters that Discord takes; the rest is for what always stands there.
_RULES_LENGTH = 3_600
_NAME = 60
_VALUES = 400
_LISTED = {Listed.MODEL: "Models", Listed.RESOLUTION: "Sizes", Listed.COUNT: "Pictures at once"}
_WINDOWS = {"day": "today", "week": "this week", "month": "this month"}
_MARKS = {
    Mark.EXEMPT: "This server's own limits for members do not bind you.",
    Mark.BLOCKED: "**You cannot ask for anything here.** A moderator of this server can change that.",
}
NOT_ALLOWED = words.Words(
    title="Only for those who manage this server",
    body="What the server spends is shown to members with the right Manage Server. `/usage` shows your own standing.",
)


def member_card(usage: MemberUsage) -> ui.LayoutView:
    """What stands in the member's way, one line for each limit, their own first, and their share of the month."""
    rules = [limit_words.paused({"reason": one.reason, "command": one.command or ""}) for one in usage.pauses]
    rules += [_MARKS[usage.mark]] if usage.mark is not None else []
    rules += [_pace_line(one) for one in usage.paces]
    rules += [_allowance_line(one) for one in usage.allowances]
    rules += [_limit_line(one) for one in usage.standings]
    share = f"You, this month: {_share(usage.own)}{_part(usage.own.amount, usage.guild_amount)}"
    lines = ["### Usage", *_fitting(rules), share]
    return layout(PROGRESS_COLOUR, ui.TextDisplay("\n".join(lines)))


def _fitting(lines: Sequence[str]) -> list[str]:
    """As many of the lines as there is room for, and the number of those left out."""
    lengths = accumulate(len(line) + 1 for line in lines)
    kept = [line for line, length in zip(lines, lengths, strict=True) if length <= _RULES_LENGTH]
    hidden = len(lines) - len(kept)
    return [*kept, f"-# And {hidden} more, of commands and models."] if hidden else kept


def guild_card(usage: GuildUsage, chart: Chart, *, guild_name: str | None) -> ui.LayoutView:
    """The chart, what it adds up to, who or what it was spent by, and the ways to look at it otherwise."""
    where = "on this server" if guild_name is None else f"in {escape(guild_name, _NAME)}"
    gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery(
        discord.MediaGalleryItem(f"attachment://{CHART_NAME}", description=alt_text(chart))
    )
    return layout(
        PROGRESS_COLOUR,
        ui.TextDisplay(f"### Spending {where} · {_title(usage)}"),
        gallery,
        ui.TextDisplay("\n".join(_report(usage))),
        *usage_rows(usage.view),
    )


def _title(usage: GuildUsage) -> str:
    first = utc(usage.days[0])
    is_month = usage.view.stretch is Stretch.MONTH
    return f"{MONTHS[first.month - 1]} {first.year}" if is_month else dates_of(usage.window)


def _report(usage: GuildUsage) -> Iterator[str]:
    yield _sum_line(usage)
    if usage.daily is not None:
        yield _limit_line(usage.daily)
    yield from _unsettled(usage)
    for place, group in enumerate(usage.groups):
        yield f"{_group_name(usage, place)} · {_group_facts(usage, group)}"
    if usage.rest is not None:
        yield f"**others** ({usage.rest_count}) · {_group_facts(usage, usage.rest)}"
    yield f"You: {_share(usage.own)}"
    if usage.is_zone_other:
        yield "-# The days of the chart are those of UTC; limits follow this server's own time zone."


def _sum_line(usage: GuildUsage) -> str:
    limit = usage.limit
    if limit is None:
        return f"**{format_usd(usage.amount + usage.presumed)}** used; no limit is set for a {usage.view.stretch}."
    held = f" {format_usd(limit.held)} more is reserved for work under way." if limit.held else ""
    return (
        f"**{format_usd(limit.spent)}** of {format_usd(limit.limit.amount)} used"
        f"{_part(limit.spent, limit.limit.amount)}, resets {_resets(limit)}.{held}"
    )


def _unsettled(usage: GuildUsage) -> Iterator[str]:
    if usage.presumed_jobs:
        what = "1 request" if usage.presumed_jobs == 1 else f"{usage.presumed_jobs} requests"
        yield (
            f"**presumed** · {format_usd(usage.presumed)} for {what}: no answer came, so it counts as spent until"
            " whoever runs this bot has settled it."
        )
    if usage.undecided.jobs:
        what = "1 request" if usage.undecided.jobs == 1 else f"{usage.undecided.jobs} requests"
        yield f"Nobody knows yet whether {what} cost anything; {format_usd(usage.undecided.held)} is reserved for it."


def _group_name(usage: GuildUsage, place: int) -> str:
    group, mark = usage.groups[place], mark_of(usage, place)
    match usage.view.grouping:
        case Grouping.MEMBER:
            return f"`{mark}` <@{group.key[0]}>"
        case Grouping.MODEL:
            return f"`{mark}` {escape(group.label or 'other', _NAME)}"
        case Grouping.COMMAND | Grouping.PROVIDER:
            return f"**{escape(mark, _NAME)}**"
        case _:
            assert_never(usage.view.grouping)


def _group_facts(usage: GuildUsage, group: Group) -> str:
    pictures = f" · {count(group.pictures, 'picture')}" if group.pictures else ""
    return f"{format_usd(group.amount)}{_part(group.amount, usage.amount)} · {count(group.jobs, 'request')}{pictures}"


def _share(share: Share) -> str:
    counts = f"{count(share.pictures, 'picture')} · {count(share.answers, 'answer')}"
    presumed = f" · {format_usd(share.presumed)} presumed" if share.presumed else ""
    return f"{format_usd(share.amount)} · {counts}{presumed}"


def _part(amount: int, whole: int) -> str:
    """In whole percents, rounded down; nothing of nothing is no part."""
    return f" ({100 * amount // whole} %)" if whole > 0 else ""


def _resets(standing: Standing) -> str:
    return _relative(standing.limit.window.ends_at)


def _relative(at: Millis) -> str:
    return f"<t:{at // SECOND_MS}:R>"


def _limit_line(standing: Standing) -> str:
    limit = standing.limit
    held = f" and {_amount(standing, standing.held)} reserved for work under way" if standing.held else ""
    unit = "" if limit.unit is Unit.MONEY else f" {limit.unit}"
    over = " **Over the limit.**" if standing.is_over else ""
    return (
        f"**{_whose(limit.scope)}, {_WINDOWS[limit.window.kind]}**: {_amount(standing, standing.spent)} of"
        f" {_amount(standing, limit.amount)}{unit} used{held}. {_amount(standing, standing.left)} left,"
        f" resets {_resets(standing)}.{over}"
    )


def _amount(standing: Standing, amount: int) -> str:
    return format_usd(amount) if standing.limit.unit is Unit.MONEY else str(amount)


def _whose(scope: str) -> str:
    """Whose limit it is; scopes are drawn in `bot.ledger.policy`."""
    kind, _, rest = scope.partition(":")
    name = rest.partition(":")[2]
    whose = {
        "member": "You",
        "guild": "This server",
        "besides": "This server, beside what is reserved for others",
        "channel": "This channel",
        "command": f"`{command_name(name)}`, all of this server",
        "model": f"`{name}`, all of this server",
    }
    return whose[kind]


def _pace_line(standing: PaceStanding) -> str:
    pace = standing.pace
    left = f"{standing.left} left" if standing.opens_at is None else f"try again {_relative(standing.opens_at)}"
    return f"**You**: at most {count(pace.count, 'request')} in any {count(pace.minutes, 'minute')}; {left}."


def _allowance_line(one: Allowance) -> str:
    where = "in this channel" if one.whom is Whom.CHANNEL else "to you"
    values = escape(", ".join(one.values), _VALUES)
    return f"**{_LISTED[one.what]}** allowed {where}: {'at most ' if one.what is Listed.COUNT else ''}{values}."

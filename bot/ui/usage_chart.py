"""The chart of a guild's report: which words stand in it, and the file that carries it."""

import asyncio
import io

import discord

from bot.core.clock import utc
from bot.ledger.windows import Window
from bot.media.charts import Chart, Series, alt_text, draw
from bot.services.spending.model import Grouping, GuildUsage, Stretch

CHART_NAME = "usage.png"
DAILY_LIMIT = "daily limit"
# Not by locale: the words around them are English.
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
MONTHS = (*_MONTHS, "November", "December")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def dates_of(window: Window) -> str:
    """The first and the last day in words."""
    first, last = utc(window.starts_at), utc(window.ends_at - 1)
    start = f"{first.day}"
    start += "" if first.month == last.month else f" {MONTHS[first.month - 1]}"
    start += "" if first.year == last.year else f" {first.year}"
    return f"{start} to {last.day} {MONTHS[last.month - 1]} {last.year}"


def mark_of(usage: GuildUsage, place: int) -> str:
    """What stands for a group in the chart: its name where that is short and ours, else its number in the text."""
    is_named = usage.view.grouping in (Grouping.COMMAND, Grouping.PROVIDER)
    return (usage.groups[place].label or "other") if is_named else str(place + 1)


def chart_of(usage: GuildUsage) -> Chart:
    """Bars of the greatest groups, of all others, and of what is presumed on top."""
    series = [Series(name=mark_of(usage, place), values=group.by_day) for place, group in enumerate(usage.groups)]
    if usage.rest is not None:
        series.append(Series(name=usage.rest.label, values=usage.rest.by_day))
    if usage.presumed:
        series.append(Series(name="presumed", values=usage.presumed_by_day))
    return Chart(
        title=f"Spending by day and {usage.view.grouping}, {dates_of(usage.window)}",
        days=tuple(_day(day, usage.view.stretch) for day in usage.days),
        series=tuple(series),
        limit=None if usage.daily is None else usage.daily.limit.amount,
        limit_name=DAILY_LIMIT,
    )


def _day(day: int, stretch: Stretch) -> str:
    moment = utc(day)
    if stretch is Stretch.WEEK:
        return f"{_WEEKDAYS[moment.weekday()]} {moment.day}"
    return f"{moment.day} {MONTHS[moment.month - 1][:3]}"


async def chart_file(chart: Chart) -> discord.File:
    """The chart as the attachment that the card shows; drawn in a thread."""
    data = await asyncio.to_thread(draw, chart)
    return discord.File(io.BytesIO(data), filename=CHART_NAME, description=alt_text(chart))

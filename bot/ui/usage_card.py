"""The card of `/usage`: what is spent, held and left, and when it resets."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.core.clock import SECOND_MS
from bot.core.money import format_usd
from bot.ledger.model import Standing, Unit
from bot.ui.cards import PROGRESS_COLOUR

_WINDOWS = {"day": "today", "month": "this month"}


def _amount(standing: Standing, amount: int) -> str:
    return format_usd(amount) if standing.limit.unit is Unit.MONEY else str(amount)


def _line(standing: Standing) -> str:
    limit = standing.limit
    who = "You" if limit.scope.startswith("member:") else "This server"
    resets = limit.window.ends_at // SECOND_MS
    held = f" and {_amount(standing, standing.held)} reserved for work under way" if standing.held else ""
    unit = "" if limit.unit is Unit.MONEY else " pictures"
    over = " **Over the limit.**" if standing.is_over else ""
    return (
        f"**{who}, {_WINDOWS[limit.window.kind]}**: {_amount(standing, standing.spent)} of"
        f" {_amount(standing, limit.amount)}{unit} used{held}. {_amount(standing, standing.left)} left,"
        f" resets <t:{resets}:R>.{over}"
    )


def usage(standings: Sequence[Standing]) -> ui.LayoutView:
    """One line for each limit, the member's own first."""
    view = ui.LayoutView(timeout=None)
    text = "\n".join(["### Usage", *(_line(one) for one in standings)])
    view.add_item(ui.Container(ui.TextDisplay(text), accent_colour=discord.Colour(PROGRESS_COLOUR.value)))
    view.stop()
    return view

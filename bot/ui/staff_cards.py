"""The cards for the staff of a guild and for those who run the bot."""

from typing import assert_never

from discord import ui

from bot.core.clock import SECOND_MS
from bot.core.money import format_usd
from bot.ledger.model import OPERATOR, Limit, Unit
from bot.services.labels import provider_label
from bot.services.staff.model import AlertNotice, DigestNotice, LeaveNotice, StaffCard
from bot.ui.cards import FAILURE_COLOUR, REFUSAL_COLOUR, layout
from bot.ui.command_names import command_name
from bot.ui.digest_card import digest_card
from bot.ui.leave_cards import leave_card
from bot.ui.limit_words import WINDOWS
from bot.ui.text import escape

_NAME = 60


def staff_card(card: StaffCard, *, mark: str, guild_name: str | None) -> ui.LayoutView:
    """The card with the mark by which it is found again."""
    match card:
        case AlertNotice():
            return alert_card(card, mark=mark, guild_name=guild_name)
        case LeaveNotice():
            return leave_card(card, mark=mark)
        case DigestNotice():
            return digest_card(card, mark=mark)
        case _:
            assert_never(card)


def small(*parts: str) -> str:
    """The small print at the foot of a card."""
    return f"-# {' · '.join(part for part in parts if part)}"


def alert_card(notice: AlertNotice, *, mark: str, guild_name: str | None) -> ui.LayoutView:
    """How much of a limit is used. `guild_name` None where nobody knows it, or no server is meant."""
    limit = notice.limit
    left = max(0, limit.amount - notice.taken)
    percent = 100 * notice.taken // limit.amount if limit.amount else 100
    used = f"has used {percent} % of {amount_of(limit, limit.amount)} for {WINDOWS[limit.window.kind]}"
    resets = f"<t:{limit.window.ends_at // SECOND_MS}:R>"
    is_full = left == 0 or notice.has_no_room
    lines = [f"### {'A budget is used up' if is_full else 'A budget runs low'}"]
    lines.append(f"{_whose(limit)} {used} · {amount_of(limit, left)} left · resets {resets}")
    if notice.has_no_room:
        lines.append("A request was refused: what is left is too little for it.")
    lines.append(small("work under way counts", _set_by(notice, guild_name), f"`{mark}`"))
    return layout(FAILURE_COLOUR if is_full else REFUSAL_COLOUR, ui.TextDisplay("\n".join(lines)))


def _set_by(notice: AlertNotice, guild_name: str | None) -> str:
    """Whose limit it is, where that can be mistaken, and of which server an operator reads."""
    where = escape(guild_name, _NAME) if guild_name is not None else ""
    is_ceiling = notice.limit.rule == OPERATOR and notice.guild_id is not None
    ceiling = "the limit is set by whoever runs this bot" if is_ceiling else ""
    return " · ".join(part for part in (where, ceiling) if part)


def amount_of(limit: Limit, amount: int) -> str:
    """In the limit's own unit."""
    if limit.unit is Unit.MONEY:
        return format_usd(amount)
    return f"{amount:,} {limit.unit if amount != 1 else limit.unit.value.removesuffix('s')}"


def _whose(limit: Limit) -> str:
    """What a limit counts; scopes are drawn in `bot.ledger.policy`."""
    kind, _, rest = limit.scope.partition(":")
    name = rest.partition(":")[2]
    match kind:
        case "provider":
            return f"The picture service {escape(provider_label(rest), _NAME)}"
        case "guild":
            return "The server"
        case "besides":
            return "The server, beside what is reserved,"
        case "channel":
            return f"The channel <#{name}>"
        case "command":
            return f"The command `{command_name(name)}`"
        case "model":
            return f"The model `{name}`"
        case _:
            return "This bot, all servers together,"

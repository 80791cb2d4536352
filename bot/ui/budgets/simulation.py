"""What the last days would have looked like: who would have been refused by which limit, and what that saves."""

from discord import ui

from bot.core.ids import GuildId
from bot.core.money import format_usd
from bot.ledger.rules.model import Draft, Whom
from bot.services.budgets.replaying import Refused
from bot.services.budgets.simulating import Simulation
from bot.ui import cards
from bot.ui.budgets.lines import allows, subject

# Of each kind so many lines.
_SHOWN = 10
_COUNTED = (
    "-# Counted is what was accepted at the time, one request after the other; what was refused then is in no book."
    " Raises are left out."
)
_ROLES = " Roles count as far as a limit or a list named them at the time."


def simulation_card(found: Simulation, *, days: int, guild_id: GuildId, draft: Draft | None = None) -> ui.LayoutView:
    """The sums, then limits and members by what they come to."""
    lines = [f"### The last {'day' if days == 1 else f'{days} days'} under these limits"]
    if draft is not None:
        lines.append(f"With one more: **{subject(draft, guild_id)} · {allows(draft)}**")
    lines += [_sum(found), *_rules(found, guild_id), *_members(found)]
    has_roles = any(one.whom is Whom.ROLE for one, _ in found.by_rule)
    lines.append(_COUNTED + (_ROLES if has_roles else ""))
    return cards.layout(cards.PROGRESS_COLOUR, ui.TextDisplay("\n".join(lines)))


def _sum(found: Simulation) -> str:
    if not found.requests:
        return "Nothing was asked for in that time."
    made = f"**{_requests(found.requests)}** came to **{format_usd(found.spent)}**."
    if not found.total.requests:
        return f"{made} None would have been refused."
    saved = f"That saves **{format_usd(found.total.saved)}**."
    return f"{made} **{found.total.requests:,}** of them would have been refused. {saved}"


def _rules(found: Simulation, guild_id: GuildId) -> list[str]:
    hit = [(draft, refused) for draft, refused in found.by_rule if refused.requests]
    hit.sort(key=lambda pair: pair[1].saved, reverse=True)
    lines = [f"- {subject(draft, guild_id)} · {allows(draft)}: {_told(refused)}" for draft, refused in hit[:_SHOWN]]
    others = ((found.not_allowed, "What is allowed where, and to whom"), (found.blocked, "Members who are blocked"))
    told = [f"- {name}: {_told(refused)}" for refused, name in others if refused.requests]
    return _headed("By which limit", [*lines, *told], len(hit) + len(told))


def _members(found: Simulation) -> list[str]:
    lines = [f"- <@{member_id}>: {_told(refused)}" for member_id, refused in found.by_member[:_SHOWN]]
    return _headed("Who", lines, found.members)


def _headed(heading: str, lines: list[str], count: int) -> list[str]:
    more = [f"- and {count - len(lines)} more"] if count > len(lines) else []
    return [f"**{heading}**", *lines, *more] if lines else []


def _told(refused: Refused) -> str:
    return f"{_requests(refused.requests)}, {format_usd(refused.saved)}"


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"

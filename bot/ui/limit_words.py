"""The words for limits that refuse: whose limit it is, who set it, what is left and when it resets."""

from collections.abc import Mapping

from bot.core.clock import SECOND_MS
from bot.core.errors import Fact
from bot.core.money import format_usd
from bot.ui.command_names import command_name
from bot.ui.text import escape

_REASON_LIMIT = 200
WINDOWS = {"day": "today", "week": "this week", "month": "this month"}
# By the first part of a limit's scope.
_WHOSE = {
    "member": "you have",
    "channel": "this channel has",
    "command": "this command has",
    "model": "this model has",
    "guild": "the server has",
    "besides": "the server has, beside what is reserved,",
}
_OF_ALL = {
    "bot": "What whoever runs this bot allows all servers together",
    "provider": "What whoever runs this bot allows for this model's service",
}
# By the first part of what a rule was made for.
_SET_FOR = {
    "member": "set for you",
    "role": "set for your role",
    "everyone": "set for each member",
    "operator": "set by whoever runs this bot",
}


def _whose(facts: Mapping[str, Fact]) -> str:
    return _WHOSE[_kind(facts)]


def _kind(facts: Mapping[str, Fact]) -> str:
    return str(facts["scope"]).split(":")[0]


def _source(facts: Mapping[str, Fact]) -> str:
    is_operators = facts.get("rule") == "operator"
    words = _SET_FOR.get("operator" if is_operators else str(facts.get("subject", "")).split(":")[0])
    return f" ({words})" if words else ""


def _resets(facts: Mapping[str, Fact]) -> str:
    return f"<t:{int(facts['resets_at']) // SECOND_MS}:R>"


def _of_all(facts: Mapping[str, Fact]) -> str | None:
    """A limit over all servers: how much it is, and what others took of it, is nobody's business."""
    what = _OF_ALL.get(_kind(facts))
    return None if what is None else f"{what} for {WINDOWS[str(facts['window'])]} is used up. Resets {_resets(facts)}."


def budget(facts: Mapping[str, Fact]) -> str:
    """A limit in money."""
    if (told := _of_all(facts)) is not None:
        return told
    needed, left, limit = (format_usd(int(facts[name])) for name in ("needed", "left", "limit"))
    return (
        f"This could cost up to {needed}; {_whose(facts)} {left} left of {limit} for {WINDOWS[str(facts['window'])]}"
        f"{_source(facts)}. Resets {_resets(facts)}."
    )


def quota(facts: Mapping[str, Fact]) -> str:
    """A limit in pictures or requests."""
    if (told := _of_all(facts)) is not None:
        return told
    is_requests = facts.get("unit") == "requests"
    asked = "" if is_requests else f"You asked for {facts['needed']}; "
    left = f"{_whose(facts)} {facts['left']} left of {facts['limit']} {'requests' if is_requests else 'pictures'}"
    words = f"{asked}{left} for {WINDOWS[str(facts['window'])]}{_source(facts)}. Resets {_resets(facts)}."
    return words[0].upper() + words[1:]


def pace(facts: Mapping[str, Fact]) -> str:
    """So many requests in so many minutes."""
    return (
        f"You may ask {facts['limit']} times in {facts.get('minutes')} minutes{_source(facts)}."
        f" Try again {_resets(facts)}."
    )


def paused(facts: Mapping[str, Fact]) -> str:
    """Somebody of the server paused it, and says why."""
    reason = escape(str(facts.get("reason") or "No reason was given"), _REASON_LIMIT)
    what = command_name(str(facts.get("command") or "") or None)
    return f"{what} is paused on this server: {reason}. Ask a moderator."


def not_allowed(facts: Mapping[str, Fact]) -> str:
    """What an allow-list of the channel or of the member's roles does not name."""
    where = "in this channel" if facts.get("where") == "channel" else "to you"
    can, asked = (escape(str(facts.get(name) or ""), _REASON_LIMIT) for name in ("can", "asked"))
    return f"You asked for {asked}; allowed {where}: {can}."


def too_many(facts: Mapping[str, Fact]) -> str:
    """More pictures at once than an allow-list says."""
    where = "in this channel" if facts.get("where") == "channel" else "to you"
    return (
        f"You asked for {escape(str(facts.get('asked')), _REASON_LIMIT)}; allowed {where} are at most {facts['can']}."
    )

"""Why nothing was changed, and what to type instead."""

from bot.core.errors import EaselError
from bot.guilds.model import MAX_THRESHOLDS, BadSetting
from bot.ledger.model import Unit
from bot.ledger.rules.model import (
    MAX_COUNT,
    MAX_PACE_MINUTES,
    MAX_RESERVES,
    MAX_RULES,
    AboveCeiling,
    BadRule,
    UnknownRule,
)
from bot.services.budgets.desk import MAX_LISTED, MAX_LISTS
from bot.services.budgets.seen import ChangedMeanwhile
from bot.ui.budgets.amounts import Unclear
from bot.ui.budgets.lines import count_of

# Everything that a change raises and its member can do something about.
REFUSED = (Unclear, BadRule, BadSetting, AboveCeiling, UnknownRule, ChangedMeanwhile)
GONE = "It is gone already: somebody removed it meanwhile."
EXISTS = "There is one of this kind already. Find it under Change or remove."
_RULES = {
    "name": "A purpose is one word of small letters and digits, such as `event`.",
    "amount": f"The amount is too large: at most {MAX_COUNT:,} pictures or requests.",
    "minutes": f"A pace says in how many minutes: a whole number from 1 to {MAX_PACE_MINUTES:,}.",
    "pace": "A pace counts requests of members, at least 1.",
    "number": f"There are too many: a server keeps {MAX_RULES} limits and {MAX_LISTS} lists. Remove one first.",
    "reserve": (
        "A reserve is a part of the server's own limit of the same kind and time, beside the other reserves:"
        f" set that limit first, take a smaller amount, or remove a reserve. There can be {MAX_RESERVES}."
    ),
    "until": "A raise ends some time from now. Give a shorter or a longer time.",
    "values": f"A list names 1 to {MAX_LISTED} values, and pictures at once are a whole number from 1.",
}
_SETTINGS = {
    "zone": "I do not know that time zone. Type a region and a city, such as `Europe/Berlin`, or `UTC`.",
    "command": "Only commands that cost money can be paused.",
    "thresholds": f"Percents are whole numbers from 1 to 100, at most {MAX_THRESHOLDS}, such as `50, 80, 100`.",
}


def refused(error: EaselError, *, unit: Unit = Unit.MONEY, is_new: bool = False) -> str:
    """The words for one of `REFUSED`; `unit` is that of the amount, `is_new` where something was to be added."""
    match error:
        case Unclear():
            return error.told
        case AboveCeiling():
            return f"Whoever runs this bot allows at most {count_of(unit, error.ceiling)} of that."
        case BadRule():
            return _RULES.get(error.what, "That cannot be.")
        case BadSetting():
            return _SETTINGS.get(error.what, "That cannot be.")
        case UnknownRule():
            return GONE
        case _:
            return EXISTS if is_new else "Somebody changed it meanwhile. Look at what holds now, and try again."

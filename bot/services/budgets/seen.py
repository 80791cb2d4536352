"""What somebody saw when they opened a form: a few letters that differ once somebody else has changed it. Pure."""

import hashlib

from bot.core.errors import EaselError
from bot.guilds.model import GuildSettings, Pause
from bot.ledger.rules.model import AllowList, Mark, Rule

# 40 bits: two states of one thing that look alike are met once in a million million changes.
_LENGTH = 10
Thing = Rule | AllowList | Mark | Pause | GuildSettings | None


class ChangedMeanwhile(EaselError):
    """It says something else than whoever asks for the change has seen."""


def seen_as(thing: Thing) -> str:
    """The letters for it as it stands; None is what is not there."""
    if isinstance(thing, AllowList):  # a set has no order that lasts
        words = repr((thing.whom, thing.name, thing.what, sorted(thing.values)))
    else:
        words = repr(thing)
    return hashlib.sha256(words.encode()).hexdigest()[:_LENGTH]


NOTHING_SEEN = seen_as(None)


def refuse_unless_seen(thing: Thing, seen: str | None) -> None:
    """Raises ChangedMeanwhile where the letters are others; None asks for no more than the change."""
    if seen is not None and seen_as(thing) != seen:
        raise ChangedMeanwhile("somebody changed it meanwhile")

"""What a style is, what may stand in it, and how it turns a member's words into what a gateway reads. Pure."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

StyleId = NewType("StyleId", int)

# Names are read in lists on a phone; texts stay far below what the models take (4,000 characters and more).
NAME_MAX = 40
TEXT_MAX = 1_000
# So many for each owner: a guild's fill two lists of Discord's 25 choices, a member's not even one.
GUILD_MAX = 50
MEMBER_MAX = 20
# Where the member's words stand in a style; without it the style follows them.
PLACE = "{prompt}"
# Categories of characters that nobody sees: they could make two names look alike.
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


class Owner(StrEnum):
    """Whose a style is."""

    GUILD = "guild"
    MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """The guild or the member that styles belong to, by id."""

    owner: Owner
    owner_id: int

    @property
    def most(self) -> int:
        """How many styles it may keep."""
        return GUILD_MAX if self.owner is Owner.GUILD else MEMBER_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A kept style. `author_id` is whoever wrote or changed it last."""

    id: StyleId
    keeper: Keeper
    name: str
    text: str
    author_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A style as somebody typed it."""

    name: str
    text: str


class StyleOutcome(StrEnum):
    """What became of a wish to add, change or remove a style."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    BAD_NAME = "bad_name"
    BAD_TEXT = "bad_text"
    NAME_TAKEN = "name_taken"
    FULL = "full"
    NO_SUCH = "no_such"


def neat(draft: Draft) -> Draft:
    """The same without blanks around it and, in the name, between the words."""
    visible = "".join(" " if unicodedata.category(letter) in _UNSEEN else letter for letter in draft.name)
    return Draft(name=" ".join(visible.split()), text=draft.text.strip())


def trouble_of(draft: Draft) -> StyleOutcome | None:
    """Why a neat draft cannot be kept: BAD_NAME, BAD_TEXT; None for a good one.

    A name has a letter or a digit, so that it can be typed and spoken. A text says something beside the member's words,
    which stand in it once at most.
    """
    if not any(letter.isalnum() for letter in draft.name) or len(draft.name) > NAME_MAX:
        return StyleOutcome.BAD_NAME
    own = draft.text.replace(PLACE, "")
    if not any(letter.isalnum() for letter in own) or len(draft.text) > TEXT_MAX or draft.text.count(PLACE) > 1:
        return StyleOutcome.BAD_TEXT
    return None


def key_of(name: str) -> str:
    """The one spelling by which names are compared."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def dressed(text: str, prompt: str) -> str:
    """What the gateway reads: the member's words at their place in the style, else before it."""
    words = prompt.strip()
    before, place, after = text.partition(PLACE)
    if place:
        return f"{before}{words}{after}"
    return f"{words}, {text}" if words else text

"""Members' text made harmless: it never pings, formats or forges, and it always fits."""

import re
import unicodedata

import discord

# Marks that turn reading direction around, join or hide letters, or split a word for filters: they can make a text
# look like another one. Emoji keep their joiner (U+200D) and variation selector.
_KEPT_FORMAT = {"\u200d", "\ufe0f"}
_LINK = re.compile(r"https?://", re.IGNORECASE)
# Discord draws a card for these wherever they stand, scheme or not, whatever the message says of embeds.
_INVITE = re.compile(
    r"(discord(?:app)?)\.(?=(?:gg|gift|new)/|com/(?:invite|gifts?|template|events|activities)\b)", re.IGNORECASE
)
_WORD_JOINER = "\u2060"


def plain(text: str) -> str:
    """One line without control characters, direction marks and zero-width letters."""
    visible = "".join(
        letter if letter in _KEPT_FORMAT or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"} else " "
        for letter in text
    )
    return " ".join(visible.split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def uninvited(text: str) -> str:
    """The text with every invitation broken: it reads the same and leads nowhere."""
    return _INVITE.sub(lambda found: f"{found[1]}{_WORD_JOINER}.", text)


def escape(text: str, limit: int) -> str:
    """Text for a message: plain, cut, without Markdown, mentions, timestamps, invitations or links that unfurl."""
    cut = shorten(plain(text), limit)
    unlinked = uninvited(_LINK.sub(lambda match: match.group()[:-2] + f"{_WORD_JOINER}//", cut))
    escaped = discord.utils.escape_markdown(discord.utils.escape_mentions(unlinked))
    return escaped.replace("<", "‹").replace(">", "›").replace("[", "［").replace("]", "］")


def quote(text: str, limit: int) -> str:
    """Members' text inside a quotation, so that it is never read as the bot's own words."""
    return f"> {escape(text, limit)}"


def count(number: int, what: str) -> str:
    """So many of it, in words."""
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"

"""A model's text made harmless: it stays what it says, but it hides no address, invites nobody and plays no bot.

Pings are the sending's matter: an answer is sent with no mention allowed.
"""

import re
import unicodedata

from bot.ui.answers.splitting import FENCE
from bot.ui.text import uninvited

_INLINE_CODE = re.compile(r"(`[^`\n]+`)")
# What hides an address behind words, in its usual form: written out, the words before the address read best.
_MASKED = re.compile(
    r"\[([^\[\]\n]{1,300})\]\(\s*<?(https?://[^\s()<>]+(?:\([^\s()<>]*\))?)>?(?:\s+[\"'][^\n]*?[\"'])?\s*\)", re.I
)
# No link is masked without this. Outside of code it is always broken; in what we take for code and some client may
# not, where an address follows.
_HINGE = "]("
_HINGE_OF_ADDRESS = re.compile(r"\]\((?=[\s<\\]*(?:https?|discord)\\?:)", re.IGNORECASE)
_BROKEN = "] ("
# Small print is the bot's own voice; headings and quotes are the model's to use.
_SMALL_PRINT = re.compile(r"^(\s*(?:>\s*)*)-#(?=\s)", re.MULTILINE)
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_KEPT_CONTROLS = {"\n", "\t"}
_KEPT_FORMAT = {"\u200c", "\u200d"}  # letters of some scripts and emoji are joined by them


def harmless(text: str) -> str:
    """The text without control characters, direction marks and invitations; links show where they lead."""
    segments = _visible(text).split(FENCE)
    shown = FENCE.join(segment if index % 2 else _outside(segment) for index, segment in enumerate(segments))
    return uninvited(_HINGE_OF_ADDRESS.sub(_BROKEN, shown))


def _visible(text: str) -> str:
    kept = (letter for letter in text.replace("\r\n", "\n") if _is_kept(letter))
    return "".join("\ufffd" if unicodedata.category(letter) == "Cs" else letter for letter in kept)


def _is_kept(letter: str) -> bool:
    category = unicodedata.category(letter)
    if category == "Cc":
        return letter in _KEPT_CONTROLS
    is_tag = "\U000e0020" <= letter <= "\U000e007f"  # flags of regions are written with these
    return category != "Cf" or letter in _KEPT_FORMAT or is_tag


def _outside(segment: str) -> str:
    parts = _INLINE_CODE.split(segment)
    shown = "".join(part if index % 2 else _shown(part) for index, part in enumerate(parts))
    return _SMALL_PRINT.sub(r"\1\\-#", shown)


def _shown(text: str) -> str:
    return _MASKED.sub(_unmask, text).replace(_HINGE, _BROKEN)


def _unmask(found: re.Match[str]) -> str:
    """The words and the true address beside them; the address alone where the words are no more than that."""
    label, url = found[1].strip(), found[2]
    is_same = _SCHEME.sub("", label).rstrip("/") == _SCHEME.sub("", url).rstrip("/")
    return f"<{url}>" if is_same else f"{label} (<{url}>)"

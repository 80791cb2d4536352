"""What Discord's own client makes of a text, as far as a reader can be lured by it: a small reference.

Its rules stand as in `sandbox/page/static/inline.js`, in the order in which they are tried, with the wider form of
links that simple-markdown takes, which Discord's client is built on.
"""

import re

_ESCAPE = re.compile(r"\\[^0-9A-Za-z\s]")
_FENCE = re.compile(r"```(?:[a-z0-9_+\-.#]+?\n)?\n*[^\n][\s\S]*?\n*```", re.IGNORECASE)
_CODE = re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")
_LINK = re.compile(
    r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"]([\s\S]*?)['\"])?\s*\)"
)
_UNESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
_SCHEMES = ("http:", "https:", "discord:")
_INVITE = re.compile(
    r"discord(?:app)?\.(?:gg|gift|new)/\w|discord(?:app)?\.com/(?:invite|gifts?|template|events)/\w", re.IGNORECASE
)


def hidden_addresses(text: str) -> list[str]:
    """The addresses that stand behind words, wherever the text is read from."""
    found, at = [], 0
    while at < len(text):
        link = _LINK.match(text, at)
        if link is not None and _UNESCAPED.sub(r"\1", link[2]).lower().startswith(_SCHEMES):
            found.append(link[2])
        skipped = _ESCAPE.match(text, at) or _FENCE.match(text, at) or _CODE.match(text, at)
        at = at + 1 if skipped is None else skipped.end()
    return found


def invitations(text: str) -> list[str]:
    """What Discord draws a card for."""
    return _INVITE.findall(text)

"""Cuts a long text into messages. Pure: never over the limit, nothing lost, and no cut where it hurts.

Length is counted in UTF-16 units, as Discord's clients do; that is never less than characters. Code fences are read as
Discord reads them: every three backticks open or close one, wherever they stand. A fence that is open at a cut is
closed there and opened again, with its language, in the next piece; one that is never closed is closed at the end.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = "```"
# What is never cut, where it fits into a message at all: links and what hides one, mentions, emoji and timestamps in
# angle brackets, code within a line, runs of blanks, words.
_ATOM = re.compile(
    r"\n"
    r"|\[[^\[\]\n]{1,300}\]\(<?https?://[^\s()]{1,600}>?\)"
    r"|<[^\s<>]{1,300}>"
    r"|https?://[^\s<>`]+"
    r"|`[^`\n]{1,300}`"
    r"|[^\S\n]+"
    r"|[^\s`<\[]+"
    r"|.",
    re.DOTALL,
)
_LANGUAGE = re.compile(r"([A-Za-z0-9_+\-.#]{1,30})\n")
# A piece is cut at its last line end, or else its last blank, where that leaves at least this share of it.
_FULL_ENOUGH = 0.5
_JOINER = "\u200d"
# Longer than any true cluster: what goes on beyond it was made to break things.
_CLUSTER_MAX = 64


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text) + sum(letter > "\uffff" for letter in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the text: all bodies together are the text. `opened` and `closed` are fences put around the body."""

    body: str
    opened: str = ""
    closed: str = ""

    @property
    def text(self) -> str:
        """As it is sent."""
        return f"{self.opened}{self.body}{self.closed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """A part that is not cut. `fence` is the language of the fence that is open after it, None where none is."""

    text: str
    fence: str | None


def split(text: str, *, limit: int, first_limit: int | None = None) -> tuple[Piece, ...]:
    """The text in pieces of at most `limit` units, the first of at most `first_limit`; none for an empty text.

    Both limits are at least 100, which leaves room for fences.
    """
    room = limit if first_limit is None else first_limit
    pieces: list[Piece] = []
    waiting = list(_tokens(text))[::-1]
    fence: str | None = None
    while waiting:
        taken = _fill(waiting, fence, room)
        keep = _best_cut(taken) if waiting else len(taken)
        waiting += taken[keep:][::-1]
        body = "".join(token.text for token in taken[:keep])
        opened, fence = _opening(fence), taken[keep - 1].fence
        pieces.append(Piece(body=body, opened=opened, closed=_closing(body, fence)))
        room = limit
    return tuple(pieces)


def _opening(fence: str | None) -> str:
    return "" if fence is None else f"{FENCE}{fence}\n"


def _closing(body: str, fence: str | None) -> str:
    if fence is None:
        return ""
    return FENCE if body.endswith("\n") else f"\n{FENCE}"


def _fill(waiting: list[_Token], fence: str | None, room: int) -> list[_Token]:
    """As many tokens as fit, at least one; a token that fits into no message is taken apart."""
    taken: list[_Token] = []
    left = room - units(_opening(fence))
    while waiting:
        token = waiting[-1]
        reserve = 0 if token.fence is None else units(FENCE) + 1
        size = units(token.text)
        if size + reserve <= left:
            taken.append(waiting.pop())
            left -= size
        elif taken:
            break
        else:
            waiting.pop()
            waiting += [_Token(text=part, fence=token.fence) for part in _clusters(token.text)][::-1]
    return taken


def _best_cut(taken: list[_Token]) -> int:
    """How many tokens to keep: up to the last line end, else the last blank, where enough is left."""
    size = sum(units(token.text) for token in taken)
    for is_place in (lambda text: text == "\n", str.isspace):
        kept = size
        for count in range(len(taken), 0, -1):
            if kept < size * _FULL_ENOUGH:
                break
            if is_place(taken[count - 1].text):
                return count
            kept -= units(taken[count - 1].text)
    return len(taken)


def _tokens(text: str) -> Iterator[_Token]:
    fence: str | None = None
    for index, segment in enumerate(text.split(FENCE)):
        if index:
            language = _LANGUAGE.match(segment)
            fence = None if fence is not None else ("" if language is None else language[1])
            yield _Token(text=FENCE, fence=fence)
        for found in _ATOM.finditer(segment):
            yield _Token(text=found[0], fence=fence)


def _clusters(text: str) -> Iterator[str]:
    """Letters with all that belongs to them: accents, joined emoji, skin tones, pairs that make a flag."""
    start = 0
    for at in range(1, len(text)):
        if at - start >= _CLUSTER_MAX or not _belongs(text, start, at):
            yield text[start:at]
            start = at
    yield text[start:]


def _belongs(text: str, start: int, at: int) -> bool:
    letter, before = text[at], text[at - 1]
    if _JOINER in (letter, before) or unicodedata.category(letter).startswith("M"):
        return True
    if "\U0001f3fb" <= letter <= "\U0001f3ff":
        return True
    return _is_flag_part(letter) and _is_flag_part(before) and (at - start) % 2 == 1


def _is_flag_part(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"

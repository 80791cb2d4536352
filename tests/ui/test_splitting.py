"""Splitting: never over the limit, nothing lost, fences balanced, nothing cut that must be whole; for any Unicode."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.ui.answers.splitting import FENCE, Piece, split, units

ANY = st.text(alphabet=st.characters(), max_size=600)
NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "```",
                "````",
                "``",
                "`",
                "```python\n",
                "```\n",
                "\n",
                "\n\n",
                " ",
                "https://example.org/a/very/long/path?with=query",
                "[a link](https://example.org/hidden)",
                "<@123456789012345678>",
                "<t:1800000000:R>",
                "<:party:123456789012345678>",
                "`inline code`",
                "👩‍👩‍👧‍👦",
                "🇩🇪",
                "e\u0301",
                "👍🏽",
                "word",
            ]
        ),
        st.text(alphabet="abc `\n", max_size=30),
        st.text(max_size=20),
    ),
    max_size=80,
).map("".join)
LIMITS = st.integers(min_value=100, max_value=400)


def pieces_of(text: str, limit: int) -> tuple[Piece, ...]:
    pieces = split(text, limit=limit)
    assert "".join(piece.body for piece in pieces) == text
    for piece in pieces:
        assert units(piece.text) <= limit
        assert len(piece.text) <= limit
        assert piece.text.count(FENCE) % 2 == 0
        assert piece.body
    return pieces


@settings(deadline=None)
@given(text=st.one_of(ANY, NASTY), limit=LIMITS)
@example(text="```" * 200, limit=100)
@example(text="`" * 1_000, limit=100)
@example(text="a" * 99 + "```js\n", limit=100)
@example(text="\ud800" * 300, limit=100)
@example(text="e" + "\u0301" * 5_000, limit=100)
def test_no_piece_is_over_the_limit_nothing_is_lost_and_fences_are_balanced(text: str, limit: int) -> None:
    pieces_of(text, limit)


@settings(deadline=None)
@given(text=NASTY)
def test_a_smaller_first_piece_is_kept(text: str) -> None:
    pieces = split(text, limit=300, first_limit=120)
    assert "".join(piece.body for piece in pieces) == text
    assert not pieces or units(pieces[0].text) <= 120


@settings(deadline=None)
@given(text=NASTY, limit=LIMITS)
def test_no_cut_falls_into_a_cluster_or_a_run_that_makes_a_fence(text: str, limit: int) -> None:
    pieces = pieces_of(text, limit)
    for before, after in pairwise(pieces):
        head = after.body[0]
        assert not unicodedata.category(head).startswith("M") or before.body[-1].isspace() or before.body[-1] in "`<>[)"
        assert head != "\u200d" or before.body[-1].isspace() or before.body[-1] in "`<>[)"
    assert sum(piece.body.count(FENCE) for piece in pieces) == text.count(FENCE)


@pytest.mark.parametrize(
    "whole",
    [
        "https://example.org/" + "p" * 150,
        "[the page](https://example.org/" + "p" * 100 + ")",
        "<@123456789012345678>",
        "<#123456789012345678>",
        "<t:1800000000:R>",
        "<a:party:123456789012345678>",
        "`some code in a line`",
        "👩‍👩‍👧‍👦" * 3,
        "🇩🇪",
    ],
)
@pytest.mark.parametrize("before", range(150, 205, 7))
def test_what_belongs_together_is_in_one_piece(whole: str, before: int) -> None:
    pieces = pieces_of(f"{'x' * before} {whole} and so on {'y' * 300}", 200)
    assert any(whole in piece.text for piece in pieces)


@pytest.mark.parametrize("before", range(120))
def test_a_flag_and_a_family_are_whole_within_a_word_that_fits_no_message(before: int) -> None:
    text = "x" * before + "🇩🇪🇫🇷" * 60 + "👩‍👩‍👧‍👦" * 20
    for piece in pieces_of(text, 101):
        assert sum("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in piece.body) % 2 == 0
        assert not piece.body.startswith("\u200d")
        assert not piece.body.endswith("\u200d")


def test_a_fence_is_closed_and_opened_again_with_its_language() -> None:
    text = "look:\n```python\n" + "print('hello')\n" * 40 + "```\nthat was it"
    pieces = pieces_of(text, 200)
    assert len(pieces) > 2
    assert pieces[0].text.endswith("\n```")
    assert all(piece.text.startswith("```python\n") for piece in pieces[1:-1])
    assert pieces[-1].text.endswith("that was it")
    assert all(
        line in ("print('hello')", "```", "```python", "look:", "that was it", "")
        for piece in pieces
        for line in piece.text.split("\n")
    )


def test_a_fence_that_is_never_closed_is_closed_at_the_end() -> None:
    (piece,) = pieces_of("see ```rust\nfn main() {", 200)
    assert piece.text == "see ```rust\nfn main() {\n```"


def test_cuts_are_at_line_ends_where_there_are_some_and_else_at_blanks() -> None:
    pieces = pieces_of("\n".join(f"line {n} of the text" for n in range(40)), 200)
    assert all(piece.body.endswith("\n") for piece in pieces[:-1])
    pieces = pieces_of(" ".join(f"word{n}" for n in range(200)), 200)
    assert all(piece.body.endswith(" ") for piece in pieces[:-1])


def test_a_line_of_40_000_characters_is_cut_into_full_pieces() -> None:
    pieces = pieces_of("x" * 40_000, 2_000)
    assert len(pieces) == 20


def test_an_empty_text_has_no_pieces() -> None:
    assert split("", limit=100) == ()

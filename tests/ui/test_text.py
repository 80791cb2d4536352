"""Members' text never pings, formats or forges, and it always fits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.text import escape, plain, quote, shorten

_PING = re.compile(r"@(everyone|here)|<(@[!&]?|#|t:|a?:\w+:)\d*")


@pytest.mark.parametrize(
    "prompt",
    [
        "@everyone look",
        "<@123456789012345678> <@&123456789012345678> <#123456789012345678>",
        "<t:1800000000:R> </imagine:1234>",
        "[free money](https://evil.example)",
        "# heading\n> quote\n- list\n||spoiler||",
        "**bold** __under__ ~~gone~~ `code` ```block```",
        "\u202egnp.exe\u202c \u200binvisible\u2060 \x00null",
    ],
)
def test_markup_in_a_prompt_stays_text(prompt: str) -> None:
    shown = escape(prompt, 500)

    assert not _PING.search(shown)
    assert "\n" not in shown
    assert "](" not in shown
    assert "\u202e" not in shown
    assert "\u200bi" not in shown
    assert not re.search(r"(?<!\\)(\*\*|__|~~|\|\||`)", shown)


@given(st.text(max_size=400), st.integers(min_value=1, max_value=100))
def test_a_shortened_text_fits_and_keeps_its_beginning(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.text(max_size=400))
def test_plain_text_is_one_line_of_visible_letters(text: str) -> None:
    line = plain(text)

    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert plain(line) == line


@given(st.text(max_size=600))
def test_no_text_can_ping(text: str) -> None:
    assert not _PING.search(quote(text, 300))


def test_a_family_of_emoji_keeps_its_joiners() -> None:
    assert plain("👩\u200d👧 and ❤\ufe0f") == "👩\u200d👧 and ❤\ufe0f"

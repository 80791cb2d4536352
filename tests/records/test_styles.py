"""Styles as values: which can be kept, how names are compared, and what a gateway reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.styles.model import (
    NAME_MAX,
    PLACE,
    TEXT_MAX,
    Draft,
    Owner,
    StyleId,
    StyleOutcome,
    dressed,
    key_of,
    neat,
    trouble_of,
)
from bot.ui.style_forms import StyleForm, read_style_form_id, style_form_id


@pytest.mark.parametrize(
    ("text", "prompt", "read"),
    [
        ("oil on canvas", "a fox", "a fox, oil on canvas"),
        ("an oil painting of {prompt} at dusk", " a fox ", "an oil painting of a fox at dusk"),
        ("{prompt}: oil", "a {prompt} in {braces}", "a {prompt} in {braces}: oil"),
        ("oil", "", "oil"),
    ],
)
def test_the_members_words_stand_at_their_place_or_before_the_style(text: str, prompt: str, read: str) -> None:
    assert dressed(text, prompt) == read


@given(text=st.text(min_size=1, max_size=TEXT_MAX), prompt=st.text(max_size=200))
def test_nothing_of_the_words_or_the_style_is_lost(text: str, prompt: str) -> None:
    read = dressed(text, prompt)
    assert prompt.strip() in read
    assert all(part in read for part in text.partition(PLACE)[::2])
    assert len(read) <= len(text) + len(prompt) + 2


@pytest.mark.parametrize(
    ("name", "text", "trouble"),
    [
        ("Ink", "ink", None),
        ("水墨", "ink wash", None),
        ("x" * NAME_MAX, "y" * TEXT_MAX, None),
        ("x" * (NAME_MAX + 1), "ink", StyleOutcome.BAD_NAME),
        ("", "ink", StyleOutcome.BAD_NAME),
        ("🙂", "ink", StyleOutcome.BAD_NAME),
        ("Ink", "", StyleOutcome.BAD_TEXT),
        ("Ink", "...", StyleOutcome.BAD_TEXT),
        ("Ink", " {prompt} ", StyleOutcome.BAD_TEXT),
        ("Ink", "{prompt} beside {prompt}", StyleOutcome.BAD_TEXT),
        ("Ink", "y" * (TEXT_MAX + 1), StyleOutcome.BAD_TEXT),
    ],
)
def test_what_can_be_kept(name: str, text: str, trouble: StyleOutcome | None) -> None:
    assert trouble_of(neat(Draft(name=name, text=text))) is trouble


@given(name=st.text(max_size=NAME_MAX), text=st.text(max_size=50))
def test_tidying_a_name_twice_changes_nothing_more(name: str, text: str) -> None:
    once = neat(Draft(name=name, text=text))
    assert neat(once) == once
    assert once.name.isprintable() or not once.name.isascii()
    assert key_of(once.name) == key_of(f"  {once.name}\t")


def test_names_that_look_alike_are_one() -> None:
    assert (
        key_of("Ink  Drawing") == key_of("ＩＮＫ drawing") == key_of(neat(Draft(name="ink\u200bdrawing", text="")).name)
    )


@given(owner=st.sampled_from(Owner), style_id=st.none() | st.integers(1, 10**10 - 1))
def test_a_forms_custom_id_is_read_back(owner: Owner, style_id: int | None) -> None:
    form = StyleForm(owner=owner, style_id=None if style_id is None else StyleId(style_id))
    assert read_style_form_id(style_form_id(form)) == form
    assert len(style_form_id(form)) <= 100


@pytest.mark.parametrize(
    "custom_id", ["", "easel:style:", "easel:style:guild:0", "easel:style:nobody", "easel:form:edit:x"]
)
def test_other_custom_ids_are_left_to_others(custom_id: str) -> None:
    assert read_style_form_id(custom_id) is None

"""Reading what gateways write."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.providers import wire
from bot.providers.wire import (
    Flag,
    Items,
    Text,
    WireModel,
    decode_base64,
    error_text,
    is_url,
    parse_callback,
    picture_of,
    safe_id,
    shown,
    speaks_of_moderation,
)


class Sample(WireModel):
    text: Text = None
    items: Items = ()
    flag: Flag = None


@pytest.mark.parametrize("value", [None, 1, "x", [], [{}]])
def test_what_is_no_object_reads_as_an_empty_one(value: object) -> None:
    assert Sample.read(value) == Sample()


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (7, "7"), (True, None), (1.5, None), ({}, None), ("\ud800", None), (None, None)],
)
def test_text_is_text_or_a_whole_number(value: object, text: str | None) -> None:
    assert Sample.read({"text": value}).text == text


def test_strange_names_beside_the_known_ones_do_no_harm() -> None:
    assert Sample.read({"text": "a", "\ud800": "\ud800", "": None}).text == "a"


@pytest.mark.parametrize(("value", "items"), [(None, ()), ([], ()), ([1, None], (1, None)), ("x", ("x",)), ({}, ({},))])
def test_one_item_alone_counts_as_a_list(value: object, items: tuple[object, ...]) -> None:
    assert Sample.read({"items": value}).items == items


@pytest.mark.parametrize(("value", "flag"), [(True, True), (False, False), (1, None), ("true", None)])
def test_a_flag_is_a_flag_only(value: object, flag: bool | None) -> None:
    assert Sample.read({"flag": value}).flag is flag


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("https://a.example/x.png", True),
        ("HTTP://a.example/x.png?sig=1&ex=2", True),
        ("http://127.0.0.1/x", True),  # whether it is safe, the download decides
        ("https://a.example/é", True),
        ("ftp://a.example", False),
        ("file:///etc/passwd", False),
        ("//a.example/x", False),
        ("https://a.example/x y", False),
        ("https://a.example/\n", False),
        ("https://a.example/\ud800", False),
        ("https://a.example/" + "x" * 9000, False),
        ("", False),
    ],
)
def test_addresses(value: str, good: bool) -> None:
    assert is_url(value) is good


@pytest.mark.parametrize("value", [None, 5, "", "data:image/png;base64,", "data:image/png,raw", "data:", "nonsense"])
def test_what_is_no_picture_is_none(value: object) -> None:
    assert picture_of(value) is None


@settings(deadline=None)  # the machine may be busy
@given(st.binary(min_size=1, max_size=300))
def test_base64_comes_back_bare_and_as_a_data_uri_with_and_without_padding(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    for spelled in (text, text.rstrip("="), f"data:image/png;base64,{text}"):
        assert decode_base64(spelled) == data


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=80))
def test_decoding_never_fails(text: str) -> None:
    decoded = decode_base64(text)
    assert decoded is None or decoded


def test_a_picture_over_the_cap_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PICTURE_BYTES_CAP", 30)
    assert decode_base64(base64.b64encode(b"x" * 30).decode()) == b"x" * 30
    assert decode_base64(base64.b64encode(b"x" * 90).decode()) is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, ""),
        (7, ""),
        ({}, ""),
        ("plain ", "plain"),
        ("\ud800", ""),
        ({"error": "E", "message": "M"}, "E: M"),
        ({"statusCode": 401, "message": "M"}, "M"),
        ({"error": {"message": "M", "code": "C"}}, "C: M"),
        ({"code": "C", "error": "E"}, "E: C"),
        ({"detail": ["a", {"message": "b"}]}, "a: b"),
        ({"error": {"error": {"error": {"error": "too deep"}}}}, ""),
        ([[[["too deep"]]]], ""),
    ],
)
def test_error_texts_of_all_shapes(body: object, text: str) -> None:
    assert error_text(body) == text


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("Content moderation", True),
        ("violates our POLICY", True),
        ("moderated", True),
        ("NSFW", True),
        ("policeman on a bus", False),
        ("num_images out of range", False),
        ("", False),
    ],
)
def test_moderation_is_told_by_its_words(text: str, speaks: bool) -> None:
    assert speaks_of_moderation(text, "a fox") is speaks


def test_without_a_prompt_moderation_is_still_told_and_nothing_is_withheld() -> None:
    assert speaks_of_moderation("blocked by moderation", "")
    assert shown("no such model", secrets=("", "  ", "sk-12345678")) == "no such model"


@pytest.mark.parametrize("text", ["Content violates usage guidelines", "Failed check: SAFETY_CHECK_TYPE_BIO"])
def test_moderation_is_told_by_the_words_of_language_models(text: str) -> None:
    assert speaks_of_moderation(text, "a fox")


@pytest.mark.parametrize(
    ("text", "is_safe"),
    [("a1", True), ("n31xxxx_grok", True), ("a.b:c~d-e", True), ("x" * 200, True)]
    + [(bad, False) for bad in ("", "../x", "a/b", "a b", "a%2fb", "é", "-a", "x" * 201)],
)
def test_only_an_id_that_can_stand_in_a_path_is_one(text: str, is_safe: bool) -> None:
    assert (safe_id(text) is not None) is is_safe


def test_no_id_is_none() -> None:
    assert safe_id(None) is None


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=200))
def test_a_callbacks_body_is_read_or_is_none(body: bytes) -> None:
    parse_callback(body)


PROMPT = "The old harbour of Cádiz at dawn"


@pytest.mark.parametrize(
    "text",
    [
        f"cannot draw: {PROMPT}",
        "cannot draw: the OLD harbour...",
        "cannot draw:\nharbour  of\tCádiz",
        "key sk-12345678 is bad",
    ],
)
def test_a_text_that_quotes_the_request_is_withheld(text: str) -> None:
    assert shown(text, secrets=(PROMPT, "sk-12345678")) == "[withheld: it quotes the request]"


def test_a_short_prompt_is_withheld_as_a_whole() -> None:
    assert shown("no cats today", secrets=("cat",)) == "[withheld: it quotes the request]"
    assert shown("no dogs today", secrets=("cat",)) == "no dogs today"


def test_a_shown_text_is_one_short_line_without_addresses() -> None:
    text = "see https://x.example/?sig=abc\n\x00now " + "y" * 500
    line = shown(text, secrets=(PROMPT,))
    assert line.startswith("see [address] now yyy")
    assert len(line) == 160


@settings(deadline=None)  # the machine may be busy
@given(text=st.text(), prompt=st.text(min_size=1))
def test_a_shown_text_is_always_one_bounded_line(text: str, prompt: str) -> None:
    line = shown(text, secrets=(prompt,))
    assert len(line) <= 160
    assert line.isprintable()

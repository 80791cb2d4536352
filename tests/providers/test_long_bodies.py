"""Bodies with whole pictures inside are the same bytes, however they are written."""

import base64
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.requests import PictureFormat, SourcePicture
from bot.providers import http
from bot.providers.sources import as_uri

TEXT = st.text(max_size=20)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
BODIES = st.dictionaries(
    TEXT,
    st.recursive(
        PLAIN,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@given(BODIES)
def test_a_body_is_what_json_writes(body: dict[str, object]) -> None:
    assert http._dump(body) == json.dumps(body).encode()


@given(st.text(min_size=1))
def test_a_long_text_is_the_same_in_pieces(text: str) -> None:
    """Whatever stands at the edges of the pieces, halves of pairs too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "PIECE_CHARS", 3)
        body = {"url": text * 3, "rest": [text, {"a": (text, 1)}]}
        assert http._dump(body) == json.dumps(body).encode()


@pytest.mark.parametrize("length", [0, 1, 2, 3, 196_607, 196_608, 196_609, 600_000])
def test_a_picture_of_any_length_is_one_data_uri(length: int) -> None:
    data = os.urandom(length)
    uri = as_uri(SourcePicture(data=data, format=PictureFormat.JPEG))
    assert uri == f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"

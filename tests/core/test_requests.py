"""Requests are values: they cannot be changed on their way, and carry the gateways' own words for sizes and files."""

from dataclasses import FrozenInstanceError

import pytest

from bot.core.requests import (
    ModelId,
    PictureFormat,
    PictureOrder,
    PictureRequest,
    ProviderName,
    Resolution,
    SourcePicture,
    Verb,
)


def test_a_request_leaves_everything_but_the_prompt_to_the_model() -> None:
    request = PictureRequest(prompt="a fox")
    assert (request.model, request.aspect_ratio, request.count, request.resolution, request.format) == (None,) * 5


def test_an_order_cannot_be_changed_after_it_was_checked() -> None:
    order = PictureOrder(provider=ProviderName("locus"), model=ModelId("m"), prompt="a fox", count=1)
    with pytest.raises(FrozenInstanceError):
        order.count = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Verb, ["generate", "edit", "upscale", "ask", "speak"]),
        (Resolution, ["1k", "1.5k", "2k"]),
        (PictureFormat, ["jpeg", "png", "webp"]),
    ],
)
def test_stored_words_stay_what_they_are(kind: type[Verb | Resolution | PictureFormat], words: list[str]) -> None:
    assert [str(one) for one in kind] == words


def test_a_source_is_an_address_or_bytes_with_their_format() -> None:
    assert SourcePicture(url="https://pictures.example/1").data is None
    assert SourcePicture(data=b"\x89PNG", format=PictureFormat.PNG).url is None


@pytest.mark.parametrize(("url", "data"), [(None, None), ("https://pictures.example/1", b"x")])
def test_a_source_is_never_both_nor_neither(url: str | None, data: bytes | None) -> None:
    with pytest.raises(ValueError, match="an address or bytes"):
        SourcePicture(url=url, data=data, format=PictureFormat.PNG)


def test_bytes_without_a_format_are_refused_and_never_printed() -> None:
    with pytest.raises(ValueError, match="with their format"):
        SourcePicture(data=b"secret")
    assert "secret" not in repr(SourcePicture(data=b"secret", format=PictureFormat.JPEG))

"""The pictures of the pretend gateways."""

import io

import pytest
from PIL import Image

from sandbox.gateways.painter import paint, size_of
from sandbox.gateways.spoiled import bomb_png


def pixels(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_the_same_order_gives_the_same_bytes() -> None:
    first = paint("a fox", 0, width=64, height=64, picture_format="png")
    paint.cache_clear()
    assert paint("a fox", 0, width=64, height=64, picture_format="png") == first


def test_another_prompt_or_index_gives_another_picture() -> None:
    orders = [("a fox", 0), ("a fox", 1), ("a dog", 0)]
    assert len({paint(prompt, index, width=64, height=64, picture_format="png") for prompt, index in orders}) == 3


@pytest.mark.parametrize("picture_format", ["jpeg", "png", "webp"])
def test_the_format_and_size_are_those_asked(picture_format: str) -> None:
    picture = pixels(paint("a fox", 0, width=96, height=48, picture_format=picture_format))
    assert picture.format == picture_format.upper()
    assert picture.size == (96, 48)


@pytest.mark.parametrize("prompt", ["a fox", "white paper", "שלום", "\ud800"])
def test_every_picture_is_visibly_signed(prompt: str) -> None:
    picture = pixels(paint(prompt, 0, width=512, height=512, picture_format="png")).convert("L")
    band = picture.crop((0, 512 - 512 // 12, 256, 512))
    dark, light = band.getextrema()
    assert isinstance(dark, int | float)
    assert isinstance(light, int | float)
    assert dark < 40
    assert light > 200


@pytest.mark.parametrize(
    ("ratio", "resolution", "size"),
    [
        ("1:1", "1k", (1024, 1024)),
        ("auto", None, (1024, 1024)),
        ("16:9", "1k", (1360, 768)),
        ("9:16", "1k", (768, 1360)),
        ("19.5:9", "2k", (3008, 1392)),
        ("1:1", "2k", (2048, 2048)),
    ],
)
def test_sizes_follow_ratio_and_resolution(ratio: str, resolution: str | None, size: tuple[int, int]) -> None:
    assert size_of(ratio, resolution, 1024) == size


def test_the_bomb_is_small_on_the_wire_and_large_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # the bot's own bound, where its rooms are loaded too
    data = bomb_png()
    assert len(data) < 50_000
    picture = Image.open(io.BytesIO(data))  # reads the header only
    assert picture.width * picture.height > 40_000_000

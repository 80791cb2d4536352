"""Small pictures for lists."""

import io

import pytest
from PIL import Image

from bot.core.errors import NotAPicture
from bot.media.thumbnails import SIDE, thumbnail
from tests.media.samples import HTML, encoded, noise, plain


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "small"), [((1200, 600), (SIDE, SIDE // 2)), ((300, 900), (85, SIDE)), ((40, 30), (40, 30))]
)
def test_the_longer_side_is_bounded_and_the_shape_stays(
    name: str, size: tuple[int, int], small: tuple[int, int]
) -> None:
    with Image.open(io.BytesIO(thumbnail(plain(name, size)))) as picture:
        assert picture.format == "WEBP"
        assert picture.size == small


def test_a_noisy_picture_is_small_as_a_file_too() -> None:
    assert len(thumbnail(noise(size=(900, 900)))) < 64 * 1024


def test_what_shines_through_still_does() -> None:
    clear = encoded(Image.new("RGBA", (400, 400), (0, 0, 0, 0)), "PNG")
    with Image.open(io.BytesIO(thumbnail(clear))) as picture:
        assert picture.mode == "RGBA"


@pytest.mark.parametrize("data", [b"", HTML, plain()[:40]])
def test_what_is_no_picture_is_told(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        thumbnail(data)

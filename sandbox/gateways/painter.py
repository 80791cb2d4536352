"""Deterministic pictures: the same prompt, index and size give the same bytes, another prompt another
picture.

Flat shapes, so that a 1k picture takes 10 to 20 ms. Each carries the word "sandbox".
"""

import hashlib
import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

_TIERS = {"1k": 1.0, "1.5k": 1.5, "2k": 2.0}
_STEP = 16  # real gateways give sides that are multiples of 16
_SHAPES = 9
_SAVE: dict[str, dict[str, object]] = {
    "jpeg": {"quality": 82},
    "png": {"compress_level": 1, "compress_type": 3},
    "webp": {"quality": 80, "method": 0},
}


def size_of(ratio: str, resolution: str | None, side: int) -> tuple[int, int]:
    """Width and height for a ratio such as "16:9" (or "auto").

    about `side`² pixels at 1k, four times that at 2k.
    """
    wide, _, high = ("1:1" if ratio == "auto" else ratio).partition(":")
    shape = (float(wide) / float(high)) ** 0.5
    edge = side * _TIERS[resolution or "1k"]
    return _rounded(edge * shape), _rounded(edge / shape)


def _rounded(length: float) -> int:
    return max(_STEP, round(length / _STEP) * _STEP)


@lru_cache(maxsize=64)
def paint(prompt: str, index: int, *, width: int, height: int, picture_format: str) -> bytes:
    """The picture's bytes as "jpeg", "png" or "webp"."""
    picture = _composed(prompt, index, width, height)
    _sign(picture)
    out = io.BytesIO()
    picture.save(out, format=picture_format, **_SAVE[picture_format])
    return out.getvalue()


def enlarge(data: bytes, factor: int, picture_format: str) -> bytes:
    """The picture with sides `factor` times as long."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as given:
        size = (given.width * factor, given.height * factor)
        given.convert("RGB").resize(size).save(out, format=picture_format, **_SAVE[picture_format])
    return out.getvalue()


def _composed(prompt: str, index: int, width: int, height: int) -> Image.Image:
    """Flat shapes on a dark ground, all chosen by the hash of prompt and index."""
    seed = hashlib.sha256(f"{prompt}\0{index}".encode(errors="replace")).digest()
    chance = random.Random(seed)
    picture = Image.new("RGB", (width, height), _colour(chance, 20, 90))
    draw = ImageDraw.Draw(picture)
    long_side = max(width, height)
    for _ in range(_SHAPES):
        x, y = round(chance.random() * width), round(chance.random() * height)
        reach = max(2, round(chance.uniform(0.06, 0.3) * long_side))
        fill = _colour(chance, 90, 255)
        if chance.random() < 0.5:
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=fill)
        else:
            draw.regular_polygon((x, y, reach), chance.randint(3, 6), chance.randrange(360), fill)
    return picture


def _colour(chance: random.Random, low: int, high: int) -> tuple[int, int, int]:
    return chance.randint(low, high), chance.randint(low, high), chance.randint(low, high)


def _sign(picture: Image.Image) -> None:
    band = max(8, picture.height // 12)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, picture.height - band, picture.width, picture.height), fill=(20, 20, 20))
    draw.text((band // 3, picture.height - band), "sandbox", fill=(255, 255, 255), font=_font(band * 3 // 4))


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)

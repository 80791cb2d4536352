"""Proof by decoding, and fitting under an upload limit."""

import asyncio
import io
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.core.errors import NotAPicture, TooLarge
from bot.core.requests import PictureFormat
from bot.media import PictureFacts
from bot.media.pictures import MAX_FRAMES, MAX_PIXELS, Pictures, inspect
from tests.media import samples


@pytest.mark.parametrize("kind", list(PictureFormat))
def test_facts_come_from_the_bytes(kind: PictureFormat) -> None:
    data = samples.plain(kind.upper(), size=(64, 48))
    assert inspect(data) == PictureFacts(width=64, height=48, format=kind, byte_size=len(data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89",
        samples.HTML,
        samples.SVG,
        samples.HTML + samples.plain("PNG"),
        samples.PNG_MAGIC + samples.HTML,
        b"\xff\xd8\xff" + samples.HTML,
        b"RIFF\x10\x00\x00\x00WEBP" + samples.HTML,
        samples.plain("GIF"),
        samples.plain("BMP"),
        samples.plain("TIFF"),
        b"%PDF-1.7\n" + bytes(100),
    ],
)
def test_what_is_no_picture_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        inspect(data)


@pytest.mark.parametrize("kind", list(PictureFormat))
@pytest.mark.parametrize("kept", [0.01, 0.3, 0.5, 0.9, 0.99])
def test_a_picture_cut_short_is_refused(kind: PictureFormat, kept: float) -> None:
    data = samples.noise(kind.upper())
    with pytest.raises(NotAPicture):
        inspect(data[: int(len(data) * kept)])


def test_a_png_without_its_end_is_refused() -> None:
    with pytest.raises(NotAPicture):
        inspect(samples.noise("PNG")[:-12])


def test_a_png_with_a_wrong_check_sum_is_refused() -> None:
    data = bytearray(samples.noise("PNG"))
    data[-14] ^= 1  # the last letter but one of the last IDAT's check sum
    with pytest.raises(NotAPicture):
        inspect(bytes(data))


def test_a_picture_with_a_page_behind_it_is_what_it_decodes_as() -> None:
    facts = inspect(samples.plain("PNG") + samples.HTML)
    assert facts.format is PictureFormat.PNG


@pytest.mark.parametrize("side", [6_325, 7_000, 13_377])
def test_a_decompression_bomb_is_refused_from_its_header(side: int) -> None:
    data = samples.bomb_png(side)
    assert len(data) < 100_000
    assert side * side > MAX_PIXELS
    with pytest.raises(TooLarge):
        inspect(data)


@pytest.mark.parametrize("side", [7_000, 16_383])
def test_a_webp_with_a_huge_canvas_is_refused(side: int) -> None:
    with pytest.raises(TooLarge):
        inspect(samples.webp_canvas(side, side))


@pytest.mark.parametrize("name", ["WEBP", "PNG"])
def test_more_frames_than_the_bound_are_refused(name: str) -> None:
    with pytest.raises(TooLarge, match="61 frames"):
        inspect(samples.animated(name, MAX_FRAMES + 1))


@pytest.mark.parametrize("name", ["WEBP", "PNG"])
def test_a_short_animation_is_taken(name: str) -> None:
    assert inspect(samples.animated(name, MAX_FRAMES)).width == 8


def test_a_claim_of_many_frames_is_refused_before_they_are_looked_for() -> None:
    with pytest.raises(TooLarge, match="frames, more than 60"):
        inspect(samples.apng_claiming(10_000))


def test_a_claim_of_frames_that_are_not_there_is_refused() -> None:
    with pytest.raises(NotAPicture):
        inspect(samples.apng_claiming(7))


def test_the_pixels_of_all_frames_count_together() -> None:
    frames = 3
    size = (3_800, 3_700)
    assert size[0] * size[1] < MAX_PIXELS < size[0] * size[1] * frames
    with pytest.raises(TooLarge, match="in 3 frames"):
        inspect(samples.webp_canvas(*size, frames=frames))


def test_a_jpeg_with_further_views_is_a_jpeg() -> None:
    view = Image.new("RGB", (20, 10), "navy")
    data = samples.encoded(view, "MPO", save_all=True, append_images=[view])
    assert inspect(data).format is PictureFormat.JPEG


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(list(PictureFormat)),
    cut=st.integers(0, 400),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
)
def test_changed_bytes_raise_nothing_but_media_errors(
    kind: PictureFormat, cut: int, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(samples.plain(kind.upper()))
    for place, value in changes:
        data[place % len(data)] = value
    try:
        facts = inspect(bytes(data[: len(data) - cut % len(data)]))
    except (NotAPicture, TooLarge):
        return
    assert facts.width * facts.height <= MAX_PIXELS


async def test_two_pictures_are_decoded_at_once_and_no_more() -> None:
    pictures = Pictures()
    data = samples.noise("PNG", size=(500, 500))
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, sum(thread.name.startswith("pictures") for thread in threading.enumerate()))
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    await asyncio.gather(*(pictures.inspect(data) for _ in range(12)))
    watcher.cancel()
    pictures.close()
    assert most == 2


async def fitted(data: bytes, limit_bytes: int) -> tuple[bytes, PictureFormat]:
    pictures = Pictures()
    try:
        answer = await pictures.fit(data, inspect(data).format, limit_bytes=limit_bytes)
    finally:
        pictures.close()
    return answer.data, answer.format


async def test_a_picture_that_fits_is_left_untouched() -> None:
    data = samples.noise("JPEG")
    assert await fitted(data, len(data)) == (data, PictureFormat.JPEG)


async def test_a_picture_that_does_not_fit_becomes_a_webp_of_the_same_size_that_says_what_it_is() -> None:
    data = samples.noise("PNG")
    smaller, kind = await fitted(data, len(data) - 1)
    assert kind is PictureFormat.WEBP
    assert len(smaller) < len(data)
    facts = inspect(smaller)
    assert (facts.format, facts.width, facts.height) == (PictureFormat.WEBP, 300, 200)
    assert b"digitalsourcetype/trainedAlgorithmicMedia" in Image.open(io.BytesIO(smaller)).info["xmp"]


async def test_quality_goes_first_and_only_then_pixels() -> None:
    data = samples.noise("PNG")
    at_95, _ = await fitted(data, len(data) - 1)
    at_88, _ = await fitted(data, len(at_95) - 1)
    at_80, _ = await fitted(data, len(at_88) - 1)
    shrunk, _ = await fitted(data, len(at_80) - 1)
    assert len(at_95) > len(at_88) > len(at_80) > len(shrunk)
    assert [inspect(each).width for each in (at_95, at_88, at_80, shrunk)] == [300, 300, 300, 225]


async def test_a_picture_that_fits_in_no_form_is_refused() -> None:
    with pytest.raises(TooLarge):
        await fitted(samples.noise("PNG"), 100)


async def test_a_side_too_long_for_webp_is_shrunk_first() -> None:
    data = samples.noise("PNG", size=(16_500, 90))
    smaller, _ = await fitted(data, len(data) - 1)
    assert inspect(smaller).width == 12_375


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
async def test_every_mode_can_be_fitted(mode: str) -> None:
    image = Image.effect_noise((300, 200), 90)
    image = image.convert("I").convert("I;16") if mode == "I;16" else image.convert(mode)
    if "A" in mode:
        image.putalpha(128)
    data = samples.encoded(image, "JPEG" if mode == "CMYK" else "PNG")
    try:
        smaller, _ = await fitted(data, len(data) - 1)
    except TooLarge:
        pytest.fail("nothing smaller was found")
    with Image.open(io.BytesIO(smaller)) as written:
        assert ("A" in written.mode) is ("A" in mode)


async def test_a_turned_picture_stands_upright_once_its_exif_is_gone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90°
    data = samples.noise("JPEG", size=(300, 200), quality=98, exif=exif)
    smaller, _ = await fitted(data, len(data) // 2)
    facts = inspect(smaller)
    assert facts.height > facts.width


async def test_the_colour_profile_is_kept() -> None:
    from PIL import ImageCms  # noqa: PLC0415 - only this test makes profiles

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = samples.noise("PNG", icc_profile=profile)
    smaller, _ = await fitted(data, len(data) - 1)
    assert Image.open(io.BytesIO(smaller)).info["icc_profile"] == profile

"""A member's picture is kept upright and tells nothing beside itself; what is no still picture is refused."""

import io
import struct
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageOps

from bot.core.errors import DownloadFailed, MediaError, MovingPicture, NotAPicture, TooLarge
from bot.core.requests import PictureFormat
from bot.media.intake import take_in
from bot.media.pictures import inspect
from bot.media.stripping import strip
from tests.media.conftest import OpenMedia, files
from tests.media.samples import HTML, PNG_MAGIC, SVG, animated, apng_claiming, bomb_png, encoded, noise
from tests.media.servers import Handler, serving

FORMATS = ("PNG", "JPEG", "WEBP")
LATITUDE = b"52 degrees north"


def exif(orientation: int = 1) -> Image.Exif:
    """The EXIF block of a camera: how it was held, who made it, where."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "Camera of somebody"
    block.get_ifd(0x8825)[29] = LATITUDE.decode()
    return block


def pages(**found: bytes) -> Handler:
    """A server's pages by name; any other is 404."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        data = found.get(request.path.removeprefix("/"))
        return web.Response(status=404) if data is None else web.Response(body=data)

    return answer


def half(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Red above, blue below, a green corner: every way of turning it shows."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0], size[1] // 2))
    picture.paste("lime", (0, 0, size[0] // 4, size[1] // 4))
    return picture


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def looks_like(one: Image.Image, other: Image.Image) -> bool:
    """The same size, and nowhere far from the same colour."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).resize((8, 8), Image.Resampling.BOX)
    return one.size == other.size and max(difference.tobytes()) < 40


@pytest.mark.parametrize("name", FORMATS)
def test_where_and_with_what_it_was_taken_is_gone_and_no_pixel_has_changed(name: str) -> None:
    data = encoded(half(), name, exif=exif(), xmp=b"<x:xmpmeta>somewhere</x:xmpmeta>", quality=90)
    assert LATITUDE in data
    kept = take_in(data)
    assert LATITUDE not in kept
    assert b"somewhere" not in kept
    assert b"Camera" not in kept
    assert opened(kept).tobytes() == opened(data).tobytes()
    assert dict(opened(kept).getexif()) == {}
    assert inspect(kept).format == PictureFormat(name.lower())


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_kept_as_people_see_it(name: str, orientation: int) -> None:
    data = encoded(half(), name, exif=exif(orientation), quality=95)
    seen = ImageOps.exif_transpose(opened(data))
    kept = opened(take_in(data))
    assert looks_like(kept, seen)
    assert 0x0112 not in kept.getexif()
    assert LATITUDE not in take_in(data)


@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_that_tells_nothing_is_kept_byte_for_byte(name: str) -> None:
    data = noise(name)
    assert take_in(data) is data


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_a_turned_picture_of_any_kind_is_written_upright(name: str, mode: str) -> None:
    if name == "JPEG" and mode in {"RGBA", "P"}:
        mode = "CMYK"
    data = encoded(half().convert(mode), name, exif=exif(6))
    assert opened(take_in(data)).size == (32, 48)


@pytest.mark.parametrize("name", FORMATS)
def test_which_colours_are_meant_is_kept(name: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for orientation in (1, 6):
        data = encoded(half(), name, exif=exif(orientation), icc_profile=profile)
        assert opened(take_in(data)).info["icc_profile"] == profile


@pytest.mark.parametrize("name", FORMATS)
def test_what_hides_behind_the_end_is_gone(name: str) -> None:
    hidden = encoded(half(), "JPEG", exif=exif())
    picture = noise(name)
    assert take_in(picture + hidden) == picture


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 1}, {"comment": b"by Ana"}])
def test_a_jpeg_of_any_making_stays_whole(options: dict[str, object]) -> None:
    data = encoded(half((300, 200)), "JPEG", exif=exif(), **options)
    kept = take_in(data)
    assert b"by Ana" not in kept
    assert opened(kept).tobytes() == opened(data).tobytes()


def test_fill_bytes_before_a_marker_are_no_trouble() -> None:
    data = noise("JPEG", exif=exif())
    filled = data[:2] + b"\xff\xff" + data[2:]
    assert opened(take_in(filled)).tobytes() == opened(data).tobytes()


def test_exif_that_cannot_be_read_turns_nothing() -> None:
    data = noise("JPEG")
    block = b"Exif\0\0" + b"no tiff at all"
    spoilt = data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]
    assert take_in(spoilt) == data


@pytest.mark.parametrize("data", [animated("WEBP", 3), animated("PNG", 3), apng_claiming(7)])
def test_what_moves_is_refused(data: bytes) -> None:
    with pytest.raises(MovingPicture):
        take_in(data)


def test_an_animation_of_one_frame_is_a_still_picture() -> None:
    kept = take_in(apng_claiming(1))
    assert b"acTL" not in kept
    assert opened(kept).size == (64, 48)


@pytest.mark.parametrize(
    "data", [b"", b"MZ\x90\x00" + bytes(200), HTML, SVG, b"GIF89a" + bytes(20), b"RIFF", PNG_MAGIC]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        take_in(data)


def test_a_turned_bomb_is_not_unpacked() -> None:
    """13,377 squared is 179 million pixels; the block says that it must be turned."""
    bomb, block = bomb_png(13_377), exif(6).tobytes()[6:]
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + bytes(4)
    with pytest.raises(TooLarge):
        take_in(bomb[:33] + chunk + bomb[33:])


@given(st.sampled_from(FORMATS), st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_is_sent_comes_back_stripped_or_is_refused(name: str, draw: st.DataObject) -> None:
    """Cut anywhere, with bytes changed anywhere: never another error, and never more bytes than were sent."""
    data = bytearray(encoded(half((20, 12)), name, exif=exif(3)))
    for _ in range(draw.draw(st.integers(0, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(data[: draw.draw(st.integers(0, len(data)))])
    try:
        bare = strip(cut)
        take_in(cut)
    except MediaError:
        return
    assert len(bare.data) <= len(cut)
    assert strip(bare.data).data == bare.data


async def test_a_picture_is_brought_from_its_address(open_media: OpenMedia) -> None:
    clean, telling = noise(), encoded(half(), "JPEG", exif=exif(6))
    async with serving(pages(clean=clean, telling=telling)) as port, open_media(host := f"127.0.0.1:{port}") as media:
        first = await media.bring(f"http://{host}/clean")
        assert first.is_as_sent
        assert (await media.read(first.asset.id))[0] == clean
        second = await media.bring(f"http://{host}/telling")
        assert not second.is_as_sent
        assert (second.asset.width, second.asset.height) == (32, 48)
        assert await media.is_kept(second.asset.id)
        assert (await media.path_of(second.asset.id)).suffix == ".jpg"


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"MZ", NotAPicture), (bomb_png(15_000), TooLarge), (animated("WEBP", 2), MovingPicture), (b"", NotAPicture)],
)
async def test_what_is_refused_leaves_nothing_behind(
    open_media: OpenMedia, folder: Path, data: bytes, error: type[MediaError]
) -> None:
    async with serving(pages(x=data)) as port, open_media(host := f"127.0.0.1:{port}") as media:
        with pytest.raises(error):
            await media.bring(f"http://{host}/x")
        with pytest.raises(DownloadFailed):
            await media.bring(f"http://{host}/gone")
        assert files(folder) == []


async def test_a_smaller_copy_of_a_members_photo_does_not_call_itself_generated(open_media: OpenMedia) -> None:
    data = noise(size=(900, 700))
    async with open_media() as media:
        asset = await media.keep(data)
        ours = await media.fit(asset.id, limit_bytes=len(data) // 4)
        theirs = await media.fit(asset.id, limit_bytes=len(data) // 4, is_generated=False)
    assert b"trainedAlgorithmicMedia" in ours.data
    assert b"trainedAlgorithmicMedia" not in theirs.data

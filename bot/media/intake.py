"""Pictures from members, before they are kept: still, upright, and without what their files tell beside the picture."""

import io

from PIL import Image

from bot.core.errors import NotAPicture
from bot.core.requests import PictureFormat
from bot.media.pictures import inspect
from bot.media.stripping import Bare, strip

_ORIENTATION = 0x0112  # EXIF 2.32, "Orientation": 1 is upright, 2 to 8 are turned or mirrored
_UPRIGHT = 1
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# A turned picture must be written anew; these keep what can be seen.
_SAVE: dict[PictureFormat, dict[str, object]] = {
    PictureFormat.JPEG: {"quality": 95},
    PictureFormat.PNG: {"compress_level": 3},
    PictureFormat.WEBP: {"quality": 95},
}


def take_in(data: bytes) -> bytes:
    """The bytes to keep: the very same ones for a picture that is upright and tells nothing beside itself.

    What comes back was not decoded unless it was turned: keeping it proves it. Raises NotAPicture, MovingPicture, and
    TooLarge for a turned one that is.
    """
    bare = strip(data)
    orientation = _orientation(bare)
    return bare.data if orientation == _UPRIGHT else _turned(bare.data, orientation)


def _orientation(bare: Bare) -> int:
    if bare.exif is None:
        return _UPRIGHT
    exif = Image.Exif()
    try:
        exif.load(bare.exif)
        value = exif.get(_ORIENTATION)
    # A block that cannot be read turns nothing, whatever Pillow says of it; it is thrown away in any case.
    except Exception:
        return _UPRIGHT
    return value if isinstance(value, int) and value in _TURNS else _UPRIGHT


def _turned(data: bytes, orientation: int) -> bytes:
    picture_format = inspect(data).format
    target = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=(picture_format.upper(),)) as image:
            profile = image.info.get("icc_profile")
            upright = image.transpose(_TURNS[orientation])
            upright.save(target, picture_format.upper(), exif=b"", icc_profile=profile, **_SAVE[picture_format])
    except (OSError, ValueError) as error:
        raise NotAPicture(f"cannot be turned upright: {type(error).__name__}") from error
    return target.getvalue()

"""Small pictures for lists."""

import io

from PIL import Image, ImageOps

from bot.core.errors import NotAPicture

# Discord shows a thumbnail about 85 pixels wide; three times that is sharp on a phone.
SIDE = 256
_QUALITY = 80
_FORMATS = ("PNG", "JPEG", "WEBP")


def thumbnail(data: bytes) -> bytes:
    """A kept picture as a WebP whose longer side has at most 256 pixels. Raises NotAPicture."""
    target = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            image.draft("RGB", (SIDE, SIDE))  # a JPEG is decoded small in the first place
            upright = ImageOps.exif_transpose(image)
            small = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            small.thumbnail((SIDE, SIDE))
            small.save(target, "WEBP", quality=_QUALITY, exif=b"", xmp=b"")
    # It was a picture when it was kept: whatever is wrong with it now, there is nothing to show.
    except Exception as error:
        raise NotAPicture(f"cannot be made small: {type(error).__name__}") from error
    return target.getvalue()

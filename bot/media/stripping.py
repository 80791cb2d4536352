"""Taking out of a picture's file what is not the picture: place, camera, date, comments, hidden second pictures. Pure.

No pixel is touched: the file is cut into its parts, and only those that are needed to show it stay. Parts and their
names: PNG (third edition), JPEG (ITU T.81, Annex B), WebP ("WebP Container Specification").
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.errors import MovingPicture, NotAPicture

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# What is needed to decode, and what says which colours are meant.
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"pHYs"}
)
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"})
_WEBP_EXIF_OR_XMP = 0x08 | 0x04
# A JPEG's markers: end, start of a scan; the first and last of the application segments; a comment.
_EOI, _SOS, _APP0, _APP15, _COM = 0xD9, 0xDA, 0xE0, 0xEF, 0xFE
_JPEG_KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_EXIF = b"Exif\0\0"
# Inside a scan: a marker that is neither a stuffed byte nor a restart.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A file without metadata, and the EXIF block that was in it, as it stood there."""

    data: bytes
    exif: bytes | None = None


def strip(data: bytes) -> Bare:
    """The file without metadata; the same bytes where there was none.

    Raises NotAPicture for what is none of the three formats or breaks off, MovingPicture for an animation.
    """
    try:
        if data.startswith(_PNG_MAGIC):
            return _png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError):
        raise NotAPicture("the file breaks off") from None
    raise NotAPicture("begins like no format that is taken")


def _png(data: bytes) -> Bare:
    kept, exif = [_PNG_MAGIC], None
    position = len(_PNG_MAGIC)
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise NotAPicture("the file breaks off")
        if kind == b"acTL" and struct.unpack_from(">I", data, position + 8)[0] > 1:
            raise MovingPicture("a PNG that moves")
        if kind == b"eXIf":
            exif = data[position + 8 : end - 4]
        if kind in _PNG_KEPT:
            kept.append(data[position:end])
        position = end
        if kind == b"IEND":
            return _bare(data, kept, exif)


def _jpeg(data: bytes) -> Bare:
    kept, exif = [data[:2]], None
    for marker, segment in _segments(data):
        if marker == 0xE1 and exif is None and segment[4:].startswith(_EXIF):
            exif = segment[4:]
        is_told = _APP0 <= marker <= _APP15 or marker == _COM
        if not is_told or (marker in _JPEG_KEPT and segment[4:].startswith(_JPEG_KEPT[marker])):
            kept.append(segment)
    return _bare(data, kept, exif)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of every segment after the first two bytes, scans with their data; ends with EOI."""
    position = 2
    while True:
        start = position
        if data[position] != 0xFF:
            raise NotAPicture("a JPEG without a marker where one must be")
        while data[position] == 0xFF:  # any number of fill bytes
            position += 1
        marker = data[position]
        if marker == _EOI:
            yield marker, b"\xff\xd9"
            return
        end = position + 1 + struct.unpack_from(">H", data, position + 1)[0]
        if end > len(data):
            raise NotAPicture("the file breaks off")
        if marker == _SOS:
            found = _NEXT_MARKER.search(data, end)
            if found is None:
                raise NotAPicture("the file breaks off")
            end = found.start()
        yield marker, data[start:end] if start + 1 == position else b"\xff" + data[position:end]
        position = end


def _webp(data: bytes) -> Bare:
    kept, exif = [], None
    position = 12
    end_of_file = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while position + 8 <= end_of_file:
        kind, length = struct.unpack_from("<4sI", data, position)
        end = position + 8 + length + length % 2
        if position + 8 + length > len(data):
            raise NotAPicture("the file breaks off")
        if kind in {b"ANIM", b"ANMF"}:
            raise MovingPicture("a WebP that moves")
        if kind == b"EXIF":
            exif = data[position + 8 : position + 8 + length]
        if kind in _WEBP_KEPT:
            chunk = data[position:end]
            if kind == b"VP8X":
                chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_EXIF_OR_XMP]) + chunk[9:]
            kept.append(chunk)
        position = end
    body = b"WEBP" + b"".join(kept)
    return _bare(data, [b"RIFF" + struct.pack("<I", len(body)), body], exif)


def _bare(data: bytes, kept: list[bytes], exif: bytes | None) -> Bare:
    rest = b"".join(kept)
    return Bare(data=data if rest == data else rest, exif=exif)

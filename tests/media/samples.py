"""Good and hostile pictures, made here."""

import io
import struct
import zlib

from PIL import Image

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, name, **options)
    return target.getvalue()


def plain(name: str = "PNG", size: tuple[int, int] = (64, 48), colour: str = "teal") -> bytes:
    return encoded(Image.new("RGB", size, colour), name)


def noise(name: str = "PNG", size: tuple[int, int] = (300, 200), **options: object) -> bytes:
    """A picture that no codec makes small."""
    bands = [Image.effect_noise(size, spread) for spread in (70, 80, 90)]
    return encoded(Image.merge("RGB", bands), name, **options)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb_png(side: int) -> bytes:
    """A whole and valid black-and-white PNG of side² pixels: small as a file, large once unpacked."""
    rows = (b"\x00" + bytes((side + 7) // 8)) * side
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return PNG_MAGIC + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def animated(name: str, frames: int, size: tuple[int, int] = (8, 8)) -> bytes:
    pictures = [Image.new("RGB", size, (number * 4 % 256, number % 7, 77)) for number in range(frames)]
    return encoded(pictures[0], name, save_all=True, append_images=pictures[1:], duration=20, lossless=True)


def apng_claiming(frames: int) -> bytes:
    """A PNG whose animation header claims more frames than it has."""
    original = plain()
    after_header = len(PNG_MAGIC) + 25
    claim = _chunk(b"acTL", struct.pack(">II", frames, 0))
    return original[:after_header] + claim + original[after_header:]


def webp_canvas(width: int, height: int, frames: int = 1) -> bytes:
    """A WebP of small frames on a canvas of any size."""
    frame = encoded(Image.new("RGB", (16, 16)), "WEBP", lossless=True)[12:]
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    place = bytes(6) + (15).to_bytes(3, "little") * 2 + (100).to_bytes(3, "little") + b"\x00"
    chunks = (
        (b"VP8X", b"\x02\x00\x00\x00" + size),
        (b"ANIM", bytes(6)),
        *((b"ANMF", place + frame),) * frames,
    )
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body

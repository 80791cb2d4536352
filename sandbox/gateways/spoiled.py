"""Bytes that pretend to be a picture."""

import struct
import zlib
from functools import lru_cache

PAGE = b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"
_PNG = b"\x89PNG\r\n\x1a\n"


@lru_cache(maxsize=1)
def bomb_png(side: int = 8000) -> bytes:
    """A well-formed black-and-white PNG of `side`² pixels; 8,000 make 64 million in about 10 kB."""
    row = bytes(1 + side // 8)
    rows = zlib.compress(row * side, 9)
    return (
        _PNG
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
        + _chunk(b"IDAT", rows)
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

"""Proving that bytes are a picture by decoding them, and fitting a picture under an upload limit.

Nothing that the sender says about the bytes counts: not the declared type, not the ending, not the length.
Size and frames are read from the header and bounded before any pixel is unpacked: a 522 kB PNG of 13,377²
unpacks to 684 MiB.
"""

import asyncio
import io
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image, ImageOps

from bot.core.errors import NotAPicture, TooLarge
from bot.core.requests import PictureFormat

MAX_PIXELS = 40_000_000  # 2k pictures have 4 million; 40 million unpack to 160 MB
MAX_FRAMES = 60  # a short animation; beyond it somebody wants the decoder to work
_DECODERS = 2  # at once: memory is the bound, 268 MiB at the peak for a 4096² PNG turned into WebP
_QUALITIES = (95, 88, 80)  # WebP's scale; below 80 it shows
_KEPT_PER_STEP = 0.75  # each step of shrinking takes a quarter off width and height
_SMALLEST_SIDE = 64
_WEBP_MAX_SIDE = 16_383  # the format's own limit

# Re-encoding drops the gateway's C2PA provenance, so what we write says it in the IPTC's words:
# https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
).encode()

# Pillow's own guard is one setting for the whole process. Between its limit and twice that it only warns.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFacts:
    """What decoding proved; width and height in pixels."""

    width: int
    height: int
    format: PictureFormat
    byte_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Bytes under a limit, and what they are now."""

    data: bytes
    format: PictureFormat


class Pictures:
    """Runs the decoders off the event loop, at most two at once; `close` lets their threads go.

    Its own threads rather than a semaphore around the shared ones: a cancelled caller leaves its decoder
    running, and a semaphore would let a third one in beside it.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=_DECODERS, thread_name_prefix="pictures")

    async def inspect(self, data: bytes) -> PictureFacts:
        """Decodes every pixel. Raises NotAPicture or TooLarge."""
        return await self.run(lambda: inspect(data))

    async def fit(
        self, data: bytes, picture_format: PictureFormat, *, limit_bytes: int, is_generated: bool = True
    ) -> Fitted:
        """The same bytes when they fit, else the best WebP that does. Raises TooLarge when none does."""
        if len(data) <= limit_bytes:
            return Fitted(data=data, format=picture_format)
        return await self.run(lambda: _shrink(data, limit_bytes, _XMP if is_generated else b""))

    async def run(self, work: Callable[[], T]) -> T:
        """Runs anything that decodes, off the loop and within the bound."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Takes no more work; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def inspect(data: bytes) -> PictureFacts:
    """Decodes every pixel of every frame in the calling thread. Raises NotAPicture or TooLarge."""
    picture_format = _format_by_magic(data)
    try:
        width, height = _decode(data, picture_format)
    except TooLarge:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLarge(f"more than {MAX_PIXELS} pixels") from None
    # Decoders meet hostile bytes with errors of every kind; whichever it is, this is no picture.
    except Exception as error:
        raise NotAPicture(f"does not decode as {picture_format}: {type(error).__name__}") from error
    return PictureFacts(width=width, height=height, format=picture_format, byte_size=len(data))


def _decode(data: bytes, picture_format: PictureFormat) -> tuple[int, int]:
    with _open(data, picture_format) as image:
        # A JPEG may carry further views; the first one is the picture.
        frames = 1 if picture_format is PictureFormat.JPEG else getattr(image, "n_frames", 1)
        _check_bounds(image.width, image.height, frames)
        for frame in range(frames):
            image.seek(frame)
            image.load()
        size = image.size
    with _open(data, picture_format) as image:
        image.verify()  # the check sums of a PNG, which load() does not look at
    return size


def _open(data: bytes, picture_format: PictureFormat) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=(picture_format.upper(),))


def _format_by_magic(data: bytes) -> PictureFormat:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureFormat.PNG
    if data.startswith(b"\xff\xd8\xff"):
        return PictureFormat.JPEG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return PictureFormat.WEBP
    raise NotAPicture("begins like no format that is taken")


def _check_bounds(width: int, height: int, frames: int) -> None:
    if frames > MAX_FRAMES:
        raise TooLarge(f"{frames} frames, more than {MAX_FRAMES}")
    # All frames together: each of them is unpacked.
    if width * height * frames > MAX_PIXELS:
        raise TooLarge(f"{width} by {height} pixels in {frames} frames, more than {MAX_PIXELS} pixels")


def _shrink(data: bytes, limit_bytes: int, xmp: bytes) -> Fitted:
    """First lower quality, then fewer pixels, each attempt from the original."""
    original = _opened(data)
    size = original.size
    if max(size) <= _WEBP_MAX_SIDE:
        for quality in _QUALITIES:
            written = _webp(original, quality, xmp)
            if len(written) <= limit_bytes:
                return Fitted(data=written, format=PictureFormat.WEBP)
    while min(size) * _KEPT_PER_STEP >= _SMALLEST_SIDE:
        size = (round(size[0] * _KEPT_PER_STEP), round(size[1] * _KEPT_PER_STEP))
        if max(size) > _WEBP_MAX_SIDE:
            continue
        written = _webp(original.resize(size, Image.Resampling.LANCZOS), _QUALITIES[-1], xmp)
        if len(written) <= limit_bytes:
            return Fitted(data=written, format=PictureFormat.WEBP)
    raise TooLarge(f"does not fit into {limit_bytes} bytes")


def _opened(data: bytes) -> Image.Image:
    """The first frame, upright, in a mode that WebP writes. Raises as `inspect` does."""
    picture_format = inspect(data).format
    with _open(data, picture_format) as image:
        upright = ImageOps.exif_transpose(image)
        profile = image.info.get("icc_profile")
        plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    if profile and image.mode in {"RGB", "RGBA"}:
        plain.info["icc_profile"] = profile
    return plain


def _webp(image: Image.Image, quality: int, xmp: bytes) -> bytes:
    target = io.BytesIO()
    image.save(target, "WEBP", quality=quality, xmp=xmp, exif=b"", icc_profile=image.info.get("icc_profile") or b"")
    return target.getvalue()

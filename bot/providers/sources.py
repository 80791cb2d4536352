"""Pictures that go to a gateway: checked against what the model takes, then written as it wants them."""

import base64

from bot.core.errors import BadRequest, Charged
from bot.core.requests import PictureFormat, PictureOrder, SourcePicture, Verb
from bot.providers.offers import Ability, Offer, Sources
from bot.providers.wire import is_url

MEDIA_TYPES = {
    PictureFormat.JPEG: "image/jpeg",
    PictureFormat.PNG: "image/png",
    PictureFormat.WEBP: "image/webp",
}

# Written piece by piece, so that no other thread waits for the whole of it; each ends where no padding is needed.
_PIECE_BYTES = 3 * 64 * 1024


def ability_of(offer: Offer | None, order: PictureOrder) -> tuple[Offer, Ability]:
    """The offer and its ability for the order. Raises BadRequest, uncharged, where it cannot do the order."""
    if offer is None:
        raise BadRequest("the catalogue no longer has this model", charged=Charged.NO)
    ability = offer.abilities.get(order.verb)
    if ability is None:
        raise BadRequest(f"this model does not {order.verb}", charged=Charged.NO)
    check_sources(order.sources, ability.sources)
    if order.verb is Verb.UPSCALE and order.factor not in (ability.factors or (None,)):
        raise BadRequest("this model does not enlarge by that factor", charged=Charged.NO)
    if ability.is_of_own_work and order.parent is None:
        raise BadRequest("this gateway enlarges only what it drew itself, by its id", charged=Charged.NO)
    return offer, ability


def check_sources(pictures: tuple[SourcePicture, ...], takes: Sources) -> None:
    """Raises BadRequest, uncharged, naming what the model cannot take in."""
    if not takes.least <= len(pictures) <= takes.most:
        raise BadRequest(
            f"{len(pictures)} pictures, and the model takes {takes.least} to {takes.most}", charged=Charged.NO
        )
    for picture in pictures:
        if picture.url is not None:
            if not takes.takes_urls or not is_url(picture.url):
                raise BadRequest("this gateway does not take that address of a picture", charged=Charged.NO)
        elif not takes.takes_bytes:
            raise BadRequest("this gateway takes addresses of pictures, not their bytes", charged=Charged.NO)
        elif picture.format not in takes.formats or len(picture.data or b"") > takes.bytes_max:
            raise BadRequest("a picture has a format or a size that this gateway does not take", charged=Charged.NO)


def as_uri(picture: SourcePicture) -> str:
    """The address, or the bytes as a data URI."""
    if picture.url is not None:
        return picture.url
    data = picture.data or b""
    pieces = (
        base64.b64encode(data[start : start + _PIECE_BYTES]).decode() for start in range(0, len(data), _PIECE_BYTES)
    )
    return f"data:{media_type(picture)};base64,{''.join(pieces)}"


def media_type(picture: SourcePicture) -> str:
    """The media type of a source that was given as bytes."""
    return MEDIA_TYPES[picture.format or PictureFormat.PNG]


def weight(pictures: tuple[SourcePicture, ...]) -> int:
    """Bytes that would be written as data URIs."""
    return sum(len(picture.data or b"") for picture in pictures)

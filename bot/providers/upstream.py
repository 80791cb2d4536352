"""The picture answers of xAI, which Locus hands on inside an envelope of its own.

Shape: `data` (pictures as `url` or `b64_json`, some perhaps withheld), `model` (the one that served), and
`usage.cost_in_usd_ticks`.
"""

from typing import Annotated

from bot.core.errors import Charged, GenerationFailed, Moderated
from bot.core.money import Ticks
from bot.providers.contract import Finished, ResultPicture
from bot.providers.wire import (
    LENIENT_OBJECT,
    MAX_PICTURES,
    CostTicks,
    Flag,
    Items,
    Text,
    WireModel,
    decode_base64,
    picture_of,
)

_MODEL_CAP = 100


class _Picture(WireModel):
    url: Text = None
    b64_json: Text = None
    respect_moderation: Flag = None


class _Usage(WireModel):
    cost_in_usd_ticks: CostTicks = None


class Images(WireModel):
    """The body as xAI writes it."""

    data: Items = ()
    usage: Annotated[_Usage, LENIENT_OBJECT] = _Usage()
    model: Text = None


def read_images(
    images: Images, *, fee: Ticks, payment_ref: str | None = None, is_empty_withheld: bool = False
) -> Finished:
    """The pictures; `fee` is added to the upstream cost.

    Raises Moderated where one was withheld and none is left, GenerationFailed where there is none at all. Either may
    have been charged. `is_empty_withheld`: an empty list, too, means that all were withheld (xAI itself).
    """
    items = [_Picture.read(item) if isinstance(item, dict) else item for item in images.data]
    found = [_picture(item) for item in items]
    pictures = tuple(picture for picture in found if picture is not None)
    upstream = images.usage.cost_in_usd_ticks
    cost = None if upstream is None else Ticks(upstream + fee)
    if pictures:
        return Finished(pictures=pictures[:MAX_PICTURES], cost=cost, served_model=served(images.model))
    charged = Charged.YES if upstream else Charged.UNKNOWN
    is_withheld = any(isinstance(item, _Picture) and item.respect_moderation is False for item in items)
    if is_withheld or (is_empty_withheld and not items):
        raise Moderated("the picture was withheld by moderation", charged=charged, payment_ref=payment_ref, cost=cost)
    raise GenerationFailed("an answer without a picture", charged=charged, payment_ref=payment_ref, cost=cost)


def served(model: str | None) -> str | None:
    """The name of the model that served, short enough to keep."""
    return model[:_MODEL_CAP] if model else None


def _picture(item: object) -> ResultPicture | None:
    """One entry of the list: an object with `url` or `b64_json` (bare or as a data URI), or the address itself."""
    if not isinstance(item, _Picture):
        return picture_of(item)
    if item.url is not None and (picture := picture_of(item.url)) is not None:
        return picture
    data = decode_base64(item.b64_json) if item.b64_json is not None else None
    return None if data is None else ResultPicture(data=data)

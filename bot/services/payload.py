"""Picture orders and gateways' answers as the JSON that a job row keeps. Each carries a version."""

import json
from dataclasses import dataclass

from bot.core.ids import AssetId
from bot.core.money import Ticks
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, Resolution, Verb

KIND = "imagine"
VERSION = 1


class UnreadablePayload(Exception):
    """The row was written by a version that this one does not know."""


def encode_order(order: PictureOrder) -> str:
    """The order as JSON."""
    return json.dumps(
        {
            "prompt": order.prompt,
            "count": order.count,
            "aspect_ratio": order.aspect_ratio,
            "resolution": order.resolution,
            "format": order.format,
            "verb": order.verb,
            "factor": order.factor,
            "parent": order.parent,
        },
        ensure_ascii=False,
    )


def decode_order(payload: str, *, version: int, provider: str, model: str) -> PictureOrder:
    """The order of a job row. Raises UnreadablePayload."""
    if version != VERSION:
        raise UnreadablePayload(f"payload version {version}")
    try:
        fields = json.loads(payload)
        resolution, picture_format = fields["resolution"], fields["format"]
        return PictureOrder(
            provider=ProviderName(provider),
            model=ModelId(model),
            prompt=fields["prompt"],
            count=fields["count"],
            aspect_ratio=fields["aspect_ratio"],
            resolution=None if resolution is None else Resolution(resolution),
            format=None if picture_format is None else PictureFormat(picture_format),
            verb=Verb(fields.get("verb", Verb.GENERATE)),
            factor=fields.get("factor"),
            parent=fields.get("parent"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadablePayload(type(error).__name__) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPicture:
    """One picture of a stored answer: an address to fetch, or an asset that is already kept."""

    url: str | None
    asset_id: AssetId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A gateway's finished answer as it is stored before anything is fetched. `cost` None: the listed price."""

    pictures: tuple[DrawnPicture, ...]
    cost: Ticks | None
    served_model: str | None


def encode_drawn(drawn: Drawn) -> str:
    """The answer as JSON."""
    return json.dumps(
        {
            "pictures": [{"url": one.url, "asset_id": one.asset_id} for one in drawn.pictures],
            "cost": drawn.cost,
            "served_model": drawn.served_model,
        }
    )


def decode_drawn(text: str) -> Drawn:
    """The stored answer."""
    fields = json.loads(text)
    return Drawn(
        pictures=tuple(
            DrawnPicture(url=one["url"], asset_id=None if one["asset_id"] is None else AssetId(one["asset_id"]))
            for one in fields["pictures"]
        ),
        cost=None if fields["cost"] is None else Ticks(fields["cost"]),
        served_model=fields["served_model"],
    )

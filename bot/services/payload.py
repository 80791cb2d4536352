"""Picture orders and gateways' answers as the JSON that a job row keeps. Each carries a version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.ids import AssetId
from bot.core.money import Ticks
from bot.core.requests import (
    ModelId,
    Parent,
    PictureFormat,
    PictureOrder,
    PictureRequest,
    ProviderName,
    Resolution,
    Verb,
)

# The kind of a job is the command that asked for it; all of these are worked on alike.
KINDS = {Verb.GENERATE: "imagine", Verb.EDIT: "edit", Verb.UPSCALE: "upscale"}
VERSION = 2


class UnreadablePayload(Exception):
    """The row was written by a version that this one does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A job's order, and what another gateway could be chosen by.

    `asked` is the request as the member typed it, None in rows from before there was a choice; the order's prompt may
    be more than its words (a style). `tried` are the gateways that surely took nothing, in order.
    """

    order: PictureOrder
    asked: PictureRequest | None = None
    tried: tuple[ProviderName, ...] = ()

    @property
    def words(self) -> str:
        """What the member wrote, for people to read."""
        return self.order.prompt if self.asked is None else self.asked.prompt

    @property
    def style(self) -> str | None:
        """The name of the style that was chosen."""
        return None if self.asked is None else self.asked.style


def encode_payload(payload: Payload) -> str:
    """The payload as JSON."""
    order, asked = payload.order, payload.asked
    fields: dict[str, object] = {
        "prompt": order.prompt,
        "count": order.count,
        "aspect_ratio": order.aspect_ratio,
        "resolution": order.resolution,
        "format": order.format,
        "verb": order.verb,
        "factor": order.factor,
        "parent": order.parent,
        "source_count": order.source_count,
        "tried": list(payload.tried),
        "asked": None if asked is None else _asked(asked, order),
    }
    return json.dumps(fields, ensure_ascii=False)


def decode_payload(payload: str, *, version: int, provider: str, model: str) -> Payload:
    """The payload of a job row. Raises UnreadablePayload."""
    if version not in (1, VERSION):
        raise UnreadablePayload(f"payload version {version}")
    try:
        fields = json.loads(payload)
        asked, order = fields.get("asked"), _order(fields, provider, model)
        return Payload(
            order=order,
            asked=None if asked is None else _request(asked, order),
            tried=tuple(ProviderName(name) for name in fields.get("tried", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(type(error).__name__) from None


def decode_order(payload: str, *, version: int, provider: str, model: str) -> PictureOrder:
    """The order alone. Raises UnreadablePayload."""
    return decode_payload(payload, version=version, provider=provider, model=model).order


# The choices of a request; left out, the member left them to the bot.
_ASKED = ("model", "aspect_ratio", "count", "resolution", "format", "factor", "has_addresses", "has_words", "style")


def _asked(asked: PictureRequest, order: PictureOrder) -> dict[str, object]:
    fields: dict[str, object] = {name: getattr(asked, name) for name in _ASKED}
    if asked.prompt.strip() != order.prompt:
        fields["prompt"] = asked.prompt
    if asked.parent is not None:
        fields["parent"] = [asked.parent.provider, asked.parent.external_id]
    return fields


def _request(asked: Mapping[str, Any], order: PictureOrder) -> PictureRequest:
    fields = {"prompt": order.prompt, **asked}
    parent = fields.pop("parent", None)
    return PictureRequest(
        **fields,
        verb=order.verb,
        sources=order.source_count,
        parent=None if parent is None else Parent(provider=ProviderName(parent[0]), external_id=parent[1]),
    )


def _order(fields: Mapping[str, Any], provider: str, model: str) -> PictureOrder:
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
        source_count=fields.get("source_count", 0),
    )


def without_words(payload: str) -> str:
    """The same payload without what the member wrote; an empty one where it cannot be read."""
    try:
        fields = json.loads(payload)
        asked = fields.get("asked")
        fields["prompt"] = ""
        if asked is not None:
            asked.pop("prompt", None)
    except (ValueError, TypeError, AttributeError):
        return "{}"
    return json.dumps(fields, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPicture:
    """One picture of a stored answer: an address to fetch, or an asset that is already kept.

    `data` are the bytes themselves, in base64, of one that came inside the answer and cannot be kept yet.
    """

    url: str | None = None
    asset_id: AssetId | None = None
    data: str | None = field(default=None, repr=False)


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
            "pictures": [_picture(one) for one in drawn.pictures],
            "cost": drawn.cost,
            "served_model": drawn.served_model,
        }
    )


def _picture(one: DrawnPicture) -> dict[str, str | None]:
    inside = {} if one.data is None else {"data": one.data}
    return {"url": one.url, "asset_id": one.asset_id, **inside}


def decode_drawn(text: str) -> Drawn:
    """The stored answer."""
    fields = json.loads(text)
    return Drawn(
        pictures=tuple(
            DrawnPicture(
                url=one["url"],
                asset_id=None if one["asset_id"] is None else AssetId(one["asset_id"]),
                data=one.get("data"),
            )
            for one in fields["pictures"]
        ),
        cost=None if fields["cost"] is None else Ticks(fields["cost"]),
        served_model=fields["served_model"],
    )

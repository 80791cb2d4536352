"""What a member asks for, and what an adapter is asked to do: frozen values without any gateway's names."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

ProviderName = NewType("ProviderName", str)  # "locus", "apiinone", "pixazo", "apiframe", "xai"
ModelId = NewType("ModelId", str)  # the model's name in the catalogue, unique within a provider


class Verb(StrEnum):
    """What a provider can be asked to do."""

    GENERATE = "generate"
    EDIT = "edit"
    UPSCALE = "upscale"
    ASK = "ask"
    SPEAK = "speak"


class Resolution(StrEnum):
    """Output size tiers, as the gateways name them."""

    K1 = "1k"
    K1_5 = "1.5k"
    K2 = "2k"


class PictureFormat(StrEnum):
    """File formats a member may choose."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagineRequest:
    """`/imagine` as the member typed it; None means that the provider's own default is taken."""

    prompt: str
    model: str | None = None
    aspect_ratio: str | None = None
    count: int | None = None
    resolution: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOrder:
    """A request settled on one provider and model, each value checked against what that model can do.

    None for ratio, resolution or format means that the model has no such choice and nothing is sent.
    """

    provider: ProviderName
    model: ModelId
    prompt: str
    count: int
    aspect_ratio: str | None = None
    resolution: Resolution | None = None
    format: PictureFormat | None = None

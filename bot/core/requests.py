"""What a member asks for, and what an adapter is asked to do: frozen values without any gateway's names."""

from dataclasses import dataclass, field
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
class Parent:
    """Earlier work that is gone on with: the gateway that drew it, and its own id of it."""

    provider: ProviderName
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """A picture as the member asked for it; None means that the provider's own default is taken.

    `sources` is how many pictures are handed in, to be changed (EDIT) or enlarged (UPSCALE, by `factor`). `parent` is
    set where the picture to enlarge was drawn by a gateway that keeps it. `style` names a kept way of drawing, whose
    words only the gateway reads. `has_addresses`: each source can also be given as a web address, for gateways that
    take nothing else. `has_words` False where nobody described the picture: the prompt is then what it is called.
    """

    prompt: str
    model: str | None = None
    aspect_ratio: str | None = None
    count: int | None = None
    resolution: str | None = None
    format: str | None = None
    verb: Verb = Verb.GENERATE
    sources: int = 0
    factor: int | None = None
    parent: Parent | None = None
    style: str | None = None
    has_addresses: bool = True
    has_words: bool = True


class SearchKind(StrEnum):
    """What a model may look into before it answers."""

    WEB = "web"
    X = "x"
    CODE = "code"  # runs code of its own


class Role(StrEnum):
    """Who speaks in a conversation."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePicture:
    """A picture that is handed to a model: an http(s) address, or the bytes with their format.

    Raises ValueError when made of both or of neither.
    """

    url: str | None = None
    data: bytes | None = field(default=None, repr=False)
    format: PictureFormat | None = None

    def __post_init__(self) -> None:
        if (self.url is None) == (self.data is None):
            raise ValueError("a source is an address or bytes")
        if self.data is not None and self.format is None:
            raise ValueError("bytes come with their format")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOrder:
    """A request settled on one provider and model, each value checked against what that model can do.

    None for ratio, resolution or format means that the model has no such choice and nothing is sent. `sources`
    are what EDIT changes and UPSCALE enlarges; `factor` is how many times longer the sides become; `parent` is
    the provider's own id of earlier work, where it enlarges only that.
    """

    provider: ProviderName
    model: ModelId
    prompt: str
    count: int
    aspect_ratio: str | None = None
    resolution: Resolution | None = None
    format: PictureFormat | None = None
    verb: Verb = Verb.GENERATE
    sources: tuple[SourcePicture, ...] = ()
    source_count: int = 0  # how many sources there will be, while they are not brought yet
    factor: int | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation; pictures only from the user."""

    role: Role
    text: str
    pictures: tuple[SourcePicture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOrder:
    """A question settled on one provider and model.

    `max_tokens` bounds the answer and thereby its price; None for the sampling values means that nothing is sent.
    """

    provider: ProviderName
    model: ModelId
    messages: tuple[Message, ...]
    max_tokens: int
    search: tuple[SearchKind, ...] = ()
    temperature: float | None = None  # 0 to 2
    top_p: float | None = None  # 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOrder:
    """A text to be spoken. `language` is a BCP-47 tag or "auto"."""

    provider: ProviderName
    model: ModelId
    text: str
    voice: str
    language: str

"""What each model can do and what it costs: `data/catalogue.toml`, read once at start.

Adapters, routing and prices read the same data, so that a member is refused before money is held and the hold
is never below what the gateway may charge.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from bot.core.errors import SettingsError
from bot.core.money import MAX_TICKS, Ticks, usd
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, Resolution, Verb

ANY_SIZE: Literal["any"] = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What a model can do for one verb. An empty tuple means that there is no such choice, and no default."""

    ratios: tuple[str, ...]
    default_ratio: str | None
    count_min: int
    count_max: int
    default_count: int
    resolutions: tuple[Resolution, ...]
    default_resolution: Resolution | None
    formats: tuple[PictureFormat, ...]
    default_format: PictureFormat | None
    prompt_max: int  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Ticks per picture: what we expect, and the most that is expected."""

    listed: Ticks
    worst: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One model of one provider.

    `prices` is keyed by resolution, or by None alone where size does not matter; `fee` is added once per
    call.
    """

    provider: ProviderName
    model: ModelId
    wire_model: str
    label: str
    abilities: Mapping[Verb, Ability]
    prices: Mapping[Resolution | None, Price]
    fee: Ticks
    typical_s: float
    deadline_s: float

    @property
    def key(self) -> str:
        """`provider/model`, unique in the catalogue."""
        return f"{self.provider}/{self.model}"

    def price(self, resolution: Resolution | None) -> Price:
        """The price at that size; the dearest where the size is not in the catalogue (any more)."""
        return self.prices.get(resolution) or max(self.prices.values(), key=lambda price: price.worst)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """How to treat a gateway: calls at once, and its advice for the seconds between two polls."""

    concurrency: int
    poll_min_s: float
    poll_max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The whole file; `version` goes with every hold."""

    version: str
    providers: Mapping[ProviderName, ProviderFacts]
    offers: tuple[Offer, ...]


def listed_price(offer: Offer, resolution: Resolution | None, *, pictures: int) -> Ticks:
    """What one call that brings so many pictures is listed at; posted where the gateway names no price."""
    return Ticks(offer.price(resolution).listed * pictures + offer.fee)


def estimate(offer: Offer, order: PictureOrder) -> Ticks:
    """What the order is listed at, for people."""
    return listed_price(offer, order.resolution, pictures=order.count)


def worst_case(offer: Offer, order: PictureOrder) -> Ticks:
    """What to hold for the order; never below the estimate."""
    return Ticks(offer.price(order.resolution).worst * order.count + offer.fee)


def load(path: Path) -> Catalogue:
    """Reads the file. Raises SettingsError naming the file, the place in it and what is wrong there."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(path.name, _problem(error)) from None


def parse(text: str) -> Catalogue:
    """Reads the text of a catalogue. Raises ValueError (bad TOML or bad values)."""
    return _File.model_validate(tomllib.loads(text)).freeze()


def _problem(error: OSError | ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    return str(error)


def _money(value: object) -> Ticks:
    if not isinstance(value, str):
        raise ValueError('an amount is text such as "0.05"')  # noqa: TRY004 - pydantic reports only these
    return usd(value)


_Usd = Annotated[Ticks, BeforeValidator(_money)]
_Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
_Label = Annotated[str, Field(min_length=1, max_length=60)]
_Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
_Ratio = Annotated[str, Field(pattern=r"^(auto|\d{1,2}(\.\d)?:\d{1,2}(\.\d)?)$")]
_Count = Annotated[int, Field(ge=1, le=10, strict=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Price(_Strict):
    listed_usd: _Usd
    worst_usd: _Usd

    @model_validator(mode="after")
    def _worst_is_worst(self) -> Self:
        if self.worst_usd < self.listed_usd:
            raise ValueError("worst_usd is below listed_usd")
        return self


class _Ability(_Strict):
    ratios: tuple[_Ratio, ...] = ()
    default_ratio: str | None = None
    count_min: _Count
    count_max: _Count
    default_count: _Count
    resolutions: tuple[Resolution, ...] = ()
    default_resolution: Resolution | None = None
    formats: tuple[PictureFormat, ...] = ()
    default_format: PictureFormat | None = None
    prompt_max: Annotated[int, Field(ge=1, le=100_000, strict=True)]

    @model_validator(mode="after")
    def _defaults_are_choices(self) -> Self:
        choices: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
            ("default_ratio", self.default_ratio, self.ratios),
            ("default_resolution", self.default_resolution, self.resolutions),
            ("default_format", self.default_format, self.formats),
        )
        for name, default, values in choices:
            if default not in (values or (None,)):
                raise ValueError(f"{name} is none of the choices")
        if not self.count_min <= self.default_count <= self.count_max:
            raise ValueError("default_count lies outside count_min and count_max")
        return self

    def freeze(self) -> Ability:
        return Ability(**{name: getattr(self, name) for name in type(self).model_fields})


class _Model(_Strict):
    id: _Name
    provider: _Name
    wire: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    label: _Label
    typical_s: _Seconds
    deadline_s: _Seconds
    fee_usd: _Usd
    prices: Annotated[dict[Resolution | Literal["any"], _Price], Field(min_length=1)]
    verbs: Annotated[dict[Verb, _Ability], Field(min_length=1)]

    @model_validator(mode="after")
    def _prices_cover_the_sizes(self) -> Self:
        sizes = {size for ability in self.verbs.values() for size in ability.resolutions}
        if {str(size) for size in self.prices} != ({str(size) for size in sizes} or {ANY_SIZE}):
            raise ValueError('prices must name exactly the resolutions, or "any" where there are none')
        most = max(price.worst_usd for price in self.prices.values())
        if most * max(ability.count_max for ability in self.verbs.values()) + self.fee_usd > MAX_TICKS:
            raise ValueError("a whole call costs more than can be kept")
        return self

    def freeze(self) -> Offer:
        return Offer(
            provider=ProviderName(self.provider),
            model=ModelId(self.id),
            wire_model=self.wire,
            label=self.label,
            abilities=MappingProxyType({verb: ability.freeze() for verb, ability in self.verbs.items()}),
            prices=MappingProxyType(
                {
                    None if size == ANY_SIZE else Resolution(size): Price(
                        listed=price.listed_usd, worst=price.worst_usd
                    )
                    for size, price in self.prices.items()
                }
            ),
            fee=self.fee_usd,
            typical_s=self.typical_s,
            deadline_s=self.deadline_s,
        )


class _Provider(_Strict):
    concurrency: Annotated[int, Field(ge=1, le=100, strict=True)]
    poll_min_s: _Seconds
    poll_max_s: _Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.poll_max_s < self.poll_min_s:
            raise ValueError("poll_max_s is below poll_min_s")
        return self

    def freeze(self) -> ProviderFacts:
        return ProviderFacts(concurrency=self.concurrency, poll_min_s=self.poll_min_s, poll_max_s=self.poll_max_s)


class _File(_Strict):
    version: _Label
    providers: dict[_Name, _Provider]
    models: tuple[_Model, ...]

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        keys = [(model.provider, model.id) for model in self.models]
        if len(set(keys)) < len(keys):
            raise ValueError("two models of one provider share an id")
        if strangers := {provider for provider, _ in keys} - set(self.providers):
            raise ValueError(f"no [providers.{min(strangers)}] for a model")
        return self

    def freeze(self) -> Catalogue:
        return Catalogue(
            version=self.version,
            providers=MappingProxyType(
                {ProviderName(name): provider.freeze() for name, provider in self.providers.items()}
            ),
            offers=tuple(model.freeze() for model in self.models),
        )

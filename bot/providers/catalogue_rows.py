"""How the entries of `data/catalogue.toml` are written, and what is wrong with a bad one.

Prices are text in dollars, or numbers of credits where the provider has a `usd_per_credit`; validation gets the
ticks for one credit of each provider as the context's `RATES`.
"""

from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from bot.core.money import MAX_TICKS, TICKS_PER_USD, Ticks, usd
from bot.core.requests import ModelId, PictureFormat, ProviderName, Resolution, Verb
from bot.providers.offers import Ability, Callbacks, Offer, Price, ProviderFacts, Sources

ANY_SIZE: Literal["any"] = "any"
RATES = "usd_per_credit"


def _money(value: object) -> Ticks:
    if not isinstance(value, str):
        raise ValueError('an amount is text such as "0.05"')  # noqa: TRY004 - pydantic reports only these
    return usd(value)


Usd = Annotated[Ticks, BeforeValidator(_money)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
LabelText = Annotated[str, Field(min_length=1, max_length=60)]
Wire = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$")]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Ratio = Annotated[str, Field(pattern=r"^(auto|\d{1,2}(\.\d)?:\d{1,2}(\.\d)?)$")]
Count = Annotated[int, Field(ge=1, le=10, strict=True)]
Few = Annotated[int, Field(ge=0, le=10, strict=True)]
Rate = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]  # a million a minute is no limit any more


class StrictRow(BaseModel):
    """A table of the file; a name that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceRow(StrictRow):
    """`listed_usd` and `worst_usd`, or the same two in credits."""

    listed_usd: Usd
    worst_usd: Usd

    @model_validator(mode="after")
    def _worst_is_worst(self) -> Self:
        if self.worst_usd < self.listed_usd:
            raise ValueError("worst_usd is below listed_usd")
        return self

    def freeze(self) -> Price:
        return Price(listed=self.listed_usd, worst=self.worst_usd)


Prices = Annotated[dict[Resolution | Literal["any"], PriceRow], Field(min_length=1)]


def _by_size(prices: dict[Resolution | Literal["any"], PriceRow]) -> MappingProxyType[Resolution | None, Price]:
    return MappingProxyType(
        {None if size == ANY_SIZE else Resolution(size): price.freeze() for size, price in prices.items()}
    )


def in_dollars(value: object, rate: Ticks | None) -> object:
    """A copy of a raw table in which every `x_credits` has become `x_usd`, tables inside it included.

    Raises ValueError where there is no rate, or the amount is no number.
    """
    if isinstance(value, list):
        return [in_dollars(item, rate) for item in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for key, inner in value.items():
        if not key.endswith("_credits"):
            found[key] = in_dollars(inner, rate)
            continue
        if rate is None:
            raise ValueError(f"{key} needs the provider's usd_per_credit")
        if isinstance(inner, bool) or not isinstance(inner, int):
            raise ValueError(f"{key} is a whole number of credits")  # noqa: TRY004 - pydantic reports only these
        found[key.removesuffix("_credits") + "_usd"] = str(Decimal(rate * inner) / TICKS_PER_USD)
    return found


class SourcesRow(StrictRow):
    """See `bot.providers.offers.Sources`."""

    least: Few
    most: Count
    takes_urls: bool
    takes_bytes: bool
    formats: Annotated[tuple[PictureFormat, ...], Field(min_length=1)]
    bytes_max: Annotated[int, Field(ge=1, le=64 * 1024 * 1024, strict=True)]

    @model_validator(mode="after")
    def _some_way_in(self) -> Self:
        if not (self.takes_urls or self.takes_bytes):
            raise ValueError("sources come as addresses or as bytes")
        if self.least > self.most:
            raise ValueError("least is above most")
        return self

    def freeze(self) -> Sources:
        return Sources(**{name: getattr(self, name) for name in type(self).model_fields})


class AbilityRow(StrictRow):
    """See `bot.providers.offers.Ability`."""

    ratios: tuple[Ratio, ...] = ()
    default_ratio: str | None = None
    count_min: Count
    count_max: Count
    default_count: Count
    resolutions: tuple[Resolution, ...] = ()
    default_resolution: Resolution | None = None
    formats: tuple[PictureFormat, ...] = ()
    default_format: PictureFormat | None = None
    prompt_max: Annotated[int, Field(ge=1, le=100_000, strict=True)]
    sources: SourcesRow | None = None
    factors: tuple[Count, ...] = ()
    default_factor: int | None = None
    is_of_own_work: bool = False
    source_fee_usd: Usd = Ticks(0)
    wire: Wire | None = None
    prices: Prices | None = None
    ratios_of_one: tuple[Ratio, ...] | None = None

    @model_validator(mode="after")
    def _defaults_are_choices(self) -> Self:
        choices: tuple[tuple[str, object, tuple[object, ...]], ...] = (
            ("default_ratio", self.default_ratio, self.ratios),
            ("default_ratio", self.default_ratio, self.ratios if self.ratios_of_one is None else self.ratios_of_one),
            ("default_resolution", self.default_resolution, self.resolutions),
            ("default_format", self.default_format, self.formats),
            ("default_factor", self.default_factor, self.factors),
        )
        for name, default, values in choices:
            if default not in (values or (None,)):
                raise ValueError(f"{name} is none of the choices")
        if not self.count_min <= self.default_count <= self.count_max:
            raise ValueError("default_count lies outside count_min and count_max")
        return self

    def freeze(self) -> Ability:
        own = ("sources", "prices", "wire", "source_fee_usd")
        plain: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields if name not in own}
        return Ability(
            **plain,
            sources=Sources() if self.sources is None else self.sources.freeze(),
            source_fee=self.source_fee_usd,
            wire_model=self.wire,
            prices=None if self.prices is None else _by_size(self.prices),
        )


class PricedRow(StrictRow):
    """What every model's table begins with."""

    id: Name
    provider: Name
    label: LabelText
    typical_s: Seconds
    deadline_s: Seconds
    fee_usd: Usd

    @model_validator(mode="before")
    @classmethod
    def _credits(cls, value: Any, info: ValidationInfo) -> object:
        rates: dict[str, Ticks] = (info.context or {}).get(RATES, {})
        return in_dollars(value, rates.get(str(value.get("provider"))) if isinstance(value, dict) else None)


class ModelRow(PricedRow):
    """A model that makes pictures."""

    wire: Wire
    priced_by: Literal["picture", "call"] = "picture"
    prices: Prices
    verbs: Annotated[dict[Literal[Verb.GENERATE, Verb.EDIT, Verb.UPSCALE], AbilityRow], Field(min_length=1)]

    @model_validator(mode="after")
    def _prices_cover_the_sizes(self) -> Self:
        shared = {size for ability in self.verbs.values() if ability.prices is None for size in ability.resolutions}
        tables = [(self.prices, shared)]
        tables += [(ability.prices, set(ability.resolutions)) for ability in self.verbs.values() if ability.prices]
        for prices, sizes in tables:
            if {str(size) for size in prices} != ({str(size) for size in sizes} or {ANY_SIZE}):
                raise ValueError('prices must name exactly the resolutions, or "any" where there are none')
        most = max(price.worst_usd for prices, _ in tables for price in prices.values())
        fees = self.fee_usd + max(10 * ability.source_fee_usd for ability in self.verbs.values())
        if most * max(ability.count_max for ability in self.verbs.values()) + fees > MAX_TICKS:
            raise ValueError("a whole call costs more than can be kept")
        return self

    def freeze(self) -> Offer:
        return Offer(
            provider=ProviderName(self.provider),
            model=ModelId(self.id),
            wire_model=self.wire,
            label=self.label,
            abilities=MappingProxyType({verb: ability.freeze() for verb, ability in self.verbs.items()}),
            prices=_by_size(self.prices),
            fee=self.fee_usd,
            typical_s=self.typical_s,
            deadline_s=self.deadline_s,
            is_priced_by_call=self.priced_by == "call",
        )


class ProviderRow(StrictRow):
    """How to treat a gateway."""

    concurrency: Annotated[int, Field(ge=1, le=100, strict=True)]
    poll_min_s: Seconds
    poll_max_s: Seconds
    idempotency_key_s: Seconds | None = None
    callbacks: Callbacks = Callbacks.NONE
    usd_per_credit: Usd | None = None
    requests_per_minute: Rate | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.poll_max_s < self.poll_min_s:
            raise ValueError("poll_max_s is below poll_min_s")
        return self

    def freeze(self, rate: Ticks | None) -> ProviderFacts:
        plain: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        return ProviderFacts(**{**plain, "usd_per_credit": rate})

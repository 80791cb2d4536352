"""What each picture model can do and what it costs, as the catalogue holds it. Prices are ticks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.core.money import ZERO, Ticks
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, Resolution, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Ticks per unit: what we expect, and the most that is expected."""

    listed: Ticks
    worst: Ticks


FREE = Price(listed=ZERO, worst=ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Which pictures a model takes in: how many, as addresses or as bytes, of which formats, how large each."""

    least: int = 0
    most: int = 0
    takes_urls: bool = False
    takes_bytes: bool = False
    formats: tuple[PictureFormat, ...] = ()
    bytes_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What a model can do for one verb. An empty tuple means that there is no such choice, and no default.

    `is_of_own_work`: it takes only what this provider drew before, by its id. `wire_model` and `prices` are set
    where they differ from the model's own; `source_fee` is added for each picture handed in. `ratios_of_one` are those
    for a single picture handed in, where they are not those for several.
    """

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
    sources: Sources = Sources()
    factors: tuple[int, ...] = ()
    default_factor: int | None = None
    is_of_own_work: bool = False
    source_fee: Ticks = ZERO
    wire_model: str | None = None
    prices: Mapping[Resolution | None, Price] | None = None
    ratios_of_one: tuple[str, ...] | None = None

    def ratios_for(self, sources: int) -> tuple[str, ...]:
        """The ratios that can be asked for where so many pictures are handed in."""
        return self.ratios if sources != 1 or self.ratios_of_one is None else self.ratios_of_one


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One model of one provider.

    `prices` is keyed by resolution, or by None alone where size does not matter; `fee` is added once per call.
    `is_priced_by_call`: a call costs one picture's price, however many it brings.
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
    is_priced_by_call: bool = False

    @property
    def key(self) -> str:
        """`provider/model`, unique in the catalogue."""
        return f"{self.provider}/{self.model}"

    def wire_model_for(self, verb: Verb) -> str:
        """The gateway's own name of the model for that verb."""
        ability = self.abilities.get(verb)
        return self.wire_model if ability is None or ability.wire_model is None else ability.wire_model

    def price(self, resolution: Resolution | None, verb: Verb = Verb.GENERATE) -> Price:
        """The price at that size; the dearest where the size is not in the catalogue (any more)."""
        ability = self.abilities.get(verb)
        prices = self.prices if ability is None or ability.prices is None else ability.prices
        return prices.get(resolution) or max(prices.values(), key=lambda price: price.worst)


class Callbacks(StrEnum):
    """Whether a gateway calls back, and whether its callbacks prove where they come from."""

    NONE = "none"
    UNSIGNED = "unsigned"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """How to treat a gateway: calls at once, its advice for the seconds between two polls, and what it promises.

    `idempotency_key_s`: for so long the same key brings back the first work; None where it honours none.
    `usd_per_credit` is set where it counts in credits. `requests_per_minute` bounds all requests together; None:
    nothing does.
    """

    concurrency: int
    poll_min_s: float
    poll_max_s: float
    idempotency_key_s: float | None = None
    callbacks: Callbacks = Callbacks.NONE
    usd_per_credit: Ticks | None = None
    requests_per_minute: int | None = None


def listed_price(offer: Offer, resolution: Resolution | None, *, pictures: int) -> Ticks:
    """What one GENERATE call that brings so many pictures is listed at; posted where the gateway names no price."""
    return Ticks(offer.price(resolution).listed * _units(offer, pictures) + offer.fee)


def listed_for(offer: Offer, order: PictureOrder, *, pictures: int) -> Ticks:
    """What the order, whatever its verb, is listed at when it brings so many pictures."""
    price = offer.price(order.resolution, order.verb)
    return Ticks(price.listed * _units(offer, pictures) + offer.fee + _source_fees(offer, order))


def estimate(offer: Offer, order: PictureOrder) -> Ticks:
    """What the order is listed at, for people."""
    return listed_for(offer, order, pictures=order.count)


def worst_case(offer: Offer, order: PictureOrder) -> Ticks:
    """What to hold for the order; never below the estimate."""
    price = offer.price(order.resolution, order.verb)
    return Ticks(price.worst * _units(offer, order.count) + offer.fee + _source_fees(offer, order))


def _units(offer: Offer, pictures: int) -> int:
    return 1 if offer.is_priced_by_call else pictures


def _source_fees(offer: Offer, order: PictureOrder) -> int:
    ability = offer.abilities.get(order.verb)
    return 0 if ability is None else ability.source_fee * max(len(order.sources), order.source_count)

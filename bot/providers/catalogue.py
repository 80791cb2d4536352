"""What each model can do and what it costs: `data/catalogue.toml`, read once at start.

Adapters, routing and prices read the same data, so that a member is refused before money is held and the hold
is never below what the gateway may charge. What an entry means stands in `bot.providers.offers` (pictures) and
`bot.providers.talk_offers` (answers and speech), how it is written in
`bot.providers.catalogue_rows` and `bot.providers.talk_rows`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from bot.core.errors import SettingsError
from bot.core.money import Ticks
from bot.core.requests import ProviderName
from bot.providers.catalogue_rows import RATES, LabelText, ModelRow, Name, ProviderRow, StrictRow
from bot.providers.offers import (
    Ability,
    Offer,
    Price,
    ProviderFacts,
    estimate,
    listed_for,
    listed_price,
    worst_case,
)
from bot.providers.talk_offers import AskOffer, SpeakOffer
from bot.providers.talk_rows import AskRow, SpeakRow

__all__ = [
    "Ability",
    "AskOffer",
    "Catalogue",
    "Offer",
    "Price",
    "ProviderFacts",
    "SpeakOffer",
    "estimate",
    "listed_for",
    "listed_price",
    "load",
    "parse",
    "worst_case",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The whole file; `version` goes with every hold. `offers` are the models that make pictures."""

    version: str
    providers: Mapping[ProviderName, ProviderFacts]
    offers: tuple[Offer, ...]
    ask_offers: tuple[AskOffer, ...] = ()
    speak_offers: tuple[SpeakOffer, ...] = ()


def load(path: Path, *, usd_per_credit: Mapping[ProviderName, Ticks] | None = None) -> Catalogue:
    """Reads the file; `usd_per_credit` (ticks for one credit) replaces a provider's own value there.

    Raises SettingsError naming the file, the place in it and what is wrong there.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), usd_per_credit=usd_per_credit)
    except (OSError, ValueError) as error:
        raise SettingsError(path.name, _problem(error)) from None


def parse(text: str, *, usd_per_credit: Mapping[ProviderName, Ticks] | None = None) -> Catalogue:
    """Reads the text of a catalogue. Raises ValueError (bad TOML or bad values)."""
    raw = tomllib.loads(text)
    providers = _Providers.model_validate({"providers": raw.get("providers", {})}).providers
    own = {name: row.usd_per_credit for name, row in providers.items() if row.usd_per_credit is not None}
    rates = own | {str(name): ticks for name, ticks in (usd_per_credit or {}).items()}
    return _File.model_validate(raw, context={RATES: rates}).freeze(rates)


def _problem(error: OSError | ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    return str(error)


class _Providers(StrictRow):
    providers: dict[Name, ProviderRow]


class _File(StrictRow):
    version: LabelText
    providers: dict[Name, ProviderRow]
    models: tuple[ModelRow, ...]
    ask: Annotated[tuple[AskRow, ...], Field(default=())]
    speak: Annotated[tuple[SpeakRow, ...], Field(default=())]

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        for rows in (self.models, self.ask, self.speak):
            keys = [(row.provider, row.id) for row in rows]
            if len(set(keys)) < len(keys):
                raise ValueError("two models of one provider share an id")
            if strangers := {provider for provider, _ in keys} - set(self.providers):
                raise ValueError(f"no [providers.{min(strangers)}] for a model")
        return self

    def freeze(self, rates: Mapping[str, Ticks]) -> Catalogue:
        return Catalogue(
            version=self.version,
            providers=MappingProxyType(
                {ProviderName(name): row.freeze(rates.get(name)) for name, row in self.providers.items()}
            ),
            offers=tuple(model.freeze() for model in self.models),
            ask_offers=tuple(row.freeze() for row in self.ask),
            speak_offers=tuple(row.freeze() for row in self.speak),
        )

"""Builds the adapters of the gateways that have a key. Values in: settings are not read here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from bot.core.clock import Clock
from bot.core.crashpoints import NONE, Crashpoints
from bot.core.errors import SettingsError
from bot.core.requests import ModelId, ProviderName
from bot.providers import locus, pixazo
from bot.providers.catalogue import Catalogue, Offer, ProviderFacts
from bot.providers.contract import Provider
from bot.providers.http import JsonClient, Timeouts

# Locus draws while we wait: longer than its slowest answer (p95 is 20 s, four pictures, "auto" retries
# upstream).
LOCUS_TIMEOUTS = Timeouts(submit_s=180.0)
PIXAZO_TIMEOUTS = Timeouts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The operator's key, and scheme, host and path prefix of the gateway."""

    key: str = field(repr=False)
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Builder:
    auth: Callable[[str], dict[str, str]]
    timeouts: Timeouts
    adapter: Callable[[JsonClient, Mapping[ModelId, Offer], ProviderFacts], Provider]


_BUILDERS: Mapping[ProviderName, _Builder] = {
    locus.NAME: _Builder(
        auth=lambda key: {"Authorization": f"Bearer {key}"},
        timeouts=LOCUS_TIMEOUTS,
        adapter=lambda client, offers, facts: locus.Locus(client=client, offers=offers, facts=facts),
    ),
    pixazo.NAME: _Builder(
        auth=lambda key: {pixazo.KEY_HEADER: key},
        timeouts=PIXAZO_TIMEOUTS,
        adapter=lambda client, offers, facts: pixazo.Pixazo(client=client, offers=offers, facts=facts),
    ),
}


class Registry:
    """The configured gateways; an async context manager that closes their connections.

    `unserved` names providers that have a key but no adapter or no place in the catalogue.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        providers: Mapping[ProviderName, Provider],
        unserved: Sequence[ProviderName],
    ) -> None:
        self._catalogue = catalogue
        self._providers = dict(providers)
        self._offers = tuple(offer for offer in catalogue.offers if offer.provider in self._providers)
        self.unserved = tuple(unserved)

    @property
    def names(self) -> tuple[ProviderName, ...]:
        return tuple(self._providers)

    @property
    def catalogue_version(self) -> str:
        return self._catalogue.version

    def offers(self) -> tuple[Offer, ...]:
        """What the configured gateways can do, in the catalogue's order."""
        return self._offers

    def offer(self, provider: ProviderName, model: ModelId) -> Offer | None:
        """One offer.

        None where the gateway is no longer configured or the catalogue has dropped the model.
        """
        key = (provider, model)
        return next((offer for offer in self._offers if (offer.provider, offer.model) == key), None)

    def provider(self, name: ProviderName) -> Provider:
        """The gateway's adapter. Raises KeyError where it is not configured."""
        return self._providers[name]

    def facts(self, name: ProviderName) -> ProviderFacts:
        """How to treat the gateway. Raises KeyError where the catalogue does not know it."""
        return self._catalogue.providers[name]

    async def close(self) -> None:
        """Closes every gateway's connections."""
        for provider in self._providers.values():
            await provider.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def build(
    access: Mapping[ProviderName, Access],
    catalogue: Catalogue,
    *,
    clock: Clock,
    crashpoints: Crashpoints = NONE,
    timeouts: Mapping[ProviderName, Timeouts] | None = None,
) -> Registry:
    """An adapter for each provider in `access` that we can speak to; `timeouts` replaces a gateway's own.

    Raises SettingsError, naming the provider's setting and never its value, for an address or a key that
    cannot be used.
    """
    providers: dict[ProviderName, Provider] = {}
    for name, credentials in access.items():
        builder, facts = _BUILDERS.get(name), catalogue.providers.get(name)
        if builder is None or facts is None:
            continue
        try:
            client = JsonClient(
                base_url=credentials.base_url,
                auth=builder.auth(credentials.key),
                clock=clock,
                crashpoints=crashpoints,
                timeouts=(timeouts or {}).get(name, builder.timeouts),
            )
        except ValueError as error:
            raise SettingsError(f"EASEL_{name.upper()}_BASE_URL or _API_KEY", str(error)) from None
        offers = {offer.model: offer for offer in catalogue.offers if offer.provider == name}
        providers[name] = builder.adapter(client, offers, facts)
    unserved = [name for name in access if name not in providers]
    return Registry(catalogue=catalogue, providers=providers, unserved=unserved)

"""Builds the adapters of the gateways that have a key. Values in: settings are not read here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from bot.core.clock import Clock
from bot.core.crashpoints import NONE, Crashpoints
from bot.core.errors import SettingsError
from bot.core.requests import ModelId, PictureRequest, ProviderName
from bot.providers import apiframe, apiinone, locus, pixazo, xai
from bot.providers.catalogue import AskOffer, Catalogue, Offer, ProviderFacts, SpeakOffer
from bot.providers.contract import Asker, Provider, Speaker
from bot.providers.http import JsonClient, Timeouts
from bot.providers.routing import can

# These draw and answer while we wait: longer than their slowest answer (p95 of a picture is 20 s, four of them, "auto"
# retries upstream; an answer that searches takes minutes).
PATIENT = Timeouts(submit_s=180.0)
QUICK = Timeouts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The operator's key, and scheme, host and path prefix of the gateway."""

    key: str = field(repr=False)
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the operator may set where a gateway's own documents disagree or are silent.

    `apiframe_old_keys` are keys whose callbacks still count while the key is being changed.
    """

    locus_slugs: locus.Slugs = locus.Slugs()  # noqa: RUF009 - frozen
    locus_edit_field: str = "image"
    apiinone_sends_callback_url: bool = True
    apiframe_params_key: str = apiframe.PARAMS_KEYS[0]
    apiframe_webhook_key: str = apiframe.WEBHOOK_KEYS[0]
    apiframe_old_keys: tuple[str, ...] = field(default=(), repr=False)
    xai_is_deferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What an adapter is made of; the models are this gateway's own, by id."""

    key: str = field(repr=False)
    client: JsonClient
    facts: ProviderFacts
    offers: Mapping[ModelId, Offer]
    ask_offers: Mapping[ModelId, AskOffer]
    speak_offers: Mapping[ModelId, SpeakOffer]
    options: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class _Builder:
    auth: Callable[[str], dict[str, str]]
    timeouts: Timeouts
    adapter: Callable[[_Parts], Provider]


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _locus(parts: _Parts) -> Provider:
    return locus.Locus(
        client=parts.client,
        offers=parts.offers,
        facts=parts.facts,
        ask_offers=parts.ask_offers,
        speak_offers=parts.speak_offers,
        slugs=parts.options.locus_slugs,
        edit_field=parts.options.locus_edit_field,
    )


def _apiinone(parts: _Parts) -> Provider:
    return apiinone.ApiInOne(
        client=parts.client,
        offers=parts.offers,
        facts=parts.facts,
        sends_callback_url=parts.options.apiinone_sends_callback_url,
    )


def _pixazo(parts: _Parts) -> Provider:
    return pixazo.Pixazo(client=parts.client, offers=parts.offers, facts=parts.facts)


def _apiframe(parts: _Parts) -> Provider:
    return apiframe.Apiframe(
        client=parts.client,
        offers=parts.offers,
        facts=parts.facts,
        callback_keys=(parts.key, *parts.options.apiframe_old_keys),
        params_key=parts.options.apiframe_params_key,
        webhook_key=parts.options.apiframe_webhook_key,
    )


def _xai(parts: _Parts) -> Provider:
    return xai.Xai(
        client=parts.client,
        offers=parts.offers,
        facts=parts.facts,
        ask_offers=parts.ask_offers,
        speak_offers=parts.speak_offers,
        is_deferred=parts.options.xai_is_deferred,
    )


_BUILDERS: Mapping[ProviderName, _Builder] = {
    locus.NAME: _Builder(auth=_bearer, timeouts=PATIENT, adapter=_locus),
    apiinone.NAME: _Builder(auth=_bearer, timeouts=QUICK, adapter=_apiinone),
    pixazo.NAME: _Builder(auth=lambda key: {pixazo.KEY_HEADER: key}, timeouts=QUICK, adapter=_pixazo),
    apiframe.NAME: _Builder(auth=lambda key: {apiframe.KEY_HEADER: key}, timeouts=QUICK, adapter=_apiframe),
    xai.NAME: _Builder(auth=_bearer, timeouts=PATIENT, adapter=_xai),
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
        self._ask_offers = tuple(offer for offer in catalogue.ask_offers if offer.provider in self._providers)
        self._speak_offers = tuple(offer for offer in catalogue.speak_offers if offer.provider in self._providers)
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

    def ask_offers(self) -> tuple[AskOffer, ...]:
        """The models of the configured gateways that answer, in the catalogue's order."""
        return self._ask_offers

    def speak_offers(self) -> tuple[SpeakOffer, ...]:
        """The models of the configured gateways that speak, in the catalogue's order."""
        return self._speak_offers

    def could(self, request: PictureRequest) -> tuple[ProviderName, ...]:
        """The gateways of the catalogue that can do that at all, configured or not, in its order."""
        return tuple(dict.fromkeys(offer.provider for offer in self._catalogue.offers if can(offer, request)))

    def offer(self, provider: ProviderName, model: ModelId) -> Offer | None:
        """One offer.

        None where the gateway is no longer configured or the catalogue has dropped the model.
        """
        key = (provider, model)
        return next((offer for offer in self._offers if (offer.provider, offer.model) == key), None)

    def provider(self, name: ProviderName) -> Provider:
        """The gateway's adapter. Raises KeyError where it is not configured."""
        return self._providers[name]

    def asker(self, name: ProviderName) -> Asker:
        """The gateway's adapter. Raises KeyError where it is not configured or does not answer questions."""
        provider = self._providers[name]
        if not isinstance(provider, Asker):
            raise KeyError(name)
        return provider

    def speaker(self, name: ProviderName) -> Speaker:
        """The gateway's adapter. Raises KeyError where it is not configured or does not speak."""
        provider = self._providers[name]
        if not isinstance(provider, Speaker):
            raise KeyError(name)
        return provider

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
    options: Options | None = None,
    ready: Mapping[ProviderName, Provider] | None = None,
) -> Registry:
    """An adapter for each provider in `access` that the catalogue knows; `timeouts` replaces a gateway's own.

    `ready` are adapters made elsewhere, for gateways that are reached without a key.

    Raises SettingsError, naming the provider's setting and never its value, for an address or a key that
    cannot be used.
    """
    providers: dict[ProviderName, Provider] = dict(ready or {})
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
        parts = _Parts(
            key=credentials.key,
            client=client,
            facts=facts,
            offers={offer.model: offer for offer in catalogue.offers if offer.provider == name},
            ask_offers={offer.model: offer for offer in catalogue.ask_offers if offer.provider == name},
            speak_offers={offer.model: offer for offer in catalogue.speak_offers if offer.provider == name},
            options=options or Options(),
        )
        providers[name] = builder.adapter(parts)
    unserved = [name for name in access if name not in providers]
    return Registry(catalogue=catalogue, providers=providers, unserved=unserved)

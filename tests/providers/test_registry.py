"""Only gateways with a key are there."""

import pytest

from bot.core.clock import ManualClock
from bot.core.errors import SettingsError
from bot.core.requests import ModelId, ProviderName
from bot.providers.catalogue import Catalogue
from bot.providers.registry import Access, build

LOCUS, PIXAZO = ProviderName("locus"), ProviderName("pixazo")
GOOD = Access(key="k", base_url="https://gateway.example")


async def test_a_gateway_without_a_key_is_absent(catalogue: Catalogue) -> None:
    async with build({PIXAZO: GOOD}, catalogue, clock=ManualClock()) as registry:
        assert registry.names == (PIXAZO,)
        assert {offer.provider for offer in registry.offers()} == {PIXAZO}
        assert registry.provider(PIXAZO).name == PIXAZO
        assert registry.offer(PIXAZO, ModelId("grok-imagine-quality")) is registry.offers()[0]
        assert registry.offer(LOCUS, ModelId("grok-imagine")) is None
        assert registry.facts(PIXAZO).concurrency == 8
        assert registry.catalogue_version == catalogue.version
        with pytest.raises(KeyError):
            registry.provider(LOCUS)


async def test_no_keys_at_all_is_a_registry_without_offers(catalogue: Catalogue) -> None:
    async with build({}, catalogue, clock=ManualClock()) as registry:
        assert registry.offers() == ()


async def test_a_key_for_a_gateway_that_is_not_spoken_is_named(catalogue: Catalogue) -> None:
    other = ProviderName("other")
    async with build({other: GOOD, LOCUS: GOOD}, catalogue, clock=ManualClock()) as registry:
        assert registry.unserved == (other,)
        assert registry.names == (LOCUS,)


async def test_every_gateway_of_the_catalogue_is_spoken(catalogue: Catalogue) -> None:
    async with build(dict.fromkeys(catalogue.providers, GOOD), catalogue, clock=ManualClock()) as registry:
        assert registry.unserved == ()
        assert set(registry.names) == {"locus", "apiinone", "pixazo", "apiframe", "xai"}
        assert len(registry.offers()) == len(catalogue.offers)


async def test_only_some_gateways_answer_and_speak(catalogue: Catalogue) -> None:
    async with build(dict.fromkeys(catalogue.providers, GOOD), catalogue, clock=ManualClock()) as registry:
        for name in registry.names:
            for find, offers in ((registry.asker, registry.ask_offers()), (registry.speaker, registry.speak_offers())):
                if any(offer.provider == name for offer in offers):
                    found: object = find(name)
                    assert found is registry.provider(name)
                else:
                    with pytest.raises(KeyError):
                        find(name)


@pytest.mark.parametrize(
    "access", [Access(key="k", base_url="gateway.example"), Access(key="two\nlines", base_url="https://x.example")]
)
def test_an_unusable_setting_is_named_without_its_value(access: Access, catalogue: Catalogue) -> None:
    with pytest.raises(SettingsError) as caught:
        build({LOCUS: access}, catalogue, clock=ManualClock())
    assert "EASEL_LOCUS" in str(caught.value)
    assert access.key not in str(caught.value).split()
    assert access.base_url not in str(caught.value)


def test_keys_are_not_shown() -> None:
    assert "hidden-key" not in repr(Access(key="hidden-key", base_url="https://x.example"))

"""Pictures that go in: what is taken, how it is written, and that nothing else is ever sent."""

import base64
from dataclasses import replace

import pytest

from bot.core.errors import BadRequest, Charged
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, SourcePicture, Verb
from bot.providers.offers import Sources
from bot.providers.registry import Registry
from bot.providers.sources import as_uri, check_sources, media_type, weight
from sandbox.gateways import Gateways
from tests.providers.conftest import CONTEXT

LINK = SourcePicture(url="https://a.example/x.png")
PNG = SourcePicture(data=b"\x89PNG 1", format=PictureFormat.PNG)
TAKES = Sources(
    least=1, most=2, takes_urls=True, takes_bytes=True, formats=(PictureFormat.PNG, PictureFormat.WEBP), bytes_max=10
)


def test_a_source_is_an_address_or_bytes_with_their_format() -> None:
    with pytest.raises(ValueError, match="address or bytes"):
        SourcePicture()
    with pytest.raises(ValueError, match="address or bytes"):
        SourcePicture(url="https://a.example", data=b"x", format=PictureFormat.PNG)
    with pytest.raises(ValueError, match="their format"):
        SourcePicture(data=b"x")
    assert "PNG 1" not in repr(PNG)


@pytest.mark.parametrize("pictures", [(LINK,), (PNG,), (LINK, PNG)])
def test_what_fits_is_taken(pictures: tuple[SourcePicture, ...]) -> None:
    check_sources(pictures, TAKES)


@pytest.mark.parametrize(
    ("pictures", "takes", "told"),
    [
        ((), TAKES, "0 pictures"),
        ((PNG,) * 3, TAKES, "3 pictures"),
        ((PNG,), Sources(), "1 pictures"),
        ((LINK,), replace(TAKES, takes_urls=False), "address"),
        ((SourcePicture(url="ftp://a.example/x"),), TAKES, "address"),
        ((SourcePicture(url="https://a.example/x y"),), TAKES, "address"),
        ((PNG,), replace(TAKES, takes_bytes=False), "not their bytes"),
        ((replace(PNG, format=PictureFormat.JPEG),), TAKES, "format or a size"),
        ((replace(PNG, data=b"x" * 11),), TAKES, "format or a size"),
    ],
)
def test_what_does_not_fit_is_refused_without_a_charge(
    pictures: tuple[SourcePicture, ...], takes: Sources, told: str
) -> None:
    with pytest.raises(BadRequest, match=told) as caught:
        check_sources(pictures, takes)
    assert caught.value.charged is Charged.NO


def test_an_address_stays_and_bytes_become_a_data_uri() -> None:
    assert as_uri(LINK) == LINK.url
    assert as_uri(PNG) == "data:image/png;base64," + base64.b64encode(b"\x89PNG 1").decode()


def test_bytes_are_weighed_and_named() -> None:
    assert weight((LINK, PNG, PNG)) == 12
    assert [media_type(replace(PNG, format=kind)) for kind in PictureFormat] == [
        "image/jpeg",
        "image/png",
        "image/webp",
    ]


def order(provider: str, model: str, *sources: SourcePicture) -> PictureOrder:
    return PictureOrder(
        provider=ProviderName(provider),
        model=ModelId(model),
        prompt="make it blue",
        count=1,
        verb=Verb.EDIT,
        sources=sources,
    )


@pytest.mark.parametrize(
    ("provider", "model", "most"),
    [
        ("locus", "grok-imagine", 1),
        ("pixazo", "grok-imagine-quality", 3),
        ("apiframe", "grok-imagine", 1),
        ("xai", "grok-imagine", 3),
        ("xai", "grok-imagine-2", 3),
    ],
)
async def test_every_gateway_edits_as_many_pictures_as_it_takes_and_no_more(
    provider: str, model: str, most: int, registry: Registry, gateways: Gateways
) -> None:
    adapter = registry.provider(ProviderName(provider))
    for count in range(1, most + 1):
        await adapter.submit(order(provider, model, *[LINK] * count), CONTEXT)
    charged = len(gateways.book.charges)
    for bad in (0, most + 1):
        with pytest.raises(BadRequest) as caught:
            await adapter.submit(order(provider, model, *[LINK] * bad), CONTEXT)
        assert caught.value.charged is Charged.NO
    assert len(gateways.book.charges) == charged


@pytest.mark.parametrize(
    ("provider", "model"),
    [("locus", "grok-imagine"), ("locus", "grok-imagine-pro"), ("xai", "grok-imagine"), ("xai", "grok-imagine-2")],
)
async def test_bytes_go_as_data_uris_where_that_is_taken(
    provider: str, model: str, registry: Registry, gateways: Gateways
) -> None:
    await registry.provider(ProviderName(provider)).submit(order(provider, model, PNG), CONTEXT)
    assert len(gateways.book.charges) == 1


async def test_pixazo_takes_no_bytes(registry: Registry, gateways: Gateways) -> None:
    with pytest.raises(BadRequest, match="not their bytes"):
        await registry.provider(ProviderName("pixazo")).submit(order("pixazo", "grok-imagine-quality", PNG), CONTEXT)
    assert gateways.book.charges == ()


async def test_a_large_source_is_written_off_the_loop(registry: Registry, gateways: Gateways) -> None:
    large = SourcePicture(data=b"\x89PNG" + b"x" * 1_000_000, format=PictureFormat.PNG)
    for provider in ("locus", "xai"):
        await registry.provider(ProviderName(provider)).submit(order(provider, "grok-imagine", large), CONTEXT)
    assert len(gateways.book.charges) == 2

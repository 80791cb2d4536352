"""Addresses of our own: for two hours, for one picture, and not to be guessed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.clock import Millis
from bot.core.ids import AssetId
from bot.media import Downloader, Media
from bot.services.handed.links import LINK_LIVES_MS, Links
from tests.media.samples import plain

PUBLIC = "https://bot.example/easel"


class StillClock:
    """Stands until it is set."""

    def __init__(self) -> None:
        self.at = 1_763_600_000_500

    def now(self) -> Millis:
        return Millis(self.at)

    def monotonic(self) -> float:
        return self.at / 1_000


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest_asyncio.fixture
async def media(tmp_path: Path) -> AsyncIterator[Media]:
    async with Media(tmp_path / "pictures", Downloader()) as opened:
        yield opened


@pytest.fixture
def links(media: Media, clock: StillClock) -> Links:
    return Links(key=b"key", public_url=PUBLIC, media=media, clock=clock)


def parts(address: str) -> tuple[str, str, str]:
    """Asset, end and proof of an address."""
    asset, until, mac = address.removeprefix(f"{PUBLIC}/pictures/").split("/")
    return asset, until, mac


async def test_an_address_leads_to_its_picture_until_it_ends(links: Links, media: Media, clock: StillClock) -> None:
    asset = await media.keep(plain())
    given_away = parts(links.address_of(asset.id))
    assert await links.find(*given_away) == asset.path
    clock.at += LINK_LIVES_MS - 2_000
    assert await links.find(*given_away) == asset.path
    clock.at += 3_000
    assert await links.find(*given_away) is None


async def test_what_was_not_given_away_leads_nowhere(links: Links, media: Media, clock: StillClock) -> None:
    one, other = await media.keep(plain()), await media.keep(plain(colour="red"))
    asset, until, mac = parts(links.address_of(one.id))
    for wrong in (
        (other.id, until, mac),
        (asset, str(int(until) + 1), mac),
        (asset, until, mac[:-1] + ("0" if mac[-1] != "0" else "1")),
        (asset, until, ""),
        (asset, until, "\udcff"),
    ):
        assert await links.find(*wrong) is None
    another_bot = Links(key=b"another", public_url=PUBLIC, media=media, clock=clock)
    assert await another_bot.find(asset, until, mac) is None


async def test_a_picture_that_is_gone_leads_nowhere(links: Links) -> None:
    assert await links.find(*parts(links.address_of(AssetId("0" * 64)))) is None


@given(st.tuples(st.text(max_size=80), st.text(max_size=20), st.text(max_size=80)))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_text_at_all_opens_or_breaks_it(links: Links, guess: tuple[str, str, str]) -> None:
    assert await links.find(*guess) is None

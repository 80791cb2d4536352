"""The gateways as one thing: times, seeds, refusals, closing."""

import statistics

import aiohttp
import pytest

from bot.core.clock import ManualClock
from bot.core.money import Ticks, usd
from sandbox.gateways import Book, Faults, Gateways
from sandbox.gateways.works import Order, Works
from tests.gateways.test_pretend_pixazo import submit


def works(seed: int, clock: ManualClock) -> Works:
    return Works(
        gateway="pixazo",
        id_prefix="",
        seed=seed,
        scale=0.5,
        clock=clock,
        book=Book(clock=clock),
        faults=Faults(),
    )


def order(prompt: str = "x") -> Order:
    return Order(prompt=prompt, count=1, ratio="1:1", resolution="1k", format="png", price_each=usd("0.05"))


def test_drawing_takes_a_log_normal_time(clock: ManualClock) -> None:
    taken = works(5, clock)
    seconds = sorted(taken.seconds_left(taken.accept(order())) for _ in range(4000))
    assert statistics.median(seconds) == pytest.approx(4.0, rel=0.05)  # 8 s, scaled by a half
    assert seconds[3800] == pytest.approx(10.0, rel=0.08)


def test_the_same_seed_gives_the_same_ids_and_times(clock: ManualClock) -> None:
    def taken(seed: int) -> list[tuple[str, float]]:
        made = works(seed, clock)
        return [(work.id, made.seconds_left(work)) for work in (made.accept(order()) for _ in range(5))]

    assert taken(1) == taken(1)
    assert taken(1) != taken(2)


def test_the_book_counts_what_was_not_given_back(clock: ManualClock) -> None:
    book = Book(clock=clock)
    for number, provider in enumerate(("pixazo", "pixazo", "locus")):
        book.charge(provider=provider, work_id=str(number), amount=Ticks(100), pictures=1, prompt="p")
    book.refund("0")
    assert (book.total(), book.total("pixazo"), book.total("locus")) == (200, 100, 100)
    assert len(book.charges) == 3
    assert len(book.of_prompt("p")) == 3
    assert book.of_prompt("q") == ()
    assert "p" not in {charge.prompt_hash for charge in book.charges}


async def test_a_refusing_gateway_comes_back_on_the_same_port(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    before = gateways.pixazo_url
    async with gateways.refusing("pixazo"):
        with pytest.raises(aiohttp.ClientConnectorError):
            await submit(http, gateways, {"prompt": "x"})
    assert gateways.pixazo_url == before
    assert (await submit(http, gateways, {"prompt": "x"}))[0] == 202


async def test_the_settings_name_every_gateway_and_the_one_host_to_download_from(gateways: Gateways) -> None:
    settings = gateways.settings()
    assert settings["EASEL_LOCUS_BASE_URL"].endswith("/api/wrapped/grok")
    assert settings["EASEL_PIXAZO_BASE_URL"].startswith("http://127.0.0.1:")
    assert settings["EASEL_DOWNLOAD_ALLOW_HOSTS"] == gateways.cdn_host
    assert {name for name in settings if name.endswith("_API_KEY")} == {
        "EASEL_LOCUS_API_KEY",
        "EASEL_PIXAZO_API_KEY",
    }


async def test_the_trap_notes_whoever_comes(gateways: Gateways, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{gateways.trap_url}/v2/steal", headers={"X-Key": "k"}) as response:
        await response.read()
    ((path, headers),) = gateways.trap_hits
    assert (path, headers["X-Key"]) == ("/v2/steal", "k")

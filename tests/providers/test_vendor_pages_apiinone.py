"""API in One's page for Grok Imagine, sent or parsed exactly as it stands there."""

from collections.abc import AsyncIterator

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import BadRequest, Charged, Refusal, RefusalReason
from bot.core.money import usd
from bot.core.requests import PictureOrder, ProviderName, Verb
from bot.providers.catalogue import Catalogue, estimate, parse
from bot.providers.contract import Accepted, ExternalId, StillRunning
from bot.providers.registry import Access, Registry, build
from tests.providers.canned import Canned
from tests.providers.conftest import CATALOGUE, CONTEXT, order_for

NAME = ProviderName("apiinone")
ASTRONAUT = "An astronaut riding a horse on Mars, photorealistic"
CREATED = {"code": 200, "message": "success", "data": {"task_id": "n31xxxx_grok", "status": "IN_PROGRESS"}}
ERROR = {"error": {"code": 400, "message": "Invalid parameters", "type": "invalid_request"}}


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    async with Canned.start() as server:
        yield server


@pytest.fixture
async def registry(canned: Canned, catalogue: Catalogue) -> AsyncIterator[Registry]:
    keys = {NAME: Access(key="YOUR_API_KEY", base_url=f"{canned.base_url}/api/v1")}
    async with build(keys, catalogue, clock=SystemClock()) as built:
        yield built


async def test_a_picture_is_ordered_as_the_page_shows_it(canned: Canned, registry: Registry) -> None:
    canned.say(CREATED)
    order = order_for(registry, "apiinone/grok-imagine", ASTRONAUT)
    accepted = await registry.provider(NAME).submit(order, CONTEXT)
    assert accepted == Accepted(external_id=ExternalId("n31xxxx_grok"), poll_after_s=2.0)
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("POST", "/api/v1/images/generations")
    assert seen.headers["Authorization"] == "Bearer YOUR_API_KEY"
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.json == {"model": "grok-imagine/text-to-image", "prompt": ASTRONAUT}


async def test_an_upscale_names_its_model_and_the_task(canned: Canned, registry: Registry) -> None:
    canned.say(CREATED)
    made = order_for(registry, "apiinone/grok-imagine", ASTRONAUT)
    order = PictureOrder(
        provider=NAME, model=made.model, prompt=ASTRONAUT, count=1, verb=Verb.UPSCALE, parent="n31xxxx_grok"
    )
    await registry.provider(NAME).submit(order, CONTEXT)
    assert canned.seen[0].path == "/api/v1/images/generations"
    assert canned.seen[0].json == {
        "model": "grok-imagine/upscale",
        "prompt": ASTRONAUT,
        "task_id": "n31xxxx_grok",
    }


async def test_a_task_is_asked_for_as_the_page_shows_it(canned: Canned, registry: Registry) -> None:
    canned.say({"code": 200, "message": "success", "data": {"task_id": "task_abc123", "status": "IN_PROGRESS"}})
    order = order_for(registry, "apiinone/grok-imagine", ASTRONAUT)
    answer = await registry.provider(NAME).poll(order, ExternalId("task_abc123"))
    assert answer == StillRunning(poll_after_s=2.0)
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("GET", "/api/v1/tasks/task_abc123")
    assert seen.headers["Authorization"] == "Bearer YOUR_API_KEY"


@pytest.mark.parametrize("code", [400, 200])
async def test_the_pages_error_is_an_error_whatever_the_status(code: int, canned: Canned, registry: Registry) -> None:
    canned.say(ERROR, status=code)
    with pytest.raises(BadRequest, match="Invalid parameters") as caught:
        await registry.provider(NAME).submit(order_for(registry, "apiinone/grok-imagine", ASTRONAUT), CONTEXT)
    assert caught.value.charged is Charged.NO


def test_a_prompt_may_have_5000_characters(registry: Registry) -> None:
    assert len(order_for(registry, "apiinone/grok-imagine", "x" * 5000).prompt) == 5000
    with pytest.raises(Refusal) as caught:
        order_for(registry, "apiinone/grok-imagine", "x" * 5001)
    assert caught.value.reason is RefusalReason.PROMPT_TOO_LONG


@pytest.mark.parametrize(("rate", "drawn", "larger"), [(None, "0.05", "0.12"), ("0.002", "0.01", "0.024")])
def test_the_prices_are_5_and_12_credits(rate: str | None, drawn: str, larger: str) -> None:
    """The page: 5 credits are $0.01 and 12 are $0.024; the newer one asks five times as much, which counts."""
    rates = None if rate is None else {NAME: usd(rate)}
    catalogue = parse(CATALOGUE.read_text(), usd_per_credit=rates)
    (offer,) = (offer for offer in catalogue.offers if offer.provider == NAME)
    order = PictureOrder(provider=NAME, model=offer.model, prompt="x", count=1)
    upscale = PictureOrder(provider=NAME, model=offer.model, prompt="x", count=1, verb=Verb.UPSCALE, parent="t")
    assert (estimate(offer, order), estimate(offer, upscale)) == (usd(drawn), usd(larger))


def test_the_page_knows_neither_ratio_nor_count_nor_size(catalogue: Catalogue) -> None:
    (offer,) = (offer for offer in catalogue.offers if offer.provider == NAME)
    for ability in offer.abilities.values():
        assert (ability.ratios, ability.resolutions, ability.formats) == ((), (), ())
        assert (ability.count_min, ability.count_max) == (1, 1)
    assert set(offer.abilities) == {Verb.GENERATE, Verb.UPSCALE}

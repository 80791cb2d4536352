"""Apiframe's page for Grok Imagine, sent or parsed exactly as it stands there."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import GenerationFailed
from bot.core.requests import ModelId, PictureOrder, ProviderName, SourcePicture, Verb
from bot.providers.catalogue import Catalogue
from bot.providers.contract import Accepted, ExternalId, Finished, ResultPicture, StillRunning
from bot.providers.registry import Access, Options, Registry, build
from tests.providers.canned import Canned
from tests.providers.conftest import CONTEXT, order_for

NAME = ProviderName("apiframe")
JOB = ExternalId("b2c3d4e5-f6a7-8901-bcde-f23456789012")
CAR = PictureOrder(
    provider=NAME,
    model=ModelId("grok-imagine"),
    prompt="a sleek silver sports car on a coastal highway at sunset, hyper-realistic",
    count=1,
    verb=Verb.EDIT,
    sources=(SourcePicture(url="https://example.com/input.jpg"),),
)
SUBMITTED = {"jobId": JOB, "status": "QUEUED"}


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    async with Canned.start() as server:
        yield server


@pytest.fixture
async def registry(canned: Canned, catalogue: Catalogue) -> AsyncIterator[Registry]:
    keys = {NAME: Access(key="afk_your_api_key_here", base_url=f"{canned.base_url}/v2")}
    options = Options(apiframe_webhook_key="webhook_url")  # the page's name
    async with build(keys, catalogue, clock=SystemClock(), options=options) as built:
        yield built


async def test_the_quick_start_is_sent_as_the_page_shows_it(canned: Canned, registry: Registry) -> None:
    canned.say(SUBMITTED, status=202)
    accepted = await registry.provider(NAME).submit(CAR, CONTEXT)
    assert accepted == Accepted(external_id=JOB, poll_after_s=2.0)
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("POST", "/v2/images/generate")
    assert seen.headers["X-API-Key"] == "afk_your_api_key_here"
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["Idempotency-Key"] == CONTEXT.idempotency_key
    assert seen.json == {
        "prompt": "a sleek silver sports car on a coastal highway at sunset, hyper-realistic",
        "model": "grok-imagine-image",
        "grokParams": {"image": "https://example.com/input.jpg"},
    }


async def test_without_parameters_no_object_of_them_is_sent(canned: Canned, registry: Registry) -> None:
    canned.say(SUBMITTED, status=202)
    order = replace(CAR, verb=Verb.GENERATE, sources=())
    await registry.provider(NAME).submit(order, CONTEXT)
    assert canned.seen[0].json == {"prompt": CAR.prompt, "model": "grok-imagine-image"}


async def test_a_webhook_goes_under_the_pages_name(canned: Canned, registry: Registry) -> None:
    canned.say(SUBMITTED, status=202)
    for address in ("https://bot.example/cb", "http://bot.example/cb"):
        await registry.provider(NAME).submit(CAR, replace(CONTEXT, callback_url=address))
    first, second = (seen.json for seen in canned.seen)
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["webhook_url"] == "https://bot.example/cb"
    assert "webhook_url" not in second


async def test_the_same_order_is_the_same_bytes(canned: Canned, registry: Registry) -> None:
    canned.say(SUBMITTED, status=202)
    for _ in range(2):
        await registry.provider(NAME).submit(CAR, replace(CONTEXT, callback_url="https://bot.example/cb"))
    assert canned.seen[0].body == canned.seen[1].body


@pytest.mark.parametrize("word", ["QUEUED", "PROCESSING"])
async def test_a_job_is_asked_for_as_the_page_shows_it(word: str, canned: Canned, registry: Registry) -> None:
    canned.say({"id": "JOB_ID", "status": word})
    assert await registry.provider(NAME).poll(CAR, ExternalId("JOB_ID")) == StillRunning(poll_after_s=2.0)
    (seen,) = canned.seen
    assert (seen.method, seen.path) == ("GET", "/v2/jobs/JOB_ID")
    assert seen.headers["X-API-Key"] == "afk_your_api_key_here"


async def test_completed_and_failed_end_the_polling(canned: Canned, registry: Registry) -> None:
    url = "https://cdn2.apiframe.ai/out.png"
    canned.say({"id": JOB, "status": "COMPLETED", "result": {"images": [url]}})
    assert await registry.provider(NAME).poll(CAR, JOB) == Finished(pictures=(ResultPicture(url=url),))
    canned.answers.clear()
    canned.say({"id": JOB, "status": "FAILED", "error": "boom"})
    with pytest.raises(GenerationFailed):
        await registry.provider(NAME).poll(CAR, JOB)


async def test_the_five_ratios_are_sent_as_chosen(canned: Canned, registry: Registry) -> None:
    canned.say(SUBMITTED, status=202)
    ratios = ["1:1", "2:3", "3:2", "16:9", "9:16"]
    for ratio in ratios:
        await registry.provider(NAME).submit(order_for(registry, "apiframe/grok-imagine", aspect_ratio=ratio), CONTEXT)
    sent = [seen.json for seen in canned.seen]
    assert [body["grokParams"] for body in sent if isinstance(body, dict)] == [
        {"aspect_ratio": ratio} for ratio in ratios
    ]


def test_the_ranges_are_the_pages(catalogue: Catalogue) -> None:
    offer = next(offer for offer in catalogue.offers if offer.key == "apiframe/grok-imagine")
    ability = offer.abilities[Verb.GENERATE]
    assert set(ability.ratios) == {"1:1", "2:3", "3:2", "16:9", "9:16"}
    assert (ability.count_max, ability.prompt_max, ability.resolutions, ability.formats) == (1, 2000, (), ())
    assert offer.typical_s == 8.0
    facts = catalogue.providers[NAME]
    assert facts.poll_min_s == 2.0  # the page's example sleeps two seconds

"""What gateways' documents leave open is a setting, and each such setting changes what is sent."""

import hmac
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from bot import config
from bot.core.clock import ManualClock
from bot.core.errors import SettingsError
from bot.core.ids import IdempotencyKey
from bot.core.requests import (
    AskOrder,
    Message,
    ModelId,
    PictureOrder,
    ProviderName,
    Role,
    SearchKind,
    SourcePicture,
    SpeakOrder,
    Verb,
)
from bot.providers import catalogue, registry
from bot.providers.contract import SubmitContext
from bot.rooms_settings import access_of, options_of
from tests.providers.canned import Canned

ROOT = Path(__file__).resolve().parents[2]
CALLED = "https://bot.example/callbacks/1"
CONTEXT = SubmitContext(idempotency_key=IdempotencyKey("easel-test"), callback_url=CALLED)
ANSWERS: Mapping[str, dict[str, object]] = {
    "locus": {"success": True, "data": {"data": [{"url": "https://a.example/x.png"}]}},
    "apiinone": {"code": 200, "data": {"task_id": "t1"}},
    "apiframe": {"jobId": "j1"},
    "xai": {"request_id": "r1"},
}
TURN = Message(role=Role.USER, text="why?")


@pytest.fixture(autouse=True)
def _no_outer_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(config.PREFIX):
            monkeypatch.delenv(name)


def load(**values: str) -> config.Settings:
    return config.load(_env_file=None, discord_token="t0ken-for-tests", **values)


@asynccontextmanager
async def configured(name: str, values: Mapping[str, str]) -> AsyncIterator[tuple[registry.Registry, Canned]]:
    """The gateway `name` as the composition root builds it from the environment's `values`."""
    async with Canned.start() as canned:
        canned.say(ANSWERS[name])
        made = {f"{name}_api_key": "a-key-of-this-gateway", f"{name}_base_url": canned.base_url, **values}
        settings = load(**made)
        async with registry.build(
            access_of(settings), catalogue.load(settings.catalogue), clock=ManualClock(), options=options_of(settings)
        ) as built:
            yield built, canned


def picture(name: str, model: str, verb: Verb = Verb.GENERATE) -> PictureOrder:
    """An order that the model takes."""
    sources = (SourcePicture(url="https://a.example/in.png"),) if verb is Verb.EDIT else ()
    return PictureOrder(
        provider=ProviderName(name),
        model=ModelId(model),
        prompt="a lighthouse",
        count=1,
        aspect_ratio=None,
        verb=verb,
        sources=sources,
    )


def question(name: str, *search: SearchKind, model: str = "grok-4-1-fast-reasoning") -> AskOrder:
    """A question that the model takes."""
    return AskOrder(
        provider=ProviderName(name), model=ModelId(model), messages=(TURN,), max_tokens=9, search=tuple(search)
    )


SLUGS = {
    "locus_picture_slug": "p-1",
    "locus_edit_slug": "e-1",
    "locus_chat_slug": "c-1",
    "locus_web_slug": "chat-web-search",
    "locus_x_slug": "chat-x-search",
    "locus_code_slug": "chat-code-execution",
    "locus_speech_slug": "speak",
}


async def test_each_address_of_locus_is_a_setting() -> None:
    name = ProviderName("locus")
    line = SpeakOrder(provider=name, model=ModelId("grok-voice"), text="hi", voice="eve", language="auto")
    async with configured("locus", SLUGS) as (built, canned):
        for verb in (Verb.GENERATE, Verb.EDIT):
            await built.provider(name).submit(picture("locus", "grok-imagine", verb), CONTEXT)
        canned.answers.clear()
        canned.say({"success": True, "data": {"choices": [{"message": {"content": "so"}}], "data": "AAAA"}})
        for search in ((), (SearchKind.WEB,), (SearchKind.X,), (SearchKind.CODE,)):
            await built.asker(name).ask(question("locus", *search), CONTEXT)
        await built.speaker(name).speak(line, CONTEXT)
    assert [seen.path for seen in canned.seen] == [f"/{slug}" for slug in SLUGS.values()]


async def test_the_names_of_models_that_gateways_are_sent_stand_in_the_catalogue_that_a_setting_names(
    tmp_path: Path,
) -> None:
    """So that a model that is renamed upstream needs no new version of the bot."""
    text = (ROOT / "data" / "catalogue.toml").read_text(encoding="utf-8")
    renamed = text.replace('"grok-imagine-image"', '"renamed-image"').replace(
        '"grok-4-1-fast-reasoning"', '"renamed-chat"'
    )
    file = tmp_path / "catalogue.toml"
    file.write_text(renamed, encoding="utf-8")
    async with configured("locus", {"catalogue": str(file)}) as (built, canned):
        offers = [offer for offer in built.offers() if offer.wire_model == "renamed-image"]
        answers = [offer for offer in built.ask_offers() if offer.wire_model == "renamed-chat"]
        assert offers
        assert answers
        await built.provider(ProviderName("locus")).submit(picture("locus", offers[0].model), CONTEXT)
        canned.answers.clear()
        canned.say({"success": True, "data": {"choices": [{"message": {"content": "so"}}]}})
        await built.asker(ProviderName("locus")).ask(question("locus", model=answers[0].model), CONTEXT)
    assert [body(seen.body)["model"] for seen in canned.seen] == ["renamed-image", "renamed-chat"]


def body(sent: bytes) -> dict[str, object]:
    read = json.loads(sent)
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize(
    ("name", "model", "verb", "values", "wanted", "unwanted"),
    [
        ("locus", "grok-imagine", Verb.EDIT, {}, {"image": "https://a.example/in.png"}, "image_url"),
        (
            "locus",
            "grok-imagine",
            Verb.EDIT,
            {"locus_edit_field": "image_url"},
            {"image_url": "https://a.example/in.png"},
            "image",
        ),
        ("apiinone", "grok-imagine", Verb.GENERATE, {}, {"callback_url": CALLED}, "webhook_url"),
        ("apiinone", "grok-imagine", Verb.GENERATE, {"apiinone_callback": "false"}, {}, "callback_url"),
        ("apiframe", "grok-imagine", Verb.GENERATE, {}, {"webhookUrl": CALLED}, "webhook_url"),
        (
            "apiframe",
            "grok-imagine",
            Verb.GENERATE,
            {"apiframe_webhook_key": "webhook_url"},
            {"webhook_url": CALLED},
            "webhookUrl",
        ),
        (
            "apiframe",
            "grok-imagine",
            Verb.EDIT,
            {"apiframe_params_key": "grokImagineParams"},
            {"grokImagineParams": {"image": "https://a.example/in.png"}},
            "grokParams",
        ),
        ("xai", "grok-imagine", Verb.GENERATE, {}, {}, "deferred"),
        ("xai", "grok-imagine", Verb.GENERATE, {"xai_deferred": "true"}, {"deferred": True}, "callback_url"),
    ],
)
async def test_what_documents_leave_open_is_sent_as_it_is_set(
    name: str, model: str, verb: Verb, values: dict[str, str], wanted: dict[str, object], unwanted: str
) -> None:
    async with configured(name, values) as (built, canned):
        known = [offer.model for offer in built.offers()]
        assert model in known, known
        await built.provider(ProviderName(name)).submit(picture(name, model, verb), CONTEXT)
    sent = body(canned.seen[0].body)
    assert {field: sent.get(field) for field in wanted} == wanted
    assert unwanted not in sent


async def test_callbacks_signed_with_an_earlier_key_of_apiframe_count_while_it_is_named() -> None:
    told = b'{"jobId": "j1"}'

    def signed(key: str) -> dict[str, str]:
        mac = hmac.new(sha256(key.encode()).digest(), told, sha256)
        return {"X-Webhook-Signature": f"sha256={mac.hexdigest()}"}

    values = {"apiframe_old_keys": "afk_old_key_1, afk_old_key_2,"}
    async with configured("apiframe", values) as (built, _canned):
        gateway = built.provider(ProviderName("apiframe"))
        for key in ("a-key-of-this-gateway", "afk_old_key_1", "afk_old_key_2"):
            assert gateway.read_callback(signed(key), told) is not None
        for key in ("afk_old_key_3", ""):
            assert gateway.read_callback(signed(key), told) is None


def test_earlier_keys_are_secrets() -> None:
    settings = load(apiframe_old_keys="afk_old_key_1,afk_old_key_2")
    assert {"afk_old_key_1", "afk_old_key_2"} <= set(settings.secrets())
    assert "afk_old_key" not in repr(settings)


def test_every_option_of_the_gateways_has_a_setting() -> None:
    """A field of `registry.Options` that `options_of` forgets would be one that no operator can set."""
    changed = load(
        **dict.fromkeys(SLUGS, "other"),
        locus_edit_field="other",
        apiinone_callback="false",
        apiframe_params_key="grokImagineParams",
        apiframe_webhook_key="webhook_url",
        apiframe_old_keys="afk_old_key_1",
        xai_deferred="true",
    )
    ours, theirs = options_of(changed), registry.Options()
    names = [name for name in registry.Options.__slots__ if getattr(ours, name) == getattr(theirs, name)]
    slugs = [name for name in type(ours.locus_slugs).__slots__ if getattr(ours.locus_slugs, name) != "other"]
    assert (names, slugs) == ([], [])
    assert options_of(load()) == theirs


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((slug, "../v2/other") for slug in SLUGS),
        ("locus_chat_slug", "chat?x=1"),
        ("locus_chat_slug", "/"),
        ("locus_edit_field", "image[0]"),
        ("apiinone_callback", "perhaps"),
        ("apiframe_webhook_key", "callback"),
        ("apiframe_params_key", "params"),
        ("xai_deferred", "later"),
    ],
)
def test_an_option_that_no_gateway_could_mean_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{name: value})
    assert str(caught.value).startswith(f"EASEL_{name.upper()}: ")
    assert value not in str(caught.value)

"""Speech: what is checked before it is sent, and what comes back."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import BadRequest, Charged, GenerationFailed, Moderated, OutcomeUnknown, ProviderError, RetryLater
from bot.core.money import usd
from bot.core.requests import ModelId, ProviderName, SpeakOrder
from bot.providers.catalogue import SpeakOffer
from bot.providers.contract import Accepted, Sound, SpeakSubmission
from bot.providers.http import Answer
from bot.providers.locus_wire import read_speech
from bot.providers.registry import Registry
from bot.providers.sounds import checked_text, media_type_of
from bot.providers.talk_offers import speak_estimate, speak_worst_case
from sandbox.gateways import Gateways, Outcome, lost_answer, outcome, status
from tests.providers.conftest import CONTEXT
from tests.providers.shapes import CODES, JSON

BOTH = pytest.mark.parametrize("name", ["locus", "xai"])
WAV = b"RIFF\x00\x00\x00\x00WAVE"


def line(name: str, text: str = "Hello [pause] world", voice: str = "eve", language: str = "en") -> SpeakOrder:
    return SpeakOrder(
        provider=ProviderName(name), model=ModelId("grok-voice"), text=text, voice=voice, language=language
    )


def offer_of(registry: Registry, name: str) -> SpeakOffer:
    return next(offer for offer in registry.speak_offers() if offer.provider == name)


@BOTH
async def test_a_text_becomes_a_sound_and_one_charge_within_the_hold(
    name: str, registry: Registry, gateways: Gateways
) -> None:
    sound = await registry.speaker(ProviderName(name)).speak(line(name), CONTEXT)
    assert isinstance(sound, Sound)
    assert sound.data.startswith(b"RIFF")
    assert (sound.media_type, sound.cost) == ("audio/wav", None)
    assert len(gateways.book.charges) == 1
    assert gateways.book.total() <= speak_worst_case(offer_of(registry, name), line(name))


async def test_the_listed_price_of_xais_speech_is_what_it_charges(registry: Registry, gateways: Gateways) -> None:
    await registry.speaker(ProviderName("xai")).speak(line("xai"), CONTEXT)
    assert speak_estimate(offer_of(registry, "xai"), line("xai")) == gateways.book.total()


@BOTH
@pytest.mark.parametrize("voice", ["eve", "ara", "rex", "sal", "leo"])
@pytest.mark.parametrize("language", ["auto", "en", "pt-BR", "zh-Hant-TW"])
async def test_every_documented_voice_speaks_any_language(
    name: str, voice: str, language: str, registry: Registry
) -> None:
    said = await registry.speaker(ProviderName(name)).speak(line(name, "Hi", voice, language), CONTEXT)
    assert isinstance(said, Sound)


@BOTH
@pytest.mark.parametrize(
    "order",
    [
        line("x", ""),
        line("x", "y" * 15_001),
        line("x", voice="bob"),
        line("x", language="en_US"),
        line("x", language=""),
    ],
    ids=range(5),
)
async def test_what_cannot_be_spoken_is_not_sent(
    name: str, order: SpeakOrder, registry: Registry, gateways: Gateways
) -> None:
    with pytest.raises(BadRequest) as caught:
        await registry.speaker(ProviderName(name)).speak(order, CONTEXT)
    assert caught.value.charged is Charged.NO
    assert gateways.book.charges == ()


def test_a_model_that_left_the_catalogue_does_not_speak() -> None:
    with pytest.raises(BadRequest):
        checked_text(None, line("xai"))


@BOTH
async def test_a_lost_sound_is_unknown_and_not_asked_for_again(
    name: str, registry: Registry, gateways: Gateways
) -> None:
    gateways.faults.next(name, lost_answer(), times=3)
    with pytest.raises(OutcomeUnknown):
        await registry.speaker(ProviderName(name)).speak(line(name), CONTEXT)
    assert len(gateways.book.charges) == 1


@BOTH
async def test_an_empty_sound_may_have_cost(name: str, registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next(name, outcome(Outcome.EMPTY))
    with pytest.raises((OutcomeUnknown, GenerationFailed)) as caught:
        await registry.speaker(ProviderName(name)).speak(line(name), CONTEXT)
    assert caught.value.charged is Charged.UNKNOWN


@BOTH
async def test_json_in_place_of_a_sound_is_unknown(name: str, registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next(name, status(200, is_charged=True, body={"success": True, "data": {"odd": 1}}))
    with pytest.raises(ProviderError) as caught:
        await registry.speaker(ProviderName(name)).speak(line(name), CONTEXT)
    assert caught.value.charged is Charged.UNKNOWN


@BOTH
async def test_too_many_requests_may_be_tried_later(name: str, registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next(name, status(429, retry_after="3"))
    with pytest.raises(RetryLater) as caught:
        await registry.speaker(ProviderName(name)).speak(line(name), CONTEXT)
    assert caught.value.retry_after_s == 3.0


async def test_a_speech_that_waits_for_an_approval_is_no_result(registry: Registry, gateways: Gateways) -> None:
    gateways.faults.next("locus", outcome(Outcome.PENDING_APPROVAL))
    assert isinstance(await registry.speaker(ProviderName("locus")).speak(line("locus"), CONTEXT), Accepted)
    assert gateways.book.total() == 0


def heard(data: object, code: int = 200) -> SpeakSubmission:
    answer = Answer(status=code, json={"success": True, "data": data})
    return read_speech(answer, secrets=("hi", "key-123456"), poll_after_s=60.0)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        ({"data": base64.b64encode(WAV).decode()}, "audio/wav"),
        (base64.b64encode(WAV).decode(), "audio/wav"),
        ({"data": f"data:audio/wav;base64,{base64.b64encode(WAV).decode()}"}, "audio/wav"),
        ({"data": base64.b64encode(b"raw").decode(), "content_type": "audio/pcm"}, "audio/pcm"),
        ({"data": base64.b64encode(b"raw").decode(), "mime_type": "audio/basic"}, "audio/basic"),
    ],
)
def test_locus_wraps_its_sound_in_base64(data: object, media_type: str) -> None:
    sound = heard(data)
    assert isinstance(sound, Sound)
    assert sound.media_type == media_type


@pytest.mark.parametrize("data", [None, {}, [], "!!", {"data": ""}, {"data": 1.5}])
def test_locus_without_a_sound_may_have_cost(data: object) -> None:
    with pytest.raises(GenerationFailed) as caught:
        heard(data)
    assert caught.value.charged is Charged.UNKNOWN


def test_a_refused_text_is_moderated() -> None:
    answer = Answer(status=400, json={"success": False, "error": "blocked by moderation"})
    with pytest.raises(Moderated):
        read_speech(answer, secrets=("hi", "key-123456"), poll_after_s=60.0)


@pytest.mark.parametrize(
    ("data", "told", "media_type"),
    [
        (b"ID3\x04", "", "audio/mpeg"),
        (b"\xff\xfb\x90", None, "audio/mpeg"),
        (b"\xff\xd8\xff", "audio/mpeg", "audio/mpeg"),
        (b"\xff\x00", None, "application/octet-stream"),
        (b"\xff", None, "application/octet-stream"),
        (WAV, "audio/mpeg", "audio/wav"),
        (b"OggS", None, "audio/ogg"),
        (b"fLaC", None, "audio/flac"),
        (b"raw", "audio/basic", "audio/basic"),
        (b"raw", "text/html", "application/octet-stream"),
    ],
)
def test_a_sound_is_known_by_its_first_bytes(data: bytes, told: str | None, media_type: str) -> None:
    assert media_type_of(data, told) == media_type


def test_the_dearest_line_of_locus_is_shown_dearer_than_the_page_says(registry: Registry) -> None:
    assert speak_estimate(offer_of(registry, "locus"), line("locus", "x" * 1000)) == usd("0.018")


@settings(deadline=None)  # the machine may be busy
@given(body=JSON | st.fixed_dictionaries({"data": JSON | st.dictionaries(st.just("data"), JSON)}), code=CODES)
def test_no_answer_at_all_raises_anything_but_a_provider_error(body: object, code: int) -> None:
    try:
        found = read_speech(Answer(status=code, json=body), secrets=("hi", "key-123456"), poll_after_s=60.0)
    except ProviderError:
        return  # what the contract allows
    assert isinstance(found, Accepted) or (isinstance(found, Sound) and found.data)

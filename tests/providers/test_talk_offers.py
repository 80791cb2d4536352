"""Prices of answers and speech: what is shown, what is held, and what a bad entry is told."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.money import MAX_TICKS, usd
from bot.core.requests import AskOrder, Message, ModelId, ProviderName, Role, SearchKind, SourcePicture, SpeakOrder
from bot.providers.catalogue import AskOffer, Catalogue, SpeakOffer, load, parse
from bot.providers.talk_offers import ask_estimate, ask_worst_case, speak_estimate, speak_worst_case
from tests.providers.conftest import CATALOGUE

GOOD = """
version = "1"
models = []
[providers.acme]
concurrency = 2
poll_min_s = 5.0
poll_max_s = 10.0
[[ask]]
id = "oracle"
provider = "acme"
wire = "oracle-1"
label = "Oracle"
typical_s = 8.0
deadline_s = 600.0
fee_usd = "0.003"
call = { listed_usd = "0.01", worst_usd = "0.02" }
search_call = { listed_usd = "0.10", worst_usd = "0.50" }
prompt = { listed_usd = "2", worst_usd = "4" }
answer = { listed_usd = "6", worst_usd = "12" }
tool_usd = "0.005"
tools_listed = 2
tools_worst = 10
tool_tokens = 1000
reasoning_tokens = 500
picture_tokens = 2000
prompt_max = 1000
answer_max = 4096
pictures_max = 2
search = ["web", "x"]
search_at_once = 1
streams = true
[[speak]]
id = "voice"
provider = "acme"
label = "Voice"
typical_s = 5.0
deadline_s = 600.0
fee_usd = "0.001"
price = { listed_usd = "5", worst_usd = "15" }
text_max = 15000
voices = ["eve", "leo"]
default_voice = "eve"
default_language = "auto"
"""


@pytest.fixture
def oracle() -> AskOffer:
    return parse(GOOD).ask_offers[0]


@pytest.fixture
def voice() -> SpeakOffer:
    return parse(GOOD).speak_offers[0]


def question(text: str = "x" * 400, *search: SearchKind, pictures: int = 0) -> AskOrder:
    sources = (SourcePicture(url="https://a.example/x.png"),) * pictures
    return AskOrder(
        provider=ProviderName("acme"),
        model=ModelId("oracle"),
        messages=(Message(role=Role.USER, text=text, pictures=sources),),
        max_tokens=1000,
        search=search,
    )


def test_a_question_is_priced_by_call_and_tokens(oracle: AskOffer) -> None:
    # 100 + 16 tokens of prompt at $2, half of 1,000 of answer at $6
    assert ask_estimate(oracle, question()) == usd("0.003") + usd("0.01") + usd("0.000232") + usd("0.003")
    # 400 + 16 at $4, 1,000 + 500 at $12
    assert ask_worst_case(oracle, question()) == usd("0.003") + usd("0.02") + usd("0.001664") + usd("0.018")


def test_a_search_adds_its_call_its_looks_and_what_it_reads(oracle: AskOffer) -> None:
    asked = question("x" * 400, SearchKind.WEB)
    assert ask_estimate(oracle, asked) == (
        usd("0.003") + usd("0.10") + usd("0.01") + usd("0.000232") + usd("0.004") + usd("0.003")
    )
    assert ask_worst_case(oracle, asked) == (
        usd("0.003") + usd("0.50") + usd("0.05") + usd("0.001664") + usd("0.04") + usd("0.018")
    )


def test_a_picture_adds_its_tokens(oracle: AskOffer) -> None:
    without, with_two = question(), question(pictures=2)
    assert ask_estimate(oracle, with_two) - ask_estimate(oracle, without) == usd("0.008")
    assert ask_worst_case(oracle, with_two) - ask_worst_case(oracle, without) == usd("0.016")


def test_a_speech_is_priced_by_its_characters(voice: SpeakOffer) -> None:
    order = SpeakOrder(
        provider=ProviderName("acme"), model=ModelId("voice"), text="é" * 1000, voice="eve", language="fr"
    )
    assert speak_estimate(voice, order) == usd("0.006")
    assert speak_worst_case(voice, order) == usd("0.016")
    assert speak_estimate(voice, replace(order, text="x")) == usd("0.001005")


def test_the_offers_are_read_whole(oracle: AskOffer, voice: SpeakOffer) -> None:
    assert (oracle.key, oracle.wire_model, oracle.label) == ("acme/oracle", "oracle-1", "Oracle")
    assert (oracle.search, oracle.search_at_once, oracle.streams) == ((SearchKind.WEB, SearchKind.X), 1, True)
    assert (voice.key, voice.voices, voice.default_language) == ("acme/voice", ("eve", "leo"), "auto")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("tools_worst = 10", "tools_worst = 1", "tools_worst is below tools_listed"),
        ("search_at_once = 1", "search_at_once = 3", "search_at_once does not fit"),
        ("search_at_once = 1", "search_at_once = 0", "search_at_once does not fit"),
        ('search = ["web", "x"]', "search = []", "search_at_once does not fit"),
        ('worst_usd = "12"', 'worst_usd = "80000000"', "costs more than can be kept"),
        ('worst_usd = "0.50"', 'worst_usd = "80000000"', "costs more than can be kept"),
        ('worst_usd = "4"', 'worst_usd = "1"', "worst_usd is below listed_usd"),
        ('default_voice = "eve"', 'default_voice = "bob"', "default_voice is none"),
        ('default_language = "auto"', 'default_language = "klingon please"', "default_language"),
        ('voices = ["eve", "leo"]', "voices = []", "voices"),
        ("[[speak]]", "[providers.b]\nconcurrency=1\npoll_min_s=1\npoll_max_s=1\n[[speak]]\nx = 1", "speak.0.x"),
        ('provider = "acme"\nlabel', 'provider = "stranger"\nlabel', "no .providers.stranger"),
    ],
)
def test_a_bad_entry_is_refused(old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match=told):
        parse(GOOD.replace(old, new, 1))


SHIPPED = load(CATALOGUE)


@settings(deadline=None)  # the machine may be busy
@given(
    offer=st.sampled_from(SHIPPED.ask_offers),
    text=st.text(max_size=300),
    pictures=st.integers(min_value=0, max_value=3),
    length=st.integers(min_value=1, max_value=8192),
    kinds=st.lists(st.sampled_from(list(SearchKind)), max_size=3, unique=True),
)
def test_the_hold_is_never_below_the_estimate(
    *, offer: AskOffer, text: str, pictures: int, length: int, kinds: list[SearchKind]
) -> None:
    order = replace(question(text, *kinds, pictures=pictures), max_tokens=length)
    assert 0 < ask_estimate(offer, order) <= ask_worst_case(offer, order) <= MAX_TICKS


@pytest.mark.parametrize("offer", SHIPPED.speak_offers, ids=lambda offer: offer.key)
def test_the_longest_speech_can_be_held(offer: SpeakOffer) -> None:
    order = SpeakOrder(
        provider=offer.provider,
        model=offer.model,
        text="x" * offer.text_max,
        voice=offer.default_voice,
        language="auto",
    )
    assert usd("0.2") < speak_estimate(offer, order) <= speak_worst_case(offer, order) < usd("0.5")


def test_the_shipped_catalogue_has_the_pages_chat_models(catalogue: Catalogue) -> None:
    locus = {offer.wire_model for offer in catalogue.ask_offers if offer.provider == "locus"}
    assert locus >= {"grok-3", "grok-3-mini", "grok-4-0709", "grok-4-1-fast-reasoning", "grok-code-fast-1"}

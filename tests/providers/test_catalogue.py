"""The catalogue: the file that ships, and what a bad one is told."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import SettingsError
from bot.core.money import MAX_TICKS, Ticks, usd
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, Resolution, SourcePicture, Verb
from bot.providers.catalogue import (
    Catalogue,
    Offer,
    Price,
    estimate,
    listed_for,
    listed_price,
    load,
    parse,
    worst_case,
)
from bot.providers.offers import Sources
from tests.providers.conftest import CATALOGUE

GOOD = """
version = "1"
[providers.acme]
concurrency = 2
poll_min_s = 5.0
poll_max_s = 10.0
[[models]]
id = "brush"
provider = "acme"
wire = "acme-brush-1"
label = "Brush"
typical_s = 8.0
deadline_s = 600.0
fee_usd = "0.003"
[models.prices.1k]
listed_usd = "0.05"
worst_usd = "0.08"
[models.prices.2k]
listed_usd = "0.07"
worst_usd = "0.105"
[models.verbs.generate]
ratios = ["1:1", "16:9"]
default_ratio = "1:1"
count_min = 1
count_max = 4
default_count = 1
resolutions = ["1k", "2k"]
default_resolution = "1k"
prompt_max = 100
"""


def order(count: int = 1, resolution: Resolution | None = Resolution.K1) -> PictureOrder:
    return PictureOrder(
        provider=ProviderName("acme"), model=ModelId("brush"), prompt="x", count=count, resolution=resolution
    )


@pytest.fixture
def brush() -> Offer:
    return parse(GOOD).offers[0]


def test_prices_are_per_picture_and_the_fee_per_call(brush: Offer) -> None:
    assert estimate(brush, order(count=3)) == usd("0.153")
    assert worst_case(brush, order(count=3)) == usd("0.243")
    assert estimate(brush, order(count=2, resolution=Resolution.K2)) == usd("0.143")
    assert listed_price(brush, Resolution.K1, pictures=2) == usd("0.103")


@pytest.mark.parametrize("resolution", [None, Resolution.K1_5])
def test_a_size_that_left_the_catalogue_costs_as_the_dearest(brush: Offer, resolution: Resolution | None) -> None:
    assert worst_case(brush, order(resolution=resolution)) == usd("0.108")


def test_an_offer_is_read_whole(brush: Offer) -> None:
    assert brush.key == "acme/brush"
    assert (brush.wire_model, brush.label, brush.typical_s, brush.deadline_s) == ("acme-brush-1", "Brush", 8, 600)
    ability = brush.abilities[Verb.GENERATE]
    assert (ability.formats, ability.default_format, ability.prompt_max) == ((), None, 100)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('listed_usd = "0.05"', "listed_usd = 0.05", "prices.1k.listed_usd"),
        ('listed_usd = "0.05"', 'listed_usd = "-0.05"', "prices.1k.listed_usd"),
        ('listed_usd = "0.05"', 'listed_usd = "NaN"', "prices.1k.listed_usd"),
        ('listed_usd = "0.05"', 'listed_usd = "Infinity"', "prices.1k.listed_usd"),
        ('listed_usd = "0.05"', 'listed_usd = "five"', "prices.1k.listed_usd"),
        ('listed_usd = "0.05"', 'listed_usd = "0.09"', "worst_usd is below listed_usd"),
        ('worst_usd = "0.08"', 'worst_usd = "99999999999"', "prices.1k.worst_usd"),
        ('worst_usd = "0.08"', 'worst_usd = "80000000"', "costs more than can be kept"),
        ('fee_usd = "0.003"', "fee_usd = true", "models.0.fee_usd"),
        ('fee_usd = "0.003"', "", "models.0.fee_usd"),
        ('label = "Brush"', 'label = ""', "models.0.label"),
        ('label = "Brush"', 'label = "Brush"\ncolour = 1', "models.0.colour"),
        ("concurrency = 2", "concurrency = 0", "providers.acme.concurrency"),
        ("concurrency = 2", "concurrency = true", "providers.acme.concurrency"),
        ("poll_max_s = 10.0", "poll_max_s = 1.0", "poll_max_s is below poll_min_s"),
        ("poll_max_s = 10.0", "poll_max_s = 10.0\nrequests_per_minute = 0", "providers.acme.requests_per_minute"),
        ("poll_max_s = 10.0", "poll_max_s = 10.0\nrequests_per_minute = -5", "providers.acme.requests_per_minute"),
        ("poll_max_s = 10.0", "poll_max_s = 10.0\nrequests_per_minute = 1.5", "providers.acme.requests_per_minute"),
        ("poll_max_s = 10.0", "poll_max_s = 10.0\nrequests_per_minute = true", "providers.acme.requests_per_minute"),
        ("poll_max_s = 10.0", "poll_max_s = 10.0\nrequests_per_minute = 1000001", "providers.acme.requests_per_minute"),
        ("typical_s = 8.0", "typical_s = nan", "models.0.typical_s"),
        ("deadline_s = 600.0", "deadline_s = -1.0", "models.0.deadline_s"),
        ('id = "brush"', 'id = "Brush!"', "models.0.id"),
        ('wire = "acme-brush-1"', 'wire = "../x"', "models.0.wire"),
        ('provider = "acme"', 'provider = "other"', "no [providers.other] for a model"),
        ("[models.verbs.generate]", "[models.verbs.juggle]", "models.0.verbs.juggle"),
        ("[models.prices.2k]", "[models.prices.any]", "prices must name exactly the resolutions"),
        ("[models.prices.2k]", "[models.prices.8k]", "models.0.prices.8k"),
        ('ratios = ["1:1", "16:9"]', 'ratios = ["square"]', "ratios.0"),
        ('default_ratio = "1:1"', 'default_ratio = "3:2"', "default_ratio is none of the choices"),
        ('default_ratio = "1:1"', "", "default_ratio is none of the choices"),
        ('default_resolution = "1k"', 'default_resolution = "1.5k"', "default_resolution is none"),
        ("prompt_max = 100", 'prompt_max = 100\ndefault_format = "png"', "default_format is none"),
        ("prompt_max = 100", "prompt_max = 0", "prompt_max"),
        ("count_max = 4", "count_max = 11", "count_max"),
        ("default_count = 1", "default_count = 5", "default_count lies outside"),
        ("version =", "version", "="),
    ],
)
def test_a_bad_value_is_refused_with_its_place(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in GOOD
    path = tmp_path / "catalogue.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert caught.value.setting == "catalogue.toml"
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_models_with_one_name_are_refused() -> None:
    models = GOOD[GOOD.index("[[models]]") :]
    with pytest.raises(ValueError, match="share an id"):
        parse(GOOD + models)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "none.toml")


@settings(deadline=None)  # the machine may be busy
@given(
    listed=st.decimals(min_value=0, max_value=1_000, allow_nan=False, places=4),
    more=st.decimals(min_value=0, max_value=1_000, allow_nan=False, places=4),
    count=st.integers(min_value=1, max_value=4),
)
def test_the_hold_is_never_below_the_estimate(listed: Decimal, more: Decimal, count: int) -> None:
    text = GOOD.replace('listed_usd = "0.05"', f'listed_usd = "{listed}"')
    text = text.replace('worst_usd = "0.08"', f'worst_usd = "{listed + more}"')
    offer = parse(text).offers[0]
    hold, expected = worst_case(offer, order(count=count)), estimate(offer, order(count=count))
    assert isinstance(hold, int)
    assert Ticks(0) <= expected <= hold <= MAX_TICKS


def test_the_shipped_catalogue_prices_what_is_known(catalogue: Catalogue) -> None:
    cheap, pro, quality = catalogue.offers[:3]
    assert [offer.key for offer in catalogue.offers] == [
        "locus/grok-imagine",
        "locus/grok-imagine-pro",
        "pixazo/grok-imagine-quality",
        "apiinone/grok-imagine",
        "apiframe/grok-imagine",
        "apiframe/topaz-upscale",
        "apiframe/clarity-upscale",
        "xai/grok-imagine",
        "xai/grok-imagine-2",
    ]
    assert listed_price(cheap, None, pictures=1) == usd("0.023")
    assert listed_price(pro, None, pictures=1) == usd("0.083")
    assert listed_price(quality, Resolution.K1, pictures=1) == usd("0.05")
    assert listed_price(quality, Resolution.K2, pictures=4) == usd("0.28")
    assert catalogue.providers[ProviderName("locus")].concurrency == 2


def test_every_number_of_the_shipped_catalogue_says_where_it_comes_from() -> None:
    text = CATALOGUE.read_text()
    bare = {
        line.split("=")[0].strip()
        for line in text.splitlines()
        if "=" in line and any(letter.isdigit() for letter in line.split("=", 1)[1]) and "#" not in line
    }
    # A picture alone is the least there can be, and an id with a digit is a name.
    assert bare <= {"count_min", "count_max", "default_count", "id", "label"}
    assert all("#" in line for line in text.splitlines() if line.startswith("]"))


def test_a_rate_limit_is_read_and_may_be_left_out() -> None:
    limited = GOOD.replace("poll_max_s = 10.0", "poll_max_s = 10.0\nrequests_per_minute = 90")
    assert parse(limited).providers[ProviderName("acme")].requests_per_minute == 90
    assert parse(GOOD).providers[ProviderName("acme")].requests_per_minute is None


CREDITS = GOOD.replace('listed_usd = "0.05"', "listed_credits = 5").replace('worst_usd = "0.08"', "worst_credits = 8")
RATED = CREDITS.replace("poll_max_s = 10.0", 'poll_max_s = 10.0\nusd_per_credit = "0.01"')


def test_credits_are_ticks_by_the_providers_rate_or_the_operators() -> None:
    assert parse(RATED).offers[0].price(Resolution.K1) == Price(listed=usd("0.05"), worst=usd("0.08"))
    cheaper = parse(RATED, usd_per_credit={ProviderName("acme"): usd("0.002")})
    assert cheaper.offers[0].price(Resolution.K1) == Price(listed=usd("0.01"), worst=usd("0.016"))
    assert cheaper.providers[ProviderName("acme")].usd_per_credit == usd("0.002")
    assert parse(GOOD).providers[ProviderName("acme")].usd_per_credit is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CREDITS, "needs the provider's usd_per_credit"),
        (RATED.replace("listed_credits = 5", 'listed_credits = "5"'), "whole number of credits"),
        (RATED.replace("listed_credits = 5", "listed_credits = true"), "whole number of credits"),
        (RATED.replace("listed_credits = 5", "listed_credits = -5"), "zero or more"),
        (RATED.replace('provider = "acme"', "provider = 5"), "usd_per_credit"),
        ('version = "1"\nmodels = [5]\n[providers]', "models.0"),
    ],
)
def test_credits_without_a_rate_or_a_number_are_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(text)


EDIT = """
[models.verbs.edit]
wire = "acme-edit/v2"
count_min = 1
count_max = 1
default_count = 1
prompt_max = 50
source_fee_usd = "0.002"
factors = [2, 4]
default_factor = 2
sources = { least = 1, most = 3, takes_urls = true, takes_bytes = false, formats = ["png"], bytes_max = 1000 }
[models.verbs.edit.prices.any]
listed_usd = "0.10"
worst_usd = "0.20"
"""


def test_a_verb_may_have_its_own_model_sizes_and_prices() -> None:
    brush = parse(GOOD + EDIT).offers[0]
    edit = replace(
        order(count=2, resolution=None), verb=Verb.EDIT, sources=(SourcePicture(url="https://a.example"),) * 3
    )
    assert (brush.wire_model_for(Verb.EDIT), brush.wire_model_for(Verb.GENERATE)) == ("acme-edit/v2", "acme-brush-1")
    assert brush.wire_model_for(Verb.UPSCALE) == "acme-brush-1"
    assert estimate(brush, edit) == usd("0.209")  # two pictures, three sources, one fee
    assert worst_case(brush, edit) == usd("0.409")
    assert listed_for(brush, edit, pictures=1) == usd("0.109")
    assert estimate(brush, replace(edit, verb=Verb.UPSCALE)) == usd("0.143")  # left the catalogue: as the dearest
    ability = brush.abilities[Verb.EDIT]
    assert ability.sources == Sources(least=1, most=3, takes_urls=True, formats=(PictureFormat.PNG,), bytes_max=1000)
    assert (ability.factors, ability.default_factor) == ((2, 4), 2)


def test_a_price_by_the_call_does_not_grow_with_the_pictures() -> None:
    brush = parse(GOOD.replace('wire = "acme-brush-1"', 'wire = "acme-brush-1"\npriced_by = "call"')).offers[0]
    assert estimate(brush, order(count=3)) == listed_price(brush, Resolution.K1, pictures=6) == usd("0.053")
    assert worst_case(brush, order(count=3)) == usd("0.083")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("least = 1", "least = 4", "least is above most"),
        ("takes_urls = true", "takes_urls = false", "as addresses or as bytes"),
        ("default_factor = 2", "default_factor = 3", "default_factor is none"),
        ("[models.verbs.edit.prices.any]", "[models.verbs.edit.prices.1k]", "prices must name exactly"),
        ('source_fee_usd = "0.002"', 'source_fee_usd = "90000000"', "costs more than can be kept"),
        ('wire = "acme-edit/v2"', 'wire = "../v2"', "wire"),
        ("[models.verbs.edit]", "[models.verbs.ask]", "models.0.verbs"),
    ],
)
def test_a_bad_verb_is_refused(old: str, new: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(GOOD + EDIT.replace(old, new, 1))


def test_every_verb_of_the_issue_is_served(catalogue: Catalogue) -> None:
    served: dict[str, set[Verb]] = {}
    for offer in catalogue.offers:
        served.setdefault(offer.provider, set()).update(offer.abilities)
    assert served == {
        "locus": {Verb.GENERATE, Verb.EDIT},
        "pixazo": {Verb.GENERATE, Verb.EDIT},
        "apiinone": {Verb.GENERATE, Verb.UPSCALE},
        "apiframe": {Verb.GENERATE, Verb.EDIT, Verb.UPSCALE},
        "xai": {Verb.GENERATE, Verb.EDIT},
    }
    assert {offer.provider for offer in catalogue.ask_offers} == {"locus", "xai"}
    assert {offer.provider for offer in catalogue.speak_offers} == {"locus", "xai"}

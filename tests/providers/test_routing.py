"""Which model draws a request, and what a member is told when none can."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import Refusal, RefusalReason
from bot.core.requests import (
    ModelId,
    Parent,
    PictureFormat,
    PictureRequest,
    ProviderName,
    Resolution,
    SourcePicture,
    Verb,
)
from bot.providers.catalogue import Catalogue, Offer, estimate, load, worst_case
from bot.providers.routing import ChoiceOption, choose, model_choices, value_choices
from tests.providers.conftest import CATALOGUE

A_PICTURE = SourcePicture(url="https://pictures.example/a.png")
RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "2:1", "1:2", "20:9", "9:20", "19.5:9", "9:19.5")


@pytest.fixture
def offers(catalogue: Catalogue) -> tuple[Offer, ...]:
    """Those of two gateways; more would only make the tables longer."""
    return tuple(offer for offer in catalogue.offers if offer.provider in ("locus", "pixazo"))


def ask(prompt: str = "a fox", **more: Any) -> PictureRequest:
    return PictureRequest(prompt=prompt, **more)


def refusal(request: PictureRequest, offers: tuple[Offer, ...]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        choose(request, offers)
    return caught.value


def test_the_cheapest_is_taken_and_every_choice_made(offers: tuple[Offer, ...]) -> None:
    offer, order = choose(ask("  a fox \n"), offers)
    assert offer.key == "locus/grok-imagine"
    assert (order.prompt, order.count, order.aspect_ratio) == ("a fox", 1, "auto")
    assert (order.resolution, order.format) == (None, None)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"resolution": "2k"}, "pixazo/grok-imagine-quality"),
        ({"format": "webp"}, "pixazo/grok-imagine-quality"),
        ({"aspect_ratio": "20:9"}, "pixazo/grok-imagine-quality"),
        ({"aspect_ratio": "auto"}, "locus/grok-imagine"),
        ({"model": "grok-imagine-pro"}, "locus/grok-imagine-pro"),
        ({"model": "pixazo/grok-imagine-quality"}, "pixazo/grok-imagine-quality"),
        ({"model": " Grok Imagine Quality "}, "pixazo/grok-imagine-quality"),
        ({"model": "LOCUS/GROK-IMAGINE"}, "locus/grok-imagine"),
    ],
)
def test_the_cheapest_that_can_do_it_is_taken(more: dict[str, Any], key: str, offers: tuple[Offer, ...]) -> None:
    assert choose(ask(**more), offers)[0].key == key


def test_choices_are_read_as_people_spell_them(offers: tuple[Offer, ...]) -> None:
    _, order = choose(ask(resolution=" 2K ", format="JPG", aspect_ratio=" 16:9", count=4), offers)
    assert (order.resolution, order.format) == (Resolution.K2, PictureFormat.JPEG)
    assert (order.aspect_ratio, order.count) == ("16:9", 4)


def test_defaults_are_the_models_own(offers: tuple[Offer, ...]) -> None:
    _, order = choose(ask(model="grok-imagine-quality"), offers)
    assert (order.aspect_ratio, order.resolution, order.format) == ("1:1", Resolution.K1, PictureFormat.JPEG)


def test_at_equal_prices_the_operators_order_decides(offers: tuple[Offer, ...]) -> None:
    twin = replace(offers[0], provider=ProviderName("twin"))
    both = (offers[0], twin)
    assert choose(ask(), both)[0].provider == "locus"
    assert choose(ask(), both, preference=[ProviderName("twin")])[0].provider == "twin"
    assert choose(ask(model="grok-imagine"), both, preference=[ProviderName("twin")])[0].provider == "twin"


def test_a_lower_price_beats_the_operators_order(offers: tuple[Offer, ...]) -> None:
    assert choose(ask(), offers, preference=[ProviderName("pixazo")])[0].provider == "locus"


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "\u200b\u200d\ufeff", "\u202e \u2066", "\x00", "\u00ad"])
def test_a_prompt_that_nobody_can_see_is_empty(prompt: str, offers: tuple[Offer, ...]) -> None:
    assert refusal(ask(prompt), offers).reason is RefusalReason.PROMPT_EMPTY


@pytest.mark.parametrize("prompt", ["x", "🦊", "שלום", "@everyone", "\u200bx"])
def test_any_prompt_that_can_be_seen_is_taken(prompt: str, offers: tuple[Offer, ...]) -> None:
    assert choose(ask(prompt), offers)[1].prompt == prompt


def test_a_prompt_of_exactly_the_limit_is_taken_and_one_more_is_refused(offers: tuple[Offer, ...]) -> None:
    assert choose(ask("x" * 4000 + "  "), offers)
    refused = refusal(ask("x" * 5001), offers)
    assert refused.reason is RefusalReason.PROMPT_TOO_LONG
    assert refused.facts == {"limit": 4000, "length": 5001, "model": "Grok Imagine"}


def test_without_a_gateway_nothing_can_be_drawn(offers: tuple[Offer, ...]) -> None:
    assert refusal(ask(), ()).reason is RefusalReason.NO_PROVIDER
    others = (replace(offers[0], abilities={Verb.UPSCALE: offers[0].abilities[Verb.GENERATE]}),)
    refused = refusal(ask(), others)
    assert (refused.reason, refused.facts) == (RefusalReason.NO_WAY, {"verb": "generate"})
    assert model_choices(others, "") == []


def test_an_unknown_model_is_told_what_there_is(offers: tuple[Offer, ...]) -> None:
    refused = refusal(ask(model="dall-e " + "x" * 200), offers)
    assert refused.reason is RefusalReason.UNKNOWN_MODEL
    assert refused.facts["can"] == "grok-imagine, grok-imagine-pro, grok-imagine-quality"
    assert len(str(refused.facts["asked"])) == 60


@pytest.mark.parametrize(
    ("more", "reason", "facts"),
    [
        (
            {"model": "grok-imagine", "aspect_ratio": "21:9"},
            RefusalReason.RATIO,
            {"asked": "21:9", "can": "1:1, 16:9, 9:16, 4:3, 3:2, auto", "model": "Grok Imagine"},
        ),
        (
            {"model": "grok-imagine-quality", "aspect_ratio": "auto"},
            RefusalReason.RATIO,
            {"asked": "auto", "can": ", ".join(RATIOS), "model": "Grok Imagine Quality"},
        ),
        ({"count": 5}, RefusalReason.COUNT, {"asked": 5, "can": "1–4", "model": "Grok Imagine"}),
        ({"count": 0}, RefusalReason.COUNT, {"asked": 0, "can": "1–4", "model": "Grok Imagine"}),
        (
            {"model": "grok-imagine", "resolution": "1k"},
            RefusalReason.RESOLUTION,
            {"asked": "1k", "can": "", "model": "Grok Imagine"},
        ),
        (
            {"resolution": "8k"},
            RefusalReason.RESOLUTION,
            {"asked": "8k", "can": "1k, 2k", "model": "Grok Imagine Quality"},
        ),
        (
            {"model": "grok-imagine-quality", "format": "gif"},
            RefusalReason.FORMAT,
            {"asked": "gif", "can": "jpeg, png, webp", "model": "Grok Imagine Quality"},
        ),
        # together impossible everywhere: the reason of the offer that came closest
        (
            {"aspect_ratio": "auto", "resolution": "2k", "format": "png"},
            RefusalReason.RATIO,
            {"asked": "auto", "can": ", ".join(RATIOS), "model": "Grok Imagine Quality"},
        ),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(
    more: dict[str, Any], reason: RefusalReason, facts: dict[str, object], offers: tuple[Offer, ...]
) -> None:
    refused = refusal(ask(**more), offers)
    assert refused.reason is reason
    assert refused.facts == facts


def test_a_single_possible_count_is_named_alone(offers: tuple[Offer, ...]) -> None:
    ability = replace(offers[0].abilities[Verb.GENERATE], count_max=1)
    only = (replace(offers[0], abilities={Verb.GENERATE: ability}),)
    assert refusal(ask(count=2), only).facts["can"] == "1"


def test_choices_are_the_cheapest_first_with_their_price(offers: tuple[Offer, ...]) -> None:
    assert model_choices(offers, "") == [
        ("Grok Imagine · locus · $0.023", "locus/grok-imagine"),
        ("Grok Imagine Quality · pixazo · $0.05", "pixazo/grok-imagine-quality"),
        ("Grok Imagine Pro · locus · $0.083", "locus/grok-imagine-pro"),
    ]


@pytest.mark.parametrize(("typed", "found"), [("QUAL", 1), ("pixazo/", 1), ("grok", 3), ("zzz", 0), ("  ", 3)])
def test_choices_follow_what_is_typed(typed: str, found: int, offers: tuple[Offer, ...]) -> None:
    assert len(model_choices(offers, typed)) == found


def test_choices_fit_what_discord_takes(offers: tuple[Offer, ...]) -> None:
    many = tuple(replace(offers[0], model=ModelId(f"m{n}"), label="L" * 150) for n in range(40))
    choices = model_choices(many, "")
    assert len(choices) == 25
    assert all(len(label) <= 100 and len(value) <= 100 for label, value in choices)


def test_a_choice_made_is_a_choice_understood(offers: tuple[Offer, ...]) -> None:
    for _, value in model_choices(offers, ""):
        assert choose(ask(model=value), offers)[0].key == value


OFFERS = load(CATALOGUE).offers


@settings(deadline=None)  # the machine may be busy
@given(
    st.builds(
        PictureRequest,
        prompt=st.text(max_size=5000),
        model=st.none() | st.text() | st.sampled_from([offer.key for offer in OFFERS]),
        aspect_ratio=st.none() | st.text() | st.sampled_from(RATIOS),
        count=st.none() | st.integers(),
        resolution=st.none() | st.text() | st.sampled_from(["1k", "2k"]),
        format=st.none() | st.text() | st.sampled_from(["jpeg", "png"]),
    )
)
def test_a_request_is_settled_within_the_models_abilities_or_refused(request: PictureRequest) -> None:
    try:
        offer, order = choose(request, OFFERS)
    except Refusal:
        return  # a clear answer, before any money
    ability = offer.abilities[Verb.GENERATE]
    assert (order.provider, order.model) == (offer.provider, offer.model)
    assert 0 < len(order.prompt) <= ability.prompt_max
    assert ability.count_min <= order.count <= ability.count_max
    assert order.aspect_ratio in (ability.ratios or (None,))
    assert order.resolution in (ability.resolutions or (None,))
    assert order.format in (ability.formats or (None,))
    assert estimate(offer, order) > 0


@pytest.mark.parametrize(
    ("option", "model", "typed", "found"),
    [
        ("aspect_ratio", "locus/grok-imagine", "", ["1:1", "16:9", "9:16", "4:3", "3:2", "auto"]),
        ("aspect_ratio", "locus/grok-imagine", "16", ["16:9", "9:16"]),
        ("aspect_ratio", None, "19.5", ["19.5:9", "9:19.5"]),
        ("aspect_ratio", "no such model", "aut", ["auto"]),
        ("resolution", None, "", ["1k", "2k"]),
        ("resolution", "grok-imagine", "", []),
        ("format", "Grok Imagine Quality", "P", ["png", "jpeg", "webp"]),
        ("format", None, "gif", []),
    ],
)
def test_choices_follow_the_model_typed_so_far(
    option: ChoiceOption, model: str | None, typed: str, found: list[str], offers: tuple[Offer, ...]
) -> None:
    assert sorted(value_choices(offers, option=option, model=model, typed=typed)) == sorted(found)


def test_a_provider_without_pictures_offers_no_choices(offers: tuple[Offer, ...]) -> None:
    others = tuple(replace(offer, abilities={Verb.EDIT: offer.abilities[Verb.GENERATE]}) for offer in offers)

    assert value_choices(others, option="format", model=None, typed="") == []


# Changing and enlarging


def edit(**more: Any) -> PictureRequest:
    return ask(verb=Verb.EDIT, **{"sources": 1, **more})


def upscale(**more: Any) -> PictureRequest:
    return ask("", verb=Verb.UPSCALE, **{"sources": 1, **more})


def test_the_cheapest_that_takes_as_many_pictures_changes_them(catalogue: Catalogue) -> None:
    one, order = choose(edit(), catalogue.offers)
    assert (one.key, order.verb, order.source_count) == ("xai/grok-imagine", Verb.EDIT, 1)
    three, order = choose(edit(sources=3), catalogue.offers)
    assert Verb.EDIT in three.abilities
    assert three.abilities[Verb.EDIT].sources.most >= 3
    assert worst_case(three, order) == worst_case(three, replace(order, sources=(A_PICTURE,) * 3))


def test_a_shape_that_a_single_picture_cannot_take_there_is_drawn_elsewhere_or_refused(catalogue: Catalogue) -> None:
    """xAI keeps the shape of a single picture, whatever is asked for."""
    shaped = edit(aspect_ratio="2:1")
    one, order = choose(shaped, catalogue.offers)
    assert (one.provider, order.aspect_ratio) == ("pixazo", "2:1")
    assert choose(edit(aspect_ratio="auto"), catalogue.offers)[0].provider == "xai"
    assert choose(replace(shaped, sources=2), catalogue.offers)[0].provider == "xai"

    alone = tuple(offer for offer in catalogue.offers if offer.provider == "xai")
    refused = refusal(shaped, alone)
    assert refused.reason is RefusalReason.RATIO
    assert (refused.facts["asked"], refused.facts["can"], refused.facts["is_for_several"]) == ("2:1", "auto", 1)
    assert "is_for_several" not in refusal(edit(aspect_ratio="7:5", sources=2), alone).facts


@pytest.mark.parametrize(("sources", "offered"), [(1, ["auto"]), (2, ["auto", "1:1", "16:9"])])
def test_shapes_are_offered_for_as_many_pictures_as_there_are(
    sources: int, offered: list[str], catalogue: Catalogue
) -> None:
    found = value_choices(
        catalogue.offers, option="aspect_ratio", model="xai/grok-imagine", typed="", verb=Verb.EDIT, sources=sources
    )
    assert found[:3] == offered


@pytest.mark.parametrize(("sources", "can"), [(0, "1–3"), (9, "1–3")])
def test_a_number_of_pictures_that_none_takes_is_refused(sources: int, can: str, offers: tuple[Offer, ...]) -> None:
    refused = refusal(edit(sources=sources, model="grok-imagine-quality"), offers)
    assert refused.reason is RefusalReason.SOURCES
    assert (refused.facts["asked"], refused.facts["can"]) == (sources, can)


def test_a_picture_is_enlarged_by_whoever_takes_any_and_its_own_by_the_gateway_that_drew_it(
    catalogue: Catalogue,
) -> None:
    offer, order = choose(upscale(), catalogue.offers)
    assert (offer.provider, order.parent) == ("apiframe", None)
    assert order.factor in offer.abilities[Verb.UPSCALE].factors
    own = Parent(provider=ProviderName("apiinone"), external_id="task-1")
    alone = tuple(one for one in catalogue.offers if one.provider == "apiinone")
    offer, order = choose(upscale(parent=own), alone)
    assert (offer.provider, order.parent) == ("apiinone", "task-1")
    foreign = replace(own, provider=ProviderName("pixazo"))
    assert refusal(upscale(parent=foreign), alone).reason is RefusalReason.NO_WAY


def test_a_factor_that_there_is_not_is_refused(catalogue: Catalogue) -> None:
    refused = refusal(upscale(factor=7), catalogue.offers)
    assert refused.reason is RefusalReason.FACTOR
    assert refused.facts["asked"] == 7


def test_choices_are_those_of_the_verb(catalogue: Catalogue) -> None:
    assert model_choices(catalogue.offers, "", verb=Verb.UPSCALE)
    keys = {value for _, value in model_choices(catalogue.offers, "", verb=Verb.EDIT)}
    assert keys == {offer.key for offer in catalogue.offers if Verb.EDIT in offer.abilities}
    shapes = value_choices(catalogue.offers, option="aspect_ratio", model=None, typed="", verb=Verb.EDIT)
    assert "auto" in shapes

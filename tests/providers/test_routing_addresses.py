"""Sources that can be given as bytes alone go to gateways that take bytes."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import Refusal, RefusalReason
from bot.core.requests import Parent, PictureRequest, ProviderName, Verb
from bot.providers.catalogue import Offer, load
from bot.providers.routing import choose

CATALOGUE = load(Path(__file__).resolve().parents[2] / "data" / "catalogue.toml")
EDIT = PictureRequest(prompt="x", verb=Verb.EDIT, sources=1, has_addresses=False)


def offers(*names: str) -> list[Offer]:
    return [offer for offer in CATALOGUE.offers if offer.provider in names]


def test_a_gateway_that_takes_addresses_alone_is_passed_over() -> None:
    both = offers("pixazo", "apiframe")
    assert choose(EDIT, both)[0].provider == "apiframe"
    assert choose(replace(EDIT, has_addresses=True), both)[0].provider == "pixazo"


def test_where_there_is_no_other_the_want_of_an_address_is_the_reason() -> None:
    with pytest.raises(Refusal) as refused:
        choose(EDIT, offers("pixazo"))
    assert (refused.value.reason, refused.value.facts) == (RefusalReason.NO_ADDRESS, {"verb": "edit"})


def test_where_nobody_could_anyhow_that_is_the_reason() -> None:
    with pytest.raises(Refusal) as refused:
        choose(EDIT, offers("apiinone"))
    assert refused.value.reason is RefusalReason.NO_WAY


def test_a_gateway_that_goes_on_with_its_own_work_needs_none() -> None:
    own = Parent(provider=ProviderName("apiinone"), external_id="task_1")
    request = PictureRequest(prompt="x", verb=Verb.UPSCALE, sources=1, parent=own, has_addresses=False)
    assert choose(request, offers("apiinone", "apiframe"))[0].provider == "apiinone"

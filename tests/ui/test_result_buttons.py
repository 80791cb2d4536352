"""The buttons of a result stand in order and fit; forms and answers fit, and are read back from the wire."""

from typing import Any

import pytest
from discord import ButtonStyle, ui
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import Millis
from bot.core.ids import AssetId, ChannelId, GuildId, JobId, MemberId, MessageId
from bot.core.money import usd
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, Resolution, Verb
from bot.services.ports import NextSteps
from bot.services.results.details import Details, Kept, Kin
from bot.services.results.removing import RemovalOutcome
from bot.services.results.reporting import TEXT_MAX, ReportReason
from bot.ui import custom_ids
from bot.ui.custom_ids import FormId, FormVerb
from bot.ui.details_card import details_card
from bot.ui.originals import fitting
from bot.ui.picture_forms import EditWish, edit_form, read_edit, read_upscale, upscale_form
from bot.ui.result_buttons import result_rows
from bot.ui.result_cards import removal_card, which_to_vary
from bot.ui.result_forms import read_report, report_form
from sandbox.discord import validate

JOB = JobId("abcdefghijklmnopqrstuvwx")
LONG = "*a* very <@1> long [prompt](http://x.example) " * 200


def _labels(row: ui.ActionRow[ui.LayoutView]) -> list[str]:
    return [item.label or "" for item in row.children if isinstance(item, ui.Button)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (NextSteps(pictures=0), [["Again"]]),
        (NextSteps(pictures=1, can_edit=True, upscalable=(1,)), [["Again", "Edit…", "Upscale"]]),
        (
            NextSteps(pictures=1, can_edit=True, can_vary=True, upscalable=(1,)),
            [["Again", "Vary", "Edit…", "Upscale"]],
        ),
        (
            NextSteps(pictures=2, can_edit=True, can_vary=True, upscalable=(1, 2)),
            [["Again", "Vary", "Edit…", "Upscale 1", "Upscale 2"]],
        ),
        (
            NextSteps(pictures=4, can_edit=True, can_vary=True, upscalable=(1, 2, 3, 4)),
            [["Again", "Vary", "Edit…", "Upscale 1", "Upscale 2"], ["Upscale 3", "Upscale 4"]],
        ),
    ],
)
def test_the_rows_hold_what_can_be_made_then_what_concerns_the_result(
    steps: NextSteps, expected: list[list[str]]
) -> None:
    *making, last = result_rows(JOB, steps)
    assert [_labels(row) for row in making] == expected
    assert _labels(last) == ["Details", "Report", "Delete"]


@given(st.integers(1, 10), st.booleans())
def test_any_number_of_pictures_fits_with_one_primary_and_danger_last(count: int, can_edit: bool) -> None:
    steps = NextSteps(pictures=count, can_edit=can_edit, can_vary=can_edit, upscalable=tuple(range(1, count + 1)))
    rows = result_rows(JOB, steps)
    buttons = [item for row in rows for item in row.children if isinstance(item, ui.Button)]
    ids = [button.custom_id for button in buttons]

    assert all(len(row.children) <= 5 for row in rows)
    assert len(set(ids)) == len(ids)
    assert all(custom_ids.read_press(one or "") is not None for one in ids)
    assert [button.style for button in buttons].count(ButtonStyle.primary) == 1
    assert [button.style for button in buttons].index(ButtonStyle.danger) == len(buttons) - 1
    assert all(len(button.label or "") <= 34 for button in buttons)
    # The card of ten pictures: container, gallery and text beside the rows.
    assert 3 + len(rows) + len(buttons) <= 40


# -- forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 10])
def test_the_edit_form_brings_the_prompt_and_fits(count: int) -> None:
    custom_id = custom_ids.of_form(FormId(verb=FormVerb.EDIT, job_id=JOB))
    body = edit_form(custom_id, prompt=LONG, count=count).to_dict()
    assert list(validate.faults("POST", "/interactions/1/x/callback", {"type": 9, "data": body})) == []
    assert body["custom_id"] == custom_id
    assert body["components"][0]["component"]["value"] == LONG[:4000]
    assert len(body["components"]) == (1 if count == 1 else 2)


def test_the_report_form_offers_every_reason_and_fits() -> None:
    body = report_form(JOB).to_dict()
    assert list(validate.faults("POST", "/interactions/1/x/callback", {"type": 9, "data": body})) == []
    assert [one["value"] for one in body["components"][0]["component"]["options"]] == list(ReportReason)


def _sent(**values: Any) -> dict[str, Any]:
    return {
        "components": [{"type": 18, "component": {"custom_id": name, "value": value}} for name, value in values.items()]
    }


def test_a_form_is_read_from_the_wire_also_in_the_older_shape_of_rows() -> None:
    wish = read_edit(_sent(prompt="night", picture="3"))
    assert wish is not None
    assert (wish.prompt, wish.position) == ("night", 3)
    older = read_edit({"components": [{"type": 1, "components": [{"custom_id": "prompt", "value": "x"}]}]})
    assert older is not None
    assert older.position == 1
    told = read_report(_sent(reason="rules", text="see #4"))
    assert told is not None
    assert (told.reason, told.text) == (ReportReason.RULES, "see #4")


def test_the_form_that_asks_which_picture_is_to_be_enlarged_fits() -> None:
    body = upscale_form("easel:menu-form:upscale:1", count=10).to_dict()
    assert list(validate.faults("POST", "/interactions/1/x/callback", {"type": 9, "data": body})) == []
    assert read_upscale(_sent(picture="10")) == EditWish(prompt="", position=10)
    assert read_upscale(_sent(picture="x")) is None


@pytest.mark.parametrize("place", ["0", "-1", "²", "100", "", "one", "１"])
def test_a_place_that_no_form_offers_is_not_read(place: str) -> None:
    assert read_edit(_sent(prompt="x", picture=place)) is None


@pytest.mark.parametrize("data", [{}, {"components": []}, _sent(other="x"), _sent(prompt=None, reason=3)])
def test_fields_of_another_version_are_not_read(data: dict[str, Any]) -> None:
    assert read_edit(data) is None
    assert read_report(data) is None


# -- answers ---------------------------------------------------------------------------------------


def _kept(position: int, byte_size: int) -> Kept:
    return Kept(
        position=position,
        asset_id=AssetId("a" * 64),
        format=PictureFormat.PNG,
        width=4096,
        height=4096,
        byte_size=byte_size,
    )


def _kin(number: int, *, stands: bool) -> Kin:
    return Kin(
        job_id=JobId("abcdef" * 4),
        kind="edit",
        member_id=MemberId(3),
        guild_id=GuildId(1 << 62),
        channel_id=ChannelId(1 << 62),
        message_id=MessageId((1 << 62) + number) if stands else None,
    )


def _details(**changes: Any) -> Details:
    order = PictureOrder(
        provider=ProviderName("xai"),
        model=ModelId("m"),
        prompt=LONG,
        count=2,
        aspect_ratio="3:2",
        resolution=Resolution.K2,
        format=PictureFormat.PNG,
        verb=Verb.UPSCALE,
        factor=2,
    )
    fields: dict[str, Any] = {
        "job_id": JOB,
        "kind": "upscale",
        "member_id": MemberId(3),
        "order": order,
        "words": LONG,
        "style": "*ink*",
        "model_label": "Grok",
        "model_asked": LONG,
        "model_served": LONG,
        "provider_label": "xAI",
        "cost": usd("0.04"),
        "created_at": Millis(1_800_000_000_000),
        "seconds": 12.0,
        "pictures": tuple(_kept(position, 1) for position in range(1, 11)),
        "ancestors": tuple(_kin(number, stands=True) for number in range(5)),
        "children": tuple(_kin(number, stands=False) for number in range(5)),
        "steps": NextSteps(pictures=10),
    }
    return Details(**{**fields, **changes})


def _text(view: ui.LayoutView) -> str:
    return "\n".join(item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"order": None, "words": None, "model_served": None, "model_asked": None, "style": None, "cost": None},
        {"pictures": (), "ancestors": (), "children": ()},
        {"order": None, "pictures": (), "style": None},
    ],
)
def test_the_details_fit_and_neither_ping_nor_forge(changes: dict[str, Any]) -> None:
    view = details_card(_details(**changes), files=["a.png"], too_large=[_kept(n, 9) for n in range(1, 11)])
    assert view.content_length() <= 4000
    assert view.total_children_count <= 40
    assert "<@1>" not in _text(view)
    assert "](" not in _text(view)
    assert "reference `abcdef`" in _text(view)


def test_the_details_say_what_is_known() -> None:
    text = _text(details_card(_details(model_asked=None, model_served="grok-2", words="a *fox*")))
    said = ("a \\*fox\\*", "served as grok-2", "left to the bot", "style \\*ink\\*", "$0.04", "2 times larger", "12 s")
    assert all(one in text for one in (*said, "4096 × 4096", "not here any more", "Came from", "Led to"))


@pytest.mark.parametrize("outcome", RemovalOutcome)
def test_every_end_of_a_deletion_is_told_and_only_the_question_has_a_button(outcome: RemovalOutcome) -> None:
    view = removal_card(outcome, JOB)
    buttons = [item for item in view.walk_children() if isinstance(item, ui.Button)]
    assert len(buttons) == (outcome is RemovalOutcome.ALLOWED)
    assert _text(view)


def test_ten_pictures_can_be_chosen_from() -> None:
    view = which_to_vary(JOB, 10)
    assert len([item for item in view.walk_children() if isinstance(item, ui.Button)]) == 10
    assert view.total_children_count <= 40


# -- originals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "posted", "whole", "too_large"),
    [
        ((100,), {1: 100}, [], []),  # posted as it is
        ((100,), {}, [], []),  # nobody knows how it was posted
        ((100,), {1: 50}, [1], []),
        ((2_000,), {1: 50}, [], [1]),
        ((900, 900), {1: 50, 2: 900}, [1], []),
    ],
)
def test_only_what_was_shrunk_and_fits_is_given(
    sizes: tuple[int, ...], posted: dict[int, int], whole: list[int], too_large: list[int]
) -> None:
    pictures = [_kept(position, size) for position, size in enumerate(sizes, start=1)]
    found = fitting(pictures, posted, file_limit=1_000)
    assert [one.position for one in found.whole] == whole
    assert [one.position for one in found.too_large] == too_large


def test_originals_together_stay_below_what_a_request_may_hold() -> None:
    pictures = [_kept(position, 10 * 2**20) for position in range(1, 5)]
    found = fitting(pictures, dict.fromkeys(range(1, 5), 5), file_limit=2**30)
    assert [one.position for one in found.whole] == [1, 2]
    assert len(found.too_large) == 2


def test_the_form_takes_no_more_words_than_are_kept() -> None:
    assert report_form(JOB).to_dict()["components"][1]["component"]["max_length"] == TEXT_MAX

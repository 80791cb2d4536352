"""The cards of `/history`, `/style`, `/help` and `/about` fit Discord's limits, whatever stands in them."""

from typing import Any

import discord
import pytest
from discord import ui

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, JobId, MessageId
from bot.core.money import usd
from bot.core.requests import Verb
from bot.services.about import AboutFacts, Closed, ModelOnOffer
from bot.services.history.pages import PAGE, Entry, Page
from bot.services.retention.sweeping import Periods
from bot.services.styles.model import GUILD_MAX, MEMBER_MAX, Keeper, Owner, Style, StyleId, StyleOutcome
from bot.ui.about_card import about_card
from bot.ui.help_card import TASKS, help_card, mention
from bot.ui.history_card import history_card, thumbnails
from bot.ui.style_cards import list_card, outcome_card
from bot.ui.style_choices import choices_of
from bot.ui.style_forms import style_form
from tests.ui.test_cards import LONG, _assert_fits, _text


def _entry(number: int, **changes: Any) -> Entry:
    base: dict[str, Any] = {
        "job_id": JobId(f"{number:024d}"),
        "words": LONG,
        "style": LONG[:40],
        "created_at": Millis(1_800_000_000_000),
        "model_label": "Grok Imagine Quality via API in One",
        "cost": usd("0.0231"),
        "picture_count": 10,
        "guild_id": GuildId(2**60),
        "channel_id": ChannelId(2**60),
        "message_id": MessageId(2**60),
        "thumbnail": b"small",
        "cleaned_at": None,
    }
    return Entry(**{**base, **changes})


def test_a_full_page_fits_and_its_pictures_are_those_that_it_shows() -> None:
    page = Page(entries=tuple(_entry(number) for number in range(PAGE)), has_newer=True, has_older=True)
    view = history_card(page)
    _assert_fits(view)
    files = [file.filename for file in thumbnails(page)]
    shown = [item.media.url for item in view.walk_children() if isinstance(item, ui.Thumbnail)]
    assert shown == [f"attachment://{name}" for name in files]
    assert all(len(file.description or "") <= 1024 for file in thumbnails(page))


def test_buttons_of_a_page_are_numbered_and_lead_beside_its_first_and_last_result() -> None:
    page = Page(entries=(_entry(1), _entry(2)), has_newer=True, has_older=True)
    found = {item.label: item.custom_id for item in history_card(page).walk_children() if isinstance(item, ui.Button)}
    assert list(found) == ["Open 1", "Again 1", "Open 2", "Again 2", "Back", "Next"]
    assert found["Back"] == f"easel:newer:{_entry(1).job_id}"
    assert found["Next"] == f"easel:older:{_entry(2).job_id}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cleaned_at": Millis(1_800_000_000_000), "thumbnail": None}, "were cleaned up on <t:1800000000:D>"),
        ({"thumbnail": None}, "cannot be found any more"),
        ({"words": None}, "The words of this request were cleaned up"),
        ({"picture_count": 1}, "1 picture"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, Any], said: str) -> None:
    assert said in _text(history_card(Page(entries=(_entry(1, **changes),), has_newer=False, has_older=False)))


def test_a_result_that_was_not_posted_has_no_link() -> None:
    page = Page(entries=(_entry(1, message_id=None),), has_newer=False, has_older=False)
    assert "Posted" not in _text(history_card(page))


def _styles(owner: Owner, count: int) -> tuple[Style, ...]:
    keeper = Keeper(owner=owner, owner_id=1)
    return tuple(
        Style(id=StyleId(number), keeper=keeper, name=f"{'*' * 37}{number}", text=LONG[:1000], author_id=1)
        for number in range(count)
    )


def test_full_lists_of_styles_fit() -> None:
    view = list_card(guild=_styles(Owner.GUILD, GUILD_MAX), member=_styles(Owner.MEMBER, MEMBER_MAX))
    _assert_fits(view)
    assert " more: type a few letters" in _text(view)


@pytest.mark.parametrize("outcome", StyleOutcome)
def test_every_outcome_of_a_wish_has_words(outcome: StyleOutcome) -> None:
    view = outcome_card(outcome, LONG)
    assert "{" not in _text(view).replace("{prompt}", "")
    assert "](" not in _text(view)
    _assert_fits(view)


def test_suggestions_fit_discords_limits() -> None:
    choices = choices_of(_styles(Owner.GUILD, GUILD_MAX), "")
    assert len(choices) == 25
    assert all(len(choice.name) <= 100 and len(str(choice.value)) <= 100 for choice in choices)


@pytest.mark.parametrize("style", [None, *_styles(Owner.MEMBER, 1)])
async def test_the_form_of_a_style_fits_and_is_kept_by_nobody(style: Style | None) -> None:
    form = style_form(Owner.MEMBER, style)
    assert len(form.title) <= 45
    assert form.is_finished()
    fields = [item.component for item in form.walk_children() if isinstance(item, ui.Label)]
    assert [field.default for field in fields if isinstance(field, ui.TextInput)] == (
        [None, None] if style is None else [style.name, style.text]
    )


def test_help_with_everything_fits_and_names_each_task_once() -> None:
    commands = [task.command for _, tasks in TASKS for task in tasks]
    ids = {command.split(" ", maxsplit=1)[0]: 2**60 for command in commands}
    view = help_card(ids=ids, may_run=lambda _: True, verbs=tuple(Verb), closed=Closed())
    _assert_fits(view)
    for command in commands:
        assert _text(view).count(f"</{command}:{2**60}>") == 1


def test_help_leaves_out_a_heading_without_tasks() -> None:
    text = _text(help_card(ids={}, may_run=lambda name: name == "usage", verbs=(), closed=Closed()))
    assert "### Look back" in text
    assert text.count("###") == 1


def test_a_command_without_an_id_is_named_plainly() -> None:
    assert mention("settings styles add", {}) == "`/settings styles add`"


@pytest.mark.parametrize("count", [0, 1, 100])
def test_about_fits_however_many_models_there_are(count: int) -> None:
    models = tuple(ModelOnOffer(label=LONG, provider_label=LONG, price=usd("0.0231")) for _ in range(count))
    offered = tuple((verb, models) for verb in Verb) if count else ()
    facts = AboutFacts(
        version="1.2.3",
        commit="0" * 40,
        source_url=f"https://source.example/{'x' * 200}",
        periods=Periods(picture_days=90, record_days=0),
        conversation_days=30,
        models=offered,
    )
    view = about_card(facts)
    _assert_fits(view)
    assert (" more" in _text(view)) == (count > 10)
    assert isinstance(view.children[0], ui.Container)
    assert view.children[0].accent_colour == discord.Colour(0x5865F2)

"""Cards say what happened, what it cost and what to do, and fit Discord's limits."""

import dataclasses
from typing import Any

import pytest
from discord import ui

from bot.core.clock import Millis
from bot.core.errors import Fact, Refusal, RefusalReason
from bot.core.ids import AssetId, ChannelId, GuildId, JobId, MemberId, MessageId
from bot.core.money import Ticks, usd
from bot.core.requests import ModelId, PictureFormat, PictureOrder, ProviderName, Resolution
from bot.jobs.model import State
from bot.ledger.model import HoldState
from bot.services.deliveries import DeliveryRow, Route
from bot.services.outcomes import FailureReason
from bot.services.ports import Post, PostedPicture
from bot.services.progress import Progress
from bot.ui import cards, custom_ids, words

JOB = JobId("abcdefghijklmnopqrstuvwx")
LONG = "*a* very <@1> long [prompt](http://x.example) " * 200
FACTS: dict[str, Fact] = {
    "asked": LONG,
    "can": "1:1, 16:9",
    "model": "Grok Imagine",
    "limit": 4000,
    "length": 5001,
    "missing": "attach files",
    "needed": usd("0.04"),
    "left": usd("0.01"),
    "scope": "guild:1",
    "window": "day",
    "unit": "money",
    "resets_at": 1_800_000_000_000,
    "trouble": "unreachable",
    "wait_s": 15,
    "verb": "upscale",
}


def _text(view: ui.LayoutView) -> str:
    return "\n".join(item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay))


def _assert_fits(view: ui.LayoutView) -> None:
    assert view.content_length() <= 4000
    assert view.total_children_count <= 40


def _progress(**changes: Any) -> Progress:
    base = Progress(
        job_id=JOB,
        state=State.WAITING,
        order=PictureOrder(
            provider=ProviderName("pixazo"),
            model=ModelId("m"),
            prompt=LONG,
            count=2,
            aspect_ratio="3:2",
            resolution=Resolution.K2,
            format=PictureFormat.PNG,
        ),
        model_label="Grok Imagine",
        place=None,
        ready_at=Millis(1_800_000_000_000),
        usual_s=(8.0, 20.0),
        estimate=usd("0.04"),
        held=usd("0.06"),
        hold_state=HoldState.OPEN,
        posted=None,
        reason=None,
        is_cancel_requested=False,
        is_fetching=False,
        is_parked=False,
        is_overdue=False,
        is_late=False,
        channel_id=2,
        guild_id=1,
        member_id=3,
        delivery=None,
    )
    return dataclasses.replace(base, **changes)


def _delivery(route: Route, message_id: int | None = None) -> DeliveryRow:
    return DeliveryRow(
        job_id=JOB,
        route=route,
        channel_id=ChannelId(2),
        started_at=Millis(0),
        tries=1,
        message_id=None if message_id is None else MessageId(message_id),
        reason=None,
    )


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_refusal_says_that_nothing_was_charged(reason: RefusalReason) -> None:
    view = cards.notice(words.refusal(Refusal(reason, FACTS)))

    assert "Nothing was charged." in _text(view)
    assert "](" not in _text(view)
    _assert_fits(view)


def test_a_choice_that_a_model_does_not_have_is_to_be_left_out() -> None:
    said = words.refusal(Refusal(RefusalReason.RATIO, {"asked": "1:1", "can": "", "model": "M"}))

    assert "Leave it out" in said.body


@pytest.mark.parametrize(("scope", "said"), [("member:1:2", "you have"), ("guild:1", "the server has")])
def test_a_budget_refusal_says_whose_budget_it_is(scope: str, said: str) -> None:
    body = words.refusal(Refusal(RefusalReason.BUDGET, {**FACTS, "scope": scope, "limit": usd("2")})).body

    assert said in body
    assert "$0.04" in body
    assert "<t:1800000000:R>" in body


@pytest.mark.parametrize("reason", [*FailureReason, None, "something newer"])
def test_every_failure_has_words_and_its_money(reason: str | None) -> None:
    view = cards.last_word(_progress(state=State.FAILED, reason=reason, hold_state=HoldState.VOIDED))

    assert "**not** charged" in _text(view)
    _assert_fits(view)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hold_state": HoldState.VOIDED}, "**not** charged"),
        ({"hold_state": HoldState.POSTED, "posted": usd("0.04")}, "It cost $0.04"),
        ({"hold_state": HoldState.PRESUMED, "posted": usd("0.06")}, "counted as $0.06"),
        ({"hold_state": HoldState.OPEN}, "up to $0.06 stays reserved"),
    ],
)
def test_a_last_word_says_what_became_of_the_money(changes: dict[str, Any], said: str) -> None:
    assert said in _text(cards.last_word(_progress(state=State.UNKNOWN, reason="no_answer", **changes)))
    assert said in cards.last_word_text(_progress(state=State.UNKNOWN, reason="no_answer", **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": State.DONE, "delivery": _delivery(Route.CHANNEL, 9)}, "https://discord.com/channels/1/2/9"),
        ({"state": State.DONE, "delivery": _delivery(Route.KEPT)}, "no way to show it"),
        ({"state": State.DONE, "delivery": _delivery(Route.PRIVATE)}, "sent it to you alone"),
        ({"state": State.CANCELLED, "hold_state": HoldState.VOIDED}, "Cancelled"),
        ({"state": State.UNKNOWN}, "Nobody knows what became of it"),
    ],
)
def test_a_last_word_says_how_it_ended(changes: dict[str, Any], said: str) -> None:
    assert said in _text(cards.last_word(_progress(**changes)))


@pytest.mark.parametrize(
    ("changes", "said", "has_cancel"),
    [
        ({"state": State.QUEUED, "place": 1, "ready_at": None}, "1st in line", True),
        ({"state": State.QUEUED, "place": 2, "ready_at": None}, "2nd in line", True),
        ({"state": State.QUEUED, "place": 13, "ready_at": None}, "13th in line", True),
        ({"state": State.QUEUED, "place": 23, "ready_at": None}, "23rd in line", True),
        ({"state": State.QUEUED, "place": 3, "ready_at": None}, "3rd in line · then usually 8–20 s", True),
        ({"state": State.QUEUED, "place": 3, "ready_in_s": 36.2}, "3rd in line · ready in about 40 s", True),
        ({"state": State.QUEUED, "place": 3, "ready_in_s": 0.4}, "ready in about 5 s", True),
        ({"state": State.QUEUED, "place": 3, "ready_in_s": 55.0}, "ready in about 55 s", True),
        ({"state": State.QUEUED, "place": 3, "ready_in_s": 55.1}, "ready in about 1 min", True),
        ({"state": State.QUEUED, "place": 3, "ready_in_s": 61.0}, "ready in about 2 min", True),
        ({"state": State.SUBMITTING}, "step 2 of 3: drawing", True),
        ({}, "ready <t:1800000000:R> (usually 8–20 s)", True),
        ({"usual_s": (8.0, 8.0)}, "(usually 8 s)", True),
        ({"is_fetching": True}, "step 3 of 3: posting", False),
        ({"state": State.DELIVERING, "ready_at": None}, "almost there", False),
        ({"is_parked": True}, "approves it", True),
        ({"is_overdue": True}, "any moment now (usually 8–20 s)", True),
        ({"is_late": True}, "you will be pinged", True),
        ({"is_cancel_requested": True}, "the cost counts", False),
        ({"order": None}, "Making your picture", True),
    ],
)
def test_a_working_card_says_the_real_step(changes: dict[str, Any], said: str, *, has_cancel: bool) -> None:
    view = cards.working(_progress(**changes))
    buttons = [item for item in view.walk_children() if isinstance(item, ui.Button)]

    assert said in _text(view)
    assert [button.custom_id for button in buttons] == ([custom_ids.cancel(JOB)] if has_cancel else [])
    assert len(custom_ids.cancel(JOB)) <= 100
    _assert_fits(view)


def test_a_stopping_bot_says_that_the_picture_still_comes() -> None:
    assert "will still come" in _text(cards.working(_progress(), is_stopping=True))


@pytest.mark.parametrize("count", [1, 4, 10])
def test_a_result_has_alt_text_facts_and_fits(count: int) -> None:
    picture = PostedPicture(asset_id=AssetId("a" * 64), format=PictureFormat.PNG, width=8, height=8, byte_size=100)
    post = Post(
        job_id=JOB,
        guild_id=GuildId(1),
        channel_id=ChannelId(2),
        member_id=MemberId(3),
        prompt=LONG,
        model_label="Grok Imagine",
        shape="3:2",
        seconds=12.4,
        cost=Ticks(usd("0.04")),
        pictures=(picture,) * count,
        started_at=Millis(0),
    )
    view = cards.result(post, [f"easel-{JOB}-{position}.png" for position in range(1, count + 1)])
    galleries = [item for item in view.walk_children() if isinstance(item, ui.MediaGallery)]

    assert "<@3> · Grok Imagine · 3:2 · 12 s · $0.04 · job `abcdef`" in _text(view)
    assert all(len(one.description or "") <= 1024 for one in galleries[0].items)
    assert all("very" in (one.description or "") for one in galleries[0].items)
    assert "You had cancelled" in _text(cards.result(dataclasses.replace(post, is_cancelled=True), ["a.png"]))
    _assert_fits(view)

"""The staff's cards and a waiting member's: short, exact, harmless, and within Discord's limits."""

import dataclasses
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from discord import ui

from bot.core.clock import Millis
from bot.core.errors import Fact, Refusal, RefusalReason
from bot.core.ids import ChannelId, GuildId, InteractionId, JobId, MemberId
from bot.core.money import Ticks, usd
from bot.ledger.model import OPERATOR, Limit, Unit
from bot.ledger.records.model import Undecided
from bot.ledger.windows import Window, WindowKind
from bot.services.leave.desk import LeaveAnswer, LeaveOutcome
from bot.services.leave.model import Leave, LeaveState
from bot.services.newwork import Asker
from bot.services.staff.model import AlertNotice, DigestLine, DigestNotice, DigestPart, LeaveNotice, StaffCard
from bot.ui import leave_cards
from bot.ui.staff_cards import staff_card

JOB = JobId("abcdefghijklmnopqrstuvwx")
GUILD = GuildId(1)
AT = Millis(1_800_000_000_000)
NASTY = "*a* very <@1> long [prompt](http://x.example) " * 200
FACTS: dict[str, Fact] = {
    "rule": "7",
    "subject": "guild",
    "scope": "guild:1",
    "unit": "money",
    "window": "week",
    "limit": usd("5"),
    "left": usd("0.01"),
    "needed": usd("0.075"),
    "resets_at": AT,
    "minutes": 10,
}


def leave(**changes: Any) -> Leave:
    base = Leave(
        job_id=JOB,
        interaction_id=InteractionId(5),
        asker=Asker(guild_id=GUILD, channel_id=ChannelId(3), member_id=MemberId(10)),
        kind="imagine",
        provider="pixazo",
        model="m",
        request="{}",
        words="a lighthouse",
        amount=usd("0.075"),
        pictures=1,
        parent_id=None,
        purpose=None,
        sources=(),
        refusal=Refusal(RefusalReason.BUDGET, FACTS),
        staff_channel_id=ChannelId(4),
        asked_at=AT,
        expires_at=Millis(AT + 1),
    )
    return dataclasses.replace(base, **changes)


def text_of(view: ui.LayoutView) -> str:
    assert view.content_length() <= 4000
    assert view.total_children_count <= 40
    return "\n".join(item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay))


def shown(card: StaffCard, *, guild_name: str | None = None) -> str:
    return text_of(staff_card(card, mark="0123456789", guild_name=guild_name))


def asked(of: Leave) -> str:
    return shown(LeaveNotice(leave=of, model="Grok Imagine via Pixazo"))


def alert(scope: str, *, taken: int, amount: int = 10, rule: str = "7", unit: Unit = Unit.REQUESTS) -> AlertNotice:
    window = Window(kind=WindowKind.WEEK, starts_at=Millis(0), ends_at=AT)
    guild_id = None if scope.startswith(("bot", "provider")) else GUILD
    limit = Limit(scope=scope, unit=unit, window=window, amount=amount, rule=rule)
    return AlertNotice(limit=limit, taken=taken, guild_id=guild_id)


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("guild:1", "The server has used"),
        ("besides:1:event", "The server, beside what is reserved, has used"),
        ("channel:1:55", "The channel <#55> has used"),
        ("command:1:imagine", "The command `/imagine` has used"),
        ("model:1:pixazo/grok", "The model `pixazo/grok` has used"),
        ("provider:pixazo", "The picture service Pixazo has used"),
        ("bot", "This bot, all servers together, has used"),
    ],
)
def test_an_alert_names_what_is_counted(scope: str, said: str) -> None:
    assert f"{said} 80 % of 10 requests for this week · 2 requests left" in shown(alert(scope, taken=8))


@pytest.mark.parametrize(
    ("taken", "title", "said"),
    [
        (8, "A budget runs low", "80 % of $10.00 for this week · $2.00 left"),
        (10, "A budget is used up", "100 % of $10.00 for this week · $0.00 left"),
        (12, "A budget is used up", "120 % of $10.00 for this week · $0.00 left"),
    ],
)
def test_an_alert_says_how_much_is_left(taken: int, title: str, said: str) -> None:
    ticks = usd("1")
    text = shown(alert("guild:1", taken=taken * ticks, amount=10 * ticks, unit=Unit.MONEY))
    assert title in text
    assert said in text
    assert "resets <t:1800000000:R>" in text


def test_what_is_left_and_too_little_for_a_request_is_said() -> None:
    text = shown(replace(alert("guild:1", taken=8), has_no_room=True))
    assert "A budget is used up" in text
    assert "has used 80 % of 10 requests for this week · 2 requests left" in text
    assert "A request was refused: what is left is too little for it." in text


def test_one_that_is_left_is_one() -> None:
    assert "1 request left" in shown(alert("guild:1", taken=9))


def test_a_ceiling_and_the_server_are_named_where_they_could_be_mistaken() -> None:
    assert "set by whoever runs this bot" not in shown(alert("guild:1", taken=8))
    text = shown(alert("guild:1", taken=8, rule=OPERATOR), guild_name="*Aurora*")
    assert "set by whoever runs this bot" in text
    assert "\\*Aurora\\*" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "the server has $0.01 left of $5.00 for this week; resets <t:1800000000:R>."),
        ({"scope": "channel:1:3"}, "this channel has $0.01 left"),
        ({"scope": "besides:1:event"}, "the server has, beside what is reserved, $0.01 left"),
        ({"scope": "member:1:10", "subject": "member:10"}, "for this week (set for this member); resets"),
        (
            {"scope": "member:1:10", "subject": "role:5"},
            "the member has $0.01 left of $5.00 for this week (set for their",
        ),
        ({"unit": "pictures", "left": 0, "limit": 4}, "the server has 0 left of 4 pictures for this week"),
    ],
)
def test_the_staff_reads_which_limit_is_in_the_way(changes: dict[str, Fact], said: str) -> None:
    assert said in asked(leave(refusal=Refusal(RefusalReason.BUDGET, {**FACTS, **changes})))


def test_a_pace_is_told_with_when_the_next_one_may_come() -> None:
    refusal = Refusal(RefusalReason.PACE, {**FACTS, "limit": 3, "subject": "everyone"})
    assert "3 requests in 10 minutes (set for each member); the next one <t:1800000000:R>." in asked(
        leave(refusal=refusal)
    )


def test_what_was_asked_is_quoted_and_harmless() -> None:
    text = asked(leave(words=NASTY))
    assert "\n> \\*a\\* very" in text
    assert "<@1>" not in text.replace("<@10>", "")
    assert "](http" not in text


@pytest.mark.parametrize("kind", ["imagine", "edit", "upscale", "ask", "speak", "another"])
def test_every_kind_has_a_name(kind: str) -> None:
    assert "· Grok Imagine via Pixazo · at most $0.075" in asked(leave(kind=kind))


@pytest.mark.parametrize("state", [state for state in LeaveState if state is not LeaveState.WAITING])
@pytest.mark.parametrize("reason", [None, "*no*"])
def test_once_it_is_over_the_card_says_who_and_when_and_has_no_button(state: LeaveState, reason: str | None) -> None:
    over = leave(state=state, decided_by=MemberId(77), decided_at=AT, words="", request="", reason=reason)
    view = staff_card(LeaveNotice(leave=over, model="m"), mark="m", guild_name=None)
    text = text_of(view)
    assert "by <@77>, <t:1800000000:f>" in text
    assert ("\\*no\\*" in text) == (reason is not None)
    assert not any(isinstance(item, ui.Button) for item in view.walk_children())


@pytest.mark.parametrize("state", list(LeaveState))
def test_every_end_has_a_last_word_that_says_that_nothing_was_charged(state: LeaveState) -> None:
    over = leave(state=state, reason="no*")
    for text in (text_of(leave_cards.last_word(over)), leave_cards.last_word_text(over)):
        assert text.count("Nothing was charged.") == 1


@pytest.mark.parametrize("reason", [RefusalReason.BUDGET, RefusalReason.QUOTA, RefusalReason.PACE])
def test_a_waiting_member_reads_the_limit_and_can_cancel(reason: RefusalReason) -> None:
    view = leave_cards.waiting(leave(words=NASTY, refusal=Refusal(reason, {**FACTS, "limit": 5})))
    text = text_of(view)
    assert "Waits for a moderator" in text
    assert "Nothing is charged while it waits" in text
    assert "Nothing was charged" not in text
    assert [item.label for item in view.walk_children() if isinstance(item, ui.Button)] == ["Cancel"]
    assert "\n> " not in text_of(leave_cards.waiting(leave(words="")))


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal(RefusalReason.MEMBER_BUSY, {"limit": 3}), "as many requests under way"),
        (Refusal(RefusalReason.MEMBER_BLOCKED), "is blocked"),
        (Refusal(RefusalReason.BUDGET, FACTS), "a limit that nobody here can lift: the server has $0.01"),
        (Refusal(RefusalReason.PROVIDER_DOWN, {"trouble": "account", "wait_s": 5}), "not available"),
        (Refusal(RefusalReason.UNKNOWN_MODEL, {"asked": "old", "can": "new"}), "There is no such model here"),
    ],
)
def test_why_it_cannot_be_allowed_is_said_on_the_card_and_to_the_moderator(refusal: Refusal, said: str) -> None:
    waiting = leave(blocked=refusal)
    assert said in asked(waiting)
    told = leave_cards.answer_words(LeaveAnswer(outcome=LeaveOutcome.BLOCKED, leave=waiting, refusal=refusal))
    assert told is not None
    assert said in told.body


@pytest.mark.parametrize("outcome", list(LeaveOutcome))
@pytest.mark.parametrize("of", [None, leave(), leave(state=LeaveState.EXPIRED, decided_at=AT)])
def test_every_outcome_of_a_press_has_an_answer(outcome: LeaveOutcome, of: Leave | None) -> None:
    told = leave_cards.answer_words(LeaveAnswer(outcome=outcome, leave=of))
    assert (told is None) == (outcome is LeaveOutcome.DONE)


def digest(**changes: Any) -> DigestNotice:
    line = DigestLine(name="10", amount=usd("1"), requests=2, pictures=1)
    part = DigestPart(lines=(line,) * 5, more=3)
    base = DigestNotice(
        guild_id=GUILD,
        first=date(2026, 5, 11),
        last=date(2026, 5, 17),
        amount=usd("2"),
        requests=3,
        pictures=0,
        presumed=0,
        presumed_requests=0,
        held=0,
        undecided=Undecided(jobs=0, held=Ticks(0)),
        waiting=0,
        members=part,
        commands=part,
        models=dataclasses.replace(part, lines=(dataclasses.replace(line, name=NASTY, pictures=0),) * 5),
    )
    return dataclasses.replace(base, **changes)


def test_a_summary_has_its_dates_and_sums_and_counts_the_rest() -> None:
    text = shown(digest())
    assert "Spending · 11 May 2026 to 17 May 2026" in text
    assert "**$2.00** spent · 3 requests\n" in text
    assert text.count("and 3 more") == 3
    assert "<@10> · $1.00 · 2 requests · 1 picture" in text


def test_a_quiet_day_is_told_in_a_line() -> None:
    nothing = DigestPart(lines=(), more=0)
    quiet = digest(last=date(2026, 5, 11), amount=0, requests=0, members=nothing, commands=nothing, models=nothing)
    text = shown(quiet)
    assert "Spending · 11 May 2026\nNothing was spent." in text
    assert "Members" not in text


def test_what_is_not_settled_stands_apart() -> None:
    text = shown(
        digest(
            presumed=usd("0.5"),
            presumed_requests=1,
            held=usd("0.2"),
            undecided=Undecided(jobs=2, held=usd("0.3")),
            waiting=1,
            commands=DigestPart(lines=(DigestLine(name="", amount=1, requests=1, pictures=0),), more=0),
        )
    )
    assert "**presumed** · $0.50 for 1 request" in text
    assert "Nobody knows yet whether 2 requests cost anything; $0.30" in text
    assert "$0.20 is reserved for work under way now." in text
    assert "Waiting for a moderator now: 1 request." in text
    assert "other · " in text

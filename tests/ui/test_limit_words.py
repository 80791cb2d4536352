"""Every limit that refuses says whose it is, who set it, what is left and when it resets."""

import pytest

from bot.core.errors import Fact, Refusal, RefusalReason
from bot.core.money import usd
from bot.ui import words

FACTS: dict[str, Fact] = {
    "rule": "17",
    "subject": "guild",
    "scope": "guild:1",
    "unit": "money",
    "window": "week",
    "limit": usd("5"),
    "left": usd("0.50"),
    "needed": usd("0.60"),
    "resets_at": 1_800_000_000_000,
}


def said(reason: RefusalReason, /, **facts: Fact) -> str:
    return words.refusal(Refusal(reason, {**FACTS, **facts})).body


@pytest.mark.parametrize(
    ("facts", "body"),
    [
        ({}, "the server has $0.50 left of $5.00 for this week. Resets"),
        ({"scope": "channel:1:2", "window": "day"}, "this channel has $0.50 left of $5.00 for today. Resets"),
        ({"scope": "command:1:imagine"}, "this command has"),
        ({"scope": "model:1:pixazo/m"}, "this model has"),
        ({"scope": "besides:1:event"}, "the server has, beside what is reserved,"),
        ({"scope": "member:1:2", "subject": "everyone"}, "(set for each member). Resets"),
        ({"scope": "member:1:2", "subject": "role:7"}, "(set for your role). Resets"),
        ({"scope": "member:1:2", "subject": "member:2"}, "(set for you). Resets"),
        (
            {"rule": "operator", "subject": "", "window": "month", "scope": "guild:1"},
            "for this month (set by whoever runs this bot)",
        ),
    ],
)
def test_a_budget_says_whose_it_is_and_who_set_it(facts: dict[str, Fact], body: str) -> None:
    assert body in said(RefusalReason.BUDGET, **facts)


@pytest.mark.parametrize(
    ("reason", "scope", "body"),
    [
        (
            RefusalReason.BUDGET,
            "bot",
            "What whoever runs this bot allows all servers together for this month is used up.",
        ),
        (
            RefusalReason.QUOTA,
            "bot",
            "What whoever runs this bot allows all servers together for this month is used up.",
        ),
        (
            RefusalReason.BUDGET,
            "provider:pixazo",
            "What whoever runs this bot allows for this model's service for this month is used up.",
        ),
    ],
)
def test_what_others_took_of_a_limit_over_all_servers_is_nobodys_business(
    reason: RefusalReason, scope: str, body: str
) -> None:
    told = said(reason, scope=scope, rule="operator", subject="", window="month", unit="pictures", limit=789, left=456)
    assert told == f"{body} Resets <t:1800000000:R>. Nothing was charged."


def test_quotas_count_pictures_or_requests() -> None:
    counts: dict[str, Fact] = {"limit": 5, "left": 1, "needed": 2, "scope": "member:1:2"}
    assert "You asked for 2; you have 1 left of 5 pictures for this week" in said(
        RefusalReason.QUOTA, **counts, unit="pictures"
    )
    assert said(RefusalReason.QUOTA, **counts, unit="requests").startswith("You have 1 left of 5 requests")


def test_a_pace_says_when_to_try_again() -> None:
    body = said(RefusalReason.PACE, limit=3, minutes=10, subject="everyone")
    assert body.startswith("You may ask 3 times in 10 minutes (set for each member). Try again <t:1800000000:R>.")


def test_a_pause_tells_its_reason_without_letting_it_forge_anything() -> None:
    assert said(RefusalReason.PAUSED, reason="a *contest*", command="imagine").startswith(
        r"/imagine is paused on this server: a \*contest\*."
    )
    assert said(RefusalReason.PAUSED, reason="", command="speak").startswith("Read aloud is paused on this server: ")
    assert said(RefusalReason.PAUSED, reason="", command="").startswith(
        "Everything is paused on this server: No reason was given."
    )


@pytest.mark.parametrize(
    ("reason", "facts", "body"),
    [
        (
            RefusalReason.MODEL_NOT_ALLOWED,
            {"where": "channel", "asked": "m", "can": "a, b"},
            "You asked for m; allowed in this channel: a, b.",
        ),
        (RefusalReason.SIZE_NOT_ALLOWED, {"where": "role", "asked": "2k", "can": "1k"}, "allowed to you: 1k."),
        (
            RefusalReason.COUNT_NOT_ALLOWED,
            {"where": "channel", "asked": 4, "can": "2"},
            "You asked for 4; allowed in this channel are at most 2.",
        ),
        (RefusalReason.COUNT_NOT_ALLOWED, {"where": "role", "asked": 4, "can": "2"}, "allowed to you are at most 2."),
    ],
)
def test_a_list_says_what_is_allowed_where(reason: RefusalReason, facts: dict[str, Fact], body: str) -> None:
    assert body in said(reason, **facts)

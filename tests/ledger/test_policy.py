"""Which limits a request meets, and in what order."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.core.money import Ticks
from bot.ledger.model import Ceilings, Limit, Pace, Unit
from bot.ledger.policy import limits_for
from bot.ledger.rules.binding import paces
from bot.ledger.rules.model import Asked, Draft, Mark, Rule, RuleId, Span, Terms, Whom
from bot.ledger.windows import WindowKind
from tests.ledger.book import NOON, at, ceilings

GUILD = GuildId(7)
ASKED = Asked(
    guild_id=GUILD,
    member_id=MemberId(8),
    roles=frozenset({1, 2}),
    channel_id=ChannelId(5),
    command="imagine",
    provider="pixazo",
    model="m",
)


def rule(
    number: int,
    whom: Whom,
    amount: int,
    name: str = "",
    *,
    unit: Unit = Unit.MONEY,
    span: Span = Span.DAY,
    minutes: int | None = None,
) -> Rule:
    draft = Draft(whom=whom, name=name, unit=unit, span=span, amount=amount, minutes=minutes)
    return Rule(rule_id=RuleId(number), guild_id=GUILD, draft=draft)


def pace(number: int, whom: Whom, amount: int, minutes: int, name: str = "") -> Rule:
    return rule(number, whom, amount, name, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=minutes)


def shown(limits: tuple[Limit, ...]) -> list[tuple[str, str, str, int, str]]:
    return [(one.scope, one.unit.value, one.window.kind.value, one.amount, one.rule) for one in limits]


def of(*rules: Rule, asked: Asked = ASKED, mark: Mark | None = None, zone: str = "UTC") -> tuple[Limit, ...]:
    return limits_for(ceilings(), asked, at=NOON, terms=Terms(rules=rules, mark=mark, zone=ZoneInfo(zone)))


def own(*rules: Rule, asked: Asked = ASKED, mark: Mark | None = None) -> list[tuple[str, str, str, int, str]]:
    """Those that a guild's rule sets."""
    return shown(tuple(one for one in of(*rules, asked=asked, mark=mark) if one.rule != "operator"))


def test_a_request_meets_its_members_limits_first_and_the_whole_bots_last() -> None:
    limits = limits_for(ceilings(), ASKED, at=NOON)
    assert shown(limits) == [
        ("member:7:8", "money", "day", 100, "operator"),
        ("member:7:8", "pictures", "day", 25, "operator"),
        ("guild:7", "money", "day", 200, "operator"),
        ("guild:7", "money", "month", 500, "operator"),
        ("bot", "money", "month", 1_000, "operator"),
    ]
    assert {limit.window.starts_at for limit in limits} == {at("2026-05-15T00:00"), at("2026-05-01T00:00")}


def test_a_role_without_a_rule_lifts_no_other_roles() -> None:
    """Each unit and span is decided by itself."""
    rules = (rule(1, Whom.ROLE, 5, "1"), rule(2, Whom.ROLE, 100, "2", span=Span.WEEK), rule(3, Whom.EVERYONE, 1))
    assert own(*rules) == [("member:7:8", "money", "day", 5, "1"), ("member:7:8", "money", "week", 100, "2")]


def test_pictures_have_ceilings_where_the_operator_set_some() -> None:
    of = replace(
        ceilings(),
        bot_monthly_pictures=9,
        guild_daily_pictures=0,
        provider_daily_pictures={"pixazo": 5, "xai": 1},
        provider_monthly_pictures={"pixazo": 6},
    )
    limits = [one for one in limits_for(of, ASKED, at=NOON) if one.unit is Unit.PICTURES]
    assert shown(tuple(limits)) == [
        ("member:7:8", "pictures", "day", 25, "operator"),
        ("guild:7", "pictures", "day", 0, "operator"),
        ("provider:pixazo", "pictures", "day", 5, "operator"),
        ("provider:pixazo", "pictures", "month", 6, "operator"),
        ("bot", "pictures", "month", 9, "operator"),
    ]


def test_every_layer_stands_at_its_place() -> None:
    rules = (
        rule(1, Whom.GUILD, 90, span=Span.WEEK),
        rule(2, Whom.MODEL, 80, "pixazo/m"),
        rule(3, Whom.MODEL, 80, "pixazo/other"),
        rule(4, Whom.COMMAND, 70, "imagine", unit=Unit.REQUESTS),
        rule(5, Whom.CHANNEL, 60, "5", unit=Unit.PICTURES),
        rule(6, Whom.CHANNEL, 60, "6"),
        rule(7, Whom.EVERYONE, 50, span=Span.MONTH),
    )
    assert own(*rules) == [
        ("member:7:8", "money", "month", 50, "7"),
        ("channel:7:5", "pictures", "day", 60, "5"),
        ("command:7:imagine", "requests", "day", 70, "4"),
        ("model:7:pixazo/m", "money", "day", 80, "2"),
        ("guild:7", "money", "week", 90, "1"),
    ]
    assert [limit.subject for limit in of(*rules)][:2] == ["everyone", ""]


def test_a_gateways_ceilings_bind_what_goes_there() -> None:
    of_gateways = Ceilings(
        bot_monthly=Ticks(9),
        guild_monthly=Ticks(8),
        guild_daily=Ticks(7),
        member_daily=Ticks(6),
        member_daily_pictures=5,
        provider_daily={"pixazo": Ticks(3)},
        provider_monthly={"pixazo": Ticks(4), "xai": Ticks(1)},
    )
    assert shown(limits_for(of_gateways, ASKED, at=NOON))[4:6] == [
        ("provider:pixazo", "money", "day", 3, "operator"),
        ("provider:pixazo", "money", "month", 4, "operator"),
    ]


@pytest.mark.parametrize(
    ("rules", "bound"),
    [
        ((rule(1, Whom.EVERYONE, 10),), (10, "1")),
        ((rule(1, Whom.EVERYONE, 10), rule(2, Whom.ROLE, 5, "1")), (5, "2")),
        ((rule(2, Whom.ROLE, 5, "1"), rule(1, Whom.EVERYONE, 10)), (5, "2")),
        ((rule(1, Whom.ROLE, 5, "1"), rule(2, Whom.ROLE, 9, "2"), rule(3, Whom.ROLE, 99, "3")), (9, "2")),
        ((rule(1, Whom.ROLE, 90, "1"), rule(2, Whom.MEMBER, 4, "8"), rule(3, Whom.MEMBER, 3, "9")), (4, "2")),
        # the operator's ceiling is the smaller one of the same counter
        ((rule(1, Whom.MEMBER, 400, "8"),), (100, "operator")),
    ],
)
def test_a_name_goes_before_roles_the_best_role_before_everyone(
    rules: tuple[Rule, ...], bound: tuple[int, str]
) -> None:
    first = of(*rules)[0]
    assert (first.scope, first.amount, first.rule) == ("member:7:8", *bound)


def test_rules_for_persons_do_not_bind_the_exempt() -> None:
    rules = (rule(1, Whom.EVERYONE, 10), rule(2, Whom.GUILD, 20), pace(3, Whom.EVERYONE, 1, 10))
    assert own(*rules, mark=Mark.EXEMPT) == [("guild:7", "money", "day", 20, "2")]
    assert paces(Terms(rules=rules, mark=Mark.EXEMPT), ASKED, now=NOON) == ()


def test_of_several_paces_the_one_with_most_requests_for_its_time_counts() -> None:
    terms = Terms(rules=(pace(1, Whom.ROLE, 5, 10, "1"), pace(2, Whom.ROLE, 20, 60, "2"), pace(3, Whom.EVERYONE, 9, 1)))
    assert paces(terms, ASKED, now=NOON) == (Pace(count=5, minutes=10, rule="1", subject="role:1"),)


def test_a_raise_counts_until_its_end() -> None:
    raised = Rule(
        rule_id=RuleId(1),
        guild_id=GUILD,
        draft=Draft(whom=Whom.GUILD, unit=Unit.MONEY, span=Span.DAY, amount=10),
        raised_to=30,
        raised_until=Millis(NOON + 1),
    )
    assert [raised.amount_at(NOON), raised.amount_at(NOON + 1)] == [30, 10]
    later = limits_for(ceilings(), ASKED, at=NOON, terms=Terms(rules=(raised,)), now=Millis(NOON + 1))
    assert ("guild:7", "money", "day", 10, "1") in shown(later)


def test_rules_follow_the_guilds_zone_and_ceilings_utc() -> None:
    limits = of(rule(1, Whom.GUILD, 10), zone="Asia/Tokyo")
    assert [(one.amount, one.window.ends_at) for one in limits if one.scope == "guild:7"] == [
        (10, at("2026-05-15T15:00")),
        (200, at("2026-05-16T00:00")),
        (500, at("2026-06-01T00:00")),
    ]


def test_windows_that_begin_together_share_a_counter_and_the_smaller_limit_binds() -> None:
    # London's day of the change begins with UTC's and ends an hour before it.
    moment = at("2026-03-29T12:00")
    terms = Terms(rules=(rule(1, Whom.GUILD, 10),), zone=ZoneInfo("Europe/London"))
    (found,) = [
        one
        for one in limits_for(ceilings(), ASKED, at=moment, terms=terms)
        if (one.scope, one.window.kind) == ("guild:7", WindowKind.DAY)
    ]
    assert (found.amount, found.window.ends_at) == (10, at("2026-03-29T23:00"))


RESERVES = (
    rule(1, Whom.PURPOSE, 30, "event"),
    rule(2, Whom.PURPOSE, 20, "prize"),
    rule(3, Whom.GUILD, 100),
)


@pytest.mark.parametrize(
    ("purpose", "besides"),
    [
        (None, [("event+prize", 50), ("event", 70), ("prize", 80)]),
        ("event", [("prize", 80)]),
        ("prize", [("event", 70)]),
        ("other", [("event+prize", 50), ("event", 70), ("prize", 80)]),
    ],
)
def test_each_set_of_reserves_is_kept_from_all_others(purpose: str | None, besides: list[tuple[str, int]]) -> None:
    asked = Asked(guild_id=GUILD, member_id=MemberId(8), purpose=purpose)
    found = [(one.scope, one.amount) for one in of(*RESERVES, asked=asked) if one.scope.startswith("besides")]
    assert found == [(f"besides:7:{names}", amount) for names, amount in besides]


def test_a_reserve_of_a_window_that_nothing_bounds_keeps_nothing() -> None:
    assert own(rule(1, Whom.PURPOSE, 30, "event", span=Span.WEEK)) == []
    assert own(rule(1, Whom.PURPOSE, 30, "event", unit=Unit.PICTURES)) == []


def test_a_reserve_may_lie_within_the_operators_ceiling_alone() -> None:
    assert own(rule(1, Whom.PURPOSE, 30, "event", span=Span.MONTH)) == [("besides:7:event", "money", "month", 470, "1")]

"""What an admin sets holds for the next request, counts what was before it, and is written down."""

from collections.abc import Callable, Iterator

import pytest

from bot.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, Millis
from bot.core.commands import PAID_COMMANDS
from bot.core.errors import Refusal
from bot.core.ids import ChannelId, GuildId, JobId, MemberId
from bot.guilds import store as guilds
from bot.guilds.model import REASON_LENGTH, BadSetting
from bot.ledger.alerts import store as alerts
from bot.ledger.check import broken_books
from bot.ledger.model import Unit
from bot.ledger.rules.model import (
    MAX_RULES,
    AboveCeiling,
    AllowList,
    BadRule,
    Listed,
    Mark,
    Span,
    UnknownRule,
    Whom,
)
from bot.services.ask.model import ASK, SPEAK
from bot.services.budgets.desk import MAX_LISTED, MAX_LISTS, MAX_MARKS
from bot.services.payload import KINDS
from bot.services.terms import refuse_paused
from tests.budgets.house import ADMIN, GUILD, MEMBER, NOON, House, asked, ceilings, done, draft
from tests.guilds.changing import set_to
from tests.ledger.book import at


@pytest.fixture
def house() -> Iterator[House]:
    opened = House()
    yield opened
    assert opened.memory.read(broken_books) == ()
    opened.memory.close()


def refused(work: Callable[[], object]) -> dict[str, object]:
    """Why, among the facts of the refusal."""
    with pytest.raises(Refusal) as caught:
        work()
    return {"refusal": caught.value.reason.value, **caught.value.facts}


def test_a_new_rule_counts_what_its_window_has_seen_before_it(house: House) -> None:
    house.clock.advance(ms=-2 * DAY_MS)
    house.post(house.ask(asked(), 8), 6)
    house.clock.advance(ms=2 * DAY_MS)
    house.ask(asked(member=11, channel=6), 5)
    house.void(house.ask(asked(), 100))
    rule = done(house.budgets.set_rule(GUILD, draft(amount=20, span=Span.WEEK), by=ADMIN))
    told = refused(lambda: house.ask(asked(), 10))
    assert (told["refusal"], told["rule"], told["subject"]) == ("budget", str(rule.rule_id), "guild")
    assert (told["scope"], told["window"], told["limit"], told["left"]) == ("guild:1", "week", 20, 9)
    assert told["resets_at"] == at("2026-05-18T00:00")
    house.ask(asked(), 9)


def test_a_rule_of_less_than_is_taken_refuses_new_work_and_lets_held_work_end(house: House) -> None:
    job_id = house.ask(asked(), 50)
    done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    assert refused(lambda: house.ask(asked(), 1))["left"] == 0
    house.post(job_id, 60)
    (standing,) = [one.standing for one in done(house.budgets.rules_of(GUILD)).rules]
    assert standing is not None
    assert (standing.spent, standing.held, standing.left, standing.is_over) == (60, 0, 0, True)


def test_a_channel_a_command_and_a_model_count_their_own(house: House) -> None:
    house.ask(asked(channel=5, command="imagine"), 5)
    house.ask(asked(channel=6, command="edit", model="n"), 7)
    for wanted in (
        draft(Whom.CHANNEL, 10, name="6"),
        draft(Whom.COMMAND, 20, name="edit", unit=Unit.REQUESTS),
        draft(Whom.MODEL, 30, name="pixazo/n", span=Span.MONTH),
        draft(Whom.MEMBER, 40, name=str(MEMBER), span=Span.MONTH),
    ):
        done(house.budgets.set_rule(GUILD, wanted, by=ADMIN))
    standings = [one.standing for one in done(house.budgets.rules_of(GUILD)).rules]
    assert [(one.limit.scope, one.held, one.left) for one in standings if one] == [
        ("channel:1:6", 7, 3),
        ("command:1:edit", 1, 19),
        ("model:1:pixazo/n", 7, 23),
        ("member:1:10", 12, 28),
    ]
    assert refused(lambda: house.ask(asked(channel=6), 4))["scope"] == "channel:1:6"


def test_a_channel_counts_its_threads_and_a_thread_its_own(house: House) -> None:
    house.ask(asked(channel=7, thread_of=5), 3)
    done(house.budgets.set_rule(GUILD, draft(Whom.CHANNEL, 10, name="5"), by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(Whom.CHANNEL, 5, name="7"), by=ADMIN))
    house.ask(asked(channel=5), 4)
    assert refused(lambda: house.ask(asked(channel=5), 4))["left"] == 3
    told = refused(lambda: house.ask(asked(channel=7, thread_of=5), 3))
    assert (told["scope"], told["left"]) == ("channel:1:7", 2)
    job_id = house.ask(asked(channel=7, thread_of=5), 2)
    assert refused(lambda: house.go_on(job_id, amount=4, provider="locus", model="n"))["limit"] in (5, 10)
    told = refused(lambda: house.ask(asked(channel=8, thread_of=5), 2))
    assert (told["scope"], told["left"]) == ("channel:1:5", 1)
    house.ask(asked(channel=9, thread_of=6), 50)


def test_rules_for_each_member_stand_apart_and_have_no_common_standing(house: House) -> None:
    house.ask(asked(member=10), 5)
    for wanted in (
        draft(Whom.EVERYONE, 6),
        draft(Whom.PURPOSE, 6, name="event"),
        draft(Whom.EVERYONE, 3, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10),
    ):
        done(house.budgets.set_rule(GUILD, wanted, by=ADMIN))
    shown = done(house.budgets.rules_of(GUILD)).rules
    assert [(one.amount, one.standing) for one in shown] == [(6, None), (6, None), (3, None)]
    assert refused(lambda: house.ask(asked(member=10), 2))["left"] == 1
    house.ask(asked(member=11), 2)


def test_another_zone_gives_no_second_day(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    house.ask(asked(), 8)
    done(set_to(house.desk, GUILD, by=ADMIN, zone="Pacific/Kiritimati"))
    # its 16 May has begun at 10:00 UTC
    told = refused(lambda: house.ask(asked(), 3))
    assert (told["left"], told["resets_at"]) == (2, at("2026-05-16T10:00"))
    with pytest.raises(BadSetting):
        done(set_to(house.desk, GUILD, by=ADMIN, zone="Mars/Olympus"))


def test_nobody_can_move_the_operators_day(house: House) -> None:
    house = House(ceilings(guild_daily=10))
    house.ask(asked(), 10)
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        done(set_to(house.desk, GUILD, by=ADMIN, zone=zone))
        told = refused(lambda: house.ask(asked(), 1))
        assert (told["rule"], told["resets_at"]) == ("operator", at("2026-05-16T00:00"))
    house.memory.close()


def test_the_card_shows_the_operators_ceilings_above_the_rules(house: House) -> None:
    shown = done(house.budgets.rules_of(GUILD))
    assert [(one.limit.unit.value, one.limit.window.kind.value, one.left) for one in shown.ceilings] == [
        ("money", "day", 2_000),
        ("money", "month", 5_000),
    ]
    counted = House(ceilings(guild_daily_pictures=8, guild_monthly_pictures=9))
    counted.ask(asked(pictures=3), 5)
    shown = done(counted.budgets.rules_of(GUILD))
    assert [(one.limit.unit.value, one.limit.window.kind.value, one.held, one.left) for one in shown.ceilings] == [
        ("money", "day", 5, 1_995),
        ("money", "month", 5, 4_995),
        ("pictures", "day", 3, 5),
        ("pictures", "month", 3, 6),
    ]
    assert [(one.scope, one.unit.value, one.amount) for one in shown.member_ceilings] == [
        ("member", "money", 1_000),
        ("member", "pictures", 500),
    ]
    counted.memory.close()


def test_the_operators_ceilings_of_pictures_bind_and_bound_rules() -> None:
    house = House(ceilings(guild_monthly_pictures=6, bot_monthly_pictures=8))
    for unit_of in (draft(Whom.EVERYONE, 7, unit=Unit.PICTURES, span=Span.WEEK), draft(amount=7, unit=Unit.PICTURES)):
        with pytest.raises(AboveCeiling) as caught:
            done(house.budgets.set_rule(GUILD, unit_of, by=ADMIN))
        assert caught.value.ceiling == 6
    done(house.budgets.set_rule(GUILD, draft(amount=900, unit=Unit.REQUESTS), by=ADMIN))
    house.ask(asked(pictures=5), 1)
    assert refused(lambda: house.ask(asked(pictures=2), 1))["scope"] == "guild:1"
    assert refused(lambda: house.ask(asked(guild=2, pictures=4), 1))["scope"] == "bot"
    house.ask(asked(pictures=0), 1)
    house.memory.close()


def test_no_rule_and_no_raise_goes_above_the_operators_ceiling(house: House) -> None:
    with pytest.raises(AboveCeiling) as caught:
        done(house.budgets.set_rule(GUILD, draft(amount=2_001), by=ADMIN))
    assert caught.value.ceiling == 2_000
    rule = done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    until = Millis(NOON + HOUR_MS)
    with pytest.raises(AboveCeiling):
        done(house.budgets.raise_until(GUILD, rule.rule_id, to=2_001, until=until, by=ADMIN))
    assert done(house.budgets.changes_of(GUILD))[0].subject == "guild money day"
    assert len(done(house.budgets.changes_of(GUILD))) == 1


def test_what_is_left_is_that_of_today_before_anybody_has_asked(house: House) -> None:
    rule = done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    house.ask(asked(), 8)
    done(house.budgets.raise_until(GUILD, rule.rule_id, to=30, until=Millis(NOON + HOUR_MS), by=ADMIN))
    house.clock.advance(ms=DAY_MS)
    (shown,) = done(house.budgets.rules_of(GUILD)).rules
    assert shown.standing is not None
    assert (shown.amount, shown.standing.left, shown.standing.limit.window.starts_at) == (
        10,
        10,
        at("2026-05-16T00:00"),
    )
    house.clock.advance(ms=-2 * DAY_MS)
    (shown,) = done(house.budgets.rules_of(GUILD)).rules
    assert shown.standing is not None
    assert (shown.standing.left, shown.standing.limit.window.starts_at) == (22, at("2026-05-15T00:00"))


def test_a_raise_ends_by_itself(house: House) -> None:
    rule = done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    done(house.budgets.raise_until(GUILD, rule.rule_id, to=30, until=Millis(NOON + HOUR_MS), by=ADMIN))
    house.ask(asked(), 20)
    house.clock.advance(ms=HOUR_MS)
    assert refused(lambda: house.ask(asked(), 1))["limit"] == 10


def test_a_rule_that_ended_binds_no_more(house: House) -> None:
    rule = done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    done(house.budgets.end_rule(GUILD, rule.rule_id, by=ADMIN))
    house.ask(asked(), 50)
    with pytest.raises(UnknownRule):
        done(house.budgets.end_rule(GUILD, rule.rule_id, by=ADMIN))
    again = done(house.budgets.set_rule(GUILD, draft(amount=60), by=ADMIN))
    assert refused(lambda: house.ask(asked(), 11))["rule"] == str(again.rule_id)


def test_the_exempt_are_counted_from_the_first_tick_once_they_are_not_exempt(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(Whom.EVERYONE, 10), by=ADMIN))
    done(house.budgets.mark(GUILD, MEMBER, Mark.EXEMPT, by=ADMIN))
    house.ask(asked(), 30)
    done(house.budgets.mark(GUILD, MEMBER, None, by=ADMIN))
    assert refused(lambda: house.ask(asked(), 1))["left"] == 0
    done(house.budgets.mark(GUILD, MEMBER, Mark.BLOCKED, by=ADMIN))
    assert refused(lambda: house.ask(asked(), 1))["refusal"] == "member_blocked"
    house.ask(asked(member=11), 1)


def test_a_role_that_somebody_gains_counts_what_they_held_before(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(Whom.ROLE, 10, name="7", span=Span.WEEK), by=ADMIN))
    house.post(house.ask(asked(), 8), 8)
    told = refused(lambda: house.ask(asked(roles=frozenset({7})), 8))
    assert (told["subject"], told["left"]) == ("role:7", 2)
    job_id = house.ask(asked(), 50)
    assert house.go_on(job_id, amount=60, provider="locus", model="n").amount == 60
    assert refused(lambda: house.ask(asked(roles=frozenset({7})), 1))["left"] == 0


def test_a_pace_is_kept_over_all_of_a_members_requests_in_the_guild(house: House) -> None:
    pace = draft(Whom.EVERYONE, 2, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10)
    done(house.budgets.set_rule(GUILD, pace, by=ADMIN))
    house.ask(asked(command="imagine"), 1)
    house.void(house.ask(asked(command="edit", channel=6), 1))
    told = refused(lambda: house.ask(asked(), 1))
    assert (told["refusal"], told["resets_at"]) == ("pace", NOON + 10 * MINUTE_MS)
    house.ask(asked(guild=2), 1)


def test_an_answer_is_not_refused_for_the_pictures_it_does_not_make(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(Whom.EVERYONE, 5, unit=Unit.PICTURES), by=ADMIN))
    house.post(house.ask(asked(pictures=4), 1), 1, 4)
    done(house.budgets.set_rule(GUILD, draft(Whom.EVERYONE, 2, unit=Unit.PICTURES), by=ADMIN))
    house.ask(asked(command="ask", pictures=0), 1)
    assert refused(lambda: house.ask(asked(pictures=1), 1))["left"] == 0


def test_a_reserve_is_kept_for_its_purpose_and_counts_what_others_took_before(house: House) -> None:
    house.ask(asked(), 60)
    done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, 30, name="event"), by=ADMIN))
    told = refused(lambda: house.ask(asked(), 11))
    assert (told["scope"], told["subject"], told["limit"], told["left"]) == ("besides:1:event", "purpose:event", 70, 10)
    house.ask(asked(), 10)
    house.ask(asked(purpose="event"), 30)
    assert refused(lambda: house.ask(asked(purpose="event"), 1))["scope"] == "guild:1"


def test_a_purpose_may_use_more_than_its_reserve_where_nobody_else_needs_it(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    for name in ("event", "prize"):
        done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, 30, name=name), by=ADMIN))
    house.ask(asked(purpose="event"), 70)
    assert refused(lambda: house.ask(asked(), 1))["scope"] == "besides:1:prize"
    house.ask(asked(purpose="prize"), 30)


def test_reserves_fit_into_what_they_are_kept_of(house: House) -> None:
    week = draft(Whom.PURPOSE, 30, name="event", span=Span.WEEK)
    with pytest.raises(BadRule, match="reserve"):
        done(house.budgets.set_rule(GUILD, week, by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(amount=100, span=Span.WEEK), by=ADMIN))
    done(house.budgets.set_rule(GUILD, week, by=ADMIN))
    for amount, name in ((71, "prize"), (101, "event")):
        with pytest.raises(BadRule, match="reserve"):
            done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, amount, name=name, span=Span.WEEK), by=ADMIN))
    for name in ("one", "two"):
        done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, 1, name=name, span=Span.WEEK), by=ADMIN))
    with pytest.raises(BadRule, match="reserve"):
        done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, 1, name="three", span=Span.WEEK), by=ADMIN))
    # the day's are bounded by the operator's ceiling
    done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, 2_000, name="event"), by=ADMIN))


def test_no_raise_and_no_lower_limit_leaves_reserves_without_room(house: House) -> None:
    guild = done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    event = done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, 60, name="event"), by=ADMIN))
    until = Millis(NOON + HOUR_MS)
    with pytest.raises(BadRule, match="reserve"):
        done(house.budgets.raise_until(GUILD, event.rule_id, to=101, until=until, by=ADMIN))
    with pytest.raises(BadRule, match="reserve"):
        done(house.budgets.set_rule(GUILD, draft(amount=59), by=ADMIN))
    with pytest.raises(BadRule, match="reserve"):
        done(house.budgets.raise_until(GUILD, guild.rule_id, to=59, until=until, by=ADMIN))
    done(house.budgets.raise_until(GUILD, event.rule_id, to=90, until=until, by=ADMIN))
    with pytest.raises(BadRule, match="reserve"):
        done(house.budgets.set_rule(GUILD, draft(amount=89), by=ADMIN))
    with pytest.raises(BadRule, match="reserve"):
        done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, 11, name="prize"), by=ADMIN))
    house.clock.advance(ms=HOUR_MS)
    done(house.budgets.set_rule(GUILD, draft(amount=60), by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(amount=10, unit=Unit.REQUESTS), by=ADMIN))


def test_a_raise_ends_within_a_year_and_not_before_it_begins(house: House) -> None:
    rule = done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    for until in (NOON, NOON - HOUR_MS, NOON + 366 * DAY_MS + 1):
        with pytest.raises(BadRule, match="until"):
            done(house.budgets.raise_until(GUILD, rule.rule_id, to=50, until=Millis(until), by=ADMIN))
    assert len(done(house.budgets.changes_of(GUILD))) == 1
    done(house.budgets.raise_until(GUILD, rule.rule_id, to=50, until=Millis(NOON + 366 * DAY_MS), by=ADMIN))


def test_the_number_of_rules_and_lists_is_bounded(house: House) -> None:
    for number in range(MAX_RULES):
        done(house.budgets.set_rule(GUILD, draft(Whom.CHANNEL, name=str(number + 1)), by=ADMIN))
    with pytest.raises(BadRule, match="number"):
        done(house.budgets.set_rule(GUILD, draft(Whom.CHANNEL, name="999"), by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(Whom.CHANNEL, 20, name="1"), by=ADMIN))
    for number in range(MAX_LISTS):
        done(house.budgets.allow(GUILD, models(str(number + 1), "m"), by=ADMIN))
    with pytest.raises(BadRule, match="number"):
        done(house.budgets.allow(GUILD, models("999", "m"), by=ADMIN))
    done(house.budgets.allow(GUILD, models("1", "n"), by=ADMIN))
    with pytest.raises(BadRule, match="values"):
        done(house.budgets.allow(GUILD, models("1", *(str(n) for n in range(MAX_LISTED + 1))), by=ADMIN))


def models(channel: str, *names: str) -> AllowList:
    return AllowList(whom=Whom.CHANNEL, name=channel, what=Listed.MODEL, values=frozenset(names))


def test_a_list_holds_until_it_is_dropped(house: House) -> None:
    done(house.budgets.allow(GUILD, models("5", "other"), by=ADMIN))
    assert refused(lambda: house.ask(asked(channel=5), 1))["refusal"] == "model_not_allowed"
    house.ask(asked(channel=6), 1)
    done(house.budgets.allow_all(GUILD, whom=Whom.CHANNEL, name="5", what=Listed.MODEL, by=ADMIN))
    house.ask(asked(channel=5), 1)


def test_the_list_of_a_channel_holds_in_its_threads_beside_their_own(house: House) -> None:
    done(house.budgets.allow(GUILD, models("5", "m", "n"), by=ADMIN))
    assert refused(lambda: house.ask(asked(channel=7, thread_of=5, model="x"), 1))["can"] == "m, n"
    done(house.budgets.allow(GUILD, models("7", "n", "x"), by=ADMIN))
    assert refused(lambda: house.ask(asked(channel=7, thread_of=5, model="x"), 1))["can"] == "m, n"
    assert refused(lambda: house.ask(asked(channel=7, thread_of=5, model="m"), 1))["can"] == "n, x"
    job_id = house.ask(asked(channel=7, thread_of=5, model="n"), 1)
    assert refused(lambda: house.go_on(job_id, amount=1, provider="locus", model="x"))["can"] == "m, n"


def test_a_job_goes_to_no_gateway_that_is_not_allowed_or_has_no_room(house: House) -> None:
    job_id = house.ask(asked(channel=5), 5)
    done(house.budgets.allow(GUILD, models("5", "m"), by=ADMIN))
    told = refused(lambda: house.go_on(job_id, amount=5, provider="locus", model="n"))
    assert told["refusal"] == "model_not_allowed"
    done(house.budgets.allow(GUILD, models("5", "m", "locus/n"), by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(Whom.MODEL, 4, name="locus/n"), by=ADMIN))
    assert refused(lambda: house.go_on(job_id, amount=5, provider="locus", model="n"))["scope"] == "model:1:locus/n"
    # to block somebody does not stop what was accepted
    done(house.budgets.mark(GUILD, MEMBER, Mark.BLOCKED, by=ADMIN))
    assert house.go_on(job_id, amount=4, provider="locus", model="n").amount == 4


def test_a_job_that_goes_on_keeps_its_roles_and_its_purpose(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(Whom.EVERYONE, 10), by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(Whom.ROLE, 50, name="7"), by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(Whom.PURPOSE, 1_990, name="event"), by=ADMIN))
    job_id = house.ask(asked(roles=frozenset({7, 8}), purpose="event"), 20)
    assert house.go_on(job_id, amount=40, provider="locus", model="n").amount == 40
    assert refused(lambda: house.go_on(job_id, amount=51, provider="locus", model="n"))["subject"] == "role:7"


def test_what_is_set_for_asking_holds_for_reading_aloud(house: House) -> None:
    house.ask(asked(command="speak", pictures=0), 3)
    done(house.budgets.set_rule(GUILD, draft(Whom.COMMAND, 10, name="ask"), by=ADMIN))
    done(house.budgets.set_rule(GUILD, draft(Whom.COMMAND, 6, name="speak"), by=ADMIN))
    assert refused(lambda: house.ask(asked(command="speak", pictures=0), 4))["scope"] == "command:1:speak"
    house.ask(asked(command="ask", pictures=0), 6)
    told = refused(lambda: house.ask(asked(command="speak", pictures=0), 2))
    assert (told["scope"], told["left"]) == ("command:1:ask", 1)
    done(house.desk.pause(GUILD, command="ask", reason="quiet", by=ADMIN))
    with pytest.raises(Refusal):
        house.memory.read(lambda reader: refuse_paused(reader, GUILD, "speak"))
    done(house.desk.resume(GUILD, command="ask", by=ADMIN))
    done(house.desk.pause(GUILD, command="speak", reason="quiet", by=ADMIN))
    house.memory.read(lambda reader: refuse_paused(reader, GUILD, "ask"))


def test_only_what_costs_money_is_paused_and_its_reason_is_a_line(house: House) -> None:
    for command in ("usage", "no such", ""):
        with pytest.raises(BadSetting, match="command"):
            done(house.desk.pause(GUILD, command=command, reason="x", by=ADMIN))
    done(house.desk.pause(GUILD, command="edit", reason=" a\nb \t c ", by=ADMIN))
    assert [one.reason for one in done(house.budgets.rules_of(GUILD)).pauses] == ["a b c"]
    assert (*sorted(KINDS.values()), ASK, SPEAK) == (*sorted(PAID_COMMANDS[:3]), *PAID_COMMANDS[3:])


def test_what_changes_nothing_is_not_written_down(house: House) -> None:
    rule = done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    until = Millis(NOON + HOUR_MS)

    def everything() -> None:
        done(house.budgets.raise_until(GUILD, rule.rule_id, to=50, until=until, by=ADMIN))
        done(house.budgets.mark(GUILD, MEMBER, Mark.EXEMPT, by=ADMIN))
        done(house.budgets.allow(GUILD, models("5", "a"), by=ADMIN))
        done(house.budgets.allow_all(GUILD, whom=Whom.CHANNEL, name="6", what=Listed.MODEL, by=ADMIN))
        done(house.desk.pause(GUILD, command="ask", reason="x", by=ADMIN))
        done(house.desk.resume(GUILD, command=None, by=ADMIN))
        done(set_to(house.desk, GUILD, by=ADMIN, is_soft=True))
        done(set_to(house.desk, GUILD, by=ADMIN, zone="Asia/Tokyo"))

    everything()
    before = done(house.budgets.changes_of(GUILD))
    assert len(before) == 7
    everything()
    assert done(house.budgets.changes_of(GUILD)) == before
    # the raise is over once the rule is set anew
    assert done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN)).raised_to is None
    assert len(done(house.budgets.changes_of(GUILD))) == 8


def test_the_number_of_marks_is_bounded(house: House) -> None:
    for number in range(MAX_MARKS):
        done(house.budgets.mark(GUILD, MemberId(1_000 + number), Mark.BLOCKED, by=ADMIN))
    with pytest.raises(BadRule, match="number"):
        done(house.budgets.mark(GUILD, MEMBER, Mark.BLOCKED, by=ADMIN))
    done(house.budgets.mark(GUILD, MemberId(1_000), Mark.EXEMPT, by=ADMIN))
    done(house.budgets.mark(GUILD, MemberId(1_001), None, by=ADMIN))
    done(house.budgets.mark(GUILD, MEMBER, Mark.BLOCKED, by=ADMIN))


def test_a_pause_is_told_with_its_reason_until_it_ends(house: House) -> None:
    def ask(command: str) -> None:
        house.memory.read(lambda reader: refuse_paused(reader, GUILD, command))

    done(house.desk.pause(GUILD, command="imagine", reason="x" * 500, by=ADMIN))
    told = refused(lambda: ask("imagine"))
    assert told == {"refusal": "paused", "reason": "x" * REASON_LENGTH, "command": "imagine"}
    ask("ask")
    done(house.desk.pause(GUILD, command=None, reason="holiday", by=ADMIN))
    assert refused(lambda: ask("ask"))["command"] == ""
    assert done(house.desk.resume(GUILD, command=None, by=ADMIN))
    assert not done(house.desk.resume(GUILD, command=None, by=ADMIN))
    ask("ask")


def test_the_guilds_other_settings_are_kept(house: House) -> None:
    done(set_to(house.desk, GUILD, by=ADMIN, staff_channel_id=ChannelId(77)))
    done(set_to(house.desk, GUILD, by=ADMIN, is_soft=True))
    done(set_to(house.desk, GUILD, by=ADMIN, thresholds=(50, 90)))
    done(set_to(house.desk, GUILD, by=ADMIN, digest="weekly"))
    settings = done(house.desk.settings_of(GUILD))
    assert (settings.staff_channel_id, settings.is_soft, settings.thresholds, settings.digest) == (
        77,
        True,
        (50, 90),
        "weekly",
    )
    with pytest.raises(BadSetting):
        done(set_to(house.desk, GUILD, by=ADMIN, thresholds=(0,)))
    assert [(one.subject, one.before, one.after) for one in done(house.budgets.changes_of(GUILD))] == [
        ("digest", None, "weekly"),
        ("thresholds", "50, 80, 100", "50, 90"),
        ("is_soft", "False", "True"),
        ("staff_channel_id", None, "77"),
    ]


def test_every_change_is_written_down_with_who_and_when(house: House) -> None:
    rule = done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    house.clock.advance(ms=MINUTE_MS)
    done(house.budgets.set_rule(GUILD, draft(amount=50), by=MemberId(98)))
    done(house.budgets.raise_until(GUILD, rule.rule_id, to=60, until=at("2026-05-16T00:00"), by=ADMIN))
    done(house.budgets.end_rule(GUILD, rule.rule_id, by=ADMIN))
    pace = draft(Whom.ROLE, 2, name="7", unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10)
    done(house.budgets.set_rule(GUILD, pace, by=ADMIN))
    done(house.budgets.mark(GUILD, MEMBER, Mark.EXEMPT, by=ADMIN))
    done(house.budgets.allow(GUILD, models("5", "b", "a"), by=ADMIN))
    done(house.budgets.allow_all(GUILD, whom=Whom.CHANNEL, name="5", what=Listed.MODEL, by=ADMIN))
    done(house.desk.pause(GUILD, command=None, reason="holiday", by=ADMIN))
    done(house.desk.resume(GUILD, command=None, by=ADMIN))
    done(set_to(house.desk, GUILD, by=ADMIN, zone="Asia/Tokyo"))
    changes = done(house.budgets.changes_of(GUILD))[::-1]
    tick = "$0.001"  # amounts of ticks round up, as everywhere
    assert [(one.subject, one.before, one.after) for one in changes] == [
        ("guild money day", None, tick),
        ("guild money day", tick, tick),
        ("guild money day", tick, f"{tick} until 2026-05-16T00:00+00:00"),
        ("guild money day", tick, None),
        ("role:7 requests rolling", None, "2 in 10 minutes"),
        ("member:10", None, "exempt"),
        ("channel:5 model", None, "a, b"),
        ("channel:5 model", "a, b", None),
        ("pause", None, "holiday"),
        ("pause", "holiday", None),
        ("zone", "UTC", "Asia/Tokyo"),
    ]
    assert [(one.author_id, one.at) for one in changes[:2]] == [(ADMIN, NOON), (98, NOON + MINUTE_MS)]
    assert done(house.budgets.changes_of(GuildId(2))) == ()


def test_an_admission_raises_the_alerts_of_the_guilds_own_thresholds(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    done(set_to(house.desk, GUILD, by=ADMIN, thresholds=(60,)))
    house.ask(asked(), 59)
    assert house.memory.read(lambda reader: alerts.untold(reader, limit=9)) == ()
    job_id: JobId = house.ask(asked(), 1)
    (alert,) = house.memory.read(lambda reader: alerts.untold(reader, limit=9))
    assert (alert.limit.scope, alert.threshold, alert.taken, alert.guild_id) == ("guild:1", 60, 60, GUILD)
    house.post(job_id, 1)
    assert house.memory.read(lambda reader: guilds.settings_of(reader, GUILD)).thresholds == (60,)

"""Two admins at once: whoever comes second is told, and nothing of the first one's is overridden unseen (J8)."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bot.core.clock import HOUR_MS, Millis
from bot.guilds.model import BadSetting, GuildSettings
from bot.ledger.check import broken_books
from bot.ledger.model import Unit
from bot.ledger.rules.model import AllowList, Listed, Mark, Span, UnknownRule, Whom
from bot.services.budgets.seen import NOTHING_SEEN, ChangedMeanwhile, seen_as
from tests.budgets.house import ADMIN, GUILD, MEMBER, NOON, House, asked, done, draft
from tests.budgets.test_desk import refused


@pytest.fixture
def house() -> Iterator[House]:
    opened = House()
    yield opened
    assert opened.memory.read(broken_books) == ()
    opened.memory.close()


def refuses(house: House, work: Callable[[], object]) -> None:
    """The change is refused, and leaves no line in the log."""
    before = done(house.budgets.changes_of(GUILD))
    with pytest.raises(ChangedMeanwhile):
        work()
    assert done(house.budgets.changes_of(GUILD)) == before


def test_a_rule_that_says_something_else_by_now_is_neither_set_nor_raised_nor_ended(house: House) -> None:
    first = done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN, seen=NOTHING_SEEN))
    old, until = seen_as(first), Millis(NOON + HOUR_MS)
    second = done(house.budgets.set_rule(GUILD, draft(amount=20), by=ADMIN, seen=old))
    desk = house.budgets
    refuses(house, lambda: done(desk.set_rule(GUILD, draft(amount=30), by=ADMIN, seen=old)))
    refuses(house, lambda: done(desk.set_rule(GUILD, draft(amount=30), by=ADMIN, seen=NOTHING_SEEN)))
    refuses(house, lambda: done(desk.raise_until(GUILD, first.rule_id, to=30, until=until, by=ADMIN, seen=old)))
    refuses(house, lambda: done(desk.end_rule(GUILD, first.rule_id, by=ADMIN, seen=old)))
    raised = done(desk.raise_until(GUILD, second.rule_id, to=30, until=until, by=ADMIN, seen=seen_as(second)))
    refuses(house, lambda: done(desk.end_rule(GUILD, first.rule_id, by=ADMIN, seen=seen_as(second))))
    done(desk.end_rule(GUILD, first.rule_id, by=ADMIN, seen=seen_as(raised)))
    with pytest.raises(UnknownRule):
        done(desk.end_rule(GUILD, first.rule_id, by=ADMIN, seen=seen_as(raised)))


def test_a_mark_and_a_pause_are_changed_as_they_were_seen(house: House) -> None:
    done(house.budgets.mark(GUILD, MEMBER, Mark.EXEMPT, by=ADMIN, seen=NOTHING_SEEN))
    refuses(house, lambda: done(house.budgets.mark(GUILD, MEMBER, Mark.BLOCKED, by=ADMIN, seen=NOTHING_SEEN)))
    done(house.budgets.mark(GUILD, MEMBER, None, by=ADMIN, seen=seen_as(Mark.EXEMPT)))
    done(house.desk.pause(GUILD, command="ask", reason="tired", by=ADMIN, seen=NOTHING_SEEN))
    refuses(house, lambda: done(house.desk.pause(GUILD, command="ask", reason="ill", by=ADMIN, seen=NOTHING_SEEN)))
    refuses(house, lambda: done(house.desk.resume(GUILD, command="ask", by=ADMIN, seen=NOTHING_SEEN)))
    (pause,) = done(house.budgets.rules_of(GUILD)).pauses
    assert done(house.desk.resume(GUILD, command="ask", by=ADMIN, seen=seen_as(pause))) is True


def test_lists_are_set_together_or_not_at_all(house: House) -> None:
    models = AllowList(whom=Whom.ROLE, name="7", what=Listed.MODEL, values=frozenset({"b", "a"}))
    count = AllowList(whom=Whom.ROLE, name="7", what=Listed.COUNT, values=frozenset({"2"}))
    done(house.budgets.allow(GUILD, models, by=ADMIN, seen=NOTHING_SEEN))
    refuses(house, lambda: done(house.budgets.allow(GUILD, count, models, by=ADMIN, seen=NOTHING_SEEN)))
    assert done(house.budgets.rules_of(GUILD)).lists == (models,)
    drop = house.budgets.allow_all
    refuses(
        house,
        lambda: done(drop(GUILD, whom=Whom.ROLE, name="7", what=Listed.MODEL, by=ADMIN, seen=seen_as(count))),
    )
    done(drop(GUILD, whom=Whom.ROLE, name="7", what=Listed.MODEL, by=ADMIN, seen=seen_as(models)))
    assert done(house.budgets.rules_of(GUILD)).lists == ()


def test_settings_change_at_once_and_only_what_differs_is_logged(house: House) -> None:
    house.ask(asked(), 8)
    done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    old = GuildSettings()
    wanted = replace(old, zone="Pacific/Kiritimati", is_soft=True, digest="weekly")
    assert done(house.desk.change(GUILD, wanted, by=ADMIN, seen=seen_as(old))) == ("zone", "is_soft", "digest")
    assert [one.subject for one in done(house.budgets.changes_of(GUILD))][:3] == ["digest", "is_soft", "zone"]
    assert refused(lambda: house.ask(asked(), 3))["left"] == 2
    assert done(house.desk.change(GUILD, wanted, by=ADMIN)) == ()
    refuses(house, lambda: done(house.desk.change(GUILD, old, by=ADMIN, seen=seen_as(old))))
    with pytest.raises(BadSetting, match="zone"):
        done(house.desk.change(GUILD, replace(wanted, zone="Mars/Olympus"), by=ADMIN))
    assert done(house.desk.settings_of(GUILD)) == wanted


def test_a_simulation_takes_the_rules_in_force_and_one_draft_in_the_place_of_its_like(house: House) -> None:
    for _ in range(4):
        house.post(house.ask(asked(), 5), 5)
    done(house.budgets.set_rule(GUILD, draft(amount=15), by=ADMIN))
    found = done(house.budgets.simulate_beside(GUILD, None, days=7))
    assert (found.requests, found.total.requests) == (4, 1)
    found = done(house.budgets.simulate_beside(GUILD, draft(amount=5), days=7))
    assert [one.requests for _, one in found.by_rule] == [3]
    pace = draft(Whom.EVERYONE, 2, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=5)
    found = done(house.budgets.simulate_beside(GUILD, pace, days=7))
    assert [(one.whom, refused.requests) for one, refused in found.by_rule] == [(Whom.GUILD, 0), (Whom.EVERYONE, 2)]
    assert house.budgets.ceilings == house.ceilings


def test_whoever_looks_sees_the_windows_of_today_before_anybody_has_asked_for_anything(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    house.ask(asked(), 8)
    house.clock.advance(ms=24 * HOUR_MS)
    looked = done(house.budgets.rules_of(GUILD)).rules[0].standing
    assert looked is not None
    assert (looked.left, looked.limit.window.ends_at) == (10, NOON + 36 * HOUR_MS)
    house.clock.advance(ms=-48 * HOUR_MS)
    before = done(house.budgets.rules_of(GUILD)).rules[0].standing
    assert before is not None
    assert before.left == 2

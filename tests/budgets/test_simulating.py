"""What the last days would have looked like under other rules."""

import tracemalloc
from collections.abc import Iterator

import pytest

from bot.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.core.errors import Refusal
from bot.core.ids import MemberId
from bot.core.money import Ticks
from bot.ledger.model import Unit
from bot.ledger.rules.model import Draft, Mark, Span, Whom
from bot.services.budgets.simulating import MEMBERS_NAMED, Refused, Simulation
from tests.budgets.house import ADMIN, GUILD, House, asked, done, draft


@pytest.fixture
def house() -> Iterator[House]:
    opened = House()
    yield opened
    opened.memory.close()


def simulated(house: House, *drafts: Draft, days: int = 7, **facts: dict[MemberId, frozenset[int]]) -> Simulation:
    return done(house.budgets.simulate(GUILD, drafts, days=days, **facts))


def test_the_days_without_a_rule_are_as_they_were(house: House) -> None:
    house.post(house.ask(asked(), 8), 6)
    house.void(house.ask(asked(), 8))
    house.ask(asked(), 3)
    found = simulated(house)
    assert (found.requests, found.spent, found.total, found.members) == (3, 9, refused(0, 0), 0)


def test_who_would_have_been_refused_by_what_and_what_that_saves(house: House) -> None:
    for member, price in ((10, 6), (10, 6), (11, 4), (12, 9)):
        house.post(house.ask(asked(member=member), 10), price)
    first, second = draft(Whom.EVERYONE, 15), draft(amount=21)
    found = simulated(house, first, second)
    # 10 would have had 6 of 15 and not held 10 more; after 6 and 4 there is room for a worst case of 10 in 21
    assert found.by_rule == ((first, refused(1, 6)), (second, refused(0, 0)))
    assert (found.total, found.by_member, found.members) == (refused(1, 6), ((MemberId(10), refused(1, 6)),), 1)
    assert simulated(house, draft(amount=14)).total == refused(3, 19)


def refused(requests: int, saved: int) -> Refused:
    return Refused(requests=requests, saved=Ticks(saved))


def test_only_the_days_that_were_asked_for_are_replayed(house: House) -> None:
    for _ in range(3):
        house.post(house.ask(asked(), 5), 5)
        house.clock.advance(ms=10 * DAY_MS)
    assert [simulated(house, days=days).requests for days in (7, 11, 30, 300)] == [0, 1, 3, 3]


def test_paces_marks_zones_and_roles_count_in_it(house: House) -> None:
    pace = draft(Whom.EVERYONE, 1, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10)
    for minute in (0, 5, 5):
        house.clock.advance(ms=minute * MINUTE_MS)
        house.ask(asked(member=10), 1)
        house.ask(asked(member=11), 1)
    done(house.budgets.mark(GUILD, MemberId(11), Mark.EXEMPT, by=ADMIN))
    assert simulated(house, pace).total == refused(1, 1)
    of_role = draft(Whom.ROLE, 2, name="7")
    assert simulated(house, of_role).total == refused(0, 0)
    assert simulated(house, of_role, roles={MemberId(10): frozenset({7})}).total == refused(1, 1)
    house.clock.advance(ms=12 * HOUR_MS)
    house.ask(asked(member=10), 2)
    day = draft(Whom.MEMBER, 3, name="10")
    assert simulated(house, day).total == refused(0, 0)
    done(house.desk.set_zone(GUILD, "Etc/GMT+12", by=ADMIN))
    assert simulated(house, day).total == refused(1, 2)


def test_a_replay_refuses_what_the_rules_themselves_refuse(house: House) -> None:
    """Requests that end before the next begins: the replay of a day and the day under the rules are the same."""
    rules = (
        draft(Whom.EVERYONE, 20),
        draft(Whom.CHANNEL, 4, name="6", unit=Unit.REQUESTS),
        draft(amount=70, span=Span.WEEK),
    )
    under = House()
    for one in rules:
        done(under.budgets.set_rule(GUILD, one, by=ADMIN))
    turned_away = 0
    for number in range(60):
        wanted = asked(member=10 + number % 4, channel=5 + number % 2)
        house.post(house.ask(wanted, 5), 3)
        try:
            under.post(under.ask(wanted, 5), 3)
        except Refusal:
            turned_away += 1
        for each in (house, under):
            each.clock.advance(ms=37 * MINUTE_MS)
    assert turned_away > 10
    assert simulated(house, *rules).total == refused(turned_away, 3 * turned_away)
    under.memory.close()


def test_a_channels_rule_is_replayed_over_its_threads(house: House) -> None:
    house.post(house.ask(asked(channel=7, thread_of=5), 5), 5)
    house.post(house.ask(asked(channel=5), 5), 5)
    assert simulated(house, draft(Whom.CHANNEL, 9, name="5")).total == refused(1, 5)


def test_what_a_replay_keeps_does_not_grow_with_the_book(house: House) -> None:
    rules = (draft(Whom.EVERYONE, 20), draft(amount=70, span=Span.WEEK), draft(Whom.MODEL, 5, name="pixazo/m"))

    def peak(requests: int) -> int:
        for number in range(requests):
            house.void(house.ask(asked(member=number % 50), 1))
            house.clock.advance(ms=MINUTE_MS)
        tracemalloc.start()
        simulated(house, *rules, days=30)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    small = peak(2_000)
    assert peak(4_000) < 1.5 * small


def test_the_members_named_are_those_that_would_have_saved_most(house: House) -> None:
    for member in range(MEMBERS_NAMED + 5):
        house.post(house.ask(asked(member=member), 50), member)
    found = simulated(house, draft(amount=0))
    assert (found.members, len(found.by_member)) == (MEMBERS_NAMED + 5, MEMBERS_NAMED)
    assert found.by_member[0] == (MemberId(MEMBERS_NAMED + 4), refused(1, MEMBERS_NAMED + 4))

"""What the last days would have looked like under other rules."""

import asyncio
import tracemalloc
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from bot.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.core.errors import Refusal
from bot.core.ids import JobId, MemberId
from bot.core.money import Ticks
from bot.db import Reader
from bot.ledger.model import Unit
from bot.ledger.rules.model import AllowList, Draft, Listed, Mark, Span, Whom
from bot.services.budgets.desk import Budgets
from bot.services.budgets.replaying import Refused
from bot.services.budgets.simulating import MEMBERS_NAMED, Simulation
from tests.budgets.house import ADMIN, GUILD, House, asked, done, draft
from tests.guilds.changing import set_to
from tests.jobs.memory import MemoryDatabase

T = TypeVar("T")


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
    done(set_to(house.desk, GUILD, by=ADMIN, zone="Etc/GMT+12"))
    assert simulated(house, day).total == refused(1, 2)


def test_a_replay_refuses_what_the_rules_themselves_refuse(house: House) -> None:
    """Requests that end before the next begins: the replay of a day and the day under the rules are the same."""
    rules = (
        draft(Whom.EVERYONE, 20),
        draft(Whom.CHANNEL, 4, name="6", unit=Unit.REQUESTS),
        draft(Whom.MEMBER, 9, name="11", unit=Unit.PICTURES, span=Span.WEEK),
        draft(Whom.COMMAND, 5, name="ask", unit=Unit.PICTURES),
        draft(amount=90, span=Span.WEEK),
        draft(Whom.PURPOSE, 30, name="event", span=Span.WEEK),
    )
    under = House()
    for one in sorted(rules, key=lambda one: one.whom is Whom.PURPOSE):
        done(under.budgets.set_rule(GUILD, one, by=ADMIN))
    turned_away, saved = 0, 0
    for number in range(90):
        wanted = asked(
            member=10 + number % 4,
            channel=5 + number % 2,
            command="imagine" if number % 5 else "ask",
            purpose=None if number % 7 else "event",
            pictures=number % 3,
        )
        end, price = END[number % len(END)]
        end(house, house.ask(wanted, 5))
        try:
            end(under, under.ask(wanted, 5))
        except Refusal:
            turned_away += 1
            saved += price
        for each in (house, under):
            each.clock.advance(ms=37 * MINUTE_MS)
    assert turned_away > 10
    assert simulated(house, *rules).total == refused(turned_away, saved)
    under.memory.close()


def adjusted(house: House, job_id: JobId) -> None:
    house.post(job_id, 3, 1)
    house.adjust(job_id, 4)


# What becomes of a request, and what it costs then.
END: list[tuple[Callable[[House, JobId], None], int]] = [
    (lambda house, job_id: house.post(job_id, 3), 3),
    (lambda house, job_id: house.post(job_id, 4, 0), 4),
    (lambda house, job_id: house.void(job_id), 0),
    (lambda house, job_id: house.presume(job_id), 5),
    (adjusted, 7),
]


def test_what_was_given_back_counts_as_little_as_it_did(house: House) -> None:
    for _ in range(6):
        house.void(house.ask(asked(), 5))
    assert simulated(house, draft(Whom.EVERYONE, 2, unit=Unit.REQUESTS)).total == refused(0, 0)
    pace = draft(Whom.EVERYONE, 2, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10)
    assert simulated(house, pace).total == refused(4, 0)


def test_fewer_pictures_than_asked_count_as_they_came(house: House) -> None:
    for _ in range(5):
        house.post(house.ask(asked(pictures=4), 5), 5, 1)
    assert simulated(house, draft(Whom.EVERYONE, 8, unit=Unit.PICTURES)).total == refused(0, 0)
    assert simulated(house, draft(Whom.EVERYONE, 7, unit=Unit.PICTURES)).total == refused(1, 5)


def test_a_window_that_was_open_at_the_begin_is_counted_from_its_own(house: House) -> None:
    house.clock.advance(ms=-13 * DAY_MS)
    house.post(house.ask(asked(), 9), 9)
    house.clock.advance(ms=13 * DAY_MS)
    house.post(house.ask(asked(), 9), 9)
    found = simulated(house, draft(amount=10, span=Span.MONTH))
    assert (found.requests, found.spent, found.total) == (1, 9, refused(1, 9))
    week_ago = House()
    week_ago.clock.advance(ms=-7 * DAY_MS - MINUTE_MS)
    for _ in range(2):
        week_ago.ask(asked(), 1)
        week_ago.clock.advance(ms=2 * MINUTE_MS)
    week_ago.clock.advance(ms=7 * DAY_MS - 3 * MINUTE_MS)
    pace = draft(Whom.EVERYONE, 1, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10)
    assert simulated(week_ago, pace).total == refused(1, 1)
    week_ago.memory.close()


def test_the_blocked_and_what_is_not_allowed_would_be_refused(house: House) -> None:
    house.post(house.ask(asked(member=10), 9), 9)
    house.post(house.ask(asked(member=11, model="x"), 7), 7)
    house.post(house.ask(asked(member=11, model="m"), 7), 7)
    done(house.budgets.mark(GUILD, MemberId(10), Mark.BLOCKED, by=ADMIN))
    listed = AllowList(whom=Whom.CHANNEL, name="5", what=Listed.MODEL, values=frozenset({"m"}))
    done(house.budgets.allow(GUILD, listed, by=ADMIN))
    found = simulated(house, draft(amount=1_000))
    assert (found.blocked, found.not_allowed, found.total) == (refused(1, 9), refused(1, 7), refused(2, 16))
    assert found.by_rule == ((draft(amount=1_000), refused(0, 0)),)


async def test_one_replay_waits_for_another(house: House) -> None:
    class Slow(MemoryDatabase):
        running = most = 0

        async def read(self, work: Callable[[Reader], T]) -> T:
            self.running += 1
            self.most = max(self.most, self.running)
            await asyncio.sleep(0)
            self.running -= 1
            return await super().read(work)

    house.ask(asked(), 1)
    database = Slow(house.memory)
    budgets = Budgets(database=database, ceilings=house.ceilings, clock=house.clock)
    found = await asyncio.gather(*(budgets.simulate(GUILD, [draft()], days=7) for _ in range(5)))
    assert (len(found), database.most) == (5, 1)


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

"""A rule begins with complete counters, however much there was and whatever happens while they are made."""

import random
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from bot.core.clock import HOUR_MS, MINUTE_MS
from bot.core.errors import DatabaseUnavailable, Refusal
from bot.core.ids import JobId
from bot.db import Reader, Transaction
from bot.ledger.check import broken_books
from bot.ledger.model import Unit
from bot.ledger.rules.model import Draft, Span, Whom
from bot.services.budgets.changing import TRIES
from bot.services.budgets.completing import preparing, store
from bot.services.budgets.desk import Budgets
from bot.services.budgets.settings import GuildDesk
from tests.budgets.house import ADMIN, GUILD, MEMBER, House, asked, done, draft
from tests.guilds.changing import set_to
from tests.jobs.memory import Memory, MemoryDatabase

T = TypeVar("T")
Hook = Callable[[], None]


class Busy(MemoryDatabase):
    """Something happens after each write but the last, and it is known how many rows each has changed."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.between: Hook = lambda: None
        self.changed: list[int] = []

    async def write(self, work: Callable[[Transaction], T]) -> T:
        before = self.memory.connection.total_changes
        result = await super().write(work)
        self.changed.append(self.memory.connection.total_changes - before)
        self.between()
        return result


class Play:
    """A house whose desks use a busy database."""

    def __init__(self) -> None:
        self.house = House()
        self.database = Busy(self.house.memory)
        self.budgets = Budgets(database=self.database, ceilings=self.house.ceilings, clock=self.house.clock)
        self.desk = GuildDesk(database=self.database, clock=self.house.clock)

    def set_rule(self, wanted: Draft) -> None:
        done(self.budgets.set_rule(GUILD, wanted, by=ADMIN))

    def fill(self, count: int) -> list[JobId]:
        """So many requests that have ended, a minute apart."""
        ended = []
        for number in range(count):
            wanted = asked(member=10 + number % 3, channel=5 + number % 2, model="mn"[number % 2])
            ended.append(self.house.ask(wanted, 1))
            self.house.post(ended[-1], 1)
            self.house.clock.advance(ms=MINUTE_MS)
        return ended

    def taken(self, scope: str) -> list[int]:
        """What the counters of the scope have counted, newest window first."""
        rows = self.house.memory.read(
            lambda reader: reader.all(
                "SELECT held + spent AS taken FROM counter WHERE scope = ? AND unit = 'requests'"
                " ORDER BY starts_at DESC",
                (scope,),
            )
        )
        return [row["taken"] for row in rows]


@pytest.fixture
def play() -> Iterator[Play]:
    opened = Play()
    yield opened
    assert opened.house.memory.read(broken_books) == ()
    opened.house.memory.close()


def requests(whom: Whom = Whom.GUILD, amount: int = 1_000, *, name: str = "", span: Span = Span.WEEK) -> Draft:
    return draft(whom, amount, name=name, unit=Unit.REQUESTS, span=span)


@pytest.mark.parametrize("holds", [30, 300])
def test_no_transaction_grows_with_the_book(play: Play, monkeypatch: pytest.MonkeyPatch, holds: int) -> None:
    monkeypatch.setattr(preparing, "PAGE", 10)
    play.fill(holds)
    play.set_rule(requests())
    # a counter, its sums, and a leg for each hold of the page; at last the rule and its line in the log
    assert max(play.database.changed) <= 12
    assert play.database.changed[-1] <= 3
    assert play.taken("guild:1") == [holds]


def test_a_rule_that_changes_nothing_writes_nothing(play: Play) -> None:
    play.fill(5)
    play.set_rule(requests())
    play.database.changed.clear()
    play.set_rule(requests())
    done(set_to(play.desk, GUILD, by=ADMIN, zone="UTC"))
    assert play.database.changed == [0, 0]
    assert len(done(play.budgets.changes_of(GUILD))) == 1


def test_another_amount_and_another_role_find_everything_counted(play: Play) -> None:
    play.fill(20)
    play.set_rule(requests(Whom.EVERYONE))
    play.database.changed.clear()
    play.set_rule(requests(Whom.EVERYONE, 500))
    play.set_rule(requests(Whom.ROLE, 5, name="7"))
    play.set_rule(requests(Whom.MEMBER, 7, name=str(MEMBER)))
    assert max(play.database.changed) <= 2
    with pytest.raises(Refusal) as caught:
        play.house.ask(asked(), 1)
    assert (caught.value.facts["left"], caught.value.facts["limit"]) == (0, 7)


RULES = [
    requests(),
    requests(Whom.CHANNEL, name="5"),
    requests(Whom.MODEL, name="pixazo/m"),
    requests(Whom.EVERYONE),
    draft(Whom.GUILD, 1_000, span=Span.WEEK),
    draft(Whom.GUILD, 1_000, unit=Unit.PICTURES, span=Span.MONTH),
]


@pytest.mark.parametrize("wanted", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_what_happens_meanwhile_is_counted_once(
    play: Play, monkeypatch: pytest.MonkeyPatch, wanted: Draft, seed: int
) -> None:
    """Requests come, end, are corrected and move to other gateways between the pages."""
    monkeypatch.setattr(preparing, "PAGE", 4)
    ended, running = play.fill(20), [play.house.ask(asked(model="mn"[number % 2]), 1) for number in range(6)]
    chance = random.Random(seed)

    def something() -> None:
        for _ in range(chance.randint(0, 3)):
            job_id = running.pop(chance.randrange(len(running))) if running else play.house.ask(asked(), 1)
            match chance.randrange(6):
                case 0:
                    play.house.post(job_id, 2, 3)
                    ended.append(job_id)
                case 1:
                    play.house.void(job_id)
                case 2:
                    play.house.presume(job_id)
                case 3:
                    play.house.go_on(job_id, amount=2, provider="pixazo", model=chance.choice("mn"))
                    running.append(job_id)
                case 4:
                    play.house.adjust(chance.choice(ended), 3)
                case _:
                    running.append(play.house.ask(asked(channel=5, model=chance.choice("mn")), 1))
                    play.house.clock.advance(ms=-MINUTE_MS)

    play.database.between = something
    play.set_rule(wanted)
    play.database.between = lambda: None
    found = play.house.memory.read(lambda reader: missing(reader, wanted))
    assert found == []


def missing(reader: Reader, wanted: Draft) -> list[str]:
    """Holds that the rule must count and does not, or that it counts and must not."""
    must = {
        Whom.GUILD: "1",
        Whom.EVERYONE: "1",
        Whom.CHANNEL: "job.channel_id = 5",
        Whom.MODEL: "job.provider || '/' || job.model = 'pixazo/m'",
    }[wanted.whom]
    scope = {
        Whom.GUILD: "'guild:1'",
        Whom.EVERYONE: "'member:1:' || hold.member_id",
        Whom.CHANNEL: "'channel:1:5'",
        Whom.MODEL: "'model:1:pixazo/m'",
    }[wanted.whom]
    rows = reader.all(
        "SELECT hold.hold_id FROM hold JOIN job ON job.id = hold.job_id"  # noqa: S608 - a test's own words
        f" WHERE hold.state <> 'voided' AND ({must}) <> EXISTS (SELECT 1 FROM hold_leg AS leg"
        "   JOIN counter ON counter.id = leg.counter_id WHERE leg.hold_id = hold.hold_id"
        f"   AND counter.scope = {scope} AND counter.unit = ? AND counter.window_kind = ?)",
        (wanted.unit.value, wanted.span.value),
    )
    return [row["hold_id"] for row in rows]


def test_a_day_that_begins_meanwhile_needs_nothing_from_before(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PAGE", 4)
    play.fill(9)
    hours, today = iter([0, 20]), []

    def tomorrow() -> None:
        play.house.clock.advance(ms=next(hours, 0) * HOUR_MS)
        today.append(play.house.ask(asked(), 1))

    play.database.between = tomorrow
    play.set_rule(requests(span=Span.DAY))
    assert play.taken("guild:1")[0] == len(today) - 1 >= 3


def test_a_zone_that_changes_meanwhile_is_prepared_for(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PAGE", 4)
    play.fill(9)
    zones = iter(["Asia/Tokyo"])

    def moved() -> None:
        zone = next(zones, None)
        if zone is not None:
            done(set_to(play.house.desk, GUILD, by=ADMIN, zone=zone))

    play.database.between = moved
    play.set_rule(requests())
    assert play.taken("guild:1") == [9, 9]


def test_whoever_never_finds_a_quiet_moment_is_told(play: Play) -> None:
    play.fill(3)
    zones = iter(["Asia/Tokyo", "UTC"] * TRIES)
    play.database.between = lambda: done(set_to(play.house.desk, GUILD, by=ADMIN, zone=next(zones)))
    with pytest.raises(DatabaseUnavailable, match="several people"):
        play.set_rule(requests())
    assert done(play.budgets.rules_of(GUILD)).rules == ()
    play.database.between = lambda: None


@pytest.mark.parametrize(("statements", "index"), [(store._OF_PAGE, "hold_of_guild"), (store._OF_THE_LAST, "PRIMARY")])
def test_pages_and_the_last_of_it_are_found_by_an_index(play: Play, statements: tuple[str, ...], index: str) -> None:
    reader = Reader(play.house.memory.connection)
    for sql in statements:
        facts = dict.fromkeys(re.findall(r":(\w+)", sql))
        steps = [row["detail"] for row in reader.all(f"EXPLAIN QUERY PLAN {sql}", facts)]
        holds = [step for step in steps if re.match(r"(SEARCH|SCAN) hold ", step)]
        assert [("SEARCH" in step, index in step) for step in holds] == [(True, True)], steps

"""What the staff is told of: whatever brings a limit to a threshold, and nothing that does not."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from bot.core.errors import Charged, DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import JobId
from bot.core.money import Ticks
from bot.db import Transaction
from bot.ledger.alerts import store as alerts
from bot.ledger.check import broken_books
from bot.ledger.model import Unit
from bot.ledger.rules.model import Span, Whom
from bot.services.adjusting import Adjusting, Correction
from bot.services.outcomes import FailureReason
from bot.services.settlement import Settlement
from bot.services.terms import book, note_refused
from tests.budgets.house import ADMIN, GUILD, House, asked, done, draft
from tests.budgets.test_admission import WORK, Door
from tests.guilds.changing import set_to
from tests.jobs.memory import MemoryDatabase

T = TypeVar("T")


@pytest.fixture
def house() -> Iterator[House]:
    opened = House()
    yield opened
    assert opened.memory.read(broken_books) == ()
    opened.memory.close()


def told(house: House) -> list[tuple[str, str, int, int, int]]:
    """Scope, whose limit, percent, and how much of what limit is taken."""
    found = house.memory.read(lambda reader: alerts.untold(reader, limit=99))
    return [(one.limit.scope, one.limit.subject, one.threshold, one.taken, one.limit.amount) for one in found]


def post(house: House, job_id: JobId, actual: int, pictures: int = 1) -> None:
    """As whoever collects a result does."""

    def work(tx: Transaction) -> None:
        job, price = house.job(tx, job_id), Ticks(actual)
        book(tx, job, actual=price, pictures=pictures, at=house.clock.now(), basis="reported", note="")

    house.memory.write(work)


def test_a_price_beyond_the_hold_is_told_and_one_within_it_is_not(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    job_id, other = house.ask(asked(), 40), house.ask(asked(), 5)
    post(house, other, 5)
    assert told(house) == []
    post(house, job_id, 65)
    assert told(house) == [("guild:1", "guild", 50, 70, 100)]


def test_more_pictures_than_were_held_are_told_too(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=4, unit=Unit.PICTURES), by=ADMIN))
    post(house, house.ask(asked(), 5), 5, pictures=2)
    assert told(house) == [("guild:1", "guild", 50, 2, 4)]


def test_a_correction_is_told(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    job_id = house.ask(asked(), 10)
    post(house, job_id, 10)
    adjusting = Adjusting(database=MemoryDatabase(house.memory), clock=house.clock)
    done(adjusting.adjust(job_id, Correction(difference=75, reason="invoice", author="ada")))
    assert told(house) == [("guild:1", "guild", 50, 85, 100), ("guild:1", "guild", 80, 85, 100)]


def test_a_charge_for_a_job_that_failed_is_told(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=100), by=ADMIN))
    job_id = house.ask(asked(), 10)
    settlement = Settlement(database=MemoryDatabase(house.memory), clock=house.clock)
    job = house.memory.write(lambda tx: house.job(tx, job_id))
    done(settlement.fail(job, FailureReason.BAD_RESULT, Charged.YES, actual=Ticks(60)))
    assert told(house) == [("guild:1", "guild", 50, 60, 100)]


def test_a_limit_that_counts_what_was_before_it_is_not_taken_for_used_up(house: House) -> None:
    job_id = house.ask(asked(), 10)
    done(house.budgets.set_rule(GUILD, draft(amount=1_000, span=Span.WEEK), by=ADMIN))
    post(house, job_id, 11)
    assert told(house) == []
    house.ask(asked(), 500)
    assert told(house) == [("guild:1", "guild", 50, 511, 1_000)]


def test_a_limit_that_was_raised_or_lowered_is_told_of_anew(house: House) -> None:
    done(house.budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    house.ask(asked(), 10)
    done(house.budgets.set_rule(GUILD, draft(amount=1_000), by=ADMIN))
    house.ask(asked(), 490)
    house.ask(asked(), 1)
    assert [(percent, taken, of) for _, _, percent, taken, of in told(house)] == [
        (50, 10, 10),
        (80, 10, 10),
        (100, 10, 10),
        (50, 500, 1_000),
    ]


def whoever_is_told(house: House, work: Callable[[], T]) -> list[tuple[str, str, int, int, int]]:
    with pytest.raises(Refusal):
        work()
    return told(house)


def test_a_request_that_finds_no_room_in_what_is_left_is_told_as_the_whole(house: House) -> None:
    door = Door(house)  # a picture is 5
    done(house.budgets.set_rule(GUILD, draft(amount=12), by=ADMIN))
    done(set_to(house.desk, GUILD, by=ADMIN, thresholds=(100,)))
    door.admit()
    door.admit()
    assert told(house) == []
    assert whoever_is_told(house, door.admit) == [("guild:1", "guild", 100, 10, 12)]
    assert whoever_is_told(house, door.admit) == [("guild:1", "guild", 100, 10, 12)]


def test_a_refusal_is_not_told_that_says_nothing_about_what_is_left(house: House) -> None:
    door = Door(house)
    # more than the whole limit, a member's own, nobody wants to hear of the whole, and no limit at all
    rule = done(house.budgets.set_rule(GUILD, draft(amount=4), by=ADMIN))
    assert whoever_is_told(house, door.admit) == []
    done(house.budgets.end_rule(GUILD, rule.rule_id, by=ADMIN))
    own = done(house.budgets.set_rule(GUILD, draft(Whom.EVERYONE, 9), by=ADMIN))
    door.admit()
    assert whoever_is_told(house, door.admit) == []
    done(house.budgets.end_rule(GUILD, own.rule_id, by=ADMIN))
    done(set_to(house.desk, GUILD, by=ADMIN, thresholds=(50,)))
    done(house.budgets.set_rule(GUILD, draft(amount=9), by=ADMIN))
    assert whoever_is_told(house, door.admit) == []
    done(house.desk.pause(GUILD, command=None, reason="holiday", by=ADMIN))
    assert whoever_is_told(house, door.admit) == []


def test_a_refusal_is_one_also_where_it_cannot_be_noted(house: House) -> None:
    door = Door(house)
    done(house.budgets.set_rule(GUILD, draft(amount=9), by=ADMIN))
    door.admit(WORK)
    writes = house.memory.write

    def fails(work: Callable[[Transaction], T]) -> T:
        if "_note" in work.__qualname__:
            raise DatabaseUnavailable
        return writes(work)

    house.memory.write = fails  # type: ignore[method-assign]
    assert whoever_is_told(house, door.admit) == [("guild:1", "guild", 50, 5, 9)]


def test_only_a_refusal_by_a_limit_names_one(house: House) -> None:
    refusal = Refusal(RefusalReason.PACE, {})
    house.memory.write(lambda tx: note_refused(tx, GUILD, refusal, at=house.clock.now()))
    assert told(house) == []

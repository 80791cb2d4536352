"""The check that the running bot makes by itself: what has drifted takes no more holds, whatever else goes on."""

import logging
from collections.abc import Iterator

import pytest

from bot.core.errors import Refusal, RefusalReason
from bot.db import Transaction
from bot.ledger.correcting.store import rebuild
from bot.ledger.drifting.store import drifted
from bot.services.auditing import Auditing
from tests.budgets.house import GUILD, House, asked, done
from tests.jobs.memory import MemoryDatabase


@pytest.fixture
def house() -> Iterator[House]:
    opened = House()
    yield opened
    opened.memory.close()


def look(house: House) -> int:
    """How many things are amiss."""
    return len(done(Auditing(database=MemoryDatabase(house.memory), clock=house.clock).look()))


def by_hand(house: House, sql: str) -> None:
    def work(tx: Transaction) -> None:
        tx.execute(sql)

    house.memory.write(work)


def test_a_sound_book_refuses_nobody_and_writes_nothing(house: House) -> None:
    house.post(house.ask(asked(), 5), 5)
    before = house.memory.connection.total_changes
    assert look(house) == 0
    assert house.memory.connection.total_changes == before
    house.ask(asked(), 5)


def test_a_scope_that_drifted_takes_no_more_until_it_is_made_anew(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = house.ask(asked(), 5)
    by_hand(house, "UPDATE counter SET spent = 1 WHERE scope = 'guild:1' AND window_kind = 'day'")
    house.ask(asked(), 5)  # nobody has looked so far
    with caplog.at_level(logging.ERROR):
        assert look(house) == 2
    assert [record.message.split(":")[0] for record in caplog.records] == ["the books do not agree"]
    assert house.memory.read(drifted) == {"guild:1"}
    with pytest.raises(Refusal) as caught:
        house.ask(asked(), 5)
    assert caught.value.reason is RefusalReason.BOOKS
    house.ask(asked(guild=2), 5)
    house.post(job_id, 4)  # what was held before ends as it must
    assert house.memory.write(rebuild) != ()
    house.ask(asked(), 5)
    assert look(house) == 0


def test_a_scope_that_agrees_again_is_let_in(house: House) -> None:
    house.ask(asked(), 5)
    by_hand(house, "UPDATE counter SET held = held + 1 WHERE scope = 'bot'")
    look(house)
    with pytest.raises(Refusal):
        house.ask(asked(guild=2), 5)
    by_hand(house, "UPDATE counter SET held = held - 1 WHERE scope = 'bot'")
    assert look(house) == 0
    house.ask(asked(guild=int(GUILD) + 1), 5)


def test_what_is_no_counter_is_told_and_refuses_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.post(house.ask(asked(), 5), 5)
    by_hand(house, "UPDATE spend SET jobs = 9")
    with caplog.at_level(logging.ERROR):
        assert look(house) == 1
    assert len(caplog.records) == 1
    house.ask(asked(), 5)

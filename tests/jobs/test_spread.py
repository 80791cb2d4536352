"""E8: a start finds many looks at gateways that fell due while no process was there."""

from collections import Counter
from functools import partial
from pathlib import Path

from bot.core.clock import ManualClock, Millis
from bot.db import Database, Reader, Transaction
from bot.jobs import store
from bot.jobs.model import State
from bot.jobs.store import SPREAD_MS, SPREAD_STEP_MS
from bot.providers import registry
from bot.providers.catalogue import load
from bot.services.settlement import Settlement
from bot.services.startup import recover
from tests.jobs.bench import NOW, OTHER, OWNER, later, new, put, row
from tests.jobs.memory import Memory

CATALOGUE = Path(__file__).resolve().parents[2] / "data" / "catalogue.toml"
CROWD = 10_000


def spread(memory: Memory) -> int:
    return memory.write(partial(store.spread_overdue, now=NOW))


def test_a_few_looks_come_shortly_after_one_another_in_the_order_they_fell_due(memory: Memory) -> None:
    for number, name in enumerate(("third", "second", "first")):
        put(memory, name, State.WAITING, run_at=later(-1_000 * (number + 1)))
    put(memory, "unknown", State.UNKNOWN, run_at=NOW)
    assert spread(memory) == 4
    moments = [row(memory, name).run_at for name in ("first", "second", "third", "unknown")]
    assert moments == [later(SPREAD_STEP_MS * place) for place in range(4)]


def test_what_is_not_due_or_is_not_a_question_to_a_gateway_stays(memory: Memory) -> None:
    put(memory, "later", State.WAITING, run_at=later(1))
    others = (State.QUEUED, State.SUBMITTING, State.REVIEWING, State.DELIVERING)
    for state in others:
        put(memory, state, state, run_at=later(-5))
    assert spread(memory) == 0
    assert row(memory, "later").run_at == later(1)
    assert {row(memory, state).run_at for state in others} == {later(-5)}


async def test_a_crowd_is_spread_over_half_a_minute_by_every_start(tmp_path: Path) -> None:
    """No second has more than its share, and nobody waits longer than that."""
    clock = ManualClock(NOW)

    def leave(tx: Transaction) -> None:
        for number in range(CROWD):
            store.insert(tx, new(f"{number:05}", at=later(-60_000), provider="pixazo"))
        tx.execute("UPDATE job SET state = 'waiting', run_at = ?, lease_owner = ?", (later(-30_000), OTHER))

    def moments(reader: Reader) -> list[Millis]:
        return [Millis(row["run_at"]) for row in reader.all("SELECT run_at FROM job ORDER BY id")]

    async with (
        Database.open(tmp_path / "easel.sqlite") as database,
        registry.build({}, load(CATALOGUE), clock=clock) as none,
    ):
        await database.write(leave)
        settlement = Settlement(database=database, clock=clock)
        found = await recover(database, registry=none, settlement=settlement, clock=clock, owner=OWNER)
        assert found.recovered == CROWD
        due = await database.read(moments)
    assert due == sorted(due)
    assert (due[0], due[-1]) == (NOW, later(SPREAD_MS - SPREAD_MS // CROWD))
    by_second = Counter((moment - NOW) // 1_000 for moment in due)
    assert max(by_second.values()) <= CROWD // (SPREAD_MS // 1_000) + 1

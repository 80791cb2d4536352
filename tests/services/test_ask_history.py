"""How much of a conversation goes along with a question, by the rows that hold it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.clock import DAY_MS, Millis
from bot.core.ids import ChannelId, GuildId, IdempotencyKey, JobId, MemberId
from bot.core.requests import Role
from bot.db import Database, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import NewJob
from bot.providers.contract import AskAnswer
from bot.services.ask import store
from bot.services.ask.history import HISTORY_TOKENS, TURNS_MAX, Thread, thread

NOW = Millis(40 * DAY_MS)
ROOM = HISTORY_TOKENS * 4


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "easel.sqlite") as opened:
        yield opened


def job_id(number: int) -> JobId:
    return JobId(f"{number:024d}")


async def told(database: Database, *turns: tuple[str, str], at: Millis = NOW, most: int = TURNS_MAX + 5) -> Thread:
    """What goes to the model with one more question after those."""

    def write(tx: Transaction) -> None:
        for number, (question, answer) in enumerate(turns):
            parent = None if number == 0 else job_id(number - 1)
            new = NewJob(
                id=job_id(number),
                kind="ask",
                guild_id=GuildId(1),
                channel_id=ChannelId(2),
                member_id=MemberId(3),
                provider="xai",
                model="m",
                payload="{}",
                payload_version=1,
                idempotency_key=IdempotencyKey(f"key {number}"),
                created_at=at,
                parent_id=parent,
            )
            jobs.insert(tx, new)
            store.add_turn(
                tx,
                job_id=job_id(number),
                parent_id=parent,
                question=question,
                is_private=False,
                question_message_id=None,
                at=at,
            )
            store.keep_answer(tx, job_id(number), AskAnswer(text=answer))

    await database.write(write)
    last = job_id(len(turns) - 1)
    return await database.read(
        lambda reader: thread(reader, parent=last, question="and now?", pictures=(), now=NOW, most=most)
    )


def words(found: Thread) -> list[str]:
    """All but the system's, and the question itself."""
    assert (found.said[0].role, found.said[-1].text) == (Role.SYSTEM, "and now?")
    return [one.text for one in found.said[1:-1]]


async def test_a_short_conversation_goes_along_whole_in_its_order(database: Database) -> None:
    found = await told(database, ("one?", "1"), ("two?", "2"))
    assert words(found) == ["one?", "1", "two?", "2"]
    assert found.turns == 2


async def test_no_more_than_so_many_turns_go_along(database: Database) -> None:
    found = await told(database, *((f"{number}?", "yes") for number in range(TURNS_MAX + 3)))
    assert found.turns == TURNS_MAX
    assert words(found)[0] == "3?"


async def test_no_more_than_what_was_held_for_goes_along(database: Database) -> None:
    found = await told(database, ("one?", "1"), ("two?", "2"), most=1)
    assert words(found) == ["two?", "2"]


async def test_what_is_too_old_does_not_go_along(database: Database) -> None:
    assert words(await told(database, ("one?", "1"), at=Millis(9 * DAY_MS))) == []


@pytest.mark.parametrize(("question", "answer"), [(10, ROOM), (ROOM, 10), (ROOM, ROOM), (10, ROOM - 10)])
async def test_the_latest_turn_goes_along_by_its_end_however_long_it_is(
    database: Database, question: int, answer: int
) -> None:
    found = await told(database, ("earlier?", "yes"), ("q" * question + "?", "a" * answer + "."))
    asked, said = words(found)
    assert asked.endswith("q?")
    assert said.endswith("a.")
    assert len(asked) + len(said) <= ROOM
    assert found.turns == 1

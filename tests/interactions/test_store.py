"""Interactions: stored once, tied to one job, answered for certain, forgotten in time."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import MINUTE_MS, Millis
from bot.core.ids import DISCORD_EPOCH_MS, ChannelId, GuildId, InteractionId, JobId, MemberId
from bot.interactions import store
from bot.interactions.model import (
    ANSWERABLE_MS,
    STALE_MS,
    TOKEN_LIFE_MS,
    TOKEN_SAFE_MS,
    InteractionState,
    OpenInteraction,
    Received,
)
from tests.jobs.memory import Memory

MADE_AT = 1_800_000_000_000
JOB, OTHER = JobId("a" * 24), JobId("b" * 24)


def snowflake(at: int, rest: int = 0) -> InteractionId:
    """An id that Discord made at that moment."""
    return InteractionId(((at - DISCORD_EPOCH_MS) << 22) | rest)


def received(at: int = MADE_AT, rest: int = 0, written: str = "tok") -> Received:
    """An interaction as the gateway brought it."""
    return Received(
        id=snowflake(at, rest),
        command="imagine",
        guild_id=GuildId(1),
        channel_id=ChannelId(2),
        member_id=MemberId(3),
        token=written,
        received_at=Millis(at + 40),
    )


@pytest.fixture
def memory() -> Iterator[Memory]:
    opened = Memory()
    yield opened
    opened.close()


def state_of(memory: Memory, of: Received) -> InteractionState | None:
    found = memory.read(lambda reader: store.get(reader, of.id))
    return None if found is None else found.state


def token_of(memory: Memory, of: Received) -> str | None:
    found = memory.read(lambda reader: store.get(reader, of.id))
    assert found is not None
    return found.token


def test_the_same_interaction_is_stored_once_however_often_it_comes(memory: Memory) -> None:
    first, again = received(), received(written="another")
    assert memory.write(lambda tx: store.receive(tx, first))
    assert not memory.write(lambda tx: store.receive(tx, again))
    assert token_of(memory, first) == "tok"
    assert state_of(memory, first) is InteractionState.RECEIVED
    assert first.created_at == MADE_AT


def test_an_interaction_gets_one_job_and_a_second_accept_changes_nothing(memory: Memory) -> None:
    one = received()
    assert not memory.write(lambda tx: store.accept(tx, one.id, JOB))
    memory.write(lambda tx: store.receive(tx, one))
    assert memory.write(lambda tx: store.accept(tx, one.id, JOB))
    assert not memory.write(lambda tx: store.accept(tx, one.id, OTHER))
    found = memory.read(lambda reader: store.of_job(reader, JOB))
    assert found == OpenInteraction(
        id=one.id,
        state=InteractionState.ACCEPTED,
        token="tok",
        job_id=JOB,
        guild_id=GuildId(1),
        member_id=MemberId(3),
        received_at=one.received_at,
    )
    assert memory.read(lambda reader: store.of_job(reader, OTHER)) is None


def test_a_job_belongs_to_one_interaction(memory: Memory) -> None:
    one, two = received(), received(rest=1)
    for each in (one, two):
        memory.write(partial(store.receive, interaction=each))
    assert memory.write(lambda tx: store.accept(tx, one.id, JOB))
    with pytest.raises(Exception, match="UNIQUE"):
        memory.write(lambda tx: store.accept(tx, two.id, JOB))
    assert state_of(memory, two) is InteractionState.RECEIVED


@pytest.mark.parametrize("is_accepted", [False, True])
def test_the_last_word_is_noted_once_and_keeps_the_token_for_its_life(memory: Memory, *, is_accepted: bool) -> None:
    one = received()
    memory.write(lambda tx: store.receive(tx, one))
    if is_accepted:
        memory.write(lambda tx: store.accept(tx, one.id, JOB))
    for at in (MADE_AT + 100, MADE_AT + 900):
        memory.write(partial(store.answered, interaction_id=one.id, at=Millis(at)))
    assert state_of(memory, one) is InteractionState.ANSWERED
    assert memory.connection.execute("SELECT answered_at FROM interaction").fetchone()[0] == MADE_AT + 100
    assert token_of(memory, one) == "tok"
    assert not memory.write(lambda tx: store.accept(tx, one.id, OTHER))


@pytest.mark.parametrize("is_accepted", [False, True])
def test_a_void_interaction_has_no_token_no_job_and_no_last_word_later(memory: Memory, *, is_accepted: bool) -> None:
    one = received()
    memory.write(lambda tx: store.receive(tx, one))
    if is_accepted:
        memory.write(lambda tx: store.accept(tx, one.id, JOB))
    memory.write(lambda tx: store.void(tx, one.id))
    memory.write(lambda tx: store.answered(tx, one.id, at=Millis(MADE_AT)))
    assert (state_of(memory, one), token_of(memory, one)) == (InteractionState.VOID, None)
    assert not memory.write(lambda tx: store.accept(tx, one.id, OTHER))
    assert not memory.write(lambda tx: store.receive(tx, one))


def test_what_was_answered_is_not_voided(memory: Memory) -> None:
    one = received()
    memory.write(lambda tx: store.receive(tx, one))
    memory.write(lambda tx: store.answered(tx, one.id, at=Millis(MADE_AT)))
    memory.write(lambda tx: store.void(tx, one.id))
    assert (state_of(memory, one), token_of(memory, one)) == (InteractionState.ANSWERED, "tok")


def test_open_are_those_that_wait_for_their_last_word_the_oldest_first(memory: Memory) -> None:
    each = [received(MADE_AT + number) for number in (3, 1, 2, 0)]
    for one in each:
        memory.write(partial(store.receive, interaction=one))
    memory.write(lambda tx: store.accept(tx, each[0].id, JOB))
    memory.write(lambda tx: store.answered(tx, each[1].id, at=Millis(MADE_AT)))
    memory.write(lambda tx: store.void(tx, each[2].id))
    found = memory.read(store.open_ones)
    assert [(one.id, one.state) for one in found] == [
        (each[3].id, InteractionState.RECEIVED),
        (each[0].id, InteractionState.ACCEPTED),
    ]


@pytest.mark.parametrize("is_void", [False, True])
def test_an_interaction_is_open_until_its_last_word(memory: Memory, *, is_void: bool) -> None:
    one = received()
    memory.write(lambda tx: store.receive(tx, one))
    if is_void:
        memory.write(lambda tx: store.void(tx, one.id))
    found = memory.read(lambda reader: store.get(reader, one.id))
    assert found is not None
    assert found.is_open is not is_void
    assert found.received_at == MADE_AT + 40


def test_an_unknown_interaction_is_none(memory: Memory) -> None:
    assert memory.read(lambda reader: store.get(reader, InteractionId(5))) is None


@pytest.mark.parametrize("rest", [0, 1, 2**22 - 1])
def test_a_token_is_forgotten_when_it_is_15_minutes_old_to_the_millisecond(memory: Memory, rest: int) -> None:
    one = received(rest=rest)
    memory.write(lambda tx: store.receive(tx, one))
    early, due = Millis(MADE_AT + 15 * MINUTE_MS - 1), Millis(MADE_AT + 15 * MINUTE_MS)
    assert memory.write(lambda tx: store.forget_tokens(tx, now=early)) == 0
    assert token_of(memory, one) == "tok"
    assert memory.write(lambda tx: store.forget_tokens(tx, now=due)) == 1
    assert token_of(memory, one) is None
    assert memory.write(lambda tx: store.forget_tokens(tx, now=due)) == 0


def test_a_last_word_that_was_not_the_last_makes_its_interaction_wait_again(memory: Memory) -> None:
    one = received()
    memory.write(lambda tx: store.receive(tx, one))
    memory.write(lambda tx: store.accept(tx, one.id, JOB))
    assert not memory.write(lambda tx: store.reopen(tx, JOB))
    memory.write(lambda tx: store.answered(tx, one.id, at=Millis(MADE_AT)))
    assert memory.read(store.open_ones) == ()
    assert memory.write(lambda tx: store.reopen(tx, JOB))
    (found,) = memory.read(store.open_ones)
    assert (found.id, found.state, found.job_id) == (one.id, InteractionState.ACCEPTED, JOB)
    memory.write(lambda tx: store.void(tx, one.id))
    assert not memory.write(lambda tx: store.reopen(tx, JOB))


@given(st.integers(-1_000, 2 * TOKEN_LIFE_MS), st.integers(0, 2**22 - 1))
def test_what_may_still_be_edited_has_never_been_forgotten(age: int, rest: int) -> None:
    memory = Memory()
    one, now = received(rest=rest), Millis(MADE_AT + age)
    memory.write(lambda tx: store.receive(tx, one))
    memory.write(lambda tx: store.forget_tokens(tx, now=now))
    found = memory.read(lambda reader: store.get(reader, one.id))
    memory.close()
    assert found is not None
    assert (found.token is not None) == (age < TOKEN_LIFE_MS)
    assert found.can_edit(now) == (age < TOKEN_SAFE_MS)


def test_a_card_is_edited_up_to_14_minutes_and_never_without_a_token() -> None:
    one = OpenInteraction(
        id=snowflake(MADE_AT, rest=2**22 - 1),
        state=InteractionState.ACCEPTED,
        token="tok",
        job_id=JOB,
        guild_id=GuildId(1),
        member_id=MemberId(3),
        received_at=Millis(MADE_AT),
    )
    assert one.can_edit(MADE_AT + 14 * MINUTE_MS - 1)
    assert not one.can_edit(MADE_AT + 14 * MINUTE_MS)
    over = replace(one, token=None)
    assert not over.can_edit(MADE_AT)


def test_the_limits_of_an_interactions_life_come_in_their_order() -> None:
    assert STALE_MS < TOKEN_SAFE_MS < ANSWERABLE_MS < TOKEN_LIFE_MS

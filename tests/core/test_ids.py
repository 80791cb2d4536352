"""Ids: hard to guess, stable where they must be, and of a length that the other side takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import millis, utc
from bot.core.ids import (
    DISCORD_EPOCH_MS,
    JobId,
    SystemRandomness,
    hold_id_of,
    new_idempotency_key,
    new_job_id,
    nonce_of,
    short,
    snowflake_time,
)

JOB_IDS = st.from_regex(r"[a-z2-7]{24}", fullmatch=True).map(JobId)


class Counting:
    """Randomness that counts up."""

    def __init__(self) -> None:
        self.count = 0

    def token_bytes(self, count: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(count, "big")

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


def test_a_job_id_is_24_lower_case_letters_and_digits_of_fresh_random_bits() -> None:
    randomness = Counting()
    first, second = new_job_id(randomness), new_job_id(randomness)
    assert (first, second) == ("aaaaaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaac")
    made = {new_job_id(SystemRandomness()) for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[a-z2-7]{24}", job_id) for job_id in made)


@given(JOB_IDS, JOB_IDS)
def test_what_is_named_after_a_job_is_the_same_each_time_and_no_other_jobs(one: JobId, other: JobId) -> None:
    for name in (new_idempotency_key, hold_id_of, nonce_of):
        assert name(one) == name(one)
        assert (name(one) == name(other)) == (one == other)


@given(JOB_IDS)
def test_names_fit_where_they_go(job_id: JobId) -> None:
    assert len(new_idempotency_key(job_id)) <= 255
    assert re.fullmatch(r"[0-9a-f]{25}", nonce_of(job_id))
    assert job_id.startswith(short(job_id))
    assert len(short(job_id)) == 6


def test_discords_own_example_of_a_snowflake_is_read_right() -> None:
    # Discord API reference, "Snowflakes": 175928847299117063 was made at 2016-04-30 11:18:25.796 UTC.
    assert utc(snowflake_time(175928847299117063)).isoformat(timespec="milliseconds") == (
        "2016-04-30T11:18:25.796+00:00"
    )


@given(st.integers(0, 2**41), st.integers(0, 2**22 - 1))
def test_worker_and_sequence_do_not_change_a_snowflakes_time(since_epoch: int, rest: int) -> None:
    assert snowflake_time((since_epoch << 22) | rest) == since_epoch + DISCORD_EPOCH_MS


def test_the_epoch_is_the_first_second_of_2015() -> None:
    assert millis(utc(DISCORD_EPOCH_MS)) == DISCORD_EPOCH_MS
    assert utc(DISCORD_EPOCH_MS).isoformat() == "2015-01-01T00:00:00+00:00"


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (2.0, 2.0)])
def test_jitter_stays_between_its_bounds(low: float, high: float) -> None:
    randomness = SystemRandomness()
    assert all(low <= randomness.uniform(low, high) <= high for _ in range(100))
    assert len(randomness.token_bytes(15)) == 15

"""SQL that looks at jobs and changes none: pace, lists, events."""

from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import GuildId, JobId, MemberId
from bot.db import Reader
from bot.jobs.model import Job, State
from bot.jobs.store import read_job

# Medians are taken over this many recent successes of a model.
PACE_SAMPLE = 50


def live_count(reader: Reader, *, guild_id: GuildId, member_id: MemberId) -> tuple[int, int]:
    """How many jobs have not ended: of all guilds together, and of this member in this guild.

    Jobs that are `unknown` do not count: nothing works on them, and they may stay for a day.
    """
    row = reader.one(
        "SELECT count(*) AS everyone,"
        " count(CASE WHEN guild_id = ? AND member_id = ? THEN 1 END) AS own"
        " FROM job WHERE finished_at IS NULL AND state <> 'unknown'",
        (guild_id, member_id),
    )
    return (0, 0) if row is None else (row["everyone"], row["own"])


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """One line of a job's log: a change of state, `before` None for the first."""

    at: Millis
    before: State | None
    after: State
    note: str | None


def list_by_state(reader: Reader, state: State, *, limit: int) -> tuple[Job, ...]:
    """At most `limit` jobs in the state, the latest first; for the operator."""
    rows = reader.all("SELECT * FROM job WHERE state = ? ORDER BY created_at DESC, id LIMIT ?", (state, limit))
    return tuple(read_job(row) for row in rows)


def find_by_prefix(reader: Reader, prefix: str, *, limit: int) -> tuple[Job, ...]:
    """At most `limit` jobs whose id begins with the letters, by id; for the operator."""
    rows = reader.all(
        "SELECT * FROM job WHERE substr(id, 1, length(:prefix)) = :prefix ORDER BY id LIMIT :limit",
        {"prefix": prefix, "limit": limit},
    )
    return tuple(read_job(row) for row in rows)


def events_of(reader: Reader, job_id: JobId) -> tuple[JobEvent, ...]:
    """Every change of the job's state, the oldest first."""
    return tuple(
        JobEvent(
            at=Millis(row["at"]),
            before=None if row["from_state"] is None else State(row["from_state"]),
            after=State(row["to_state"]),
            note=row["note"],
        )
        for row in reader.all("SELECT * FROM job_event WHERE job_id = ? ORDER BY id", (job_id,))
    )


def recent_seconds(reader: Reader, *, provider: str, model: str) -> tuple[float, ...]:
    """Seconds from submit to drawn of the model's last successes, the latest first."""
    rows = reader.all(
        "SELECT drawn_at - submitted_at AS took FROM job"
        " WHERE provider = ? AND model = ? AND drawn_at IS NOT NULL AND submitted_at IS NOT NULL"
        " ORDER BY drawn_at DESC LIMIT ?",
        (provider, model, PACE_SAMPLE),
    )
    return tuple(row["took"] / 1000 for row in rows)


def stuck(reader: Reader) -> tuple[JobId, ...]:
    """Jobs that break I6: not ended, yet without a time at which anyone looks at them."""
    rows = reader.all("SELECT id FROM job WHERE finished_at IS NULL AND run_at IS NULL AND lease_owner IS NULL")
    return tuple(JobId(row["id"]) for row in rows)

"""What the tests of jobs put on the table: new jobs, their rows, their events."""

from functools import partial

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, IdempotencyKey, JobId, MemberId
from bot.jobs import store
from bot.jobs.model import Caps, Job, NewJob, State
from tests.jobs.memory import Memory

NOW = Millis(1_800_000_000_000)
OWNER, OTHER = "this process", "another process"
ROOMY = Caps(by_provider={"locus": 100, "pixazo": 100}, per_guild=100)


def later(ms: int) -> Millis:
    """So many milliseconds after NOW."""
    return Millis(NOW + ms)


def new(
    name: str, *, provider: str = "locus", guild: int = 1, member: int = 10, at: Millis = NOW, kind: str = "imagine"
) -> NewJob:
    """A job as it is accepted."""
    return NewJob(
        id=JobId(name),
        kind=kind,
        guild_id=GuildId(guild),
        channel_id=ChannelId(7),
        member_id=MemberId(member),
        provider=provider,
        model="m",
        payload="{}",
        payload_version=1,
        idempotency_key=IdempotencyKey(f"key-{name}"),
        created_at=at,
    )


def row(memory: Memory, name: str) -> Job:
    """The job as it stands."""
    found = memory.read(lambda reader: store.get(reader, JobId(name)))
    assert found is not None
    return found


def put(memory: Memory, name: str, state: State = State.QUEUED, *, owner: str | None = None, **more: object) -> Job:
    """A job in any state, `more` columns set by hand; due now unless it has ended."""
    known = ("provider", "guild", "member", "at", "kind")
    job = new(name, **{key: more.pop(key) for key in known if key in more})  # type: ignore[arg-type]
    memory.write(partial(store.insert, job=job))
    is_over = state in (State.DONE, State.FAILED, State.CANCELLED)
    columns = {"state": state, "lease_owner": owner, "finished_at": NOW if is_over else None, **more}
    names = ", ".join(f"{column} = :{column}" for column in columns)
    memory.connection.execute(f"UPDATE job SET {names} WHERE id = :id", {**columns, "id": name})  # noqa: S608
    return row(memory, name)


def events(memory: Memory, name: str) -> list[tuple[str | None, str, str | None]]:
    """The job's log: from, to, note."""
    rows = memory.connection.execute("SELECT * FROM job_event WHERE job_id = ? ORDER BY id", (name,)).fetchall()
    return [(one["from_state"], one["to_state"], one["note"]) for one in rows]


def ids(jobs: tuple[Job, ...]) -> list[str]:
    """Their names."""
    return [str(job.id) for job in jobs]

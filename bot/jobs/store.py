"""The SQL that moves jobs: parts of named transactions, each to be composed within one `Database.write`.

Every write by a worker carries the fence: the state it read, the lease owner and the lease's number. No row changed
means that someone else owns the job, and the function raises FenceLost, which undoes the caller's whole transaction.
What only looks at jobs stands in `bot.jobs.looks.store`.
"""

import json
from collections.abc import Collection
from enum import StrEnum

from bot.core.clock import SECOND_MS, Millis
from bot.core.errors import FenceLost
from bot.core.ids import ChannelId, GuildId, IdempotencyKey, JobId, MemberId
from bot.db import Reader, Row, Transaction
from bot.jobs.line.store import has_next, next_to_start
from bot.jobs.model import AT_THE_GATEWAY, ENDED, MOVES, Caps, Job, NewJob, State

# Looks that fell due while no process was there: at most twenty a second, and a crowd of them within half a minute.
SPREAD_STEP_MS = 50
SPREAD_MS = 30 * SECOND_MS
# A look is claimed so long before its time: the commit of its lease is then not waited for.
AHEAD_MS = 200
# NOT IN, because a list of the states would be answered from their index: every waiting job read and sorted. The steps
# have an index of their own, with this very condition.
_IS_LOOK = "state NOT IN ('queued', 'reviewing', 'submitting', 'delivering') AND result IS NULL"
_IS_STEP = "state NOT IN ('queued', 'reviewing') AND (result IS NOT NULL OR state IN ('submitting', 'delivering'))"


def read_job(row: Row) -> Job:
    """One row of the table as a value."""
    return Job(
        id=JobId(row["id"]),
        kind=row["kind"],
        state=State(row["state"]),
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        member_id=MemberId(row["member_id"]),
        provider=row["provider"],
        model=row["model"],
        payload=row["payload"],
        payload_version=row["payload_version"],
        idempotency_key=IdempotencyKey(row["idempotency_key"]),
        attempt=row["attempt"],
        failures=row["failures"],
        crashes=row["crashes"],
        polls=row["polls"],
        lease_owner=row["lease_owner"],
        lease_seq=row["lease_seq"],
        run_at=row["run_at"],
        deadline_at=row["deadline_at"],
        external_id=row["external_id"],
        is_parked=bool(row["is_parked"]),
        result=row["result"],
        reason=row["reason"],
        cancel_requested_at=row["cancel_requested_at"],
        created_at=row["created_at"],
        submitted_at=row["submitted_at"],
        drawn_at=row["drawn_at"],
        finished_at=row["finished_at"],
        parent_id=None if row["parent_id"] is None else JobId(row["parent_id"]),
    )


def _event(tx: Transaction, job_id: JobId, at: Millis, before: State | None, after: State, note: str | None) -> None:
    tx.execute(
        "INSERT INTO job_event (job_id, at, from_state, to_state, note) VALUES (?, ?, ?, ?, ?)",
        (job_id, at, before, after, note),
    )


def insert(tx: Transaction, job: NewJob) -> None:
    """Writes an accepted job in `queued`, due at once."""
    tx.execute(
        "INSERT INTO job (id, kind, state, guild_id, channel_id, member_id, provider, model, payload,"
        " payload_version, idempotency_key, run_at, created_at, parent_id)"
        " VALUES (:id, :kind, 'queued', :guild_id, :channel_id, :member_id, :provider, :model, :payload,"
        " :payload_version, :idempotency_key, :created_at, :created_at, :parent_id)",
        {
            "id": job.id,
            "kind": job.kind,
            "guild_id": job.guild_id,
            "channel_id": job.channel_id,
            "member_id": job.member_id,
            "provider": job.provider,
            "model": job.model,
            "payload": job.payload,
            "payload_version": job.payload_version,
            "idempotency_key": job.idempotency_key,
            "created_at": job.created_at,
            "parent_id": job.parent_id,
        },
    )
    _event(tx, job.id, job.created_at, None, State.QUEUED, None)


def get(reader: Reader, job_id: JobId) -> Job | None:
    """The job as it stands, or None."""
    row = reader.one("SELECT * FROM job WHERE id = ?", (job_id,))
    return None if row is None else read_job(row)


def _lease(tx: Transaction, job_id: JobId, owner: str) -> Job:
    tx.execute("UPDATE job SET lease_owner = ?, lease_seq = lease_seq + 1 WHERE id = ?", (owner, job_id))
    claimed = get(tx, job_id)
    if claimed is None:
        raise FenceLost(job_id)
    return claimed


def _due(reader: Reader, which: str, *, until: Millis, limit: int) -> tuple[str, ...]:
    rows = reader.all(
        f"SELECT id FROM job WHERE finished_at IS NULL AND lease_owner IS NULL AND run_at <= ? AND {which}"  # noqa: S608
        " ORDER BY run_at, id LIMIT ?",
        (until, limit),
    )
    return tuple(row["id"] for row in rows)


def _looks(reader: Reader, *, now: Millis, limit: int) -> tuple[str, ...]:
    return _due(reader, _IS_LOOK, until=Millis(now + AHEAD_MS), limit=limit)


def has_due(reader: Reader, *, now: Millis, caps: Caps) -> bool:
    """True when a claim would find something; spares the writer an empty transaction."""
    is_due = _due(reader, _IS_STEP, until=now, limit=1) or _looks(reader, now=now, limit=1)
    return bool(is_due or has_next(reader, now=now, caps=caps))


def claim_due(tx: Transaction, *, owner: str, now: Millis, limit: int, looks: int, steps: int) -> tuple[Job, ...]:
    """Leases jobs past `queued` whose time has come, the longest due first; so many `looks` and other `steps` at most.

    Looks are leased up to AHEAD_MS before their time: whoever claims waits for it.

    One statement leases them all, for a crowd that waits is claimed many times a second.
    """
    chosen = _due(tx, _IS_STEP, until=now, limit=min(steps, limit))
    chosen += _looks(tx, now=now, limit=min(looks, limit - len(chosen)))
    rows = tx.all(
        "UPDATE job SET lease_owner = ?, lease_seq = lease_seq + 1"
        " WHERE id IN (SELECT value FROM json_each(?)) RETURNING *",
        (owner, json.dumps(chosen)),
    )
    return tuple(sorted(map(read_job, rows), key=lambda job: (job.run_at or 0, job.id)))


def claim_queued(tx: Transaction, *, owner: str, now: Millis, limit: int, caps: Caps) -> tuple[Job, ...]:
    """Moves queued jobs to `submitting`, in the order of the line as far as the caps allow; they come back leased.

    Counting and moving happen in the caller's one transaction, so two claims never pass the same cap.
    This commit is the intent: the attempt is on disk before anything is sent.
    """
    claimed: list[Job] = []
    for job_id in next_to_start(tx, now=now, limit=limit, caps=caps):
        _event(tx, job_id, now, State.QUEUED, State.SUBMITTING, None)
        # The event's number is the turn of the guild and the member: events are never removed, so it only grows.
        tx.execute(
            "UPDATE job SET state = 'submitting', attempt = attempt + 1, submitted_at = ?,"
            " turn = (SELECT max(id) FROM job_event) WHERE id = ?",
            (now, job_id),
        )
        claimed.append(_lease(tx, job_id, owner))
    return tuple(claimed)


def next_due(reader: Reader, *, after: Millis) -> Millis | None:
    """The earliest moment later than `after` at which a job without a lease becomes due."""
    row = reader.one(
        "SELECT min(run_at) AS due FROM job"
        " WHERE finished_at IS NULL AND lease_owner IS NULL AND state <> 'reviewing' AND run_at > ?",
        (after,),
    )
    return None if row is None else row["due"]


def move(
    tx: Transaction,
    job: Job,
    to: State,
    *,
    now: Millis,
    run_at: Millis | None = None,
    note: str | None = None,
    detail: str | None = None,
) -> None:
    """Changes the state under the fence and gives the lease back.

    `run_at` is when the runner looks next (None: now), and means nothing where the job ends. `note` is kept on the job
    and in its event, `detail` in the event alone. Raises FenceLost when the row has moved on, and ValueError for a move
    that is not in MOVES: a defect must not look like a lost lease.
    """
    if to not in MOVES[job.state]:
        raise ValueError(f"no move from {job.state} to {to}")
    ends = to in ENDED
    changed = tx.execute(
        "UPDATE job SET state = :to, run_at = :run_at, failures = 0, crashes = 0, lease_owner = NULL,"
        " finished_at = CASE WHEN :ends THEN :now ELSE NULL END, reason = coalesce(:note, reason)"
        " WHERE id = :id AND state = :state AND lease_owner IS :owner AND lease_seq = :seq",
        {
            "to": to,
            "run_at": None if ends else (now if run_at is None else run_at),
            "ends": ends,
            "now": now,
            "note": note,
            "id": job.id,
            "state": job.state,
            "owner": job.lease_owner,
            "seq": job.lease_seq,
        },
    )
    if changed != 1:
        raise FenceLost(job.id)
    told = " · ".join(part for part in (note, detail) if part)
    _event(tx, job.id, now, job.state, to, told or None)


def reroute(
    tx: Transaction,
    job: Job,
    *,
    provider: str,
    model: str,
    payload: str,
    payload_version: int,
    now: Millis,
    detail: str,
) -> None:
    """Queues a job that was surely not taken for another gateway, with the payload for that one. Raises FenceLost.

    Attempts are counted anew: they are those at one gateway, and so is the turn that the start took there. The key
    stays, since each gateway knows only its own.
    """
    move(tx, job, State.QUEUED, now=now, detail=detail)
    tx.execute(
        "UPDATE job SET provider = ?, model = ?, payload = ?, payload_version = ?, attempt = 0,"
        " turn = NULL WHERE id = ?",
        (provider, model, payload, payload_version, job.id),
    )


def uncount_attempt(tx: Transaction, job_id: JobId) -> None:
    """The attempt that was written down was not made: nothing was sent. Within the transaction of the move."""
    tx.execute("UPDATE job SET attempt = attempt - 1 WHERE id = ?", (job_id,))


class Because(StrEnum):
    """Why a job stays in its state until a later moment."""

    NOTHING_NEW = "nothing_new"  # a good answer: the other side is well
    SAME_AGAIN = "same_again"  # an answer that was had before: failures after it go on counting
    FAILED = "failed"  # the other side did not help
    CRASHED = "crashed"  # our own step raised


def reschedule(tx: Transaction, job: Job, *, run_at: Millis, because: Because, keep_result: bool = True) -> None:
    """Leaves the state as it is and gives the lease back until `run_at`. Raises FenceLost.

    `keep_result` False forgets a stored answer, so that the gateway is asked again.
    """
    changed = tx.execute(
        "UPDATE job SET run_at = :run_at, lease_owner = NULL,"
        " polls = polls + (:because = 'nothing_new'),"
        " failures = CASE :because WHEN 'failed' THEN failures + 1 WHEN 'nothing_new' THEN 0 ELSE failures END,"
        " crashes = CASE :because WHEN 'crashed' THEN crashes + 1 ELSE 0 END,"
        " result = CASE WHEN :keep THEN result ELSE NULL END"
        " WHERE id = :id AND state = :state AND lease_owner IS :owner AND lease_seq = :seq",
        {
            "run_at": run_at,
            "because": because,
            "keep": int(keep_result),
            "id": job.id,
            "state": job.state,
            "owner": job.lease_owner,
            "seq": job.lease_seq,
        },
    )
    if changed != 1:
        raise FenceLost(job.id)


def record_accepted(
    tx: Transaction, job_id: JobId, *, external_id: str, deadline_at: Millis, is_parked: bool = False
) -> None:
    """Stores the gateway's id; called in the transaction that moves the job to `waiting`."""
    tx.execute(
        "UPDATE job SET external_id = ?, deadline_at = ?, is_parked = ? WHERE id = ?",
        (external_id, deadline_at, int(is_parked), job_id),
    )


def record_result(tx: Transaction, job: Job, *, result: str, at: Millis) -> None:
    """Stores the gateway's finished answer (JSON the handler reads) and when it was known. Raises FenceLost."""
    changed = tx.execute(
        "UPDATE job SET result = :result, drawn_at = coalesce(drawn_at, :at)"
        " WHERE id = :id AND state = :state AND lease_owner IS :owner AND lease_seq = :seq",
        {
            "result": result,
            "at": at,
            "id": job.id,
            "state": job.state,
            "owner": job.lease_owner,
            "seq": job.lease_seq,
        },
    )
    if changed != 1:
        raise FenceLost(job.id)


def request_cancel(tx: Transaction, job_id: JobId, *, now: Millis) -> State | None:
    """Notes that the member wants no more of it and returns the state it was in; None when there is no such job.

    A queued job is cancelled here and now; what is at a gateway only carries the wish from here on.
    """
    job = get(tx, job_id)
    if job is None:
        return None
    if job.state is State.QUEUED:
        tx.execute("UPDATE job SET cancel_requested_at = ? WHERE id = ?", (now, job_id))
        move(tx, job, State.CANCELLED, now=now, note="cancelled by the member")
    elif job.state in AT_THE_GATEWAY:
        tx.execute(
            "UPDATE job SET cancel_requested_at = coalesce(cancel_requested_at, ?) WHERE id = ?",
            (now, job_id),
        )
    return job.state


def is_cancel_requested(reader: Reader, job_id: JobId) -> bool:
    """Whether the member wants no more of it by now: the wish may be newer than a step's own look at the job."""
    return reader.one("SELECT 1 FROM job WHERE id = ? AND cancel_requested_at IS NOT NULL", (job_id,)) is not None


def wake(tx: Transaction, job_id: JobId, *, now: Millis) -> bool:
    """Makes a waiting or unknown job due now (a callback came). False when it is neither."""
    return (
        tx.execute(
            "UPDATE job SET run_at = min(run_at, ?) WHERE id = ? AND state IN ('waiting', 'unknown')",
            (now, job_id),
        )
        == 1
    )


def adopt(tx: Transaction, job_id: JobId, *, provider: str, external_id: str, now: Millis) -> bool:
    """Gives an `unknown` job that never learnt its gateway's id that id, and makes it due now.

    False, and nothing changed, where it has one, has an answer or is not unknown, and where another job has that id.
    """
    changed = tx.execute(
        "UPDATE job SET external_id = :external_id, run_at = min(run_at, :now)"
        " WHERE id = :id AND provider = :provider AND state = 'unknown' AND external_id IS NULL AND result IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM job AS other WHERE other.provider = :provider"
        " AND other.external_id = :external_id)",
        {"id": job_id, "provider": provider, "external_id": external_id, "now": now},
    )
    if changed == 1:
        _event(tx, job_id, now, State.UNKNOWN, State.UNKNOWN, f"the gateway called about it as {external_id}")
    return changed == 1


def release_leases(tx: Transaction, *, owner: str, working: Collection[JobId] = ()) -> int:
    """Gives back every lease of this process but those of the jobs it is `working` on; returns how many."""
    rows = tx.all("SELECT id FROM job WHERE lease_owner = ?", (owner,))
    idle = [row["id"] for row in rows if row["id"] not in working]
    return sum(tx.execute("UPDATE job SET lease_owner = NULL WHERE id = ?", (job_id,)) for job_id in idle)


def take_over(tx: Transaction, *, owner: str) -> int:
    """At the start: leases of processes that are gone are broken, each counted as one crash of its job.

    Only one process owns a data folder, so every lease that is not ours is dead. Returns how many there were.
    """
    return tx.execute(
        "UPDATE job SET lease_owner = NULL, crashes = crashes + 1"
        " WHERE lease_owner IS NOT NULL AND lease_owner <> ? AND finished_at IS NULL",
        (owner,),
    )


def spread_overdue(tx: Transaction, *, now: Millis) -> int:
    """At the start: what gateways should have been asked meanwhile is asked one after another, as it fell due.

    A few jobs do not notice; of thousands, no gateway is asked in the same second. Returns how many there were.
    """
    return tx.execute(
        "UPDATE job SET run_at = :now + min((place.n - 1) * :step, (place.n - 1) * :spread / place.crowd)"
        " FROM (SELECT id, row_number() OVER (ORDER BY run_at, id) AS n, count(*) OVER () AS crowd"
        " FROM job WHERE state IN ('waiting', 'unknown') AND run_at <= :now) AS place WHERE job.id = place.id",
        {"now": now, "step": SPREAD_STEP_MS, "spread": SPREAD_MS},
    )


def live(reader: Reader) -> tuple[Job, ...]:
    """Every job that has not ended, oldest first."""
    return tuple(
        read_job(row) for row in reader.all("SELECT * FROM job WHERE finished_at IS NULL ORDER BY created_at, id")
    )

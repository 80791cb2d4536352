"""What a bot's database says, read beside whatever runs on it through a connection that cannot write."""

from collections import Counter
from dataclasses import dataclass

from bot.core.ids import InteractionId, JobId, hold_id_of
from bot.db import Database, Reader
from bot.ground import DATABASE_NAME
from bot.interactions.model import InteractionState
from bot.jobs import store as jobs
from bot.jobs.looks import store as looks
from bot.jobs.model import Job, State
from bot.ledger import store as ledger
from bot.ledger.check import check
from bot.ledger.model import EntryKind, Hold, HoldState
from bot.services import store
from bot.services.ask import store as talk
from bot.services.ask.model import ASK, SPEAK
from bot.services.books import booked_for
from bot.services.deliveries import DeliveryRow, Route
from bot.services.payload import UnreadablePayload, decode_order
from sandbox.stage import Stage

_OPEN = (InteractionState.RECEIVED, InteractionState.ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One job with all that is written about its money and its delivery; `booked` in ticks.

    `prompt` is what the gateway was sent, None where the words are erased or were never kept. `references` are what the
    gateway calls the job, and the hash of its payment.
    """

    job: Job
    prompt: str | None
    hold: Hold
    booked: int | None
    is_corrected: bool
    references: tuple[str, ...]
    delivery: DeliveryRow | None

    @property
    def is_certain(self) -> bool:
        """True where the ledger says what it cost: posted, void, or corrected by a person."""
        return self.hold.state in (HoldState.POSTED, HoldState.VOIDED) or self.is_corrected

    @property
    def is_public(self) -> bool:
        """True where exactly one public message must show the result."""
        return self.job.state is State.DONE and self.delivery is not None and self.delivery.route is Route.CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The database at one moment. `problems` is what the ledger's own check finds, I9 included."""

    records: tuple[Record, ...]
    interactions: dict[InteractionId, InteractionState]
    origins: dict[JobId, InteractionId]
    stuck: tuple[JobId, ...]
    problems: tuple[str, ...]

    @property
    def leased(self) -> tuple[JobId, ...]:
        """Jobs that some process says it works on."""
        return tuple(one.job.id for one in self.records if one.job.lease_owner is not None)

    @property
    def is_quiet(self) -> bool:
        """True when every job has ended or is unknown and nobody waits for a last word."""
        has_work = any(not one.job.has_ended and one.job.state is not State.UNKNOWN for one in self.records)
        return not has_work and not any(state in _OPEN for state in self.interactions.values())

    def states(self) -> Counter[State]:
        """How many jobs stand in each state."""
        return Counter(one.job.state for one in self.records)


def _prompt(reader: Reader, job: Job) -> str | None:
    """What the gateway was asked: a picture's words, a question."""
    if job.kind in (ASK, SPEAK):
        turn = talk.turn(reader, job.id)
        return None if turn is None else turn.question
    try:
        return decode_order(job.payload, version=job.payload_version, provider=job.provider, model=job.model).prompt
    except UnreadablePayload:
        return None


def _record(reader: Reader, job_id: JobId) -> Record:
    job = jobs.get(reader, job_id)
    hold = ledger.hold_of(reader, hold_id_of(job_id))
    assert job is not None
    assert hold is not None, f"job {job_id} has no hold"
    paid = reader.one("SELECT tx_hash FROM payment WHERE job_id = ?", (job_id,))
    kinds = [entry.kind for entry in ledger.entries_of(reader, hold.hold_id)]
    return Record(
        job=job,
        prompt=_prompt(reader, job),
        hold=hold,
        booked=booked_for(reader, job_id),
        is_corrected=EntryKind.ADJUST in kinds,
        references=tuple(filter(None, (job.external_id, None if paid is None else paid["tx_hash"]))),
        delivery=store.delivery_of(reader, job_id),
    )


def look(reader: Reader, *, deeply: bool) -> Facts:
    """Everything of one snapshot; `deeply` checks the whole ledger and the file too."""
    ids = [JobId(row["id"]) for row in reader.all("SELECT id FROM job ORDER BY created_at, id")]
    rows = reader.all("SELECT id, state, job_id FROM interaction")
    return Facts(
        records=tuple(_record(reader, job_id) for job_id in ids),
        interactions={row["id"]: InteractionState(row["state"]) for row in rows},
        origins={row["job_id"]: row["id"] for row in rows if row["job_id"] is not None},
        stuck=looks.stuck(reader),
        problems=check(reader) if deeply else (),
    )


async def read_facts(stage: Stage) -> Facts:
    """The database as it stands."""
    async with Database.open_readonly(stage.data_dir / DATABASE_NAME) as readers:
        return await readers.read(lambda reader: look(reader, deeply=True))

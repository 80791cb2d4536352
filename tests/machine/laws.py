"""The invariants as sentences about what is broken, from the bot's tables and the outside's own books."""

from collections.abc import Collection, Iterator

from bot.core.ids import JobId, hold_id_of
from bot.core.requests import ProviderName
from bot.db import Reader
from bot.jobs import store as jobs
from bot.jobs.looks import store as looks
from bot.jobs.model import AT_THE_GATEWAY, Claim, Job, State
from bot.ledger import store as ledger
from bot.ledger.check import broken_books
from bot.ledger.model import HoldState
from bot.services.books import booked_for
from tests.machine.house import CAPS, CEILINGS, WORSTS
from tests.machine.outside import Outside

_LIMITS = {
    ("bot", "money", "month"): CEILINGS.bot_monthly,
    ("guild", "money", "month"): CEILINGS.guild_monthly,
    ("guild", "money", "day"): CEILINGS.guild_daily,
    ("member", "money", "day"): CEILINGS.member_daily,
    ("member", "pictures", "day"): CEILINGS.member_daily_pictures,
}
_MONEY_IS_OPEN = frozenset({State.QUEUED, State.SUBMITTING, State.WAITING, State.UNKNOWN})


def broken_laws(reader: Reader, outside: Outside, *, claims: Collection[Claim]) -> list[str]:
    """Every broken law; empty when all is well. `claims` are the leases that the living process knows of."""
    rows = reader.all("SELECT id FROM job ORDER BY id")
    everyone = [job for row in rows if (job := jobs.get(reader, JobId(row["id"]))) is not None]
    found = [*broken_books(reader), *_limits(reader), *_interactions(reader), *_caps(everyone)]
    found += (f"I6: job {job_id} waits for nobody" for job_id in looks.stuck(reader))
    working = {claim.job.id for claim in claims}
    for job in everyone:
        if job.lease_owner is not None and job.id not in working:
            found.append(f"I6: {job.state} job {job.id} is leased to nobody alive")
        found += _money(reader, outside, job)
        found += _delivery(reader, outside, job)
    return found


def _limits(reader: Reader) -> Iterator[str]:
    """I1 against the limits as they are configured, not as a hold was told."""
    for row in reader.all("SELECT * FROM counter"):
        limit = _LIMITS[row["scope"].split(":")[0], row["unit"], row["window_kind"]]
        if row["held"] + row["spent"] > limit + row["overrun"]:
            yield f"I1: {row['scope']} takes {row['held']} + {row['spent']} of {limit}"


def _interactions(reader: Reader) -> Iterator[str]:
    for row in reader.all("SELECT id FROM job WHERE id NOT IN (SELECT job_id FROM interaction WHERE job_id NOTNULL)"):
        yield f"A5: job {row['id']} came from no interaction of its own"


def _caps(everyone: Collection[Job]) -> Iterator[str]:
    at_work = [job for job in everyone if job.state in AT_THE_GATEWAY and job.result is None]
    for name, cap in CAPS.by_provider.items():
        if sum(job.provider == name for job in at_work) > cap:
            yield f"more than {cap} jobs are at {name}"
    for guild_id in {job.guild_id for job in at_work}:
        if sum(job.guild_id == guild_id for job in at_work) > CAPS.per_guild:
            yield f"more than {CAPS.per_guild} jobs of guild {guild_id} are at work"


def _money(reader: Reader, outside: Outside, job: Job) -> Iterator[str]:
    """I3 to I5: one charge at most; what is charged is held or booked, to the tick; what is not is given back."""
    charge, hold = outside.book.get(job.idempotency_key), ledger.hold_of(reader, hold_id_of(job.id))
    if charge is not None and charge.times > 1:
        yield f"I4: job {job.id} was charged {charge.times} times"
    if hold is None:
        yield f"I3: job {job.id} has no hold"
        return
    if hold.state is HoldState.OPEN and hold.amount != WORSTS[ProviderName(job.provider)]:
        yield f"I5: {job.state} job {job.id} at {job.provider} is held with {hold.amount}"
    if job.has_ended and hold.state is HoldState.OPEN:
        yield f"I3: {job.state} job {job.id} has an open hold"
    if job.state in _MONEY_IS_OPEN and hold.state is not HoldState.OPEN:
        yield f"I3: {job.state} job {job.id} has a hold that is {hold.state}"
    charged = outside.charged(job.idempotency_key)
    if hold.state is HoldState.VOIDED and charged:
        yield f"I5: job {job.id} is called free and cost {charged}"
    if hold.state is HoldState.POSTED and booked_for(reader, job.id) != charged:
        yield f"I5: job {job.id} cost {charged}, booked is {booked_for(reader, job.id)}"
    if job.state is State.QUEUED and charge is not None:
        yield f"I4: job {job.id} was charged and waits to be sent again"
    if job.state is State.QUEUED and job.is_cancel_requested:
        yield f"job {job.id} is not wanted any more and waits to be bought"


def _delivery(reader: Reader, outside: Outside, job: Job) -> Iterator[str]:
    """I7: one public post for each result that says so, never two."""
    posts = len(outside.posts.get(job.id, ()))
    if posts > 1:
        yield f"I7: job {job.id} was posted {posts} times"
    row = reader.one("SELECT message_id FROM delivery WHERE job_id = ?", (job.id,))
    if row is not None and row["message_id"] is not None and posts == 0:
        yield f"I7: job {job.id} says it was posted and was not"
    if posts and (job.is_cancel_requested or job.state not in (State.DELIVERING, State.DONE)):
        yield f"I7: {job.state} job {job.id} was posted"

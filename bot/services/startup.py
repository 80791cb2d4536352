"""What a start finds, and what it puts right before anything new is accepted."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.core.clock import Clock
from bot.db import Database, Transaction
from bot.interactions import store as interactions
from bot.interactions.model import InteractionState
from bot.jobs import store as jobs
from bot.jobs.model import State
from bot.providers.registry import Registry
from bot.services.outcomes import FailureReason
from bot.services.repeating import may_repeat
from bot.services.settlement import Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What the last process left: jobs that go on, requests that never became a job, jobs whose fate nobody knows."""

    recovered: int
    voided: int
    unknown: int


async def recover(
    database: Database,
    *,
    registry: Registry,
    settlement: Settlement,
    clock: Clock,
    owner: str,
    paid: Collection[str] = (),
) -> Recovery:
    """Breaks the leases of dead processes, spreads what fell due, leaves as `unknown` what was sent without an answer.

    A job in `submitting` whose gateway honours our key stays: the runner sends it again with the same key. So does one
    of a provider in `paid`, whose calls are paid one by one.
    """
    now = clock.now()

    def write(tx: Transaction) -> Recovery:
        jobs.take_over(tx, owner=owner)
        jobs.spread_overdue(tx, now=now)
        submitting = [job for job in jobs.live(tx) if job.state is State.SUBMITTING]
        # What a wallet signed can be taken only once, and the chain says whether it was.
        lost = [job for job in submitting if job.provider not in paid and not may_repeat(registry, job, now=now)]
        for job in lost:
            settlement.leave_unknown(tx, job, reason=FailureReason.NO_ANSWER, now=now)
        states = [job.state for job in jobs.live(tx)]
        waiting = interactions.open_ones(tx)
        return Recovery(
            recovered=sum(state is not State.UNKNOWN for state in states),
            voided=sum(one.state is InteractionState.RECEIVED for one in waiting),
            unknown=len(lost),
        )

    return await database.write(write)

"""What a start finds, and what it puts right before anything new is accepted."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.requests import ModelId, ProviderName
from bot.db import Database, Transaction
from bot.interactions import store as interactions
from bot.interactions.model import InteractionState
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.providers.registry import Registry
from bot.services.outcomes import FailureReason
from bot.services.settlement import Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What the last process left: jobs that go on, requests that never became a job, jobs whose fate nobody knows."""

    recovered: int
    voided: int
    unknown: int


def _can_ask_again(registry: Registry, job: Job, paid: Collection[str]) -> bool:
    if job.provider in paid:
        return True  # what was signed can be taken only once, and the chain says whether it was
    offer = registry.offer(ProviderName(job.provider), ModelId(job.model))
    return offer is not None and registry.provider(offer.provider).honours_idempotency_key


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
        lost = [job for job in submitting if not _can_ask_again(registry, job, paid)]
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

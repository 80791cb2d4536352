"""What both kinds of words write: the end of a job that brought something, and its move to another gateway."""

import json
import logging
from typing import Protocol

from bot.core.clock import Clock, Millis
from bot.core.money import Ticks
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.ledger.model import Ceilings
from bot.providers.catalogue import AskOffer, SpeakOffer
from bot.providers.registry import Registry
from bot.services import store as results
from bot.services.ask.model import VERSION, AskPayload, SpeakPayload, encode
from bot.services.collecting import Bill
from bot.services.deliveries import Route
from bot.services.outcomes import FailureReason
from bot.services.settlement import Settlement
from bot.services.terms import Priced, book, reprice_for

log = logging.getLogger(__name__)


class Keep(Protocol):
    """Writes what came; False where it is nothing that could be shown."""

    def __call__(self, tx: Transaction, /) -> bool: ...


class Books:
    """What both kinds write in the end."""

    def __init__(self, *, settlement: Settlement, clock: Clock) -> None:
        self._settlement = settlement
        self._clock = clock

    async def close(self, job: Job, bill: Bill, keep: Keep, *, is_private: bool, served: str | None) -> None:
        """Stores what came, posts its price and plans its delivery. `keep` says whether there is anything to show."""
        now = self._clock.now()
        result = json.dumps({"cost": bill.cost, "served_model": served})

        def write(tx: Transaction) -> None:
            jobs.record_result(tx, job, result=result, at=now)
            jobs.move(tx, job, State.WAITING, now=now)
            book(tx, job, actual=bill.cost, pictures=0, at=now, basis=bill.basis, note=job.model)
            self._plan(tx, job, has_something=keep(tx), is_private=is_private, now=now)

        await self._settlement.record(write)

    def _plan(self, tx: Transaction, job: Job, *, has_something: bool, is_private: bool, now: Millis) -> None:
        waiting = jobs.get(tx, job.id)
        if waiting is None:
            raise LookupError(job.id)
        is_cancelled = waiting.is_cancel_requested
        if not has_something:
            end = State.CANCELLED if is_cancelled else State.FAILED
            jobs.move(tx, waiting, end, now=now, note=FailureReason.BAD_RESULT)
            return
        route = Route.PRIVATE if is_private or is_cancelled else Route.CHANNEL
        results.plan_delivery(tx, job_id=job.id, route=route, channel_id=job.channel_id, at=now)
        jobs.move(tx, waiting, State.DELIVERING, now=now)


class Mover:
    """Moves a job on, its hold priced anew in the same transaction."""

    def __init__(self, *, registry: Registry, ceilings: Ceilings, settlement: Settlement, clock: Clock) -> None:
        self._registry = registry
        self._ceilings = ceilings
        self._settlement = settlement
        self._clock = clock

    async def move(
        self, job: Job, offer: AskOffer | SpeakOffer, payload: AskPayload | SpeakPayload, worst: Ticks, because: str
    ) -> bool:
        """False where its member has cancelled. Raises Refusal where its price is over a limit."""
        now = self._clock.now()
        detail = f"from {job.provider} to {offer.provider}: {because}"
        priced = Priced(job_id=job.id, amount=worst, price_version=self._registry.catalogue_version)

        def write(tx: Transaction) -> bool:
            if jobs.is_cancel_requested(tx, job.id):
                return False
            reprice_for(
                tx,
                self._ceilings,
                job,
                priced,
                provider=offer.provider,
                model=offer.model,
                resolution=None,
                now=now,
                note=detail,
            )
            jobs.reroute(
                tx,
                job,
                provider=offer.provider,
                model=offer.model,
                payload=encode(payload),
                payload_version=VERSION,
                now=now,
                detail=detail,
            )
            return True

        is_moved = await self._settlement.record(write)
        if is_moved:
            fields = {"job": job.id, "from": job.provider, "to": offer.provider, "error": because}
            log.warning("a job goes to another gateway", extra=fields)
        return is_moved

"""A job that its gateway surely did not take goes to the next one, its hold priced anew in the same transaction."""

import logging
from dataclasses import replace

from bot.core.clock import Clock
from bot.core.errors import Refusal
from bot.core.requests import ProviderName
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job
from bot.ledger.model import Ceilings
from bot.providers.catalogue import worst_case
from bot.providers.registry import Registry
from bot.services.choosing import Choice, Choosing
from bot.services.payload import VERSION, Payload, UnreadablePayload, decode_payload, encode_payload
from bot.services.settlement import Settlement
from bot.services.terms import Priced, reprice_for

log = logging.getLogger(__name__)


class Failover:
    """Moves jobs on. Called only after a certain no: whatever may have been accepted stays where it is."""

    def __init__(
        self, *, choosing: Choosing, registry: Registry, ceilings: Ceilings, settlement: Settlement, clock: Clock
    ) -> None:
        self._choosing = choosing
        self._registry = registry
        self._ceilings = ceilings
        self._settlement = settlement
        self._clock = clock

    async def move_on(self, job: Job, *, because: str) -> bool:
        """Queues the job for the next gateway, cheapest first; False where there is none, or none within the limits.

        A job that its member has cancelled goes nowhere. Each gateway is tried once for a job.
        """
        try:
            payload = decode_payload(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
        except UnreadablePayload:
            return False
        if payload.asked is None:
            return False
        tried = (*payload.tried, ProviderName(job.provider))
        passed = set(tried)
        while True:
            choice = self._choosing.next(payload.asked, now=payload.order, tried=passed)
            if choice is None:
                return False
            try:
                return await self._move(job, replace(payload, order=choice[1], tried=tried), choice, because)
            except Refusal:  # over a limit, or not allowed there; a dearer one may still have a smaller worst case
                passed.add(choice[0].provider)

    async def _move(self, job: Job, payload: Payload, choice: Choice, because: str) -> bool:
        offer, order = choice
        now = self._clock.now()
        detail = f"from {job.provider} to {offer.provider}: {because}"
        amount = worst_case(offer, order)
        priced = Priced(job_id=job.id, amount=amount, price_version=self._registry.catalogue_version)

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
                resolution=order.resolution,
                now=now,
                note=detail,
            )
            jobs.reroute(
                tx,
                job,
                provider=offer.provider,
                model=offer.model,
                payload=encode_payload(payload),
                payload_version=VERSION,
                now=now,
                detail=detail,
            )
            return True

        is_moved = await self._settlement.record(write)
        if is_moved:
            log.warning(
                "a job goes to another gateway",
                extra={"job": job.id, "from": job.provider, "to": offer.provider, "error": because},
            )
        return is_moved

"""A job's order with whom it goes to: what a step needs before it can ask a gateway."""

import logging
from dataclasses import dataclass

from bot.core.requests import PictureOrder
from bot.jobs.model import Job
from bot.providers.catalogue import Offer
from bot.providers.contract import Provider
from bot.providers.registry import Registry
from bot.services.payload import UnreadablePayload, decode_order

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """The order of a job, the gateway's adapter, and what the catalogue says of the model."""

    provider: Provider
    offer: Offer
    order: PictureOrder


def ordered(registry: Registry, job: Job) -> Ordered | None:
    """None where the gateway is off, the model is gone from the catalogue, or the row cannot be read."""
    try:
        order = decode_order(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
    except UnreadablePayload:
        log.exception("a payload cannot be read", extra={"job": job.id})
        return None
    offer = registry.offer(order.provider, order.model)
    if offer is None:
        return None
    return Ordered(provider=registry.provider(order.provider), offer=offer, order=order)

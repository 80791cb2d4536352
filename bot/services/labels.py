"""What people read instead of a model's id."""

from bot.core.requests import ModelId, ProviderName
from bot.jobs.model import Job
from bot.providers.registry import Registry


def label_of(registry: Registry, job: Job) -> str:
    """The label of the job's model; its id where the catalogue no longer has it."""
    offer = registry.offer(ProviderName(job.provider), ModelId(job.model))
    return job.model if offer is None else offer.label

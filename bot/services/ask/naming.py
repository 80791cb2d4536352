"""What people read instead of ids, for words."""

from bot.jobs.model import Job
from bot.providers.registry import Registry
from bot.services.ask.model import ASK
from bot.services.labels import provider_label


def model_label(registry: Registry, job: Job) -> str:
    """The job's model and its gateway; the model's id where the catalogue no longer has it."""
    offers = registry.ask_offers() if job.kind == ASK else registry.speak_offers()
    found = (one.label for one in offers if (one.provider, one.model) == (job.provider, job.model))
    return f"{next(found, job.model)} via {provider_label(job.provider)}"

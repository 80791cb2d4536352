"""Whether a request of which no answer came may be sent again: under its key, while the gateway surely knows that."""

from bot.core.clock import HOUR_MS, SECOND_MS, Millis
from bot.core.requests import ModelId, ProviderName
from bot.jobs.model import Job
from bot.providers.registry import Registry

# The same request is sent so often, within some five minutes; then nobody knows.
MAX_REPEATS = 10
# A key is not used in the last hour that the gateway promises: its clock need not be ours.
KEY_MARGIN_MS = HOUR_MS


def may_repeat(registry: Registry, job: Job, *, now: Millis) -> bool:
    """True where the same request under the job's key brings back the first work instead of making a second.

    Counted from when the job was made, which is before the key was first used.
    """
    provider = ProviderName(job.provider)
    if registry.offer(provider, ModelId(job.model)) is None or not registry.provider(provider).honours_idempotency_key:
        return False
    life_s = registry.facts(provider).idempotency_key_s or 0.0
    return now - job.created_at < life_s * SECOND_MS - KEY_MARGIN_MS

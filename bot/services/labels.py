"""What people read instead of ids."""

from bot.core.requests import ModelId, ProviderName
from bot.jobs.model import Job
from bot.providers.offers import Offer
from bot.providers.registry import Registry
from bot.providers.talk_offers import AskOffer, SpeakOffer

_PROVIDERS = {
    "locus": "Locus",
    "apiinone": "API in One",
    "pixazo": "Pixazo",
    "apiframe": "Apiframe",
    "xai": "xAI",
}


def provider_label(name: str) -> str:
    """The gateway's name as people write it."""
    return _PROVIDERS.get(name, name)


def model_of(registry: Registry, provider: str, model: str) -> str:
    """Any model and its gateway, whatever it makes; the model's id where the catalogue no longer has it."""
    offers: tuple[Offer | AskOffer | SpeakOffer, ...] = (
        *registry.offers(),
        *registry.ask_offers(),
        *registry.speak_offers(),
    )
    label = next((one.label for one in offers if (str(one.provider), str(one.model)) == (provider, model)), model)
    return f"{label} via {provider_label(provider)}"


def label_of(registry: Registry, job: Job) -> str:
    """The job's model and who draws it; the model's id where the catalogue no longer has it."""
    offer = registry.offer(ProviderName(job.provider), ModelId(job.model))
    model = job.model if offer is None else offer.label
    return f"{model} via {provider_label(job.provider)}"

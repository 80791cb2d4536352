"""Which buttons a result gets: only what some configured gateway can do with it."""

from bot.core.requests import Verb
from bot.providers.registry import Registry
from bot.services.ports import NextSteps
from bot.services.results.reading import Result


def steps_of(registry: Registry, result: Result) -> NextSteps:
    """What can be made from the result by the gateways that are set up."""
    offers = registry.offers()
    enlargers = [offer for offer in offers if Verb.UPSCALE in offer.abilities]
    count = len(result.pictures)
    takes_any = any(not offer.abilities[Verb.UPSCALE].is_of_own_work for offer in enlargers)
    own = result.own_work
    keeps_it = own is not None and any(offer.provider == own.provider for offer in enlargers)
    # What a gateway keeps it can enlarge also when the bot does not have it any more.
    upscalable = tuple(range(1, count + 1)) if takes_any and count else (1,) if keeps_it else ()
    can_edit = count > 0 and any(Verb.EDIT in offer.abilities for offer in offers)
    can_vary = can_edit and (result.asked is None or result.asked.has_words)
    return NextSteps(pictures=count, can_edit=can_edit, can_vary=can_vary, upscalable=upscalable)

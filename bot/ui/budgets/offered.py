"""What a limit or a list can be made for: the commands there are, and the models of the gateways that are set up."""

from bot.providers.registry import Registry
from bot.services.ask.model import ASK, SPEAK
from bot.services.labels import provider_label
from bot.services.payload import KINDS
from bot.ui.budgets.add_forms import Offered
from bot.ui.budgets.fields import Choice
from bot.ui.command_names import command_name

# Those that cost money; a rule or a pause for one counts or stops the jobs of this kind.
COMMANDS = tuple(Choice(value=kind, label=command_name(kind)) for kind in (*KINDS.values(), ASK, SPEAK))


def offered_by(registry: Registry) -> Offered:
    """The models in the order of the catalogue: those that draw, answer, speak."""
    models = [(one.key, one.label, one.provider) for one in registry.offers()]
    models += [(one.key, one.label, one.provider) for one in registry.ask_offers()]
    models += [(one.key, one.label, one.provider) for one in registry.speak_offers()]
    labels = {key: f"{label} · {provider_label(provider)}" for key, label, provider in models}
    return Offered(commands=COMMANDS, models=tuple(Choice(value=key, label=label) for key, label in labels.items()))

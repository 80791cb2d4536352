"""The use cases around a finished result in one value."""

from dataclasses import dataclass

from bot.services.results.details import DetailsDesk
from bot.services.results.removing import Removing
from bot.services.results.reporting import Reporting
from bot.services.results.sequels import Sequels


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a result's buttons call."""

    sequels: Sequels
    details: DetailsDesk
    removing: Removing
    reporting: Reporting

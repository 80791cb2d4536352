"""Builds what serves the buttons of finished results."""

from bot.core.clock import Clock
from bot.db import Database
from bot.media.media import Media
from bot.providers.registry import Registry
from bot.services.pictures import Pictures
from bot.services.ports import Eraser
from bot.services.results.desk import Results
from bot.services.results.details import DetailsDesk
from bot.services.results.presses import Presses
from bot.services.results.removing import Removing
from bot.services.results.reporting import Reporting
from bot.services.results.sequels import Sequels


def build_results(
    *, database: Database, pictures: Pictures, media: Media, registry: Registry, eraser: Eraser, clock: Clock
) -> Results:
    """The use cases around a finished result."""
    return Results(
        sequels=Sequels(database=database, pictures=pictures, media=media, presses=Presses()),
        details=DetailsDesk(database=database, registry=registry, media=media),
        removing=Removing(database=database, eraser=eraser, clock=clock),
        reporting=Reporting(database=database, clock=clock),
    )

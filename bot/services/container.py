"""The use cases in one value, for those upstairs."""

from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.crashpoints import Crashpoints
from bot.providers.registry import Registry
from bot.services.cancelling import Cancelling
from bot.services.desk import Desk
from bot.services.pictures import Pictures
from bot.services.progress import ProgressBoard
from bot.services.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a cog may call."""

    desk: Desk
    pictures: Pictures
    cancelling: Cancelling
    usage: Usage
    board: ProgressBoard
    registry: Registry
    clock: Clock
    crashpoints: Crashpoints

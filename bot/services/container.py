"""The use cases in one value, for those upstairs."""

from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.crashpoints import Crashpoints
from bot.providers.registry import Registry
from bot.services.about import About
from bot.services.ask.desk import Talk
from bot.services.budgets.desk import Budgets
from bot.services.budgets.settings import GuildDesk
from bot.services.cancelling import Cancelling
from bot.services.desk import Desk
from bot.services.handed.editing import Editing
from bot.services.history.pages import History
from bot.services.leave.desk import LeaveDesk
from bot.services.pictures import Pictures
from bot.services.privacy.desk import Privacy
from bot.services.progress import ProgressBoard
from bot.services.results.desk import Results
from bot.services.styles.desk import Styles
from bot.services.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a cog may call."""

    desk: Desk
    pictures: Pictures
    editing: Editing
    cancelling: Cancelling
    results: Results
    history: History
    styles: Styles
    about: About
    privacy: Privacy
    talk: Talk
    usage: Usage
    budgets: Budgets
    guild_desk: GuildDesk
    leave: LeaveDesk
    board: ProgressBoard
    registry: Registry
    clock: Clock
    crashpoints: Crashpoints

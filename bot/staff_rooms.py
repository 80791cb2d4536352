"""Builds what tells the staff of a guild, and those who run the bot, what they are to know."""

from collections.abc import Sequence

from bot.core.clock import Clock
from bot.core.crashpoints import Crashpoints
from bot.core.ids import MemberId
from bot.db import Database
from bot.services.ports import Staff
from bot.services.staff.alerts import Alerts
from bot.services.staff.posting import StaffPosts
from bot.services.staff.rounds import LOOK_EVERY_S, Rounds


def build_staff(
    *,
    database: Database,
    staff: Staff,
    operators: Sequence[int],
    clock: Clock,
    crashpoints: Crashpoints,
    look_every_s: float,
) -> Rounds:
    """The loop over everything that the staff is told."""
    posts = StaffPosts(database=database, staff=staff, clock=clock, crashpoints=crashpoints)
    ids = tuple(MemberId(operator) for operator in operators)
    alerts = Alerts(database=database, posts=posts, operators=ids, clock=clock)
    return Rounds((alerts.round,), look_every_s=min(LOOK_EVERY_S, look_every_s))

"""Builds what tells the staff of a guild, and those who run the bot, what they are to know, and takes their word."""

from collections.abc import Sequence

from bot.core.clock import Clock
from bot.core.crashpoints import Crashpoints
from bot.core.ids import MemberId
from bot.db import Database
from bot.providers.registry import Registry
from bot.services.admission import Admission
from bot.services.ask.asking import Asking
from bot.services.ask.model import ASK, SPEAK
from bot.services.bell import Bell
from bot.services.leave.desk import LeaveDesk
from bot.services.leave.keeping import LeaveKeeping
from bot.services.payload import KINDS
from bot.services.pictures import Pictures
from bot.services.ports import Staff
from bot.services.staff.alerts import Alerts
from bot.services.staff.digests import Digests
from bot.services.staff.posting import StaffPosts
from bot.services.staff.rounds import LOOK_EVERY_S, Rounds


def build_leave(
    *,
    database: Database,
    admission: Admission,
    pictures: Pictures,
    asking: Asking,
    bell: Bell,
    clock: Clock,
    crashpoints: Crashpoints,
) -> LeaveDesk:
    """Where a moderator allows once, or refuses."""
    renewals = {**dict.fromkeys(KINDS.values(), pictures.renew), ASK: asking.renew, SPEAK: asking.renew_speech}
    return LeaveDesk(
        database=database,
        admission=admission,
        renewals=renewals,
        clock=clock,
        crashpoints=crashpoints,
        tell=bell.ring,
    )


def build_staff(
    *,
    database: Database,
    staff: Staff,
    registry: Registry,
    operators: Sequence[int],
    bell: Bell,
    clock: Clock,
    crashpoints: Crashpoints,
    look_every_s: float,
) -> Rounds:
    """The loop over everything that the staff is told."""
    posts = StaffPosts(database=database, staff=staff, clock=clock, crashpoints=crashpoints)
    ids = tuple(MemberId(operator) for operator in operators)
    alerts = Alerts(database=database, posts=posts, operators=ids, clock=clock)
    leave = LeaveKeeping(database=database, posts=posts, registry=registry, clock=clock, tell=bell.ring)
    digests = Digests(database=database, posts=posts, registry=registry, clock=clock)
    rounds = Rounds((leave.round, alerts.round, digests.round), look_every_s=min(LOOK_EVERY_S, look_every_s))
    bell.listen(rounds.nudge)
    return rounds

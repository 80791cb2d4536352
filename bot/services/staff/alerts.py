"""Thresholds of budgets that were passed: told once per window, a guild's to its staff, the operator's to operators."""

import logging
from collections.abc import Iterable, Sequence

from bot.core.clock import DAY_MS, Clock
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.db import Database, Reader, Transaction
from bot.guilds import store as guilds
from bot.ledger.alerts import store as alerts
from bot.ledger.alerts.store import FULL, Alert
from bot.ledger.model import OPERATOR
from bot.services.ports import CannotDeliver, DeliverLater
from bot.services.staff.model import AlertNotice, Operator, StaffChannel, StaffPlace
from bot.services.staff.posting import StaffPosts
from bot.services.staff.rounds import side_by_side

log = logging.getLogger(__name__)

# Alerts for each round; the others come with the next.
ALERTS = 100
# What could not be told until a day after its window ended helps nobody any more.
STALE_MS = DAY_MS


class Alerts:
    """Tells what nobody was told yet. `operators` are those who run the bot."""

    def __init__(self, *, database: Database, posts: StaffPosts, operators: Sequence[MemberId], clock: Clock) -> None:
        self._database = database
        self._posts = posts
        self._operators = tuple(operators)
        self._clock = clock

    async def round(self) -> None:
        """One message for each window, about the highest threshold. Raises what the database does."""
        await side_by_side(self._tell_group, await self._database.read(self._untold))

    def _untold(self, reader: Reader) -> list[tuple[tuple[Alert, ...], ChannelId | None]]:
        groups = by_window(alerts.untold(reader, limit=ALERTS))
        return [(group, _staff_channel(reader, group[-1].guild_id)) for group in groups]

    async def _tell_group(self, found: tuple[Sequence[Alert], ChannelId | None]) -> None:
        group, staff = found
        is_stale = self._clock.now() - group[-1].limit.window.ends_at > STALE_MS
        if is_stale or await self._tell(group[-1], staff):
            await self._told(group)

    async def _tell(self, alert: Alert, staff: ChannelId | None) -> bool:
        """False where Discord takes something later. A place that is closed for good is logged, once."""
        is_done = True
        for place in places_of(alert, staff=staff, operators=self._operators):
            card = notice_of(alert)
            try:
                await self._posts.send(place, card, about=about_of(alert, place))
            except CannotDeliver as error:
                log.warning("an alert reaches nobody", extra={"guild": alert.guild_id, "obstacle": error.obstacle})
            except DeliverLater as error:
                log.info("an alert is told later", extra={"guild": alert.guild_id, "error": str(error)})
                is_done = False
        return is_done

    async def _told(self, group: Sequence[Alert]) -> None:
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            for alert in group:
                alerts.told(tx, alert, at=now)

        await self._database.write(write)


def notice_of(alert: Alert) -> AlertNotice:
    """What the message says. Full with something left: the next request found no room in that."""
    has_no_room = alert.threshold >= FULL and alert.taken < alert.limit.amount
    return AlertNotice(limit=alert.limit, taken=alert.taken, guild_id=alert.guild_id, has_no_room=has_no_room)


def by_window(found: Iterable[Alert]) -> list[tuple[Alert, ...]]:
    """Those of one limit in one window together, the highest threshold last; a limit that was raised is another."""
    groups: dict[tuple[object, ...], list[Alert]] = {}
    for alert in found:
        limit = alert.limit
        groups.setdefault((limit.scope, limit.unit, limit.window, limit.amount), []).append(alert)
    return [tuple(sorted(group, key=lambda one: one.threshold)) for group in groups.values()]


def places_of(alert: Alert, *, staff: ChannelId | None, operators: Sequence[MemberId]) -> tuple[StaffPlace, ...]:
    """Who is told: a guild's staff of its own limits; operators of theirs, and of a guild's ceiling that is full."""
    places: list[StaffPlace] = []
    if alert.guild_id is not None and staff is not None:
        places.append(StaffChannel(guild_id=alert.guild_id, channel_id=staff))
    is_full_ceiling = alert.limit.rule == OPERATOR and alert.threshold >= FULL
    if alert.guild_id is None or is_full_ceiling:
        places += [Operator(user_id=operator) for operator in operators]
    return tuple(places)


def about_of(alert: Alert, place: StaffPlace) -> str:
    """The name of the message: once per window, limit, threshold and reader."""
    limit, whom = alert.limit, "staff" if isinstance(place, StaffChannel) else str(place.user_id)
    window = f"{limit.window.kind}:{limit.window.starts_at}"
    return f"alert:{limit.scope}:{limit.unit}:{window}:{limit.amount}:{alert.threshold}:{whom}"


def _staff_channel(reader: Reader, guild_id: GuildId | None) -> ChannelId | None:
    return None if guild_id is None else guilds.settings_of(reader, guild_id).staff_channel_id

"""The summary that a staff wants each day or week: sent at the first look after the next one began."""

import logging
from datetime import date, tzinfo

from bot.core.clock import MINUTE_MS, Clock, Millis, utc
from bot.core.ids import GuildId
from bot.db import Database, Reader
from bot.guilds import store as guilds
from bot.guilds.model import Digest
from bot.ledger import store as ledger
from bot.ledger.records import store as records
from bot.ledger.records.model import Axis, Period, Sum
from bot.ledger.windows import Window, WindowKind, window_of
from bot.providers.registry import Registry
from bot.services.labels import model_of
from bot.services.leave import store as leaves
from bot.services.ports import CannotDeliver, DeliverLater
from bot.services.staff import store
from bot.services.staff.model import DigestLine, DigestNotice, DigestPart, StaffChannel
from bot.services.staff.posting import StaffPosts
from bot.services.staff.rounds import side_by_side

log = logging.getLogger(__name__)

# A summary that comes a minute after midnight is early enough.
LOOK_EVERY_MS = MINUTE_MS
# Lines for each kind; the rest is counted.
TOP = 5
_KINDS: dict[Digest, WindowKind] = {"daily": WindowKind.DAY, "weekly": WindowKind.WEEK}


class Digests:
    """Looks whether a summary is due."""

    def __init__(self, *, database: Database, posts: StaffPosts, registry: Registry, clock: Clock) -> None:
        self._database = database
        self._posts = posts
        self._registry = registry
        self._clock = clock
        self._next_look = Millis(0)
        # The last one of each guild that reached nobody: it is not tried again in this process.
        self._closed: dict[GuildId, str] = {}

    async def round(self) -> None:
        """Sends what is due, once. Raises what the database does."""
        now = self._clock.now()
        if now < self._next_look:
            return
        self._next_look = Millis(now + LOOK_EVERY_MS)
        await side_by_side(self._look, await self._database.read(guilds.with_digest))

    async def _look(self, guild_id: GuildId) -> None:
        now = self._clock.now()
        found = await self._database.read(lambda reader: self._due(reader, guild_id, now))
        if found is None or self._closed.get(guild_id) == found[0]:
            return
        about, place, card = found
        try:
            await self._posts.send(place, card, about=about)
        except CannotDeliver as error:
            self._closed[guild_id] = about
            log.warning("a summary reaches nobody", extra={"guild": guild_id, "obstacle": error.obstacle})
        except DeliverLater as error:
            log.info("a summary is sent later", extra={"guild": guild_id, "error": str(error)})

    def _due(self, reader: Reader, guild_id: GuildId, now: Millis) -> tuple[str, StaffChannel, DigestNotice] | None:
        """The summary of the last day or week that ended; None where it was sent."""
        settings = guilds.settings_of(reader, guild_id)
        if settings.digest is None or settings.staff_channel_id is None:
            return None
        window = ended(settings.digest, now, settings.tz)
        about = f"digest:{guild_id}:{settings.digest}:{window.starts_at}"
        post = store.post_of(reader, about)
        if post is not None and post.message_id is not None:
            return None
        place = StaffChannel(guild_id=guild_id, channel_id=settings.staff_channel_id)
        return about, place, digest_of(reader, guild_id, window, settings.tz, registry=self._registry)


def ended(digest: Digest, now: Millis, zone: tzinfo) -> Window:
    """The last whole day or week before the moment."""
    kind = _KINDS[digest]
    return window_of(kind, Millis(window_of(kind, now, zone).starts_at - 1), zone)


def digest_of(reader: Reader, guild_id: GuildId, window: Window, zone: tzinfo, *, registry: Registry) -> DigestNotice:
    """What the guild spent in the window, to the moment."""
    period = Period(starts_at=window.starts_at, ends_at=window.ends_at)

    def sums(axis: Axis) -> tuple[Sum, ...]:
        return records.exact_sums(reader, axis, period=period, guild_id=guild_id)

    (whole,) = sums(Axis.ALL)
    undecided = records.undecided(reader, guild_id)
    held = sum(hold.amount for hold in ledger.open_holds(reader) if hold.guild_id == guild_id)
    models = [(model_of(registry, str(one.key[0]), str(one.key[1])), one) for one in sums(Axis.MODEL)]
    return DigestNotice(
        guild_id=guild_id,
        first=_day(window.starts_at, zone),
        last=_day(window.ends_at - 1, zone),
        amount=whole.amount,
        requests=whole.jobs,
        pictures=whole.pictures,
        presumed=whole.presumed_amount,
        presumed_requests=whole.presumed_jobs,
        held=held - undecided.held,
        undecided=undecided,
        waiting=leaves.waiting_in(reader, guild_id),
        members=_top([(str(one.key[0]), one) for one in sums(Axis.MEMBER)]),
        commands=_top([(str(one.key[0]), one) for one in sums(Axis.COMMAND)]),
        models=_top(models),
    )


def _top(named: list[tuple[str, Sum]]) -> DigestPart:
    """The dearest first; what is only presumed makes no line."""
    real = [(name, one) for name, one in named if one.jobs or one.amount]
    real.sort(key=lambda pair: (-pair[1].amount, -pair[1].jobs, pair[0]))
    lines = [
        DigestLine(name=name, amount=one.amount, requests=one.jobs, pictures=one.pictures) for name, one in real[:TOP]
    ]
    return DigestPart(lines=tuple(lines), more=len(real) - len(lines))


def _day(at: int, zone: tzinfo) -> date:
    return utc(at).astimezone(zone).date()

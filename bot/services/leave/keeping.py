"""The staff's cards of what waits: sent, kept true, and the end of what nobody decided in time."""

import logging
from collections.abc import Callable

from bot.core.clock import Clock
from bot.db import Database, Reader
from bot.providers.registry import Registry
from bot.services.labels import model_of
from bot.services.leave import store
from bot.services.leave.model import Leave, LeaveState
from bot.services.ports import CannotDeliver, DeliverLater
from bot.services.staff.model import LeaveNotice, StaffChannel
from bot.services.staff.posting import StaffPosts
from bot.services.staff.rounds import side_by_side

log = logging.getLogger(__name__)

# For each round; the others come with the next.
AT_ONCE = 50


class LeaveKeeping:
    """Looks at what waits. `tell` is called when members are to hear of something."""

    def __init__(
        self, *, database: Database, posts: StaffPosts, registry: Registry, clock: Clock, tell: Callable[[], None]
    ) -> None:
        self._database = database
        self._posts = posts
        self._registry = registry
        self._clock = clock
        self._tell = tell

    async def round(self) -> None:
        """Ends what is over its time, then shows what changed. Raises what the database does."""
        await self._expire()
        await side_by_side(self._keep, await self._database.read(_unshown))

    async def _keep(self, leave: Leave) -> None:
        try:
            await self._show(leave)
        except DeliverLater as error:
            log.info("a card for the staff has to wait", extra={"job": leave.job_id, "error": str(error)})
        except CannotDeliver as error:
            log.warning("the staff cannot be asked", extra={"job": leave.job_id, "obstacle": error.obstacle})
            await self._unheard(leave)

    async def _expire(self) -> None:
        now = self._clock.now()
        if await self._database.read(lambda reader: store.has_expired(reader, now=now)):
            await self._database.write(lambda tx: store.expire(tx, now=now, limit=AT_ONCE))
            self._tell()

    async def _show(self, leave: Leave) -> None:
        about, job_id, revision = about_of(leave), leave.job_id, leave.revision
        card = LeaveNotice(leave=leave, model=model_of(self._registry, leave.provider, leave.model))
        if leave.shown == 0 and await self._is_to_stand(leave, about):
            # The card may be an earlier try's, which says how the request stood then: only its first state is noted.
            place = StaffChannel(guild_id=leave.guild_id, channel_id=leave.staff_channel_id)
            await self._posts.send(place, card, about=about, also=lambda tx: store.note_shown(tx, job_id, 1))
            return
        if leave.shown > 0 and not await self._posts.edit(card, about=about):
            log.info("a card for the staff is gone", extra={"job": job_id})
        await self._database.write(lambda tx: store.note_shown(tx, job_id, revision))

    async def _is_to_stand(self, leave: Leave, about: str) -> bool:
        """What ended before anybody was asked needs no card."""
        return not leave.is_over or await self._posts.is_begun(about)

    async def _unheard(self, leave: Leave) -> None:
        """Where no card ever stood, nobody can press its buttons; whoever asked is told at once."""
        now, job_id = self._clock.now(), leave.job_id
        if leave.shown == 0:
            await self._database.write(lambda tx: store.decide(tx, job_id, LeaveState.UNHEARD, at=now))
            self._tell()
        await self._database.write(lambda tx: store.note_all_shown(tx, job_id))


def about_of(leave: Leave) -> str:
    """The name of the request's card."""
    return f"leave:{leave.job_id}"


def _unshown(reader: Reader) -> tuple[Leave, ...]:
    return store.unshown(reader, limit=AT_ONCE)

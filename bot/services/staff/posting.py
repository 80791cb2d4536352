"""Sends a card to the staff once: written down before, looked for after a crash, its message noted."""

from collections.abc import Callable

from bot.core.clock import SECOND_MS, Clock
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.ids import MessageId
from bot.db import Database, Transaction
from bot.services.ports import DeliverLater, Staff
from bot.services.staff import store
from bot.services.staff.model import StaffCard, StaffPlace, StaffPost

# What Discord did not take is tried again after this long.
REST_MS = 30 * SECOND_MS
# Cards that rest at once; beyond them nothing rests, and a round just takes longer.
RESTING_MAX = 1_000


def _nothing(_: Transaction) -> None:
    """Nothing more belongs to the sending."""


class StaffPosts:
    """Every card is about one thing, which names it for ever: `about`."""

    def __init__(self, *, database: Database, staff: Staff, clock: Clock, crashpoints: Crashpoints) -> None:
        self._database = database
        self._staff = staff
        self._clock = clock
        self._crashpoints = crashpoints
        self._rests: dict[str, int] = {}

    async def send(
        self,
        place: StaffPlace,
        card: StaffCard,
        *,
        about: str,
        also: Callable[[Transaction], None] = _nothing,
    ) -> MessageId:
        """Sends the card unless it was sent; `also` is written with the note of its message.

        Raises CannotDeliver, DeliverLater, DatabaseUnavailable.
        """
        self._refuse_resting(about)
        now = self._clock.now()
        post = await self._database.write(lambda tx: store.begin_try(tx, about, place, at=now))
        message_id = post.message_id
        if message_id is None:
            message_id = await self._once(post, card, about)
            self._crashpoints.reached(CrashPoint.AFTER_STAFF_POST)
        found = message_id

        def write(tx: Transaction) -> None:
            store.sent(tx, about, found)
            also(tx)

        await self._database.write(write)
        return found

    async def is_begun(self, about: str) -> bool:
        """Whether the card may stand somewhere."""
        return await self._database.read(lambda reader: store.post_of(reader, about)) is not None

    async def edit(self, card: StaffCard, *, about: str) -> bool:
        """Puts another card in the place of the one that was sent; False where there is none any more.

        Raises CannotDeliver, DeliverLater.
        """
        self._refuse_resting(about)
        post = await self._database.read(lambda reader: store.post_of(reader, about))
        if post is None or post.message_id is None:
            return False
        try:
            return await self._staff.edit(post.place, post.message_id, card, about=about)
        except DeliverLater:
            self._rest(about)
            raise

    async def _once(self, post: StaffPost, card: StaffCard, about: str) -> MessageId:
        try:
            found = await self._staff.find(post.place, about=about, since=post.started_at) if post.tries > 1 else None
            return found or await self._staff.post(post.place, card, about=about)
        except DeliverLater:
            self._rest(about)
            raise

    def _refuse_resting(self, about: str) -> None:
        if self._clock.now() < self._rests.get(about, 0):
            raise DeliverLater("it rests")
        self._rests.pop(about, None)

    def _rest(self, about: str) -> None:
        if len(self._rests) < RESTING_MAX:
            self._rests[about] = self._clock.now() + REST_MS

"""Deleting what a member wants gone: the wish is stored first, the work goes on in batches and over restarts.

texts     blanked in their rows, which stay with what they cost; ledger entries hold no text
pictures  let go; the sweep removes the files of those that nobody else's request shows or uses
posts     only if wanted, after the texts: Discord may be away for hours
"""

import asyncio
import logging
from functools import partial

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable
from bot.core.ids import MessageId
from bot.db import Database, Transaction
from bot.services.leave import store as leaves
from bot.services.ports import CannotDeliver, DeliverLater, Eraser
from bot.services.privacy import store
from bot.services.privacy.model import Erasable, Spot, WantedPost, Whose, Wish, emptied_payload, emptied_result
from bot.services.results import store as results

log = logging.getLogger(__name__)

# Jobs for each transaction, so that no write waits long behind one.
BATCH = 50
# Wishes for each round; the others come with the next.
WISHES = 100
# What waits for a running request or for Discord is looked at again after so long.
ROUND_EVERY_S = 60.0


class Erasing:
    """Stores wishes and fulfils them; one round at a time."""

    def __init__(self, *, database: Database, eraser: Eraser, clock: Clock) -> None:
        self._database = database
        self._eraser = eraser
        self._clock = clock
        self._wanted = asyncio.Event()

    async def want(self, whose: Whose, *, with_posts: bool) -> None:
        """Stores the wish; from then on it is kept, whatever happens. Raises DatabaseUnavailable."""
        now = self._clock.now()
        await self._database.write(lambda tx: store.add_wish(tx, whose, with_posts=with_posts, at=now))
        self._wanted.set()

    async def run(self) -> None:
        """Fulfils wishes as they come, those of an earlier process first; never returns."""
        while True:
            self._wanted.clear()
            try:
                await self.round()
            except DatabaseUnavailable:
                log.exception("deletions have to wait")
            try:
                async with asyncio.timeout(ROUND_EVERY_S):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def round(self) -> int:
        """Does what can be done of every open wish; returns how many are finished. Raises DatabaseUnavailable."""
        wishes = await self._database.read(lambda reader: store.open_wishes(reader, limit=WISHES))
        return sum([await self._fulfil(wish) for wish in wishes])

    async def _fulfil(self, wish: Wish) -> bool:
        await self._empty_rest(wish)
        spot: Spot | None = None
        while True:
            spot = await self._batch(wish, spot)
            if spot is None:
                break
        await self._posts(wish)
        now = self._clock.now()
        is_finished = await self._database.write(lambda tx: store.finish(tx, wish, at=now))
        if is_finished:
            log.info("a member's data was deleted", extra={"wish": wish.id})
        return is_finished

    async def _empty_rest(self, wish: Wish) -> None:
        """What is no job: styles, reports, and requests that wait for leave, which end so."""
        now, whose = self._clock.now(), wish.whose

        def write(tx: Transaction) -> None:
            store.empty_rest(tx, wish)
            leaves.withdraw_all(tx, whose.guild_id, whose.member_id, until=wish.asked_at, at=now)

        await self._database.write(write)

    async def _batch(self, wish: Wish, after: Spot | None) -> Spot | None:
        """Empties some jobs in one transaction; returns where to go on, None at the end."""
        now = self._clock.now()

        def write(tx: Transaction) -> tuple[Erasable, ...]:
            found = store.erasable(tx, wish, after=after, limit=BATCH)
            for one in found:
                job_id = one.spot.job_id
                if store.wants_posts(tx, wish):  # it may have been widened since this round began
                    store.want_posts(tx, wish, job_id)
                payload, result = emptied_payload(one.kind, one.payload), emptied_result(one.result)
                store.empty_job(tx, job_id, payload=payload, result=result, by=wish.whose.member_id, at=now)
                results.let_go(tx, job_id, at=now)
            store.count_jobs(tx, wish, len(found))
            return found

        found = await self._database.write(write)
        return found[-1].spot if len(found) == BATCH else None

    async def _posts(self, wish: Wish) -> None:
        after = MessageId(0)
        while True:
            read = partial(store.wanted_posts, wish=wish, after=after, limit=BATCH)
            posts = await self._database.read(read)
            for post in posts:
                await self._erase(wish, post)
            if len(posts) < BATCH:
                return
            after = posts[-1].message_id

    async def _erase(self, wish: Wish, post: WantedPost) -> None:
        """Deletes one message; what cannot be deleted now stays wanted."""
        is_left = was_there = False
        try:
            was_there = await self._eraser.erase(
                guild_id=wish.whose.guild_id, channel_id=post.channel_id, message_id=post.message_id
            )
        except CannotDeliver as error:
            log.warning("a post cannot be deleted", extra={"job": post.job_id, "obstacle": error.obstacle})
            is_left = True
        except DeliverLater as error:
            log.warning("a post is not deleted yet", extra={"job": post.job_id, "error": str(error)})
            return
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            store.drop_post(tx, wish, post, is_left=is_left)
            if not is_left and not store.has_posts(tx, post.job_id):
                results.begin_removal(tx, post.job_id, member_id=wish.whose.member_id, is_moderator=False, at=now)
                results.removed(tx, post.job_id, was_gone=not was_there, at=now)

        await self._database.write(write)

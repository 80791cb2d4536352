"""The sweep: pictures and words that are over their time, in small steps.

pictures   the row first, then the file. A crash between the two leaves a file that `leftovers` finds.
files      a file younger than an hour stays: it was kept anew, and its row is perhaps still to be written
words      blanked in the request's row; what it cost, when and by which model stays
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.core.clock import DAY_MS, HOUR_MS, Clock, Millis
from bot.core.errors import MediaError
from bot.core.ids import AssetId
from bot.db import Database, Transaction
from bot.media import store as assets
from bot.media.media import Media
from bot.services.payload import KINDS, without_words
from bot.services.results import store as results
from bot.services.retention import store

log = logging.getLogger(__name__)

# Rows for each transaction, so that no write waits long behind one, and transactions for each sweep: what is left comes
# with the next.
BATCH = 100
BATCHES = 100
# Between a picture's file and its row lie seconds; a file with no row is left alone for so long.
FILE_REST_MS = HOUR_MS
LEFTOVER_REST_MS = DAY_MS
_PICTURE_KINDS = frozenset(KINDS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How many days pictures and words are kept; 0 is for ever."""

    picture_days: int
    record_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep removed: pictures by their rows, files of them, requests whose words were blanked."""

    pictures: int
    files: int
    words: int


class Retention:
    """Cleans up. One sweep at a time."""

    def __init__(self, *, database: Database, media: Media, clock: Clock, periods: Periods) -> None:
        self._database = database
        self._media = media
        self._clock = clock
        self._periods = periods

    @property
    def periods(self) -> Periods:
        """How long things are kept."""
        return self._periods

    async def sweep(self) -> Swept:
        """Removes what is over its time, and pictures of deleted results. Raises DatabaseUnavailable."""
        pictures, files = await self._discarded()
        if self._periods.picture_days:
            before = self._ago(self._periods.picture_days)
            old, old_files = await self._pictures(
                lambda tx: store.remove_old(tx, before=before, at=self._clock.now(), limit=BATCH)
            )
            pictures, files = pictures + old, files + old_files
        words = await self._words() if self._periods.record_days else 0
        swept = Swept(pictures=pictures, files=files, words=words)
        if swept.pictures or swept.words:
            log.info("cleaned up", extra={"pictures": swept.pictures, "files": swept.files, "words": swept.words})
        return swept

    async def leftovers(self) -> int:
        """Removes files that no picture's row stands behind, a day after they were written; returns how many."""
        before = Millis(self._clock.now() - LEFTOVER_REST_MS)
        removed = 0
        for shelf in await self._media.shelves():
            lying = await self._media.on_shelf(shelf, before=before)
            for start in range(0, len(lying), BATCH):
                gone = await self._database.read(partial(assets.gone_of, asset_ids=lying[start : start + BATCH]))
                removed += await self._remove(sorted(gone), before=before)
        if removed:
            log.info("leftover files removed", extra={"files": removed})
        return removed

    async def _discarded(self) -> tuple[int, int]:
        def write(tx: Transaction) -> tuple[AssetId, ...]:
            now = self._clock.now()
            before = Millis(now - FILE_REST_MS)
            marked = results.discarded(tx)
            return tuple(one for one in marked[:BATCH] if store.remove_discarded(tx, one, before=before, at=now))

        return await self._pictures(write)

    async def _pictures(self, mark: Callable[[Transaction], tuple[AssetId, ...]]) -> tuple[int, int]:
        """Marks in batches and removes the files behind; returns how many pictures and files."""
        pictures = files = 0
        for _ in range(BATCHES):
            marked = await self._database.write(mark)
            pictures += len(marked)
            files += await self._remove(marked, before=Millis(self._clock.now() - FILE_REST_MS))
            if len(marked) < BATCH:
                break
        return pictures, files

    async def _remove(self, asset_ids: Sequence[AssetId], *, before: Millis) -> int:
        removed = 0
        for asset_id in asset_ids:
            try:
                removed += await self._media.remove(asset_id, before=before)
            except MediaError as error:
                log.warning("a picture's file cannot be removed", extra={"asset": asset_id[:12], "error": str(error)})
        return removed

    async def _words(self) -> int:
        before, blanked = self._ago(self._periods.record_days), 0

        def write(tx: Transaction) -> int:
            now = self._clock.now()
            found = store.with_old_words(tx, before=before, limit=BATCH)
            for one in found:
                # The words of questions lie elsewhere and are forgotten sooner.
                payload = without_words(one.payload) if one.kind in _PICTURE_KINDS else one.payload
                store.blank_words(tx, one.job_id, payload=payload, at=now)
            return len(found)

        for _ in range(BATCHES):
            count = await self._database.write(write)
            blanked += count
            if count < BATCH:
                break
        return blanked

    def _ago(self, days: int) -> Millis:
        return Millis(self._clock.now() - days * DAY_MS)

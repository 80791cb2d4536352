"""The use cases behind `/privacy`."""

from bot.core.clock import DAY_MS
from bot.db import Database, Reader
from bot.services.ask.model import CONVERSATION_LIVES_MS
from bot.services.privacy import store
from bot.services.privacy.erasing import Erasing
from bot.services.privacy.handing_out import DataFiles, HandingOut
from bot.services.privacy.model import Kept, Whose
from bot.services.retention.sweeping import Periods


class Privacy:
    """What is kept about a member: told, handed out, deleted. A member reaches nobody's data but their own."""

    def __init__(self, *, database: Database, erasing: Erasing, handing_out: HandingOut, periods: Periods) -> None:
        self._database = database
        self._erasing = erasing
        self._handing_out = handing_out
        self._periods = periods

    @property
    def erasing(self) -> Erasing:
        """The loop that fulfils wishes."""
        return self._erasing

    async def kept(self, whose: Whose) -> Kept:
        """How much there is, for how long, and what became of the last wish. Raises DatabaseUnavailable."""

        def read(reader: Reader) -> Kept:
            row = store.counts(reader, whose)
            return Kept(
                periods=self._periods,
                conversation_days=CONVERSATION_LIVES_MS // DAY_MS,
                requests=row["requests"],
                running=row["running"],
                pictures=row["pictures"],
                styles=row["styles"],
                reports=row["reports"],
                wish=store.last_wish(reader, whose),
            )

        return await self._database.read(read)

    async def data(self, whose: Whose, *, limit_bytes: int, most: int) -> DataFiles:
        """Everything as files. Raises DatabaseUnavailable."""
        return await self._handing_out.files(whose, limit_bytes=limit_bytes, most=most)

    async def delete(self, whose: Whose, *, with_posts: bool) -> Kept:
        """Stores the wish; returns what there is at that moment. Raises DatabaseUnavailable."""
        await self._erasing.want(whose, with_posts=with_posts)
        return await self.kept(whose)

"""Where a member and their guild stand."""

from bot.core.clock import Clock
from bot.core.ids import GuildId, MemberId
from bot.db import Database, Reader
from bot.ledger import store as ledger
from bot.ledger.model import Ceilings, Standing
from bot.ledger.policy import BOT_SCOPE, limits_for


class Usage:
    """The use case behind `/usage`."""

    def __init__(self, *, database: Database, ceilings: Ceilings, clock: Clock) -> None:
        self._database = database
        self._ceilings = ceilings
        self._clock = clock

    async def standing(self, *, guild_id: GuildId, member_id: MemberId) -> tuple[Standing, ...]:
        """Limit, held and spent for each of the member's and the guild's windows; the whole bot's stays private."""
        limits = tuple(
            limit
            for limit in limits_for(self._ceilings, guild_id=guild_id, member_id=member_id, at=self._clock.now())
            if limit.scope != BOT_SCOPE
        )

        def read(reader: Reader) -> tuple[Standing, ...]:
            return ledger.standing(reader, limits)

        return await self._database.read(read)

"""Where a member and their guild stand."""

import asyncio

from bot.core.money import Ticks
from bot.db import Database, Reader
from bot.ledger.model import Ceilings
from bot.providers.registry import Registry
from bot.services.exporting import Format
from bot.services.labels import model_of, provider_label
from bot.services.spending.files import Parts, parts_of
from bot.services.spending.model import Asker, Grouping, GuildUsage, MemberUsage, View
from bot.services.spending.reading import guild_usage, member_usage, period_of


class Usage:
    """The use cases behind `/usage`. Each raises DatabaseUnavailable; who may see what is decided upstairs."""

    def __init__(self, *, database: Database, ceilings: Ceilings, registry: Registry) -> None:
        self._database = database
        self._ceilings = ceilings
        self._registry = registry
        # An export is some megabytes in memory: one at a time.
        self._exporting = asyncio.Lock()

    async def of_member(self, asker: Asker) -> MemberUsage:
        """What the guild lets the member still do, and their own share; the whole bot's limits stay private."""
        return await self._database.read(lambda reader: member_usage(reader, self._ceilings, asker))

    async def of_guild(self, asker: Asker, view: View) -> GuildUsage:
        """The guild, for those who manage it."""

        def read(reader: Reader) -> GuildUsage:
            return guild_usage(reader, self._ceilings, asker, view, label=self._label)

        return await self._database.read(read)

    async def files(self, asker: Asker, view: View, form: Format, *, limit_bytes: int, most: int) -> Parts:
        """The guild's entries of the period, in at most `most` files of at most `limit_bytes`."""
        period = await self._database.read(lambda reader: period_of(reader, asker, view))
        async with self._exporting:
            return await parts_of(
                self._database,
                guild_id=asker.guild_id,
                period=period,
                form=form,
                credit_ticks=self._credit_ticks(),
                limit_bytes=limit_bytes,
                most=most,
            )

    def _credit_ticks(self) -> dict[str, Ticks]:
        prices = {name: self._registry.facts(name).usd_per_credit for name in self._registry.names}
        return {str(name): price for name, price in prices.items() if price is not None}

    def _label(self, grouping: Grouping, key: tuple[str | int, ...]) -> str:
        names = [str(part) for part in key]
        if grouping is Grouping.PROVIDER:
            return provider_label(names[0])
        if grouping is not Grouping.MODEL or not names[0]:
            return names[0]
        return model_of(self._registry, names[0], names[1])

"""What every change of a guild's budgets or settings shares: one transaction, a line in the log, complete counters."""

from collections.abc import Callable
from typing import TypeVar

from bot.core.clock import Clock, Millis
from bot.core.ids import GuildId, MemberId
from bot.db import Database, Reader, Transaction
from bot.guilds import store as guilds
from bot.ledger import store as ledger
from bot.ledger.rules import store as rules
from bot.ledger.rules.model import Change, Rule
from bot.services.budgets import store
from bot.services.budgets.counting import counts_of

T = TypeVar("T")


class Log:
    """Takes down what a transaction changes."""

    def __init__(self, tx: Transaction, guild_id: GuildId, by: MemberId, at: Millis) -> None:
        self._tx = tx
        self._guild_id = guild_id
        self._by = by
        self.at = at

    def add(self, subject: str, before: str | None, after: str | None) -> None:
        """One line; None for nothing."""
        change = Change(at=self.at, author_id=self._by, subject=subject, before=before, after=after)
        rules.add_change(self._tx, self._guild_id, change)


class Changing:
    """Makes changes: each whole and logged, or not at all."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def change(self, guild_id: GuildId, by: MemberId, work: Callable[[Transaction, Log], T]) -> T:
        """Runs the work in a transaction of its own."""
        now = self._clock.now()
        return await self._database.write(lambda tx: work(tx, Log(tx, guild_id, by, now)))


def moment_of(reader: Reader, now: Millis) -> Millis:
    """The moment whose windows a request of now would be counted in: windows only open forward."""
    return Millis(max(now, ledger.last_seen(reader) or now))


def count_again(tx: Transaction, guild_id: GuildId, *, changed: Rule | None = None) -> None:
    """Makes the guild's counters complete, or those of one rule alone.

    The windows are those of the last moment that was seen: no later one has any hold.
    """
    zone, at = guilds.settings_of(tx, guild_id).tz, ledger.last_seen(tx)
    if at is not None:
        store.take_in(tx, guild_id, counts_of(rules.rules_of(tx, guild_id), zone=zone, at=at, changed=changed))

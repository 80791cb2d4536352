"""What every change of a guild's budgets or settings shares: one transaction, a line in the log, complete counters."""

from collections.abc import Callable, Collection, Iterable
from datetime import tzinfo
from typing import TypeVar

from bot.core.clock import Clock, Millis
from bot.core.errors import DatabaseUnavailable
from bot.core.ids import GuildId, MemberId
from bot.db import Database, Reader, Transaction
from bot.ledger import store as ledger
from bot.ledger.rules import store as rules
from bot.ledger.rules.model import Change, Rule
from bot.services.budgets.completing.preparing import Plan, Ready, Unready, complete, prepare
from bot.services.budgets.counting import Count, counts_of

T = TypeVar("T")
# Each time somebody else has changed what counts; more would be no coincidence.
TRIES = 5


class Log:
    """Takes down what a transaction changes."""

    def __init__(self, tx: Transaction, guild_id: GuildId, by: MemberId, at: Millis, ready: Ready) -> None:
        self._tx = tx
        self._guild_id = guild_id
        self._by = by
        self._ready = ready
        self.at = at

    def add(self, subject: str, before: str | None, after: str | None) -> None:
        """One line; None for nothing."""
        change = Change(at=self.at, author_id=self._by, subject=subject, before=before, after=after)
        rules.add_change(self._tx, self._guild_id, change)

    def complete(self, counts: Collection[Count]) -> None:
        """The counters have counted all that they must, before the change binds anybody."""
        complete(self._tx, self._guild_id, counts, self._ready)


class Changing:
    """Makes changes: each whole and logged, or not at all."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def change(
        self, guild_id: GuildId, by: MemberId, work: Callable[[Transaction, Log], T], *, plan: Plan | None = None
    ) -> T:
        """Runs the work in a transaction of its own, once the counters are ready that `plan` says it will need."""
        for _ in range(TRIES):
            ready = Ready() if plan is None else await prepare(self._database, guild_id, plan)
            now = self._clock.now()
            try:
                return await self._database.write(_logged(work, guild_id, by, now, ready))
            except Unready:
                continue
        raise DatabaseUnavailable(f"the rules of guild {guild_id} are changed by several people at once")


def _logged(
    work: Callable[[Transaction, Log], T], guild_id: GuildId, by: MemberId, now: Millis, ready: Ready
) -> Callable[[Transaction], T]:
    return lambda tx: work(tx, Log(tx, guild_id, by, now, ready))


def moment_of(reader: Reader, now: Millis) -> Millis:
    """The moment whose windows a request of now would be counted in: windows only open forward."""
    return Millis(max(now, ledger.last_seen(reader) or now))


def counts_in(
    reader: Reader, guild_id: GuildId, in_force: Iterable[Rule], *, zone: tzinfo, changed: Rule | None = None
) -> tuple[Count, ...]:
    """The counters that rules need, or one of them alone.

    Their windows are those of the last moment that was seen: no later one has any hold.
    """
    at = ledger.last_seen(reader)
    return () if at is None else counts_of(in_force, zone=zone, at=at, changed=changed)

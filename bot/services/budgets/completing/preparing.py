"""Long windows are made complete before a change, a page of holds in each transaction; what happens meanwhile is caught
up with in the transaction of the change itself. No counter binds anybody before it is complete.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import GuildId, HoldId
from bot.db import Database, Reader, Transaction
from bot.ledger import store as ledger
from bot.services.budgets.completing import store
from bot.services.budgets.completing.store import Place
from bot.services.budgets.counting import Count

# Holds times counters that one transaction looks at: some ten milliseconds, in which others wait.
PAGE = 1_000
_NEVER = Millis(-1)

# Which counters a change will need, as things stand.
Plan = Callable[[Reader], tuple[Count, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Counters that count all holds which were closed when entry `since` was the last, and `seen` the last moment."""

    counts: frozenset[Count] = frozenset()
    since: int = 0
    seen: Millis = _NEVER


class Unready(Exception):
    """A counter that is needed after all was not prepared: something was changed meanwhile."""


async def prepare(database: Database, guild_id: GuildId, plan: Plan) -> Ready:
    """Makes the counters of the plan ready. Raises what the plan raises, and DatabaseUnavailable.

    Left in the middle, it leaves counters behind that no rule looks at, and that the next one goes on with.
    """
    ready = await database.read(lambda reader: _begin(reader, plan))
    if not ready.counts:
        return ready
    counts = tuple(ready.counts)
    length = max(1, PAGE // len(counts))
    place: Place | None = Place(opened_at=min(count.window.starts_at for count in counts), hold_id=HoldId(""))
    while place is not None:
        place = await database.write(_page(guild_id, counts, place, length))
    return ready


def complete(tx: Transaction, guild_id: GuildId, counts: Collection[Count], ready: Ready) -> None:
    """The last of it, in the transaction of the change. Raises Unready, and the transaction must be rolled back."""
    for count in counts:
        # In a window that had not begun then, whatever there is came later.
        if count not in ready.counts and count.window.starts_at <= ready.seen:
            raise Unready
    store.take_in(tx, guild_id, counts, since=ready.since)


def _begin(reader: Reader, plan: Plan) -> Ready:
    seen = ledger.last_seen(reader)
    counts = frozenset(plan(reader))
    return Ready(counts=counts, since=store.last_entry(reader), seen=_NEVER if seen is None else seen)


def _page(
    guild_id: GuildId, counts: tuple[Count, ...], place: Place, length: int
) -> Callable[[Transaction], Place | None]:
    return lambda tx: store.take_in_page(tx, guild_id, counts, after=place, length=length)

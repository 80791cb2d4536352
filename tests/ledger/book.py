"""A ledger in memory for tests: the real schema, and transactions as the writer makes them."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from bot.core.clock import Millis, millis
from bot.core.ids import GuildId, HoldId, JobId, MemberId
from bot.core.money import Ticks
from bot.db import Reader, Transaction
from bot.db.connection import configure
from bot.db.schema import migrate
from bot.ledger import store
from bot.ledger.check import check
from bot.ledger.model import Ceilings, Held, HoldRequest, Limit, Standing, Unit
from bot.ledger.policy import limits_for
from bot.ledger.rules.model import Asked
from bot.ledger.windows import week_window

T = TypeVar("T")
GUILD, MEMBER = GuildId(1), MemberId(10)


def at(text: str) -> Millis:
    """A moment from ISO text, UTC where it names no zone."""
    moment = datetime.fromisoformat(text)
    return millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


NOON = at("2026-05-15T12:00")


def ceilings(
    *,
    bot: int = 1_000,
    guild_month: int = 500,
    guild_day: int = 200,
    member: int = 100,
    pictures: int = 25,
    providers: int | None = None,
) -> Ceilings:
    """Small numbers, so that tests can count."""
    return Ceilings(
        bot_monthly=Ticks(bot),
        guild_monthly=Ticks(guild_month),
        guild_daily=Ticks(guild_day),
        member_daily=Ticks(member),
        member_daily_pictures=pictures,
        provider_daily={} if providers is None else dict.fromkeys(("here", "there"), Ticks(providers)),
    )


def request(
    name: str,
    amount: int,
    pictures: int = 1,
    *,
    of: Ceilings | None = None,
    guild: int = GUILD,
    member: int = MEMBER,
    now: Millis = NOON,
    provider: str | None = None,
    requests: int | None = None,
) -> HoldRequest:
    """A request for a hold under the limits of its moment; `requests` is how many a member has in a week."""
    guild_id, member_id = GuildId(guild), MemberId(member)
    return HoldRequest(
        hold_id=HoldId(name),
        job_id=JobId(name),
        guild_id=guild_id,
        member_id=member_id,
        amount=Ticks(amount),
        pictures=pictures,
        limits=limits_of(of or ceilings(), guild=guild, member=member, now=now, provider=provider, requests=requests),
        price_version="2026-05",
        at=now,
    )


def limits_of(
    of: Ceilings,
    *,
    guild: int,
    member: int,
    now: Millis,
    provider: str | None = None,
    requests: int | None = None,
) -> tuple[Limit, ...]:
    """The limits of a moment: the operator's, and a guild's rule for requests where a number is given."""
    asked = Asked(guild_id=GuildId(guild), member_id=MemberId(member), provider=provider)
    limits = limits_for(of, asked, at=now)
    if requests is None:
        return limits
    scope = f"member:{guild}:{member}"
    return (*limits, Limit(scope=scope, unit=Unit.REQUESTS, window=week_window(now), amount=requests, rule="1"))


class Book:
    """One connection; every write is a transaction, undone when it raises."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        configure(self.connection)
        migrate(self.connection)
        self.reader = Reader(self.connection)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs the work as `Database.write` would."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(Transaction(self.connection))
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return result

    def hold(self, wanted: HoldRequest) -> Held:
        """`store.hold` in a transaction."""
        return self.write(lambda tx: store.hold(tx, wanted))

    def taken(self, limits: tuple[Limit, ...]) -> list[tuple[int, int]]:
        """Held and spent of each limit."""
        return [(each.held, each.spent) for each in store.standing(self.reader, limits)]

    def standing(self, limits: tuple[Limit, ...], unit: Unit) -> Standing:
        """The first limit of the unit: the member's own."""
        return next(each for each in store.standing(self.reader, limits) if each.limit.unit is unit)

    def findings(self) -> tuple[str, ...]:
        """What the check says."""
        return check(self.reader)

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()


@contextmanager
def unguarded(book: Book) -> Iterator[sqlite3.Connection]:
    """The connection of somebody who edits by hand, past references and CHECKs."""
    book.connection.execute("PRAGMA foreign_keys = OFF")
    book.connection.execute("PRAGMA ignore_check_constraints = ON")
    yield book.connection
    book.connection.execute("PRAGMA ignore_check_constraints = OFF")
    book.connection.execute("PRAGMA foreign_keys = ON")

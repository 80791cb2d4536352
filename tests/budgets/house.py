"""The use cases of budgets over a database in memory, as admission, failover and the admins' forms call them."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.core.clock import ManualClock, Millis
from bot.core.ids import ChannelId, GuildId, IdempotencyKey, JobId, MemberId, hold_id_of
from bot.core.money import Ticks
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, NewJob
from bot.ledger import store as ledger
from bot.ledger.model import Ceilings, Held, Unit
from bot.ledger.rules.model import Asked, Draft, Span, Whom
from bot.services.budgets.desk import Budgets
from bot.services.budgets.settings import GuildDesk
from bot.services.terms import Priced, hold_for, reprice_for
from tests.jobs.memory import Memory, MemoryDatabase
from tests.ledger.book import at

T = TypeVar("T")
GUILD, ADMIN, MEMBER = GuildId(1), MemberId(99), MemberId(10)
NOON = at("2026-05-15T12:00")  # a Friday


def done(doing: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never waits: a database in memory answers at once."""
    try:
        doing.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it waits for something")


def ceilings(**changes: int) -> Ceilings:
    """The operator's, out of the way unless a test names them."""
    amounts = {"bot_monthly": 10_000, "guild_monthly": 5_000, "guild_daily": 2_000, "member_daily": 1_000} | changes
    return Ceilings(
        bot_monthly=Ticks(amounts["bot_monthly"]),
        guild_monthly=Ticks(amounts["guild_monthly"]),
        guild_daily=Ticks(amounts["guild_daily"]),
        member_daily=Ticks(amounts["member_daily"]),
        member_daily_pictures=amounts.get("member_daily_pictures", 500),
        bot_monthly_pictures=amounts.get("bot_monthly_pictures"),
        guild_monthly_pictures=amounts.get("guild_monthly_pictures"),
        guild_daily_pictures=amounts.get("guild_daily_pictures"),
    )


def draft(
    whom: Whom = Whom.GUILD,
    amount: int = 10,
    *,
    name: str = "",
    unit: Unit = Unit.MONEY,
    span: Span = Span.DAY,
    minutes: int | None = None,
) -> Draft:
    """A rule to set."""
    return Draft(whom=whom, name=name, unit=unit, span=span, amount=amount, minutes=minutes)


def asked(
    *,
    guild: int = GUILD,
    member: int = MEMBER,
    roles: frozenset[int] = frozenset(),
    channel: int = 5,
    thread_of: int | None = None,
    command: str = "imagine",
    provider: str = "pixazo",
    model: str = "m",
    purpose: str | None = None,
    resolution: str | None = None,
    pictures: int = 1,
) -> Asked:
    """What a request says of itself."""
    return Asked(
        guild_id=GuildId(guild),
        member_id=MemberId(member),
        roles=roles,
        channel_id=ChannelId(channel),
        parent_channel_id=None if thread_of is None else ChannelId(thread_of),
        command=command,
        provider=provider,
        model=model,
        purpose=purpose,
        resolution=resolution,
        pictures=pictures,
    )


class House:
    """One database, the desks, and requests that become jobs with holds."""

    def __init__(self, of: Ceilings | None = None, *, now: Millis = NOON) -> None:
        self.memory = Memory()
        self.clock = ManualClock(now)
        self.ceilings = of or ceilings()
        database = MemoryDatabase(self.memory)
        self.budgets = Budgets(database=database, ceilings=self.ceilings, clock=self.clock)
        self.desk = GuildDesk(database=database, clock=self.clock)
        self.count = 0

    def ask(self, wanted: Asked, amount: int) -> JobId:
        """Accepts a request at the clock's moment, or raises Refusal."""
        self.count += 1
        job_id = JobId(f"job-{self.count}")
        self.memory.write(lambda tx: self.admit(tx, wanted, amount, job_id))
        return job_id

    def admit(self, tx: Transaction, wanted: Asked, amount: int, job_id: JobId) -> Held:
        """The admission's part of it, within a transaction."""
        moment = ledger.effective_now(tx, self.clock.now())
        new = NewJob(
            id=job_id,
            kind=str(wanted.command),
            guild_id=wanted.guild_id,
            channel_id=ChannelId(wanted.channel_id or 0),
            member_id=wanted.member_id,
            provider=str(wanted.provider),
            model=str(wanted.model),
            payload="{}",
            payload_version=1,
            idempotency_key=IdempotencyKey(job_id),
            created_at=self.clock.now(),
        )
        jobs.insert(tx, new)
        priced = Priced(job_id=job_id, amount=Ticks(amount), price_version="1")
        return hold_for(tx, self.ceilings, wanted, priced, at=moment)

    def go_on(self, job_id: JobId, *, amount: int, provider: str, model: str) -> Held:
        """The job goes to another gateway, as failover moves it."""

        def work(tx: Transaction) -> Held:
            job = self.job(tx, job_id)
            priced = Priced(job_id=job_id, amount=Ticks(amount), price_version="2")
            held = reprice_for(
                tx,
                self.ceilings,
                job,
                priced,
                provider=provider,
                model=model,
                resolution=None,
                now=self.clock.now(),
                note="",
            )
            tx.execute("UPDATE job SET provider = ?, model = ? WHERE id = ?", (provider, model, job_id))
            return held

        return self.memory.write(work)

    @staticmethod
    def job(tx: Transaction, job_id: JobId) -> Job:
        """The job's row."""
        found = jobs.get(tx, job_id)
        assert found is not None
        return found

    def post(self, job_id: JobId, actual: int, pictures: int = 1) -> None:
        """The price of it."""
        self.memory.write(
            lambda tx: ledger.post(
                tx,
                hold_id=hold_id_of(job_id),
                actual=Ticks(actual),
                pictures=pictures,
                at=self.clock.now(),
                basis="listed",
                note="",
            )
        )

    def void(self, job_id: JobId) -> None:
        """Nothing was charged."""
        self.memory.write(lambda tx: ledger.void(tx, hold_id=hold_id_of(job_id), at=self.clock.now(), reason=""))

    def presume(self, job_id: JobId) -> None:
        """Nobody knows."""
        self.memory.write(lambda tx: ledger.presume(tx, hold_id=hold_id_of(job_id), at=self.clock.now()))

    def adjust(self, job_id: JobId, difference: int) -> None:
        """A correction."""
        self.memory.write(
            lambda tx: ledger.adjust(
                tx,
                hold_id=hold_id_of(job_id),
                difference=difference,
                at=self.clock.now(),
                reason="",
                author="operator",
            )
        )

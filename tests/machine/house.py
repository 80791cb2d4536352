"""One process of the bot: the real use cases and the real runner's rules over a database that outlives it."""

from collections.abc import Callable
from typing import TypeVar

from bot.core.clock import Clock
from bot.core.crashpoints import NONE
from bot.core.money import Ticks
from bot.core.requests import ProviderName
from bot.db import Transaction
from bot.jobs.model import Caps, Claim
from bot.jobs.runner import Runner
from bot.ledger.model import Ceilings
from bot.providers.catalogue import parse
from bot.providers.contract import Provider
from bot.providers.registry import Registry
from bot.providers.watch import HealthWatch
from bot.services.admission import Admission, Rules
from bot.services.callbacks import Calls
from bot.services.cancelling import Cancelling
from bot.services.choosing import Choosing
from bot.services.collecting import Collector
from bot.services.courier import Courier
from bot.services.desk import Desk
from bot.services.failover import Failover
from bot.services.pace import Pace
from bot.services.payload import KINDS
from bot.services.pictures import Pictures
from bot.services.polling import Polling
from bot.services.ports import Delivery
from bot.services.rhythm import Rhythm
from bot.services.sending import Sending
from bot.services.settlement import Settlement
from bot.services.startup import recover
from bot.services.work import PictureWork
from tests.jobs.memory import Memory, MemoryDatabase
from tests.machine.outside import LISTED, WORST, Channel, Files, Fuse, Gate, Outside

T = TypeVar("T")

PLAIN, KEYED = ProviderName("plain"), ProviderName("keyed")
# What is held for a picture there: the second gateway is dearer where it is dearest.
WORSTS = {PLAIN: WORST, KEYED: WORST + 4}
MODEL = """
[[models]]
id = "{name}-model"
provider = "{name}"
wire = "m"
label = "{name}"
typical_s = 8.0
deadline_s = 600.0
fee_usd = "0"
[models.prices.any]
listed_usd = "0.{listed:010}"
worst_usd = "0.{worst:010}"
[models.verbs.generate]
count_min = 1
count_max = 1
default_count = 1
prompt_max = 100
"""
FACTS = """
[providers.{name}]
concurrency = 2
poll_min_s = 1.0
poll_max_s = 10.0
"""
KEY = "idempotency_key_s = 86_400.0\n"
CATALOGUE = parse(
    'version = "1"\n'
    + FACTS.format(name=PLAIN)
    + FACTS.format(name=KEYED)
    + KEY
    + "".join(MODEL.format(name=name, listed=LISTED, worst=worst) for name, worst in WORSTS.items())
)
CAPS = Caps(by_provider={PLAIN: 2, KEYED: 2}, per_guild=2)
# Two pictures fill a member's or a guild's day, five the bot's month.
CEILINGS = Ceilings(
    bot_monthly=Ticks(5 * WORST),
    guild_monthly=Ticks(4 * WORST),
    guild_daily=Ticks(2 * WORST),
    member_daily=Ticks(2 * WORST),
    member_daily_pictures=3,
)


class Counting:
    """Randomness that is none: ids count up, jitter is nought."""

    def __init__(self) -> None:
        self._count = 0

    def token_bytes(self, count: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(count, "big")

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


class FusedDatabase(MemoryDatabase):
    """A database that the process may die before, within or after a write of."""

    def __init__(self, memory: Memory, fuse: Fuse) -> None:
        super().__init__(memory)
        self._fuse = fuse

    async def write(self, work: Callable[[Transaction], T]) -> T:
        self._fuse.burn()
        result = await super().write(lambda tx: self._within(work, tx))
        self._fuse.burn()
        return result

    def _within(self, work: Callable[[Transaction], T], tx: Transaction) -> T:
        result = work(tx)
        self._fuse.burn()
        return result


class House:
    """The true bot. A mutant overrides one method with one mistake."""

    def __init__(self, memory: Memory, outside: Outside, *, randomness: Counting, owner: str) -> None:
        self.clock: Clock = outside.clock
        self.randomness = randomness
        self.owner = owner
        self.outside = outside
        gates: dict[ProviderName, Provider] = {
            name: Gate(outside, name, is_keyed=name == KEYED) for name in (PLAIN, KEYED)
        }
        self.registry = Registry(catalogue=CATALOGUE, providers=gates, unserved=())
        self.database = self.make_database(memory)
        self.settlement = self.make_settlement()
        self.watch = HealthWatch(self.clock, randomness, {})
        self.choosing = Choosing(registry=self.registry, watch=self.watch)
        self.runner = Runner(
            database=self.database,
            handlers=dict.fromkeys(KINDS.values(), self.make_work()),
            caps=CAPS,
            clock=self.clock,
            randomness=randomness,
            owner=owner,
        )
        self.desk = Desk(database=self.database, clock=self.clock)
        admission = Admission(
            database=self.database,
            rules=Rules(ceilings=CEILINGS, member_jobs=3),
            clock=self.clock,
            randomness=randomness,
            crashpoints=NONE,
            wake=self.runner.wake,
        )
        self.pictures = Pictures(registry=self.registry, choosing=self.choosing, admission=admission)
        self.cancelling = self.make_cancelling()

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        """Names to replace while the house stands, for mistakes within one function."""
        return ()

    def make_database(self, memory: Memory) -> MemoryDatabase:
        """The database with its fuse."""
        return FusedDatabase(memory, self.outside.fuse)

    def make_settlement(self) -> Settlement:
        """Ends that bring no picture."""
        return Settlement(database=self.database, clock=self.clock)

    def make_cancelling(self) -> Cancelling:
        """The Cancel button."""
        return Cancelling(database=self.database, clock=self.clock, wake=self.runner.wake)

    def make_collector(self, kind: type[Collector] = Collector) -> Collector:
        """From an answer to kept pictures and a posted price."""
        return kind(
            settlement=self.settlement,
            media=Files(self.outside),
            clock=self.clock,
            randomness=self.randomness,
            crashpoints=NONE,
        )

    def make_delivery(self) -> Delivery:
        """Discord."""
        return Channel(self.outside)

    def make_sending(self, kind: type[Sending] = Sending) -> Sending:
        """The steps before a gateway has the job."""
        return kind(
            registry=self.registry,
            settlement=self.settlement,
            collector=self.make_collector(),
            rhythm=self.make_rhythm(),
            watch=self.watch,
            failover=self.make_failover(),
            calls=Calls(key=b"key", public_url=None, registry=self.registry),
            clock=self.clock,
            randomness=self.randomness,
            crashpoints=NONE,
        )

    def make_failover(self, kind: type[Failover] = Failover) -> Failover:
        """To the next gateway."""
        return kind(
            choosing=self.choosing,
            registry=self.registry,
            ceilings=CEILINGS,
            settlement=self.settlement,
            clock=self.clock,
        )

    def make_rhythm(self) -> Rhythm:
        """When to poll."""
        return Rhythm(registry=self.registry, pace=Pace(self.database, self.clock), randomness=self.randomness)

    def make_polling(self) -> Polling:
        """The steps while a gateway has the job."""
        return Polling(
            registry=self.registry,
            settlement=self.settlement,
            collector=self.make_collector(),
            rhythm=self.make_rhythm(),
            watch=self.watch,
            calls=Calls(key=b"key", public_url=None, registry=self.registry),
            clock=self.clock,
            randomness=self.randomness,
        )

    def make_work(self, kind: type[PictureWork] = PictureWork) -> PictureWork:
        """The handler of picture jobs."""
        courier = Courier(
            database=self.database,
            settlement=self.settlement,
            delivery=self.make_delivery(),
            registry=self.registry,
            clock=self.clock,
            randomness=self.randomness,
            crashpoints=NONE,
        )
        return kind(
            sending=self.make_sending(), polling=self.make_polling(), courier=courier, settlement=self.settlement
        )

    async def recover(self) -> None:
        """What a start puts right."""
        await recover(
            self.database, registry=self.registry, settlement=self.settlement, clock=self.clock, owner=self.owner
        )

    async def claim(self) -> tuple[Claim, ...]:
        """What the runner takes now."""
        return await self.runner.claim(self.clock.now())

    async def step(self, claim: Claim) -> None:
        """The runner's step."""
        await self.runner.step(claim)

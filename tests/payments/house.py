"""Paying as the bot does it, with the real rooms, against the pretend chain and the gateway that is paid on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.clock import Clock, Millis, SystemClock
from bot.core.crashpoints import NONE, Crashpoints
from bot.core.errors import ProviderError
from bot.core.ids import HoldId, IdempotencyKey, SystemRandomness
from bot.core.money import Ticks, usd
from bot.core.requests import ModelId, PictureOrder, ProviderName
from bot.db import Database
from bot.jobs.model import Job
from bot.ledger import store as ledger
from bot.ledger.model import Hold
from bot.payments import store
from bot.payments.chain import Chain
from bot.payments.model import Payment
from bot.payments.policy import TEMPO_CHAIN_ID, PaymentPolicy
from bot.payments.signer import Signer, WalletKey
from bot.payments.vault import PURPOSE, Vault
from bot.providers.catalogue import load
from bot.providers.contract import PaymentRequired, Submission, SubmitContext
from bot.providers.http import Timeouts
from bot.providers.locus_mpp import LocusMpp, PaidClient
from bot.services.paying import Paying, Signs
from bot.services.payment_sweep import PaymentSweep, Swept
from bot.services.settlement import Settlement
from sandbox.chain import PretendChain
from sandbox.chain.locus import RECIPIENT, PayingLocus
from tests.leaks import LEAKS
from tests.payments.rows import HELD, again, submitting

CATALOGUE = Path(__file__).parents[2] / "data" / "catalogue.toml"
KEY = "a5" * 32
LEAKS.watch("the wallet's key", KEY, KEY.upper(), str(int(KEY, 16)))
DAILY = usd("5")
ORDER = PictureOrder(
    provider=ProviderName("locus"), model=ModelId("grok-imagine"), prompt="a lighthouse", count=1, aspect_ratio="auto"
)


@dataclass(slots=True)
class ShiftedClock:
    """The machine's clock, moved by hand; the library that signs reads the machine's own."""

    shift_ms: int = 0
    _system: SystemClock = field(default_factory=SystemClock)

    def now(self) -> Millis:
        return Millis(self._system.now() + self.shift_ms)

    def monotonic(self) -> float:
        return self._system.monotonic()


def provider_at(base_url: str, *, clock: Clock, crashpoints: Crashpoints = NONE, submit_s: float = 5.0) -> LocusMpp:
    """The adapter with the catalogue's own models."""
    client = PaidClient(
        base_url=base_url,
        auth={},
        clock=clock,
        crashpoints=crashpoints,
        timeouts=Timeouts(connect_s=2.0, submit_s=submit_s),
    )
    known = load(CATALOGUE)
    return LocusMpp(
        client=client,
        offers={offer.model: offer for offer in known.offers if offer.provider == "locus"},
        ask_offers={offer.model: offer for offer in known.ask_offers if offer.provider == "locus"},
        speak_offers={offer.model: offer for offer in known.speak_offers if offer.provider == "locus"},
    )


def policy_at(base_url: str) -> PaymentPolicy:
    """The defaults, for a gateway on loopback."""
    return PaymentPolicy.at(
        base_url,
        recipients=frozenset({RECIPIENT}),
        max_call=usd("0.10"),
        max_search=usd("0.60"),
        allow_http_on_loopback=True,
    )


def paying_with(
    database: Database,
    *,
    base_url: str,
    rpc_url: str,
    clock: Clock,
    signer: Signs | None = None,
    daily: int = DAILY,
    key: str = KEY,
) -> Paying:
    """Paying as the composition root builds it."""
    wallet = WalletKey(key)
    policy = policy_at(base_url)
    return Paying(
        database=database,
        settlement=Settlement(database=database, clock=clock),
        policy=policy,
        signer=signer or Signer(key=wallet, policy=policy, rpc_url=rpc_url),
        vault=Vault(key=wallet.derive(PURPOSE), randomness=SystemRandomness()),
        clock=clock,
        daily=Ticks(daily),
    )


@dataclass(kw_only=True)
class House:
    """Everything that a payment goes through."""

    folder: Path
    database: Database
    clock: ShiftedClock
    server: PretendChain
    locus: PayingLocus
    chain: Chain
    provider: LocusMpp
    paying: Paying

    def rebuilt(self, *, signer: Signs | None = None, daily: int = DAILY, key: str = KEY) -> Paying:
        """Paying again, as after a restart or with other settings."""
        return paying_with(
            self.database,
            base_url=self.locus.base_url,
            rpc_url=self.server.rpc_url,
            clock=self.clock,
            signer=signer,
            daily=daily,
            key=key,
        )

    async def job(self, *, held: Ticks = HELD) -> Job:
        """A job in `submitting`."""
        return await submitting(self.database, self.clock.now(), held=held)

    async def probe(self) -> PaymentRequired:
        """The gateway's challenge."""
        unpaid = await self.provider.submit(ORDER, SubmitContext(idempotency_key=IdempotencyKey("probe")))
        assert isinstance(unpaid, PaymentRequired)
        return unpaid

    async def pay(self, job: Job, *, paying: Paying | None = None) -> Submission:
        """Probe, then pay."""
        return await (paying or self.paying).submit(job, ORDER, self.provider, await self.probe())

    async def sweep(self) -> Swept:
        """What the running bot does at the start and then every minute, with or without a wallet."""
        settlement = Settlement(database=self.database, clock=self.clock)
        sweep = PaymentSweep(database=self.database, settlement=settlement, chain=self.chain, clock=self.clock)
        return await sweep.sweep()

    async def fail(self, job: Job, error: ProviderError) -> Job:
        """What the runner's handler does with an error; the job as it stands then."""
        await Settlement(database=self.database, clock=self.clock).gateway_failed(job, error, listed=usd("0.02"))
        return await again(self.database, job)

    async def payment(self, job: Job) -> Payment:
        """The job's payment."""
        found = await self.database.read(lambda reader: store.get(reader, job.id))
        assert found is not None
        return found

    async def hold(self, job: Job) -> Hold:
        """The job's hold."""
        found = await self.database.read(lambda reader: ledger.hold_of(reader, HoldId(job.id)))
        assert found is not None
        return found

    async def booked(self, job: Job) -> int:
        """What the ledger says the job cost."""
        entries = await self.database.read(lambda reader: ledger.entries_of(reader, HoldId(job.id)))
        return sum(entry.amount for entry in entries if entry.kind in ("post", "presume"))

    async def signed_today(self) -> int:
        """What the day's counter says."""
        return await self.database.read(lambda reader: store.signed_on(reader, self.clock.now()))


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The pretend chain and the gateway; they live on when a bot dies."""

    clock: ShiftedClock
    server: PretendChain
    locus: PayingLocus


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """Starts both."""
    clock = ShiftedClock()
    async with PretendChain.start(clock=clock) as server, PayingLocus.start(chain=server) as locus:
        yield Outside(clock=clock, server=server, locus=locus)
        LEAKS.watch("a signed payment", *(credential.removeprefix("Payment ") for credential in locus.credentials))


@asynccontextmanager
async def inside(world: Outside, folder: Path, *, submit_s: float = 5.0) -> AsyncIterator[House]:
    """A bot's rooms over the folder's database."""
    chain = Chain(rpc_url=world.server.rpc_url, chain_id=TEMPO_CHAIN_ID, timeout_s=5.0)
    provider = provider_at(world.locus.base_url, clock=world.clock, submit_s=submit_s)
    try:
        async with Database.open(folder / "easel.db") as database:
            paying = paying_with(
                database,
                base_url=world.locus.base_url,
                rpc_url=world.server.rpc_url,
                clock=world.clock,
            )
            yield House(
                folder=folder,
                database=database,
                clock=world.clock,
                server=world.server,
                locus=world.locus,
                chain=chain,
                provider=provider,
                paying=paying,
            )
    finally:
        await provider.close()
        await chain.close()
        LEAKS.take_database(folder / "easel.db")


@asynccontextmanager
async def house(folder: Path, *, submit_s: float = 5.0) -> AsyncIterator[House]:
    """Opens all of it."""
    async with outside() as world, inside(world, folder, submit_s=submit_s) as opened:
        yield opened

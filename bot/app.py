"""The composition root: builds every room, ties them together, and closes them in the opposite order."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import discord
from yarl import URL

from bot import __version__, config
from bot.client import EaselClient
from bot.core.clock import Clock, SystemClock
from bot.core.crashpoints import NONE, Crashpoints
from bot.core.errors import DatabaseUnavailable, SettingsError
from bot.core.ids import SystemRandomness
from bot.core.requests import ProviderName
from bot.db import Database, lock_data_folder
from bot.jobs.model import Caps
from bot.jobs.runner import Runner
from bot.ledger.model import Ceilings
from bot.media.addresses import parse_allowed
from bot.media.download import Downloader
from bot.media.media import Media
from bot.providers import catalogue, registry
from bot.services import store
from bot.services.cancelling import Cancelling
from bot.services.collecting import Collector
from bot.services.container import Services
from bot.services.courier import Courier
from bot.services.desk import Desk
from bot.services.imagine import Imagine, Rules
from bot.services.pace import Pace
from bot.services.payload import KIND
from bot.services.progress import ProgressBoard
from bot.services.settlement import Settlement
from bot.services.startup import Recovery, recover
from bot.services.usage import Usage
from bot.services.work import PictureWork
from bot.ui.card_editor import CardEditor
from bot.ui.delivery import DiscordDelivery
from bot.ui.keeper import EDIT_EVERY_S, CardKeeper
from bot.web.server import Readiness, WebServer

log = logging.getLogger(__name__)

EXTENSIONS = ("cogs.imagine", "cogs.usage")
DATABASE_NAME = "easel.db"
PICTURES_NAME = "pictures"
SWEEP_EVERY_S = 60.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# The gateway closes with this code for a token it does not take (Discord API reference, "Gateway Close Event Codes").
AUTHENTICATION_FAILED = 4004
# Discord may be down when we start; it is asked again after growing waits.
LOGIN_FIRST_WAIT_S = 1.0
LOGIN_MAX_WAIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The built rooms, as `serve` and the tests need them."""

    settings: config.Settings
    clock: Clock
    database: Database
    client: EaselClient
    runner: Runner
    keeper: CardKeeper
    services: Services
    recovery: Recovery
    web: WebServer


def ceilings_of(settings: config.Settings) -> Ceilings:
    """The budgets in ticks."""
    return Ceilings(
        bot_monthly=config.dollars(settings.monthly_ceiling_usd),
        guild_monthly=config.dollars(settings.guild_monthly_usd),
        guild_daily=config.dollars(settings.guild_daily_usd),
        member_daily=config.dollars(settings.member_daily_usd),
        member_daily_pictures=settings.member_daily_pictures,
    )


def point_discord(settings: config.Settings) -> None:
    """Points discord.py at other addresses, where the settings name some."""
    if settings.discord_api_url is not None:
        discord.http.Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url is not None:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)


@asynccontextmanager
async def build(
    settings: config.Settings,
    *,
    clock: Clock | None = None,
    crashpoints: Crashpoints = NONE,
    edit_every_s: float = EDIT_EVERY_S,
) -> AsyncIterator[House]:
    """Every room, built from the ground up. Raises SettingsError, DataFolderBusy, DatabaseUnavailable."""
    clock = clock or SystemClock()
    randomness = SystemRandomness()
    owner = randomness.token_bytes(8).hex()
    booted_at = clock.now()
    point_discord(settings)
    price_list = catalogue.load(settings.catalogue)
    try:
        allowed = parse_allowed(settings.download_allow_hosts)
    except ValueError as error:
        raise SettingsError("EASEL_DOWNLOAD_ALLOW_HOSTS", str(error)) from None
    async with AsyncExitStack() as stack:
        stack.enter_context(lock_data_folder(settings.data_dir))
        database = await stack.enter_async_context(
            Database.open(settings.data_dir / DATABASE_NAME, crashpoints=crashpoints)
        )
        access = {
            ProviderName(name): registry.Access(key=key, base_url=base_url)
            for name, (key, base_url) in settings.keys().items()
        }
        gateways = await stack.enter_async_context(
            registry.build(access, price_list, clock=clock, crashpoints=crashpoints)
        )
        for name in gateways.unserved:
            log.warning("this provider has a key but is not served yet", extra={"provider": name})
        media = await stack.enter_async_context(
            Media(settings.data_dir / PICTURES_NAME, Downloader(allowed=allowed, crashpoints=crashpoints))
        )

        async def read_fact(name: str) -> str | None:
            return await database.read(lambda reader: store.fact(reader, name))

        async def write_fact(name: str, value: str) -> None:
            await database.write(lambda tx: store.remember(tx, name, value))

        client = EaselClient(extensions=EXTENSIONS, read_fact=read_fact, write_fact=write_fact)
        stack.push_async_callback(client.close)
        settlement = Settlement(database=database, clock=clock)
        pace = Pace(database, clock)
        editor = CardEditor(client)
        delivery = DiscordDelivery(client=client, editor=editor, media=media)
        work = PictureWork(
            registry=gateways,
            settlement=settlement,
            collector=Collector(
                settlement=settlement,
                media=media,
                clock=clock,
                randomness=randomness,
                crashpoints=crashpoints,
            ),
            courier=Courier(
                database=database,
                settlement=settlement,
                delivery=delivery,
                registry=gateways,
                clock=clock,
                randomness=randomness,
                crashpoints=crashpoints,
            ),
            pace=pace,
            clock=clock,
            randomness=randomness,
            crashpoints=crashpoints,
        )
        runner = Runner(
            database=database,
            handlers={KIND: work},
            caps=Caps(
                by_provider={name: price_list.providers[name].concurrency for name in gateways.names},
                per_guild=settings.guild_jobs,
            ),
            clock=clock,
            randomness=randomness,
            owner=owner,
        )
        ceilings = ceilings_of(settings)
        desk = Desk(database=database, clock=clock)
        board = ProgressBoard(database=database, registry=gateways, pace=pace, clock=clock, booted_at=booted_at)
        services = Services(
            desk=desk,
            imagine=Imagine(
                database=database,
                registry=gateways,
                rules=Rules(ceilings=ceilings, member_jobs=settings.member_jobs),
                clock=clock,
                randomness=randomness,
                crashpoints=crashpoints,
                wake=runner.wake,
            ),
            cancelling=Cancelling(database=database, clock=clock, wake=runner.wake),
            usage=Usage(database=database, ceilings=ceilings, clock=clock),
            board=board,
            registry=gateways,
            clock=clock,
            crashpoints=crashpoints,
        )
        keeper = CardKeeper(
            board=board, desk=desk, editor=editor, delivery=delivery, clock=clock, edit_every_s=edit_every_s
        )
        client.attach(services=services, keeper=keeper)
        recovery = await recover(database, registry=gateways, settlement=settlement, clock=clock, owner=owner)

        def tick_ages() -> dict[str, float]:
            if not client.connected.is_set():  # the loops begin when Discord is reached, and that may take long
                return {}
            now = clock.monotonic()
            return {"runner": now - runner.last_tick, "cards": now - keeper.last_tick}

        def readiness() -> Readiness:
            reasons = [] if client.is_ready() else ["not connected to Discord"]
            if database.failed is not None:
                reasons.append("the database cannot be written")
            if not desk.is_open:
                reasons.append("stopping")
            return Readiness(is_ready=not reasons, reasons=reasons)

        web = await stack.enter_async_context(
            WebServer(host=settings.web_host, port=settings.web_port, tick_ages=tick_ages, readiness=readiness)
        )
        yield House(
            settings=settings,
            clock=clock,
            database=database,
            client=client,
            runner=runner,
            keeper=keeper,
            services=services,
            recovery=recovery,
            web=web,
        )


async def _sweep(house: House) -> None:
    """Forgets interaction tokens whose 15 minutes are over."""
    while True:
        try:
            await house.services.desk.forget_tokens()
        except DatabaseUnavailable:
            log.exception("tokens cannot be swept")
        await asyncio.sleep(SWEEP_EVERY_S)


class _Stop(Exception):
    """A signal asked the process to end."""


async def serve(house: House, *, stop: asyncio.Event | None = None) -> None:
    """Runs until SIGTERM or SIGINT (or `stop`), then drains. A loop that dies brings the process down.

    A second signal ends the process at once, as `kill -9` would; the next start puts that right.
    """
    wanted = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in STOP_SIGNALS:
        loop.add_signal_handler(signal_number, wanted.set)
    log.info(
        "started",
        extra={
            "version": __version__,
            "recovered": house.recovery.recovered,
            "voided": house.recovery.voided,
            "unknown": house.recovery.unknown,
        },
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_until(wanted, house))
            group.create_task(_discord(house))
            group.create_task(_after_connect(house, house.runner.run))
            group.create_task(_after_connect(house, house.keeper.run))
            group.create_task(_sweep(house))
            group.create_task(_database_end(house))
    except* _Stop:
        log.info("stopped")


async def _until(wanted: asyncio.Event, house: House) -> None:
    await wanted.wait()
    for signal_number in STOP_SIGNALS:
        asyncio.get_running_loop().remove_signal_handler(signal_number)
    await drain(house)
    raise _Stop


async def _discord(house: House) -> None:
    """Logs in, however long Discord cannot be reached, and stays connected; a refused token ends the process."""
    token = house.settings.discord_token.get_secret_value()
    wait_s = LOGIN_FIRST_WAIT_S
    while True:
        try:
            await house.client.login(token)
        except (aiohttp.ClientError, OSError, discord.DiscordServerError) as error:
            log.warning("Discord cannot be reached", extra={"error": type(error).__name__, "again_in_s": wait_s})
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LOGIN_MAX_WAIT_S)
        else:
            break
    try:
        await house.client.connect()
    except discord.ConnectionClosed as error:
        if error.code == AUTHENTICATION_FAILED:
            raise discord.LoginFailure("the token was reset") from None
        raise
    raise ConnectionError("the connection to Discord has ended")


async def _after_connect(house: House, run: Callable[[], Awaitable[None]]) -> None:
    """Nothing is worked on before Discord is reachable: results and cards need it, and the token may be wrong."""
    await house.client.connected.wait()
    await run()


async def _database_end(house: House) -> None:
    await house.database.wait_closed()
    raise DatabaseUnavailable("the database writer has ended")


async def drain(house: House) -> None:
    """No new requests, no new submits; waits for submits under way, tells the members, gives the leases back."""
    house.services.desk.is_open = False
    log.info("stopping")
    async with asyncio.TaskGroup() as group:
        group.create_task(_say_stopping(house))
        draining = group.create_task(house.runner.drain(house.settings.shutdown_grace_s))
    if left := draining.result():
        log.warning("requests were still being sent", extra={"requests": left})


async def _say_stopping(house: House) -> None:
    try:
        async with asyncio.timeout(house.settings.shutdown_grace_s):
            await house.keeper.say_stopping()
    except (TimeoutError, DatabaseUnavailable):
        log.warning("not every card could say that the bot restarts")

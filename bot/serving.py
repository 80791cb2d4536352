"""Runs a built house: its loops, its signals, and its end."""

import asyncio
import itertools
import logging
import signal
from collections.abc import Awaitable, Callable

import aiohttp
import discord

from bot import __version__
from bot.app import House
from bot.core.errors import DatabaseUnavailable
from bot.services.adjusting import Adjusting
from bot.services.auditing import Auditing
from bot.services.resolving import Resolving
from bot.web.control import ControlServer

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 60.0
# What is over its time was kept for weeks: an hour more does no harm. Every file is looked at once a day.
CLEAN_UP_EVERY_S = 3_600.0
LEFTOVERS_EVERY = 24
# A look through the whole book keeps one of two readers busy for a while.
AUDIT_EVERY_S = 3_600.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# The gateway closes with this code for a token it does not take (Discord API reference, "Gateway Close Event Codes").
AUTHENTICATION_FAILED = 4004
# Discord may be down when we start; it is asked again after growing waits.
LOGIN_FIRST_WAIT_S = 1.0
LOGIN_MAX_WAIT_S = 60.0


async def _sweep(house: House) -> None:
    """Forgets interaction tokens whose 15 minutes are over, and decides payments that are in doubt."""
    while True:
        try:
            await house.services.desk.forget_tokens()
            await house.payment_sweep.sweep()
        except DatabaseUnavailable:
            log.exception("the sweep has to wait")
        await asyncio.sleep(SWEEP_EVERY_S)


async def _clean_up(house: House) -> None:
    """Removes pictures and words that are over their time, and once a day files that nothing stands behind."""
    for turn in itertools.count():
        try:
            await house.retention.sweep()
            if turn % LEFTOVERS_EVERY == 0:
                await house.retention.leftovers()
        except (DatabaseUnavailable, OSError):
            log.exception("cleaning up has to wait")
        await asyncio.sleep(CLEAN_UP_EVERY_S)


async def _audit(house: House) -> None:
    """Proves the books once an hour; a scope that has drifted takes no more requests."""
    auditing = Auditing(database=house.database, clock=house.clock)
    while True:
        try:
            await auditing.look()
        except DatabaseUnavailable:
            log.exception("the check of the books has to wait")
        await asyncio.sleep(AUDIT_EVERY_S)


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
    resolving = Resolving(database=house.database, clock=house.clock, tell=house.keeper.nudge)
    adjusting = Adjusting(database=house.database, clock=house.clock)
    control = ControlServer(house.settings.data_dir, resolve=resolving.resolve, adjust=adjusting.adjust)
    try:
        async with control, asyncio.TaskGroup() as group:
            group.create_task(_until(wanted, house))
            group.create_task(_discord(house))
            group.create_task(_after_connect(house, house.runner.run))
            group.create_task(_after_connect(house, house.keeper.run))
            group.create_task(_after_connect(house, house.services.results.removing.finish))
            group.create_task(_after_connect(house, house.closing.run))
            group.create_task(_after_connect(house, house.staff.run))
            group.create_task(_after_connect(house, house.services.privacy.erasing.run))
            group.create_task(_sweep(house))
            group.create_task(_clean_up(house))
            group.create_task(_audit(house))
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

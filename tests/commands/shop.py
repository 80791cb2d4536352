"""A data folder made through the real stores, and the command line run on it as a process of its own."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from bot.core.clock import DAY_MS, Millis, SystemClock
from bot.core.ids import ChannelId, GuildId, IdempotencyKey, JobId, MemberId, hold_id_of
from bot.core.money import Ticks, usd
from bot.core.requests import ModelId, PictureOrder, ProviderName
from bot.db import Database, Transaction
from bot.ground import DATABASE_NAME
from bot.jobs import store as jobs
from bot.jobs.model import Caps, NewJob, State
from bot.ledger import store as ledger
from bot.ledger.check import check
from bot.ledger.model import Ceilings, HoldRequest
from bot.ledger.policy import limits_for
from bot.ledger.rules.model import Asked
from bot.services.payload import VERSION, Payload, encode_payload

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "a fox nobody else may read about"
NOW = Millis(SystemClock().now() // DAY_MS * DAY_MS)
HELD = usd("0.04")
GUILD, MEMBER = GuildId(1), MemberId(10)


def _ceilings() -> Ceilings:
    dollar = usd("1")
    return Ceilings(
        bot_monthly=dollar, guild_monthly=dollar, guild_daily=dollar, member_daily=dollar, member_daily_pictures=25
    )


def accept(
    tx: Transaction,
    name: str,
    *,
    at: Millis,
    held: Ticks = HELD,
    payload_version: int = VERSION,
    kind: str = "imagine",
) -> None:
    """A queued job with its hold."""
    order = PictureOrder(
        provider=ProviderName("pixazo"),
        model=ModelId("m"),
        prompt=PROMPT,
        count=1,
        aspect_ratio=None,
        resolution=None,
        format=None,
    )
    jobs.insert(
        tx,
        NewJob(
            id=JobId(name),
            kind=kind,
            guild_id=GUILD,
            channel_id=ChannelId(7),
            member_id=MEMBER,
            provider="pixazo",
            model="m",
            payload=encode_payload(Payload(order=order)),
            payload_version=payload_version,
            idempotency_key=IdempotencyKey(f"easel-{name}"),
            created_at=at,
        ),
    )
    ledger.hold(
        tx,
        HoldRequest(
            hold_id=hold_id_of(JobId(name)),
            job_id=JobId(name),
            guild_id=GUILD,
            member_id=MEMBER,
            amount=held,
            pictures=1,
            limits=limits_for(_ceilings(), Asked(guild_id=GUILD, member_id=MEMBER), at=NOW),
            price_version="1",
            at=at,
        ),
    )


def _lose(tx: Transaction, name: str, *, at: Millis) -> None:
    """Sends it, and never hears of it again."""
    jobs.claim_queued(tx, owner="gone", now=at, limit=9, caps=Caps(by_provider={"pixazo": 99}, per_guild=99))
    job = jobs.get(tx, JobId(name))
    assert job is not None
    jobs.move(tx, job, State.UNKNOWN, now=at, run_at=Millis(at + DAY_MS), note="no_answer", detail="payment pay_1")


async def fill(
    folder: Path,
    *,
    unknown: tuple[str, ...] = (),
    queued: tuple[str, ...] = (),
    version: int = VERSION,
    kind: str = "imagine",
) -> Path:
    """Makes the database with jobs in these states, a minute between them; returns its path."""
    path = folder / DATABASE_NAME
    async with Database.open(path) as database:
        for number, name in enumerate((*unknown, *queued)):
            at = Millis(NOW + number * 60_000)
            await database.write(partial(accept, name=name, at=at, payload_version=version, kind=kind))
            if name in unknown:
                await database.write(partial(_lose, name=name, at=at))
    return path


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    """The database, whose books agree when it is left."""
    async with Database.open(path) as database:
        yield database
        assert await database.read(check) == ()


def run(folder: Path, *arguments: str, cwd: Path = ROOT, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`python -m bot …` on the data folder, with no other setting than those given and `cwd`'s `.env`."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd,
        env={**outer, "PYTHONPATH": str(ROOT), "EASEL_DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

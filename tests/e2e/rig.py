"""The bot in this very process on a stage of its own: quick, and every room within reach of a test."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import discord

from bot import app, config, serving
from bot.core.clock import Clock
from bot.db import Reader
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from sandbox.chain import PretendChain
from sandbox.discord import Message, Sandbox
from sandbox.gateways import Gateways
from sandbox.gateways.book import Book
from sandbox.gateways.server import FIRST_TWO
from sandbox.stage import Stage, stage
from tests.e2e.facts import look
from tests.e2e.matching import ALIKE, Taken, Unlike, assert_alike, taken_by

# Pretend gateways draw this much faster than real ones: a median of 0.16 s.
SCALE = 0.02
PICTURE_SIDE = 64
# Cards follow at once instead of every 2 s.
EDIT_EVERY_S = 0.05


@dataclass(kw_only=True)
class Rig:
    """A stage and the settings of the bots on it. `chain` is where calls are paid for one by one, if they are."""

    stage: Stage
    edit_every_s: float = EDIT_EVERY_S
    chain: PretendChain | None = None
    others: list[Book] = field(default_factory=list)  # of gateways beside the stage's own

    @property
    def sandbox(self) -> Sandbox:
        """The loopback Discord."""
        return self.stage.sandbox

    @property
    def gateways(self) -> Gateways:
        """The pretend gateways."""
        return self.stage.gateways

    @asynccontextmanager
    async def bot(self, *, clock: Clock | None = None, **extra: str) -> AsyncIterator[app.House]:
        """A bot in this process, ready; it is drained on the way out."""
        values = {**self.stage.settings(), **extra}
        self.stage.environments.append(values)
        overrides = {name.removeprefix("EASEL_").lower(): value for name, value in values.items()}
        settings = config.load(_env_file=None, **overrides)
        base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
        try:
            async with app.build(settings, clock=clock, edit_every_s=self.edit_every_s) as house:
                stop = asyncio.Event()
                served = asyncio.create_task(serving.serve(house, stop=stop))
                try:
                    await asyncio.wait_for(house.client.connected.wait(), 10)
                    await self.sandbox.bot_ready(10)
                    yield house
                finally:
                    stop.set()
                    await served
        finally:
            discord.http.Route.BASE = base
            discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway

    async def settle(self, house: app.House, timeout_s: float = 20.0) -> tuple[Job, ...]:
        """Waits until every job has ended or is unknown and every card has its last word; returns the jobs."""

        def ended(reader: Reader) -> tuple[Job, ...] | None:
            rows = reader.all("SELECT id FROM job ORDER BY created_at, id")
            found = tuple(job for row in rows if (job := jobs.get(reader, row["id"])) is not None)
            waiting = reader.one("SELECT count(*) AS n FROM interaction WHERE state IN ('received', 'accepted')")
            is_quiet = all(job.has_ended or job.state is State.UNKNOWN for job in found)
            return found if is_quiet and waiting is not None and waiting["n"] == 0 else None

        async with asyncio.timeout(timeout_s):
            while (found := await house.database.read(ended)) is None:
                await asyncio.sleep(0.02)
        return found

    async def assert_sound(self, house: app.House, unlike: Unlike = ALIKE) -> None:
        """The invariants every test ends with: the books agree, nobody waits, the wire was spoken correctly.

        `unlike` says how often the gateways' books differ from the ledger, where a test makes them differ.
        """
        facts = await house.database.read(lambda reader: look(reader, deeply=True))
        assert facts.problems == ()
        assert facts.stuck == ()
        assert_alike(self.taken(), facts, unlike)
        findings = self.sandbox.check_answers()
        assert not findings, findings
        assert self.sandbox.violations == []

    def taken(self) -> list[Taken]:
        """What every gateway and the chain took."""
        books = [self.gateways.book, *self.others]
        return taken_by([charge for book in books for charge in book.charges], self.chain)

    def booked(self) -> int:
        """What the pretend gateways charged, in ticks."""
        return sum(charge.amount for charge in self.gateways.book.charges if not charge.is_refunded)

    def posts(self, channel: str = "general") -> list[Message]:
        """The public pictures in a channel."""
        return [message for message in self.sandbox.channel(channel).messages if message.pictures()]


@asynccontextmanager
async def rig(
    folder: Path,
    *,
    scale: float = SCALE,
    openapi: bool = True,
    clock: Clock | None = None,
    picture_side: int = PICTURE_SIDE,
    names: Collection[str] = FIRST_TWO,
    **extra: str,
) -> AsyncIterator[Rig]:
    """A stage with quick gateways and small pictures."""
    async with stage(
        folder, scale=scale, picture_side=picture_side, openapi=openapi, clock=clock, names=names, extra=extra
    ) as built:
        yield Rig(stage=built)


async def spent(house: app.House) -> int:
    """What the ledger says was spent, over the whole bot, in ticks."""

    def look(reader: Reader) -> int:
        row = reader.one("SELECT coalesce(sum(spent), 0) AS spent FROM counter WHERE scope = 'bot' AND unit = 'money'")
        return 0 if row is None else int(row["spent"])

    return await house.database.read(look)


async def held(house: app.House) -> int:
    """What the ledger holds, over the whole bot, in ticks."""

    def look(reader: Reader) -> int:
        row = reader.one("SELECT coalesce(sum(held), 0) AS held FROM counter WHERE scope = 'bot' AND unit = 'money'")
        return 0 if row is None else int(row["held"])

    return await house.database.read(look)

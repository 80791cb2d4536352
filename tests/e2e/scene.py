"""What the fault tests share: a bot in this process on the sandbox's own clock, and short words for what people do.

Waits of the bot (retries, deadlines, rests of a card) pass by putting that clock forward, never by sleeping.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot import app
from bot.commands import jobs as commands
from bot.core.clock import Clock, Millis, SystemClock
from bot.db import Reader
from bot.ground import DATABASE_NAME
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from sandbox.discord import Message, Person, Use
from sandbox.gateways import Outcome, outcome
from sandbox.gateways.server import FIRST_TWO
from tests.e2e.matching import ALIKE, Unlike
from tests.e2e.rig import EDIT_EVERY_S, PICTURE_SIDE, Rig, held, rig

PIXAZO = "pixazo/grok-imagine-quality"
LOCUS = "locus/grok-imagine"
NOT_CHARGED = "Nothing was charged"
WAIT_S = 8.0
# Gateways draw in a median of 0.04 s: these tests are many.
SCALE = 0.005


class SlowMotion:
    """A clock on which time runs at a tenth: deadlines of seconds do not depend on how fast the machine is."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._since = self._clock.now()

    def now(self) -> Millis:
        return Millis(self._since + (self._clock.now() - self._since) // 10)

    def monotonic(self) -> float:
        return self._clock.monotonic() / 10


class SteadyClock:
    """A clock that nobody sets: between two of its moments lies what the event loop has waited, or more."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._ahead_ms = self._clock.now() - round(self._clock.monotonic() * 1_000)

    def now(self) -> Millis:
        return Millis(round(self._clock.monotonic() * 1_000) + self._ahead_ms)

    def monotonic(self) -> float:
        return self._clock.monotonic()


@dataclass(kw_only=True)
class Scene:
    """A stage, a bot on it, and Ana and Bo."""

    rig: Rig
    house: app.House
    ana: Person
    bo: Person

    async def ask(
        self, prompt: str = "a lighthouse", *, by: Person | None = None, model: str | None = PIXAZO, **options: Any
    ) -> Use:
        """`/imagine`, by Ana unless said otherwise."""
        return await (by or self.ana).command("imagine", prompt=prompt, model=model, **options)

    async def drawing(self, prompt: str = "a lighthouse", *, by: Person | None = None, **options: Any) -> Use:
        """A request that Pixazo draws until `finish`; its card shows it."""
        self.rig.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        charges = len(self.rig.gateways.book.charges)
        use = await self.ask(prompt, by=by, **options)
        await asyncio.wait_for(self.rig.gateways.book.holds(charges + 1), WAIT_S)
        await self.says(use, "drawing")
        return use

    async def refused(self, use: Use) -> str:
        """What the card of a refusal says; it must say that nothing was charged."""
        card = await use.answered(WAIT_S)
        assert NOT_CHARGED in card.plain_text(), card.plain_text()
        return card.plain_text()

    async def says(self, use: Use, text: str) -> str:
        """What the card says once `text` stands in it."""
        card = await use.wait_until(lambda message: text in message.plain_text(), timeout_s=WAIT_S)
        return card.plain_text()

    async def posted(self, use: Use) -> Message:
        """The public post that the card links to in the end."""
        text = await self.says(use, "Posted: ")
        (post,) = [one for one in self.rig.posts() if f"/{one.id}" in text]
        return post

    async def later(self, *, seconds: float = 0.0, minutes: float = 0.0) -> None:
        """Puts the time forward for Discord and the bot alike."""
        self.rig.sandbox.clock.forward(seconds=seconds, minutes=minutes)
        self.house.runner.wake()
        self.house.keeper.nudge()

    async def jobs(self) -> Sequence[Job]:
        """Every job there is, oldest first."""

        def look(reader: Reader) -> list[Job]:
            rows = reader.all("SELECT id FROM job ORDER BY created_at, id")
            return [job for row in rows if (job := jobs.get(reader, row["id"])) is not None]

        return await self.house.database.read(look)

    async def until(self, predicate: Callable[[Sequence[Job]], bool]) -> Sequence[Job]:
        """All jobs once there are some and the predicate holds for them."""
        async with asyncio.timeout(WAIT_S):
            while not (found := await self.jobs()) or not predicate(found):
                await asyncio.sleep(0.01)
        return found

    async def until_state(self, *states: State) -> Job:
        """The only job once it is in one of the states."""
        (job,) = await self.until(lambda found: len(found) == 1 and found[0].state in states)
        return job

    async def until_failed_once(self) -> Job:
        """The only job once the other side has refused a step of it and it rests without a lease."""
        (job,) = await self.until(
            lambda found: (
                len(found) == 1
                and found[0].lease_owner is None
                and (found[0].failures > 0 or (found[0].state is State.QUEUED and found[0].attempt > 0))
            )
        )
        return job

    async def shown(self, job: Job) -> str:
        """What `python -m bot jobs show` says of the job."""
        database = self.house.settings.data_dir / DATABASE_NAME
        return "\n".join(await commands.show(database, prefix=job.id, wants_prompt=False))

    async def draws_again(self) -> None:
        """The bot is well: the next good request is drawn and posted."""
        use = await self.ask("all is well", by=self.bo)
        await self.posted(use)

    async def ends_well(self, *, unlike: Unlike = ALIKE, held_ticks: int = 0) -> Sequence[Job]:
        """Everybody has an answer, the wire was spoken correctly, and each charge in the gateways' books is one job's.

        `unlike` as in `Rig.assert_sound`; so much is held for jobs of which nobody knows what they cost.
        """
        found = await self.rig.settle(self.house)
        await self.rig.assert_sound(self.house, unlike)
        assert await held(self.house) == held_ticks
        return found


@asynccontextmanager
async def scene(
    folder: Path,
    settings: Mapping[str, str] = MappingProxyType({}),
    *,
    scale: float = SCALE,
    clock: Clock | None = None,
    picture_side: int = PICTURE_SIDE,
    names: Collection[str] = FIRST_TWO,
    edit_every_s: float = EDIT_EVERY_S,
    **extra: str,
) -> AsyncIterator[Scene]:
    """A bot that is ready, on the same clock as the sandbox; settings of the bot by name, or as keywords."""
    async with rig(folder, scale=scale, clock=clock, picture_side=picture_side, names=names) as stage:
        stage.edit_every_s = edit_every_s
        async with stage.bot(clock=stage.sandbox.clock, **{**settings, **extra}) as house:
            yield Scene(rig=stage, house=house, ana=stage.sandbox.person("ana"), bo=stage.sandbox.person("bo"))

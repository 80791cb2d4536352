"""Random kill -9: many jobs against a bot that dies and comes back, then the invariants over all of them.

    python -m tests.torture [--jobs 500] [--kills 200] [--seed N]

Discord and the gateways live on. The bot is killed while it starts, while it works, and while it stops; its members
type, give up on what was not acknowledged, and press Cancel now and then. Exit code 1 on any breach.
"""

import argparse
import asyncio
import random
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from bot.core.money import format_usd
from bot.jobs.model import State
from sandbox.discord import Person, Use
from sandbox.gateways.book import prompt_hash
from sandbox.stage import Stage, stage
from tests.e2e.facts import Facts, read_facts
from tests.e2e.invariants import Scene, breaches, new_scene
from tests.e2e.process import PATIENCE_S, check_ledger, settle

MEMBERS = 10
MODELS = ("locus/grok-imagine", "pixazo/grok-imagine-quality")
# Money and caps out of the way: what is tried here is dying.
RICH = {
    "EASEL_MONTHLY_CEILING_USD": "100000",
    "EASEL_GUILD_MONTHLY_USD": "100000",
    "EASEL_GUILD_DAILY_USD": "100000",
    "EASEL_MEMBER_DAILY_USD": "100000",
    "EASEL_MEMBER_DAILY_PICTURES": "100000",
    "EASEL_MEMBER_JOBS": "100",
    "EASEL_GUILD_JOBS": "100",
}
# Chances of a life: to be ended during the start, or during a stop that SIGTERM began.
DIES_STARTING, DIES_STOPPING = 0.1, 0.1
START_TAKES_S, LONGEST_LIFE_S, LONGEST_STOP_S = 0.8, 1.5, 0.3
CANCELS = 0.02
LONGEST_PAUSE_S = 0.15
# What a card says that will bring nothing: refused by a process that stops, or found by the next one.
_LOST = ("I am restarting\n", "before your request was accepted")

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to. Money in ticks; `problems` are breaches of invariants, as sentences."""

    seed: int
    kills: int
    typed: int
    states: Counter[State]
    double_charges: int
    lost: int
    posts_per_job: Counter[int]
    charged: int
    spent: int
    held: int
    unknown_charged: int
    problems: tuple[str, ...]

    @property
    def jobs(self) -> int:
        """How many requests were accepted."""
        return self.states.total()

    @property
    def is_sound(self) -> bool:
        """True where nothing was lost, doubled or left wrong."""
        return not self.problems and not self.double_charges and not self.lost

    def lines(self) -> list[str]:
        """For people."""
        ends = ", ".join(f"{state} {count}" for state, count in sorted(self.states.items()))
        posts = ", ".join(f"{count} with {posts}" for posts, count in sorted(self.posts_per_job.items()))
        return [
            f"kills                   {self.kills} (seed {self.seed})",
            f"commands typed          {self.typed}",
            f"jobs accepted           {self.jobs}: {ends}",
            f"double charges          {self.double_charges}",
            f"lost                    {self.lost}",
            f"public posts            {posts} of them",
            f"the gateways' book      {format_usd(self.charged)}",
            f"the bot's ledger        {format_usd(self.spent)} spent, {format_usd(self.held)} held for unknown ones",
            f"unknown                 {self.states[State.UNKNOWN]}, of which {self.unknown_charged} were charged",
            *(f"BREACH {problem}" for problem in self.problems),
        ]


class Crowd:
    """Members who type until `target` of their commands were, as far as they can see, accepted."""

    def __init__(self, people: Sequence[Person], *, chance: random.Random, scene: Scene) -> None:
        self._people = people
        self._chance = chance
        self._scene = scene
        self.uses: list[Use] = []
        self.target = 0

    @property
    def accepted(self) -> int:
        """Commands that still look as if something came or will come of them."""
        return sum(not use.did_not_respond and not _was_lost(use) for use in self.uses)

    async def run(self) -> None:
        """Types and cancels until cancelled."""
        while True:
            is_up = bool(self._scene.stage.sandbox.gateway.connected)
            if is_up and self.accepted < self.target:
                await self._type()
            if is_up and self._chance.random() < CANCELS:
                await self._cancel()
            await asyncio.sleep(self._chance.uniform(0.0, LONGEST_PAUSE_S))

    async def _type(self) -> None:
        self.uses.append(
            await self._chance.choice(self._people).command(
                "imagine",
                prompt=f"torture {len(self.uses)}",
                model=self._chance.choice(MODELS),
                count=self._chance.randint(1, 2),
            )
        )

    async def _cancel(self) -> None:
        open_uses = [use for use in self.uses if use.has_response and use.response.buttons()]
        if open_uses:
            use = self._chance.choice(open_uses)
            asker = next(one for one in self._people if one.id == use.interaction.user_id)
            await asker.press(use.response, "Cancel")


def _was_lost(use: Use) -> bool:
    said = use.response.plain_text() if use.has_response else ""
    return any(words in said for words in _LOST)


async def _one_life(scene: Scene, chance: random.Random) -> None:
    """Lets a process live for a random while, then kills it at whatever it is doing."""
    dies_starting = chance.random() < DIES_STARTING
    async with scene.stage.bot(ready=not dies_starting) as bot:
        await asyncio.sleep(chance.uniform(0.0, START_TAKES_S if dies_starting else LONGEST_LIFE_S))
        if not dies_starting and chance.random() < DIES_STOPPING:
            bot.terminate()
            await asyncio.sleep(chance.uniform(0.0, LONGEST_STOP_S))
        if bot.process.returncode not in (None, 0):
            raise RuntimeError(f"the bot ended by itself with {bot.process.returncode}:\n{bot.log()}")
        bot.kill()
        await bot.wait(PATIENCE_S)
    await scene.stage.sandbox.bot_gone(PATIENCE_S)


async def _last_life(scene: Scene, crowd: Crowd, jobs: int) -> tuple[Facts, list[str]]:
    """One process that is left alone until all is quiet and enough was accepted."""
    problems: list[str] = []
    async with scene.stage.bot():
        while True:
            try:
                facts = await settle(scene.stage, 2 * PATIENCE_S)
            except TimeoutError as error:
                problems.append(str(error))
                facts = await read_facts(scene.stage)
            missing = jobs - len(facts.records)
            if missing <= 0 or problems:
                break
            crowd.target = max(crowd.target, crowd.accepted + missing)
            await asyncio.sleep(1.0)
        code, told = await check_ledger(scene.stage)
        if code != 0:
            problems.append(f"ledger check ended with {code}: {told}")
    return facts, problems


async def torture(folder: Path, *, jobs: int, kills: int, seed: int, tell: Tell) -> Outcome:
    """Runs it all. The same seed gives the same plan; what the kills meet depends on the machine."""
    chance = random.Random(seed)
    async with stage(folder, scale=0.02, seed=seed, picture_side=64, extra=RICH) as built:
        scene = new_scene(built, folder / "easel")
        crowd = Crowd(built.sandbox.crowd(MEMBERS), chance=chance, scene=scene)
        async with asyncio.TaskGroup() as group:
            typing = group.create_task(_type_after_start(scene.stage, crowd))
            for life in range(kills):
                crowd.target = ceil(jobs * (life + 1) / (kills + 1))
                await _one_life(scene, chance)
                if (life + 1) % 10 == 0:
                    tell(f"{life + 1} of {kills} kills, {crowd.accepted} of {jobs} jobs\n")
            crowd.target = jobs
            facts, problems = await _last_life(scene, crowd, jobs)
            typing.cancel()
        problems += breaches(scene, facts)
    return _outcome(scene, facts, seed=seed, kills=kills, typed=len(crowd.uses), problems=problems)


async def _type_after_start(built: Stage, crowd: Crowd) -> None:
    await built.sandbox.bot_ready(PATIENCE_S)  # once: the commands must be known before anyone can type one
    await crowd.run()


def _outcome(scene: Scene, facts: Facts, *, seed: int, kills: int, typed: int, problems: list[str]) -> Outcome:
    times = Counter(charge.prompt_hash for charge in scene.charges)
    unknown = [one for one in facts.records if one.job.state is State.UNKNOWN]
    return Outcome(
        seed=seed,
        kills=kills,
        typed=typed,
        states=facts.states(),
        double_charges=sum(count - 1 for count in times.values()),
        lost=sum(not one.job.has_ended and one.job.state is not State.UNKNOWN for one in facts.records),
        posts_per_job=Counter(len(scene.posts_of(one.job.id)) for one in facts.records),
        charged=sum(charge.amount for charge in scene.charges),
        spent=sum(one.booked or 0 for one in facts.records),
        held=sum(one.hold.amount for one in unknown),
        unknown_charged=sum(prompt_hash(one.prompt or "") in times for one in unknown),
        problems=tuple(problems),
    )


def main() -> int:
    """The command line. What a run with a breach left behind stays for a look."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    folder = Path(tempfile.mkdtemp(prefix="easel-torture-"))
    tell = sys.stdout.write
    tell(f"seed {seed}\n")
    outcome = asyncio.run(torture(folder, jobs=options.jobs, kills=options.kills, seed=seed, tell=tell))
    tell("\n".join(outcome.lines()) + "\n")
    if not outcome.is_sound:
        tell(f"logs and data: {folder}\n")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

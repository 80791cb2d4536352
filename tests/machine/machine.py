"""Hypothesis lives a bot's life: requests, gateways, crashes, cancels, clocks that jump. The laws hold always."""

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.clock import HOUR_MS, MINUTE_MS, ManualClock, Millis
from bot.core.errors import Refusal
from bot.core.ids import DISCORD_EPOCH_MS, ChannelId, GuildId, InteractionId, JobId, MemberId
from bot.core.requests import PictureRequest
from bot.interactions.model import Received
from bot.jobs import store as jobs
from bot.jobs.model import Claim
from tests.jobs.memory import Memory
from tests.ledger.book import at
from tests.machine.house import CAPS, Counting, House
from tests.machine.laws import broken_laws
from tests.machine.outside import OnFetch, OnPoll, OnPost, OnSubmit, Outside, Script, SimulatedCrash

T = TypeVar("T")

START = at("2026-05-31T23:40")  # the last minutes of a day and of a month
# Up to 8 boundaries lie within a step; what is longer burns in the claim before it.
IN_THE_CLAIM = 8
# Between a charge and what is written of it (1 to 3) death is worst.
BURNS = st.sampled_from([1, 2, 3, *range(IN_THE_CLAIM + 3)])
FUSES = st.one_of(st.none(), BURNS)
COSTS = st.sampled_from([None, None, 3, 6, 9])
Asker = tuple[int, int, str | None]
# Without a model the cheaper gateway is asked first, and the other one after a certain no.
MODELS = st.sampled_from(["plain-model", "keyed-model", None, None])
ASKERS = st.tuples(st.integers(1, 2), st.integers(10, 11), MODELS)
# What goes well comes often enough for jobs to get far.
SCRIPTS = st.builds(
    Script,
    submit=st.sampled_from([*OnSubmit, OnSubmit.FINISHED, OnSubmit.ACCEPTED, OnSubmit.BUSY, OnSubmit.REFUSED]),
    poll=st.sampled_from([*OnPoll, *[OnPoll.FINISHED] * 5]),
    fetch=st.sampled_from([*OnFetch, *[OnFetch.PICTURE] * 6]),
    post=st.sampled_from([*OnPost, OnPost.POSTED_UNHEARD]),
    cost=COSTS,
    is_cancelled_meanwhile=st.booleans(),
)
STORIES = st.lists(SCRIPTS, min_size=2, max_size=4)
# How long it may take until every job has ended in a world that behaves, and how many steps.
ALL_ENDS_IN_MS = 60 * HOUR_MS
ALL_ENDS_IN_STEPS = 200


class LifeMachine(RuleBasedStateMachine):
    """The rules. `kind` is the bot under test."""

    kind: ClassVar[type[House]] = House

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.memory = Memory()
        self.clock = ManualClock(START)  # the host's; Discord's own differs by `ahead_ms`
        self.ahead_ms = 0
        self.lost_ms = 0  # what is due at a moment of the host's clock comes that much later
        self.outside = Outside(clock=self.clock)
        self.randomness = Counting()
        self.owners = 0
        self.seen: list[tuple[Received, PictureRequest]] = []
        self.asked: list[tuple[JobId, GuildId, MemberId]] = []
        self.claims: list[Claim] = []
        self.is_sound = True
        self.house = self.new_house()

    def new_house(self) -> House:
        self.owners += 1
        return self.kind(self.memory, self.outside, randomness=self.randomness, owner=f"process-{self.owners}")

    @initialize()
    def start(self) -> None:
        self.loop.run_until_complete(self.house.recover())

    def teardown(self) -> None:
        try:
            if self.is_sound:
                self.everything_ends()
        finally:
            self.memory.close()
            self.loop.close()

    # What people do

    @rule(asker=ASKERS, fuse=FUSES)
    def ask(self, asker: Asker, fuse: int | None) -> None:
        guild, member, model = asker
        discord_now = self.clock.now() - self.ahead_ms
        received = Received(
            id=InteractionId((discord_now - DISCORD_EPOCH_MS << 22) + len(self.seen)),
            command="imagine",
            guild_id=GuildId(guild),
            channel_id=ChannelId(7),
            member_id=MemberId(member),
            token="token",
            received_at=self.clock.now(),
        )
        self.seen.append((received, PictureRequest(prompt="a fox", model=model)))
        self.live(self.handle(*self.seen[-1]), fuse)

    @precondition(lambda self: self.seen)
    @rule(which=st.integers(0, 9), is_late_handler=st.booleans(), fuse=FUSES)
    def redeliver(self, which: int, fuse: int | None, *, is_late_handler: bool) -> None:
        """The gateway delivers it again; or its first handler only now comes to ask for the job."""
        again = self.seen[-1 - which % len(self.seen)]
        self.live(self.submit(*again) if is_late_handler else self.handle(*again), fuse)

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 9), fuse=FUSES)
    def cancel(self, which: int, fuse: int | None) -> None:
        job_id, guild_id, member_id = self.asked[-1 - which % len(self.asked)]
        self.live(self.house.cancelling.cancel(job_id, guild_id=guild_id, member_id=member_id), fuse)

    # What the bot does

    @rule(script=SCRIPTS, fuse=FUSES, which=st.integers(0, 9))
    def work(self, script: Script, fuse: int | None, which: int) -> None:
        """One step of one job that is due now."""
        self.claim(fuse)
        if not self.claims:
            return
        claim = self.claims.pop(which % len(self.claims))
        job = claim.job

        async def press_cancel() -> None:
            await self.house.cancelling.cancel(job.id, guild_id=job.guild_id, member_id=job.member_id)

        self.outside.script, self.outside.meanwhile = script, press_cancel if script.is_cancelled_meanwhile else None
        self.step(claim, fuse)

    @rule(story=STORIES, fuse=FUSES, dies_in=st.sampled_from([0, 0, 1, 2]))
    def work_on(self, story: list[Script], fuse: int | None, dies_in: int) -> None:
        """Some steps after each other, time passing as needed; in one of them the process may die."""
        for number, script in enumerate(story):
            self.wait_for_work()
            self.work(script, fuse if number == dies_in % len(story) else None, 0)

    @rule(asker=ASKERS, story=STORIES, fuse=BURNS, dies_in=st.sampled_from([0, 0, 1, 2]))
    def ask_and_work_on(self, asker: Asker, story: list[Script], fuse: int, dies_in: int) -> None:
        """One request on its way, and a death on it."""
        self.ask(asker, None)
        self.work_on(story, fuse, dies_in)

    # What fate does

    @rule(fuse=FUSES)
    def restart(self, fuse: int | None) -> None:
        """kill -9 while nothing is being written, and a new start, which may die too."""
        self.outside.fuse.left = fuse
        self.crash()

    @rule(minutes=st.sampled_from([1, 11, 30, 12 * 60, 25 * 60]), is_jump=st.booleans(), is_back=st.booleans())
    def time_passes(self, minutes: int, *, is_jump: bool, is_back: bool) -> None:
        """Everywhere; or only the host's clock is set, forward or back."""
        self.clock.advance(ms=(-1 if is_jump and is_back else 1) * minutes * MINUTE_MS)
        if is_jump:
            self.ahead_ms += (-1 if is_back else 1) * minutes * MINUTE_MS
            self.lost_ms += minutes * MINUTE_MS if is_back else 0

    @invariant()
    def the_laws_hold(self) -> None:
        broken = self.memory.read(lambda reader: broken_laws(reader, self.outside, claims=self.claims))
        self.is_sound = broken == []
        assert broken == []

    # How it is done

    async def handle(self, received: Received, request: PictureRequest) -> None:
        """As the cog does."""
        if await self.house.desk.receive(received):
            await self.submit(received, request)

    async def submit(self, received: Received, request: PictureRequest) -> None:
        try:
            job_id = await self.house.pictures.submit(received, request)
        except Refusal:
            return
        self.asked.append((job_id, received.guild_id, received.member_id))

    def live(self, doing: Coroutine[Any, Any, T], fuse: int | None) -> T | None:
        """Does it; where the fuse ends within, the process dies and the next one starts."""
        self.outside.fuse.left = fuse
        try:
            return self.loop.run_until_complete(doing)
        except SimulatedCrash:
            self.crash()
            return None
        except BaseException:
            self.is_sound = False
            raise
        finally:
            self.outside.fuse.left = None

    def crash(self) -> None:
        """All that was in memory is gone, uncommitted writes too; then come starts until one lives."""
        self.claims = []
        if self.memory.connection.in_transaction:
            self.memory.connection.execute("ROLLBACK")
        self.house = self.new_house()
        try:
            self.loop.run_until_complete(self.house.recover())
        except SimulatedCrash:
            self.crash()
        self.outside.fuse.left = None

    def claim(self, fuse: int | None) -> None:
        claimed = self.live(self.house.claim(), None if fuse is None or fuse < IN_THE_CLAIM else fuse - IN_THE_CLAIM)
        self.claims.extend(claimed or ())

    def step(self, claim: Claim, fuse: int | None) -> None:
        owners = self.owners
        self.live(self.house.step(claim), fuse)
        if owners == self.owners:
            now = self.memory.read(lambda reader: jobs.get(reader, claim.job.id))
            self.is_sound = now is not None and now.crashes <= claim.job.crashes
            assert self.is_sound, "a step raised"

    def wait_for_work(self) -> None:
        now, due = self.clock.now(), self.next_due()
        has_due = self.memory.read(lambda reader: jobs.has_due(reader, now=now, caps=CAPS))
        if not self.claims and not has_due and due is not None and due - now < HOUR_MS:
            self.clock.advance(ms=due - now)

    def next_due(self) -> Millis | None:
        """When something falls due later than now."""
        now = self.clock.now()
        return self.memory.read(lambda reader: jobs.next_due(reader, after=now))

    def everything_ends(self) -> None:
        """I6 to its end: in a world that behaves every job ends, and the laws still hold."""
        self.outside.script, self.outside.meanwhile = Script(), None
        ends_at = self.clock.now() + ALL_ENDS_IN_MS + self.lost_ms
        for _ in range(ALL_ENDS_IN_STEPS):
            self.claim(None)
            if self.claims:
                self.step(self.claims.pop(0), None)
                self.the_laws_hold()
                continue
            due = self.next_due()
            if due is None or due > ends_at:
                break
            self.clock.advance(ms=due - self.clock.now())
        left = self.memory.read(jobs.live)
        assert left == (), f"{len(left)} jobs never end"


def machine_for(kind: type[House]) -> type[LifeMachine]:
    """The machine that plays with this bot."""
    return type(f"LifeOf{kind.__name__}", (LifeMachine,), {"kind": kind})

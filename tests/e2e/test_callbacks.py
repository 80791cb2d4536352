"""Section F of the failure matrix with the whole bot: gateways call it, and nothing but its own polls is believed.

Polls are seconds apart on a clock that runs at a tenth, longer than any test waits: what is posted in time was called.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.core.money import usd
from bot.jobs.model import State
from sandbox.gateways import Gateways, Habit, Outcome, Step, WorkFault, late_answer, lost_answer, outcome, status
from sandbox.gateways.apiframe import PretendApiframe
from sandbox.gateways.calling import Caller
from tests.e2e.rig import spent
from tests.e2e.scene import LOCUS, WAIT_S, Scene, SlowMotion, scene

APIFRAME = "apiframe/grok-imagine"
PUBLIC = "https://easel.example/bot"
REACHABLE = {"EASEL_PUBLIC_URL": PUBLIC}
AT_ONCE = WorkFault(kind=Outcome.SLOW, seconds=0.0)
SOON = WorkFault(kind=Outcome.SLOW, seconds=0.05)


def connect(play: Scene, caller: Caller, habit: Habit) -> None:
    """What the operator's proxy does, and when the gateway calls."""
    caller.tunnels[PUBLIC] = f"http://127.0.0.1:{play.house.web.port}"
    caller.habit = habit


@asynccontextmanager
async def reachable(folder: Path, habit: Habit, settings: Mapping[str, str] = REACHABLE) -> AsyncIterator[Scene]:
    """A bot that Pixazo can call, and that would not ask by itself while a test lasts."""
    async with scene(folder, settings, scale=1.0, clock=SlowMotion()) as play:
        connect(play, play.rig.gateways.pixazo.caller, habit)
        yield play


async def answered(caller: Caller, count: int) -> list[int]:
    """What the gateway was answered to its first `count` calls."""
    async with asyncio.timeout(WAIT_S):
        while len(caller.answers) < count:
            await asyncio.sleep(0.005)
    return caller.answers


async def test_a_picture_is_fetched_when_the_gateway_calls(tmp_path: Path) -> None:
    async with reachable(tmp_path, Habit.ONCE) as play:
        pixazo = play.rig.gateways.pixazo
        play.rig.gateways.faults.next("pixazo", SOON)
        await play.posted(await play.ask())
        (job,) = await play.ends_well()
        assert job.polls == 1  # the only look found it done
        assert pixazo.caller.answers == [200]
        (address,) = pixazo.webhooks
        assert address.startswith(f"{PUBLIC}/callbacks/pixazo/{job.id}/")


async def test_a_call_that_is_made_five_times_posts_once(tmp_path: Path) -> None:
    """F1, F7: some of them come when all is over."""
    async with reachable(tmp_path, Habit.DUPLICATE) as play:
        play.rig.gateways.faults.next("pixazo", SOON)
        await play.posted(await play.ask())
        assert await answered(play.rig.gateways.pixazo.caller, 5) == [200] * 5
        (job,) = await play.ends_well()
        assert job.state is State.DONE
        assert len(play.rig.posts()) == 1


async def test_a_call_before_the_order_is_answered_brings_the_first_look_at_once(tmp_path: Path) -> None:
    """F3: no id is stored yet."""
    async with reachable(tmp_path, Habit.EARLY) as play:
        play.rig.gateways.faults.next("pixazo", AT_ONCE)
        await play.posted(await play.ask())
        (job,) = await play.ends_well()
        assert job.polls == 1
        assert play.rig.gateways.pixazo.caller.answers == [200]


async def test_an_early_call_about_work_that_is_not_done_harms_nothing(tmp_path: Path) -> None:
    """F3: the look finds nothing, and the schedule goes on."""
    async with reachable(tmp_path, Habit.EARLY) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        use = await play.ask()
        await play.until(lambda found: found[0].polls == 1)
        play.rig.gateways.finish()
        await play.later(seconds=10)
        await play.posted(use)
        await play.ends_well()


async def test_a_call_during_a_look_brings_another_one_at_once(tmp_path: Path) -> None:
    """F2: "not yet" was said before the gateway called, and arrives after it."""
    async with reachable(tmp_path, Habit.ONCE) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        play.rig.gateways.faults.next("pixazo", late_answer(0.3, at=Step.POLL))
        use = await play.ask()
        await play.until_state(State.WAITING)
        await play.later(seconds=10)
        await play.until(lambda found: found[0].lease_seq == 2 and found[0].lease_owner is not None)
        await asyncio.sleep(0.05)  # the question is on its way
        play.rig.gateways.finish()
        await play.posted(use)
        (job,) = await play.ends_well()
        assert job.polls == 2


async def test_lies_at_a_right_address_cost_one_look_and_are_not_believed(tmp_path: Path) -> None:
    """F4, F5: and the truth at a wrong address opens nothing."""
    async with reachable(tmp_path, Habit.FORGED) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        use = await play.ask()
        assert await answered(play.rig.gateways.pixazo.caller, 2) == [200, 404]
        await play.until(lambda found: found[0].polls == 1)
        assert play.rig.posts() == []
        play.rig.gateways.finish()
        await play.later(seconds=10)
        await play.posted(use)
        await play.ends_well()
        assert play.rig.gateways.trap_hits == []


async def test_callbacks_that_never_come_leave_the_polls_as_they_were(tmp_path: Path) -> None:
    """F9."""
    async with reachable(tmp_path, Habit.NEVER) as play:
        play.rig.gateways.faults.next("pixazo", AT_ONCE)
        use = await play.ask()
        await play.until_state(State.WAITING)
        await play.later(seconds=10)
        await play.posted(use)
        await play.ends_well()
        assert play.rig.gateways.pixazo.caller.answers == []


async def test_a_tunnel_that_leads_nowhere_leaves_the_polls_as_they_were(tmp_path: Path) -> None:
    """F9: what the gateway reaches is a stranger."""
    async with reachable(tmp_path, Habit.ONCE) as play:
        caller = play.rig.gateways.pixazo.caller
        caller.tunnels[PUBLIC] = "http://127.0.0.1:9"
        play.rig.gateways.faults.next("pixazo", SOON)
        use = await play.ask()
        assert await answered(caller, 1) == [0]
        await play.later(seconds=10)
        await play.posted(use)
        await play.ends_well()


async def test_a_callback_does_not_outrun_a_wait_that_the_gateway_asked_for(tmp_path: Path) -> None:
    async with reachable(tmp_path, Habit.ONCE) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        play.rig.gateways.faults.next("pixazo", status(429, at=Step.POLL, retry_after="30"))
        use = await play.ask()
        await play.until_state(State.WAITING)
        await play.later(seconds=10)
        before = await play.until_failed_once()
        play.rig.gateways.finish()
        assert await answered(play.rig.gateways.pixazo.caller, 1) == [200]
        assert await play.jobs() == [before]
        await play.later(seconds=61)
        await play.posted(use)
        await play.ends_well()


async def test_without_a_public_address_no_gateway_is_asked_to_call(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.posted(await play.ask())
        assert play.rig.gateways.pixazo.webhooks == []
        await play.ends_well()


async def test_a_gateway_that_does_not_call_is_not_asked_to(tmp_path: Path) -> None:
    async with scene(tmp_path, REACHABLE) as play:
        await play.posted(await play.ask(model=LOCUS))
        await play.ends_well()


@asynccontextmanager
async def apiframe(folder: Path, habit: Habit) -> AsyncIterator[tuple[Scene, PretendApiframe, Gateways]]:
    """The same with Apiframe, which signs its calls."""
    async with Gateways.start(scale=1.0, picture_side=64, names=("apiframe",)) as gateways:
        settings = {**REACHABLE, **gateways.settings()}
        async with scene(folder, settings, scale=1.0, clock=SlowMotion()) as play:
            connect(play, gateways.apiframe.caller, habit)
            play.rig.others.append(gateways.book)
            yield play, gateways.apiframe, gateways


@pytest.mark.parametrize(("habit", "calls"), [(Habit.ONCE, 1), (Habit.DUPLICATE, 5)])
async def test_a_signed_call_is_taken_once_however_often_it_comes(tmp_path: Path, habit: Habit, calls: int) -> None:
    """F1, F6."""
    async with apiframe(tmp_path, habit) as (play, gateway, gateways):
        gateways.faults.next("apiframe", SOON)
        await play.posted(await play.ask(model=APIFRAME))
        assert await answered(gateway.caller, calls) == [200] * calls
        (job,) = await play.ends_well()
        assert job.polls == 1
        assert await spent(play.house) == gateways.book.total() == usd("0.08")


async def test_a_call_with_another_signature_is_refused_and_brings_no_look(tmp_path: Path) -> None:
    """F6."""
    async with apiframe(tmp_path, Habit.FORGED) as (play, gateway, gateways):
        gateways.faults.next("apiframe", outcome(Outcome.NEVER_ENDS))
        use = await play.ask(model=APIFRAME)
        assert await answered(gateway.caller, 2) == [404, 404]
        job = await play.until_state(State.WAITING)
        assert job.polls == 0
        gateways.finish()
        await play.later(seconds=10)
        await play.posted(use)
        await play.ends_well()


async def test_an_order_that_is_sent_again_after_it_was_turned_away_names_the_same_address(tmp_path: Path) -> None:
    """One key and one body on each attempt: Apiframe refuses a repeat that differs."""
    async with apiframe(tmp_path, Habit.ONCE) as (play, gateway, gateways):
        gateways.faults.next("apiframe", status(429), times=1)
        gateways.faults.next("apiframe", SOON)
        use = await play.ask(model=APIFRAME)
        await play.until_failed_once()
        await play.later(seconds=61)
        await play.posted(use)
        assert len(gateway.webhooks) == 2
        assert len(set(gateway.webhooks)) == 1
        await play.ends_well()


async def test_an_order_whose_answer_was_lost_is_found_by_the_call_about_it(tmp_path: Path) -> None:
    """`unknown` until the gateway calls; what it says of money and pictures is asked for, and posted in the channel."""
    async with reachable(tmp_path, Habit.ONCE) as play:
        play.rig.gateways.faults.next("pixazo", WorkFault(kind=Outcome.SLOW, seconds=0.3))
        play.rig.gateways.faults.next("pixazo", lost_answer())
        await play.ask()
        await play.until_state(State.UNKNOWN)
        await play.until_state(State.DONE)
        await play.ends_well()
        assert len(play.rig.posts()) == len(play.rig.gateways.book.charges) == 1


async def test_a_gateway_that_calls_is_hardly_asked_any_more(tmp_path: Path) -> None:
    """F9: the first call earns trust; a job whose call is lost is found by the net, later but surely."""
    async with reachable(tmp_path, Habit.ONCE) as play:
        caller = play.rig.gateways.pixazo.caller
        play.rig.gateways.faults.next("pixazo", SOON)
        await play.posted(await play.ask())
        caller.habit = Habit.NEVER
        play.rig.gateways.faults.next("pixazo", AT_ONCE)
        use = await play.ask("another")
        await play.until(lambda found: len(found) == 2 and found[1].state is State.WAITING)
        await play.later(seconds=20)
        (_, job) = await play.jobs()
        assert (job.state, job.polls) == (State.WAITING, 0)
        await play.later(seconds=15)
        await play.posted(use)
        (_, job) = await play.ends_well()
        assert job.polls == 1

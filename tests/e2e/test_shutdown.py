"""Ends of the process: SIGTERM under load, a second one, a folder that is taken, a token that is refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.jobs.model import State
from sandbox.discord import ServerError, Use
from sandbox.gateways.faults import Outcome, WorkFault, outcome
from sandbox.stage import BotProcess, stage
from tests.e2e.facts import Facts, read_facts
from tests.e2e.invariants import Scene, assert_invariants, new_scene
from tests.e2e.process import PATIENCE_S, TERMINATED, events, running, settle

LOCUS = "locus/grok-imagine"
PIXAZO = "pixazo/grok-imagine-quality"
STILL_COMES = "I am restarting. Your picture will still come."
EX_UNAVAILABLE, EX_NOPERM = 69, 77


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A stage whose gateways take their time over prompts with "slow" in them."""
    async with stage(tmp_path, scale=0.02, picture_side=64, extra={"EASEL_MEMBER_JOBS": "20"}) as built:
        built.gateways.faults.when("slow", WorkFault(kind=Outcome.SLOW, seconds=2.0))
        yield new_scene(built, tmp_path / "easel")


async def ask(scene: Scene, prompt: str, model: str, *, who: str = "ana") -> Use:
    return await scene.stage.sandbox.person(who).command("imagine", prompt=prompt, model=model)


async def until(scene: Scene, is_so: Callable[[Facts], bool]) -> Facts:
    """The database once it says so."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so(facts := await read_facts(scene.stage)):
            await asyncio.sleep(0.05)
    return facts


async def logged(bot: BotProcess, name: str) -> None:
    """Waits until the bot has logged the event."""
    async with asyncio.timeout(PATIENCE_S):
        while not events(bot, name):
            await asyncio.sleep(0.02)


async def test_a_stop_under_load_sends_nothing_new_and_loses_track_of_nothing(scene: Scene) -> None:
    """I1: two requests are being sent (Locus takes two at once), two wait for their turn, two are being drawn."""
    async with running(scene.stage) as bot:
        uses = [await ask(scene, f"slow {number}", PIXAZO) for number in range(2)]
        uses += [await ask(scene, f"slow locus {number}", LOCUS) for number in range(4)]
        await asyncio.wait_for(scene.stage.gateways.book.holds(4), PATIENCE_S)
        await until(scene, lambda facts: facts.states()[State.WAITING] == 2 and facts.states()[State.QUEUED] == 2)
        bot.terminate()
        code = await bot.wait(PATIENCE_S)
    facts = await read_facts(scene.stage)

    assert code == 0, bot.log()
    assert facts.states() == {State.WAITING: 4, State.QUEUED: 2}
    assert facts.leased == ()
    assert len(scene.charges) == 4
    for record in facts.records:
        is_known = record.job.external_id is not None or record.job.result is not None
        assert is_known is (record.job.state is State.WAITING)
    assert [STILL_COMES in use.response.plain_text() for use in uses] == [True] * 6

    async with running(scene.stage) as bot:
        facts = await settle(scene.stage)
    (started,) = events(bot, "started")
    assert (started["recovered"], started["voided"], started["unknown"]) == (6, 0, 0)
    assert facts.states() == {State.DONE: 6}
    assert_invariants(scene, facts)


async def test_a_request_that_comes_during_the_stop_is_refused_with_a_word_on_money(scene: Scene) -> None:
    async with running(scene.stage) as bot:
        await ask(scene, "slow", LOCUS)
        await asyncio.wait_for(scene.stage.gateways.book.holds(1), PATIENCE_S)
        bot.terminate()
        await logged(bot, "stopping")
        card = await (await ask(scene, "late", LOCUS, who="bo")).answered(PATIENCE_S)
        assert await bot.wait(PATIENCE_S) == 0

    assert "I am restarting" in card.plain_text()
    assert "Nothing was charged" in card.plain_text()
    assert [record.prompt for record in (await read_facts(scene.stage)).records] == ["slow"]


async def test_a_request_that_outlasts_the_grace_is_unknown_and_not_sent_again(scene: Scene) -> None:
    scene.stage.gateways.faults.when("hangs", outcome(Outcome.NEVER_ENDS))
    async with running(scene.stage, EASEL_SHUTDOWN_GRACE_S="0.3") as bot:
        await ask(scene, "hangs", LOCUS)
        await asyncio.wait_for(scene.stage.gateways.book.holds(1), PATIENCE_S)
        bot.terminate()
        assert await bot.wait(PATIENCE_S) == 0
    assert [line["requests"] for line in events(bot, "requests were still being sent")] == [1]

    async with running(scene.stage) as bot:
        facts = await settle(scene.stage)
    assert [line["unknown"] for line in events(bot, "started")] == [1]
    assert facts.states() == {State.UNKNOWN: 1}
    assert_invariants(scene, facts)


async def test_a_second_sigterm_ends_the_process_at_once(scene: Scene) -> None:
    """I2: as kill -9."""
    scene.stage.gateways.faults.when("hangs", outcome(Outcome.NEVER_ENDS))
    async with running(scene.stage, EASEL_SHUTDOWN_GRACE_S="600") as bot:
        await ask(scene, "hangs", LOCUS)
        await asyncio.wait_for(scene.stage.gateways.book.holds(1), PATIENCE_S)
        bot.terminate()
        await logged(bot, "stopping")
        bot.terminate()
        assert await bot.wait(PATIENCE_S) == TERMINATED

    async with running(scene.stage):
        facts = await settle(scene.stage)
    assert facts.states() == {State.UNKNOWN: 1}
    assert_invariants(scene, facts)


async def test_a_stop_works_while_discord_is_down(scene: Scene) -> None:
    scene.stage.sandbox.faults.until_off("*", "*", ServerError(503))
    async with scene.stage.bot(ready=False) as bot:
        await logged(bot, "started")
        bot.terminate()
        assert await bot.wait(PATIENCE_S) == 0, bot.log()


async def test_a_second_process_on_the_same_folder_is_refused_in_one_line(scene: Scene) -> None:
    """C9, I10."""
    async with running(scene.stage) as first:
        async with scene.stage.bot(ready=False) as second:
            assert await second.wait(PATIENCE_S) == EX_UNAVAILABLE
        (line,) = second.log().splitlines()
        assert line.startswith("easel: another Easel")
        assert str(scene.stage.data_dir) in line
        use = await ask(scene, "still served", LOCUS)
        await use.wait_until(lambda message: "Posted" in message.plain_text(), PATIENCE_S)
        assert first.process.returncode is None


async def test_a_data_folder_that_cannot_be_used_ends_the_start_in_one_line(scene: Scene, tmp_path: Path) -> None:
    """C16: before anything is said to Discord."""
    place = tmp_path / "taken"
    place.write_text("a file stands where the folder should", encoding="utf-8")
    async with scene.stage.bot(ready=False, EASEL_DATA_DIR=str(place)) as bot:
        assert await bot.wait(PATIENCE_S) == EX_UNAVAILABLE
    (line,) = bot.log().splitlines()

    assert line.startswith("easel: the data folder")
    assert str(place) in line
    assert list(scene.stage.sandbox.requests) == []


async def test_a_refused_token_ends_the_start_in_one_line(scene: Scene) -> None:
    token = "not.the.token"
    async with scene.stage.bot(ready=False, EASEL_DISCORD_TOKEN=token) as bot:
        assert await bot.wait(PATIENCE_S) == EX_NOPERM
    told = [line for line in bot.log().splitlines() if not line.startswith("{")]

    assert told == ["easel: EASEL_DISCORD_TOKEN: Discord refuses this token"]
    assert token not in bot.log()


async def test_a_token_that_is_reset_while_the_bot_runs_ends_it_in_one_line(scene: Scene) -> None:
    """I6: the exit code is one that a supervisor need not answer with a restart."""
    async with running(scene.stage) as bot:
        scene.stage.sandbox.gateway.close(4004)
        assert await bot.wait(PATIENCE_S) == EX_NOPERM, bot.log()
    told = [line for line in bot.log().splitlines() if not line.startswith("{")]

    assert told == ["easel: EASEL_DISCORD_TOKEN: Discord refuses this token"]

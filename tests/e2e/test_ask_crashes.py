"""kill -9 of the real process while a question is on its way, a restart, and what must then hold (crash table)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.crashpoints import CrashPoint
from bot.jobs.model import State
from bot.ledger.model import HoldState
from sandbox.discord import Message, Use
from sandbox.gateways import EVERY, says
from sandbox.stage import Stage, stage
from tests.e2e.facts import Facts
from tests.e2e.invariants import Scene, assert_invariants, new_scene
from tests.e2e.process import PATIENCE_S, doomed, running, settle
from tests.e2e.talking import LOCUS, XAI

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Stage]]:
    """One stage for each gateway that answers."""
    folder = tmp_path_factory.mktemp("stages")
    async with (
        stage(folder / "locus", scale=0.02, picture_side=64, names=EVERY) as first,
        stage(folder / "xai", scale=0.02, picture_side=64, names=EVERY) as second,
    ):
        yield {LOCUS: first, XAI: second}


@pytest.fixture
def scenes(stages: dict[str, Stage], tmp_path: Path) -> dict[str, Scene]:
    return {model: new_scene(one, tmp_path / model.partition("/")[0]) for model, one in stages.items()}


def said(scene: Scene, text: str) -> list[Message]:
    """The bot's messages that say so."""
    return [one for one in scene.stage.sandbox.channel("general").messages if text in one.content]


async def crash(scene: Scene, model: str, *points: CrashPoint, question: str) -> tuple[Use, Facts]:
    """Dies at each of the points in turn, then runs until all is quiet; checks everything that always holds."""
    first, *others = points
    async with doomed(scene.stage, first):
        use = await scene.stage.sandbox.person("ana").command("ask", question=question, model=model)
    for point in others:
        async with doomed(scene.stage, point, ready=False):
            pass
    async with running(scene.stage):
        facts = await settle(scene.stage)
        await scene.stage.sandbox.world.until(
            lambda: not any("still writing" in one.content for one in said(scene, question)), PATIENCE_S, "no loose end"
        )
    assert_invariants(scene, facts)
    return use, facts


async def on_both(scenes: dict[str, Scene], *points: CrashPoint, question: str) -> list[tuple[Scene, Use, Facts]]:
    async with asyncio.TaskGroup() as group:
        tasks = {
            model: group.create_task(crash(scene, model, *points, question=question)) for model, scene in scenes.items()
        }
    return [(scenes[model], *task.result()) for model, task in tasks.items()]


@pytest.mark.parametrize("point", [CrashPoint.AFTER_INTENT, CrashPoint.IN_REQUEST, CrashPoint.AFTER_RESPONSE])
async def test_a_question_without_an_answer_is_unknown_and_never_asked_again(
    scenes: dict[str, Scene], point: CrashPoint
) -> None:
    """Also where half of the answer stood in the channel already: that message says that it broke off."""
    question = f"is {point} far?"
    for scene, use, facts in await on_both(scenes, point, question=question):
        (record,) = facts.records
        assert record.job.state is State.UNKNOWN
        assert record.hold.state is HoldState.OPEN
        assert "stays reserved" in use.response.plain_text()
        assert len(scene.charges) == (0 if point is CrashPoint.AFTER_INTENT else 1)
        assert all("broke off" in one.content for one in said(scene, question))


@pytest.mark.parametrize(
    "points",
    [
        (CrashPoint.AFTER_COMMIT_HOLD,),
        (CrashPoint.AFTER_POST,),
        (CrashPoint.AFTER_SEND,),
        (CrashPoint.AFTER_POST, CrashPoint.AFTER_SEND),
        (CrashPoint.AFTER_MESSAGE_ID,),
    ],
    ids="-".join,
)
async def test_an_answer_that_is_stored_is_delivered_exactly_once(
    scenes: dict[str, Scene], points: tuple[CrashPoint, ...]
) -> None:
    question = f"once {'-'.join(points)}?"
    for scene, use, facts in await on_both(scenes, *points, question=question):
        (record,) = facts.records
        assert record.job.state is State.DONE
        assert record.hold.state is HoldState.POSTED
        assert len(scene.charges) == 1
        assert "Posted" in use.response.plain_text()
        assert len(said(scene, f"You asked: {question}")) == 1


async def test_an_answer_of_several_messages_is_delivered_once_after_a_crash_and_the_nonces_end(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64, names=EVERY) as built:
        scene = new_scene(built, tmp_path / "easel")
        built.gateways.faults.next("locus", says("\n".join(f"line {n} of it" for n in range(400))))
        async with doomed(scene.stage, CrashPoint.AFTER_SEND):
            await scene.stage.sandbox.person("ana").command("ask", question="long?", model=LOCUS)
        built.sandbox.clock.forward(minutes=6)
        async with running(scene.stage):
            facts = await settle(scene.stage)
        assert (facts.problems, facts.stuck) == ((), ())
        posts = said(scene, "of it")
        assert len(posts) > 1
        whole = "\n".join(post.content for post in posts)
        assert all(whole.count(f"line {n} of it") == 1 for n in range(400))


@pytest.mark.parametrize(
    ("point", "told"),
    [
        (CrashPoint.AFTER_RECEIVED, "I was restarted before your request was accepted"),
        (CrashPoint.AFTER_INTENT, "Nobody knows what became of it"),
        (CrashPoint.AFTER_POST, "You asked: and then?"),
    ],
)
async def test_whoever_asked_by_a_reply_hears_of_it_after_the_restart(
    scenes: dict[str, Scene], point: CrashPoint, told: str
) -> None:
    """There is no card: what became of it stands in the channel, once."""
    scene = scenes[XAI]
    ana, world = scene.stage.sandbox.person("ana"), scene.stage.sandbox.world
    question = f"one before {point}?"
    async with running(scene.stage):
        use = await ana.command("ask", question=question, model=XAI)
        await use.wait_until(lambda card: "Posted: " in card.plain_text(), PATIENCE_S)
    (post,) = said(scene, f"You asked: {question}")
    async with doomed(scene.stage, point):
        asked = ana.say("and then?", reply_to=post)
    async with running(scene.stage):
        await world.until(lambda: any(one.id > asked.id for one in said(scene, told)), PATIENCE_S, told)
        facts = await settle(scene.stage)
    assert (facts.problems, facts.stuck) == ((), ())
    # A place that was shown, and of which the process died before it could note it, may stand beside it.
    after = [one for one in said(scene, told) if one.id > asked.id and one.author_id == world.application_id]
    assert len(after) == 1

"""kill -9 of the real process at every named point, a restart, and what must then hold (architecture, crash table).

Each case runs with a gateway that answers at once and with one that is polled, side by side on two stages whose
Discord and gateways live on; every case starts from a new data folder.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.crashpoints import CrashPoint
from bot.interactions.model import InteractionState
from bot.jobs.model import State
from bot.ledger.model import HoldState
from bot.media.assets import TEMPORARY_PREFIX
from sandbox.discord import Delay, Stall, Use
from sandbox.stage import Stage, stage
from tests.e2e.facts import Facts
from tests.e2e.invariants import Scene, assert_invariants, new_scene
from tests.e2e.process import PATIENCE_S, doomed, events, running, settle

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOCUS, PIXAZO = "locus/grok-imagine", "pixazo/grok-imagine-quality"
PROMPT = "a lighthouse of stained glass"
# What the last start must say of the one request: (recovered, voided, unknown).
RECOVERED, VOIDED, UNKNOWN, NOTHING = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request that met a crash, after all is quiet again."""

    scene: Scene
    use: Use
    facts: Facts

    @property
    def card(self) -> str:
        """What the member reads at the end."""
        return self.use.response.plain_text()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Stage]]:
    """One stage for each gateway's cases."""
    folder = tmp_path_factory.mktemp("stages")
    async with (
        stage(folder / "locus", scale=0.02, picture_side=64) as first,
        stage(folder / "pixazo", scale=0.02, picture_side=64) as second,
    ):
        yield {LOCUS: first, PIXAZO: second}


@pytest.fixture
def scenes(stages: dict[str, Stage], tmp_path: Path) -> dict[str, Scene]:
    """New data folders."""
    return {model: new_scene(one, tmp_path / model.partition("/")[0]) for model, one in stages.items()}


async def ask(scene: Scene, model: str) -> Use:
    """Ana types the command, with a prompt that no other case uses."""
    prompt = f"{PROMPT} {scene.stage.folder.parent.name}"
    return await scene.stage.sandbox.person("ana").command("imagine", prompt=prompt, model=model)


async def crash(scene: Scene, model: str, *points: CrashPoint, found: tuple[int, int, int] = RECOVERED) -> Case:
    """Dies at each of the points in turn, then runs until all is quiet; checks everything that always holds."""
    first, *others = points
    async with doomed(scene.stage, first):
        use = await ask(scene, model)
    for point in others:
        async with doomed(scene.stage, point, ready=False):
            pass
    return await restart(scene, use, found=found)


async def restart(scene: Scene, use: Use, *, found: tuple[int, int, int]) -> Case:
    """One more process, until all is quiet."""
    async with running(scene.stage) as bot:
        facts = await settle(scene.stage)
    (started,) = events(bot, "started")
    assert (started["recovered"], started["voided"], started["unknown"]) == found
    assert_invariants(scene, facts)
    return Case(scene=scene, use=use, facts=facts)


async def on_both(
    scenes: dict[str, Scene], *points: CrashPoint, found: tuple[int, int, int] = RECOVERED
) -> tuple[Case, ...]:
    """The same with each gateway, at the same time."""
    async with asyncio.TaskGroup() as group:
        cases = [group.create_task(crash(scene, model, *points, found=found)) for model, scene in scenes.items()]
    return tuple(case.result() for case in cases)


def assert_delivered(case: Case) -> None:
    """Paid once, posted once, and the card is a link; the invariants have compared the numbers."""
    (record,) = case.facts.records
    assert record.job.state is State.DONE
    assert record.job.attempt == 1
    assert record.hold.state is HoldState.POSTED
    assert len(case.scene.charges) == 1
    assert "Posted" in case.card


async def test_what_was_received_but_never_acknowledged_does_not_run_later(scenes: dict[str, Scene]) -> None:
    """A2."""
    for case in await on_both(scenes, CrashPoint.AFTER_RECEIVED, found=VOIDED):
        assert not case.use.is_acknowledged
        assert case.facts.records == ()
        assert list(case.facts.interactions.values()) == [InteractionState.VOID]
        assert case.scene.charges == ()


async def test_whoever_was_left_thinking_is_told_that_nothing_was_charged(scenes: dict[str, Scene]) -> None:
    """A1."""
    for case in await on_both(scenes, CrashPoint.AFTER_ACK, found=VOIDED):
        assert "restarted" in case.card
        assert "Nothing was charged" in case.card
        assert case.facts.records == ()
        assert case.scene.charges == ()


async def test_an_accepted_job_runs_after_the_restart(scenes: dict[str, Scene]) -> None:
    for case in await on_both(scenes, CrashPoint.AFTER_COMMIT_HOLD):
        assert_delivered(case)


@pytest.mark.parametrize(
    ("point", "charges"), [(CrashPoint.AFTER_INTENT, 0), (CrashPoint.IN_REQUEST, 1), (CrashPoint.AFTER_RESPONSE, 1)]
)
async def test_a_request_without_an_answer_is_unknown_and_never_sent_again(
    scenes: dict[str, Scene], point: CrashPoint, charges: int
) -> None:
    """D1, D2: neither gateway honours an idempotency key; the hold stays, whether it was charged or not."""
    for case in await on_both(scenes, point, found=UNKNOWN):
        (record,) = case.facts.records
        assert record.job.state is State.UNKNOWN
        assert record.hold.state is HoldState.OPEN
        assert record.job.attempt == 1
        assert len(case.scene.charges) == charges
        assert "no answer came" in case.card
        assert "stays reserved" in case.card


async def test_an_order_that_the_gateway_took_on_is_polled_after_the_restart(scenes: dict[str, Scene]) -> None:
    assert_delivered(await crash(scenes[PIXAZO], PIXAZO, CrashPoint.AFTER_EXTERNAL_ID))


@pytest.mark.parametrize(
    "point", [CrashPoint.MID_DOWNLOAD, CrashPoint.AFTER_ASSET, CrashPoint.AFTER_POST, CrashPoint.AFTER_SEND]
)
async def test_a_drawn_picture_is_delivered_exactly_once(scenes: dict[str, Scene], point: CrashPoint) -> None:
    """G2, H2."""
    for case in await on_both(scenes, point):
        assert_delivered(case)
        assert list(case.scene.stage.data_dir.rglob(f"{TEMPORARY_PREFIX}*")) == []


@pytest.mark.parametrize(
    "points",
    [
        (CrashPoint.AFTER_ASSET, CrashPoint.AFTER_POST, CrashPoint.AFTER_SEND),
        (CrashPoint.AFTER_SEND, CrashPoint.AFTER_SEND),
    ],
    ids="-".join,
)
async def test_a_picture_is_delivered_exactly_once_by_a_later_process_too(
    scenes: dict[str, Scene], points: tuple[CrashPoint, ...]
) -> None:
    for case in await on_both(scenes, *points):
        assert_delivered(case)


async def test_a_card_becomes_a_link_even_when_only_that_was_left_to_do(scenes: dict[str, Scene]) -> None:
    for case in await on_both(scenes, CrashPoint.AFTER_MESSAGE_ID, found=NOTHING):
        assert_delivered(case)


async def test_a_post_is_found_in_the_channel_when_discord_no_longer_knows_its_nonce(tmp_path: Path) -> None:
    """H2, after Discord's "past few minutes": a second send would make a second message."""
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        scene = new_scene(built, tmp_path / "easel")
        async with doomed(scene.stage, CrashPoint.AFTER_SEND):
            use = await ask(scene, LOCUS)
        built.sandbox.clock.forward(minutes=6)
        assert_delivered(await restart(scene, use, found=RECOVERED))


async def test_whoever_asked_for_their_standing_is_not_left_thinking(scenes: dict[str, Scene]) -> None:
    """A1, for a command that costs nothing."""
    scene = scenes[LOCUS]
    faults = scene.stage.sandbox.faults
    async with running(scene.stage) as bot:
        faults.until_off("PATCH", "/webhooks/*", Stall())
        use = await scene.stage.sandbox.person("ana").command("usage")
        assert await use.acknowledged(PATIENCE_S)
        bot.kill()
        await bot.wait(PATIENCE_S)
    faults.clear()
    case = await restart(scene, use, found=VOIDED)

    assert "restarted" in case.card


async def test_a_host_clock_behind_discords_leaves_nobody_thinking(tmp_path: Path) -> None:
    """A1 and J1: what is older than this process is told by the clock that wrote it down."""
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        built.sandbox.clock.forward(minutes=2)
        case = await crash(new_scene(built, tmp_path / "easel"), LOCUS, CrashPoint.AFTER_ACK, found=VOIDED)

    assert "restarted" in case.card


async def test_a_host_clock_ahead_of_discords_takes_no_new_request_for_one_from_before(tmp_path: Path) -> None:
    """J1: the acknowledgement is slow enough for the cards' keeper to see the request in between."""
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        built.sandbox.clock.forward(seconds=-10)
        scene = new_scene(built, tmp_path / "easel")
        async with running(scene.stage):
            built.sandbox.faults.next("POST", "/interactions/*/callback", Delay(1.0))
            use = await ask(scene, LOCUS)
            await use.answered(PATIENCE_S)
            facts = await settle(scene.stage)
        assert_invariants(scene, facts)
        assert_delivered(Case(scene=scene, use=use, facts=facts))


async def test_a_database_whose_making_was_cut_short_is_made_by_the_next_start(scenes: dict[str, Scene]) -> None:
    """C14."""
    scene = scenes[LOCUS]
    async with doomed(scene.stage, CrashPoint.MID_MIGRATION, ready=False):
        pass
    async with running(scene.stage):
        use = await ask(scene, LOCUS)
        await use.wait_until(lambda message: "Posted" in message.plain_text(), PATIENCE_S)
        facts = await settle(scene.stage)
    assert_invariants(scene, facts)

    assert_delivered(Case(scene=scene, use=use, facts=facts))

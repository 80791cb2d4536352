"""kill -9 around pictures that are handed in: kept and not yet asked for, and asked for under a key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.crashpoints import CrashPoint
from bot.jobs.model import State
from sandbox.discord import Use
from sandbox.stage import Stage, stage
from tests.e2e.handing import drawing, upload
from tests.e2e.invariants import Scene, assert_invariants, new_scene
from tests.e2e.process import doomed, running, settle

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One stage for every case."""
    folder = tmp_path_factory.mktemp("stage")
    async with stage(folder, scale=0.02, picture_side=64, names=("apiframe",)) as built:
        yield built


@pytest.fixture
def scene(ground: Stage, tmp_path: Path) -> Scene:
    """A new data folder."""
    return new_scene(ground, tmp_path / "bot")


async def ask(scene: Scene) -> Use:
    """Ana hands a picture in, with words that no other case uses."""
    prompt = f"make it night {scene.stage.folder.parent.name}"
    return await scene.stage.sandbox.person("ana").command("edit", prompt=prompt, image=upload(drawing()))


async def test_a_picture_that_was_kept_and_not_yet_asked_for_costs_nothing(scene: Scene) -> None:
    """The member reads that nothing was charged; the next request goes through."""
    async with doomed(scene.stage, CrashPoint.AFTER_KEEP):
        use = await ask(scene)
    kept = list((scene.stage.data_dir / "pictures").rglob("*.png"))
    assert len(kept) == 1
    async with running(scene.stage):
        facts = await settle(scene.stage)
    assert_invariants(scene, facts)
    assert facts.records == ()
    assert scene.charges == ()
    assert "Nothing was charged" in use.response.plain_text()


@pytest.mark.parametrize(
    "point", [CrashPoint.AFTER_COMMIT_HOLD, CrashPoint.AFTER_INTENT, CrashPoint.IN_REQUEST, CrashPoint.AFTER_RESPONSE]
)
async def test_an_edit_under_a_key_is_made_once_whenever_the_process_dies(scene: Scene, point: CrashPoint) -> None:
    """The gateway refuses another body under the same key: what it was given before is named again."""
    before = len(scene.stage.gateways.apiframe.uploads)
    async with doomed(scene.stage, point):
        use = await ask(scene)
    async with running(scene.stage):
        facts = await settle(scene.stage)
    assert_invariants(scene, facts)
    (record,) = facts.records
    assert record.job.state is State.DONE
    assert len(scene.charges) == 1
    assert len(scene.stage.gateways.apiframe.uploads) == before + 1
    assert "Posted" in use.response.plain_text()

"""Section C of the failure matrix as far as members meet it: the disk is full, a batch fails, the writer dies."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import app, config
from bot.core.errors import DatabaseUnavailable, DataFolderBusy
from bot.db import Reader
from bot.ground import DATABASE_NAME
from bot.jobs.model import State
from bot.services import collecting
from bot.services.collecting import MAX_FETCHES
from sandbox.gateways import Outcome, outcome
from tests.e2e.rig import Rig, rig, spent
from tests.e2e.scene import LOCUS, PIXAZO, WAIT_S, Scene, scene


@contextmanager
def full_disk(play: Scene) -> Iterator[None]:
    """While inside, no file of this process grows beyond what the database's log has: every commit fails."""
    wal = play.rig.stage.data_dir / f"{DATABASE_NAME}-wal"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_refuses_what_is_new_and_says_that_nothing_was_charged(tmp_path: Path) -> None:
    """C3, C4: nothing is accepted while nothing can be written; when there is room again, all is well."""
    async with scene(tmp_path) as play:
        await play.draws_again()
        with full_disk(play):
            texts = [await play.refused(await play.ask(f"no room {number}")) for number in range(2)]
        assert all("busy" in text for text in texts)
        await play.later(seconds=6)
        await play.draws_again()
        jobs = await play.ends_well()
        assert len(jobs) == 2


async def test_an_outcome_that_cannot_be_written_is_written_when_it_can(tmp_path: Path) -> None:
    """C4, G12: the picture is drawn and paid while the disk is full; it is booked and posted once, later."""
    async with scene(tmp_path) as play:
        use = await play.drawing()
        with full_disk(play):
            with pytest.raises(DatabaseUnavailable):
                await play.house.database.write(lambda tx: tx.execute("UPDATE fact SET value = value || 'x'"))
            play.rig.gateways.finish()
            await asyncio.sleep(0.5)
            assert play.rig.posts() == []
        await play.posted(use)
        assert len(play.rig.posts()) == len(play.rig.gateways.book.charges) == 1
        await play.ends_well()


@contextmanager
def no_place_for_pictures(play: Scene) -> Iterator[None]:
    """While inside, no picture can be kept; the database can be written."""
    folder = play.rig.stage.data_dir / "pictures"
    away = folder.rename(folder.with_name("away"))
    try:
        yield
    finally:
        away.rename(folder)


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
@pytest.mark.parametrize("is_inside", [True, False], ids=["inside the answer", "behind an address"])
async def test_a_picture_that_our_disk_does_not_take_is_kept_when_it_can_be(
    tmp_path: Path, model: str, *, is_inside: bool
) -> None:
    """G12: asked for again where that is possible, else its bytes wait; never voided, booked once, posted once."""
    async with scene(tmp_path) as play:
        if is_inside:
            play.rig.gateways.faults.when("", outcome(Outcome.BASE64))
        with no_place_for_pictures(play):
            use = await play.ask(model=model)
            for failures in range(1, MAX_FETCHES + 1):
                await play.until(lambda found: found[0].failures == failures and found[0].lease_owner is None)  # noqa: B023
                await play.later(seconds=70)
            assert await spent(play.house) == 0
        await play.later(seconds=70)
        post = await play.posted(use)
        assert len(post.pictures()) == len(play.rig.gateways.book.charges) == 1
        (job,) = await play.ends_well()
        assert len(job.result or "") < 1_000


async def test_a_disk_that_takes_no_picture_for_a_day_ends_with_the_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G12: an honest end, and the money is not called free."""
    monkeypatch.setattr(collecting, "MAX_KEEPS", 2)
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.when("", outcome(Outcome.BASE64))
        with no_place_for_pictures(play):
            use = await play.ask(model=PIXAZO)
            await play.until_failed_once()
            await play.later(seconds=70)
            await play.says(use, "could not be fetched")
        assert await spent(play.house) > 0
        await play.ends_well()


async def test_a_writer_that_dies_ends_the_process_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """C6: nobody waits for ever; what was accepted is drawn, booked and posted by the next process."""
    async with rig(tmp_path) as stage:
        with pytest.raises(ExceptionGroup) as raised:
            await _lose_the_writer(stage)
        assert raised.group_contains(DatabaseUnavailable)
        async with stage.bot() as house:
            stage.gateways.finish()
            (job,) = await stage.settle(house)
            assert job.state is State.DONE
            assert len(stage.posts()) == 1
            assert await spent(house) == stage.booked()
            await stage.assert_sound(house)


async def _lose_the_writer(stage: Rig) -> None:
    stage.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
    async with stage.bot() as house:
        await stage.sandbox.person("ana").command("imagine", prompt="interrupted", model=PIXAZO)
        async with asyncio.timeout(WAIT_S):
            while not await house.database.read(_waits):
                await asyncio.sleep(0.01)
        (writer,) = [task for task in asyncio.all_tasks() if task.get_name() == "database writer"]
        writer.cancel()
        with pytest.raises(DatabaseUnavailable):
            await house.database.wait_closed()


def _waits(reader: Reader) -> bool:
    return reader.one("SELECT 1 FROM job WHERE state = 'waiting'") is not None


async def test_a_second_process_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """C9, I10."""
    async with scene(tmp_path) as play:
        values = {name.removeprefix("EASEL_").lower(): value for name, value in play.rig.stage.settings().items()}
        with pytest.raises(DataFolderBusy):
            async with app.build(config.load(_env_file=None, **values)):
                pass
        await play.draws_again()
        await play.ends_well()

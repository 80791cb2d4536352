"""Section G of the failure matrix: the picture is drawn and paid, and fetching it goes wrong."""

import asyncio
from pathlib import Path

import pytest

from bot.core.money import usd
from bot.jobs.model import State
from sandbox.gateways import PictureFault, Spoil, bad_picture
from tests.e2e.rig import spent
from tests.e2e.scene import LOCUS, PIXAZO, scene

COST = "It cost $0.05"


SPOILT = (Spoil.HTML, Spoil.BROKEN, Spoil.BOMB, Spoil.ENDLESS)


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
async def test_a_result_that_is_no_picture_costs_what_was_charged_and_says_so(tmp_path: Path, model: str) -> None:
    """G3, G4, G5: a page, half a picture, a bomb of 64 million pixels, 100 MB: nothing is posted, the bot is well."""
    async with scene(tmp_path, EASEL_MEMBER_JOBS="20") as play:
        for kind in SPOILT:
            play.rig.gateways.faults.when(kind, bad_picture(kind))
        for use in [await play.ask(kind, model=model) for kind in SPOILT]:
            text = await play.says(use, "It cost $0.0")
            assert "no usable picture" in text
        assert play.rig.posts() == []
        assert not list((play.rig.stage.data_dir / "pictures").rglob("*.*"))
        assert {job.state for job in await play.ends_well()} == {State.FAILED}
        await play.draws_again()
        await play.ends_well()


async def test_an_address_that_is_gone_is_asked_for_anew(tmp_path: Path) -> None:
    """G1: 404, then the status names a fresh address."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", bad_picture(Spoil.GONE_ONCE))
        use = await play.ask()
        await play.until_failed_once()
        await play.later(seconds=3)
        await play.posted(use)
        await play.ends_well()


async def test_a_result_that_is_gone_for_good_ends_with_the_truth(tmp_path: Path) -> None:
    """G1: asked again and again, never there: charged, lost, said."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", bad_picture(Spoil.GONE))
        use = await play.ask()
        await play.until_failed_once()
        async with asyncio.timeout(10):
            while not (found := await play.jobs()) or not found[0].has_ended:
                await play.later(seconds=30)
                await asyncio.sleep(0.05)
        text = await play.says(use, COST)
        assert "could not be fetched" in text
        assert len(play.rig.gateways.cdn.fetches) <= 8
        (job,) = await play.ends_well()
        assert job.state is State.FAILED


async def test_a_synchronous_result_that_is_gone_ends_with_the_truth(tmp_path: Path) -> None:
    """G1: Locus cannot be asked for a fresh address."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("locus", bad_picture(Spoil.GONE))
        text = await play.says(await play.ask(model=LOCUS), "It cost $0.023")
        assert "could not be fetched" in text
        await play.ends_well()


async def test_a_slow_download_holds_nobody_else_up(tmp_path: Path) -> None:
    """G3: one byte at a time, while others are served."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.when("drip", PictureFault(kind=Spoil.DRIP, seconds=0.0005))
        slow = await play.ask("drip")
        await play.until(lambda found: found[0].result is not None)
        await play.draws_again()
        assert "Posted" not in slow.response.plain_text()
        await play.posted(slow)
        await play.ends_well()


async def test_the_same_picture_twice_is_kept_once_and_posted_twice(tmp_path: Path) -> None:
    """G10: content addressing."""
    async with scene(tmp_path) as play:
        for _ in range(2):
            await play.posted(await play.ask("the very same"))
        assets = await play.house.database.read(lambda reader: reader.all("SELECT id FROM asset"))
        pictures = await play.house.database.read(lambda reader: reader.all("SELECT job_id FROM picture"))
        assert (len(assets), len(pictures)) == (1, 2)
        assert len(play.rig.posts()) == 2
        await play.ends_well()


async def test_no_key_ever_goes_to_the_host_of_the_pictures(tmp_path: Path) -> None:
    """G9."""
    async with scene(tmp_path) as play:
        for model in (PIXAZO, LOCUS):
            await play.posted(await play.ask(model=model))
        seen = str(play.rig.gateways.cdn.fetches)
        assert play.rig.gateways.cdn.fetches
        assert play.rig.gateways.pixazo_key not in seen
        assert play.rig.gateways.locus_key not in seen
        await play.ends_well()
        assert await spent(play.house) == usd("0.05") + usd("0.023")

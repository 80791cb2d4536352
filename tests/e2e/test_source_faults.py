"""Pictures that nobody should hand in, and addresses that end too soon (D17, D18)."""

import io
import socket
from pathlib import Path

import pytest
from PIL import Image

from bot.core.ids import hold_id_of
from bot.jobs.model import Job, State
from bot.ledger import store as ledger
from bot.services.handed.links import LINK_LIVES_MS
from sandbox.discord import Use
from sandbox.gateways import EVERY, Outcome, outcome
from tests.e2e.handing import PLACE, RICH, Gatekeeper, drawing, edit, photo, post_as, read, upload
from tests.e2e.rig import held
from tests.e2e.scene import PIXAZO, Scene, scene
from tests.media.samples import HTML, SVG, animated, apng_claiming, bomb_png

A_DAY = 25 * 60.0
BAD = {
    "an .exe named .png": (b"MZ\x90\x00" + bytes(4_000), "no PNG, JPEG or WebP"),
    "200 megapixels": (bomb_png(14_200), "too large"),
    "an animated WebP": (animated("WEBP", 4), "moves"),
    "an animated PNG": (apng_claiming(9), "moves"),
    "nothing": (b"", "empty"),
    "a page": (HTML, "no PNG, JPEG or WebP"),
    "an SVG": (SVG, "no PNG, JPEG or WebP"),
    "a GIF": (b"GIF89a" + bytes(40), "no PNG, JPEG or WebP"),
    "half a PNG": (drawing()[:3_000], "no PNG, JPEG or WebP"),
    "half a JPEG": (photo()[:300], "no PNG, JPEG or WebP"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_picture_is_refused_and_nothing_is_charged(tmp_path: Path, name: str) -> None:
    data, says = BAD[name]
    async with scene(tmp_path, names=EVERY) as play:
        uses: list[Use] = [
            await play.ana.command("edit", prompt="x", image=upload(data, "@everyone.png")),
            await play.ana.command("edit", prompt="x", image=upload(drawing()), image2=upload(data)),
            await play.ana.command("upscale", image=upload(data)),
        ]
        for use in uses:
            text = await play.refused(use)
            assert says in text
            assert "@everyone" not in text
        assert await play.ends_well() == ()
        assert play.rig.booked() == await held(play.house) == 0
        await play.posted(await edit(play, drawing()))


async def test_a_file_above_the_bound_is_not_even_fetched(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.sandbox.guild.upload_limit = 50 * 2**20
        text = await play.refused(await edit(play, bytes(33 * 2**20)))
        assert "at most 32 MB and 40 million pixels" in text
        assert await play.ends_well() == ()


async def test_a_picture_that_the_gateway_refuses_is_said_and_not_charged(tmp_path: Path) -> None:
    """D17."""
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("apiframe", outcome(Outcome.MODERATED, is_charged=False))
        use = await edit(play, drawing(), model="apiframe/grok-imagine")
        text = await play.says(use, "under its own rules")
        assert "You were **not** charged" in text
        (job,) = await play.ends_well()
        assert job.state is State.FAILED


async def test_an_address_that_has_ended_before_the_command_arrives_is_said(tmp_path: Path) -> None:
    """A form that is sent off a day after it was opened."""
    async with scene(tmp_path, names=EVERY) as play:
        menu = await play.ana.message_command("Edit this picture…", post_as(play, play.bo, drawing()))
        await menu.opened()
        play.rig.sandbox.clock.forward(minutes=A_DAY)
        text = await play.refused(await play.ana.submit_modal(menu, {"prompt": "x"}))
        assert "Upload it again" in text
        assert await play.ends_well() == ()


async def a_day_in_line(play: Scene, use: Use) -> Job:
    """Bo's edit waits behind Ana's drawing for a day, and is sent then; the job once it has ended."""
    await play.says(use, "in line")  # a card can be written on for a quarter of an hour
    first, _ = await play.until(lambda found: len(found) == 2)
    assert first.state is State.WAITING
    play.rig.sandbox.clock.forward(minutes=A_DAY)
    play.rig.gateways.finish()
    play.house.runner.wake()
    _, job = await play.until(lambda found: found[1].has_ended)
    return job


async def test_an_address_that_ends_in_the_line_is_no_address(tmp_path: Path) -> None:
    """D18: the next gateway gets the bytes, which were kept; nothing goes to the first."""
    async with scene(tmp_path, names=("pixazo", "apiframe"), EASEL_GUILD_JOBS="1") as play:
        gate, data = Gatekeeper(play), drawing()
        await play.drawing()
        job = await a_day_in_line(play, await edit(play, data, by=play.bo))
        assert (job.state, job.provider) == (State.DONE, "apiframe")
        assert len(gate.orders("pixazo")) == 1
        (order,) = gate.orders("apiframe")
        assert await gate.pictures("apiframe", order) == [data]
        assert any("make it night" in post.plain_text() for post in play.rig.posts())


async def test_an_address_that_ends_in_the_line_is_an_honest_end_where_nobody_takes_bytes(tmp_path: Path) -> None:
    async with scene(tmp_path, names=("pixazo",), EASEL_GUILD_JOBS="1") as play:
        gate = Gatekeeper(play)
        await play.drawing()
        job = await a_day_in_line(play, await edit(play, drawing(), by=play.bo))
        assert (job.state, job.reason) == (State.FAILED, "source_gone")
        assert len(gate.orders("pixazo")) == 1
        entries = await play.house.database.read(lambda reader: ledger.entries_of(reader, hold_id_of(job.id)))
        assert [one.kind for one in entries] == ["hold", "void"]
        await play.ends_well()
        # Ana's picture, a day late as well, is posted beside it in either order.
        (told,) = (
            text
            for text in (message.plain_text() for message in play.rig.sandbox.channel("general").messages)
            if "could not be given to the picture service any more" in text
        )
        assert "You were **not** charged" in told


async def test_our_own_post_is_asked_for_a_fresh_address(tmp_path: Path) -> None:
    """Months later: the address in the message of then is long dead, and the gateway takes nothing but addresses."""
    async with scene(tmp_path, names=("pixazo",)) as play:
        post = await play.posted(await play.ask())
        await play.later(minutes=90 * 24 * 60)
        gate = Gatekeeper(play)
        menu = await play.bo.message_command("Edit this picture…", post)
        await menu.opened()
        await play.posted(await play.bo.submit_modal(menu, {"prompt": "snow"}))
        (order,) = gate.orders("pixazo")
        assert await gate.pictures("pixazo", order) == [post.pictures()[0].data]
        await play.ends_well()


async def test_a_photo_that_tells_its_place_is_not_given_away_by_its_address(tmp_path: Path) -> None:
    """What lies behind Discord's address is the file as it was uploaded: that is refused, and why is said."""
    async with scene(tmp_path, names=("pixazo",)) as play:
        gate = Gatekeeper(play)
        text = await play.refused(await edit(play, photo()))
        assert "where it was taken" in text
        assert gate.seen == []
        assert await play.ends_well() == ()


async def test_such_a_photo_goes_to_a_dearer_gateway_that_takes_bytes(tmp_path: Path) -> None:
    async with scene(tmp_path, names=("pixazo", "apiframe")) as play:
        assert "via Apiframe" in (await play.posted(await edit(play, photo()))).plain_text()
        assert "via Pixazo" in (await play.posted(await edit(play, drawing()))).plain_text()
        await play.ends_well()


async def test_a_bot_with_a_public_address_gives_such_a_photo_an_address_of_its_own(tmp_path: Path) -> None:
    """It shows the stripped picture for two hours, and nothing to whoever guesses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = f"http://127.0.0.1:{port}"
    async with scene(tmp_path, names=("pixazo",), EASEL_WEB_PORT=str(port), EASEL_PUBLIC_URL=own) as play:
        gate = Gatekeeper(play)
        await play.posted(await edit(play, photo(6)))
        (order,) = gate.orders("pixazo")
        (address,) = order["image_urls"]
        assert address.startswith(f"{own}/pictures/")
        arrived = await read(address)
        assert PLACE.encode() not in arrived
        with Image.open(io.BytesIO(arrived)) as picture:
            assert picture.size == (64, 96)
        for wrong in (address[:-1], address.replace("/pictures/", "/pictures/0"), f"{own}/pictures/a/b/c"):
            with pytest.raises(Exception, match="404"):
                await read(wrong)
        play.rig.sandbox.clock.forward(seconds=LINK_LIVES_MS / 1_000 + 1)
        with pytest.raises(Exception, match="404"):
            await read(address)
        await play.ends_well()


async def test_a_source_that_is_lost_on_disk_is_an_honest_end(tmp_path: Path) -> None:
    async with scene(tmp_path, {**RICH, "EASEL_GUILD_JOBS": "1"}, names=("xai", "pixazo")) as play:
        await play.drawing(model=PIXAZO)
        use = await edit(play, photo(), by=play.bo)
        await play.says(use, "in line")
        for path in (play.rig.stage.data_dir / "pictures").rglob("*.jpg"):
            path.unlink()
        play.rig.gateways.finish()
        text = await play.says(use, "Send it again")
        assert "You were **not** charged" in text
        await play.ends_well()

"""`/edit`, the whole way, over every gateway that changes pictures."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.jobs.model import State
from sandbox.discord import Permission, Use
from sandbox.gateways import EVERY, Step, status
from tests.e2e.handing import PLACE, RICH, Gatekeeper, drawing, edit, photo, upload
from tests.e2e.rig import held, spent
from tests.e2e.scene import Scene, scene
from tests.media.samples import noise

MODELS = {
    "locus": "locus/grok-imagine",
    "pixazo": "pixazo/grok-imagine-quality",
    "apiframe": "apiframe/grok-imagine",
    "xai": "xai/grok-imagine",
}


async def only_order(play: Scene, gate: Gatekeeper, name: str) -> bytes:
    """The one source of the one order that the gateway got."""
    (order,) = gate.orders(name)
    (picture,) = await gate.pictures(name, order)
    return picture


@pytest.mark.parametrize("name", MODELS)
async def test_a_picture_is_changed_posted_and_paid(tmp_path: Path, name: str) -> None:
    """What arrives at the gateway is the picture that was handed in, byte for byte."""
    async with scene(tmp_path, names=EVERY) as play:
        gate, data = Gatekeeper(play), drawing()
        use = await edit(play, data, model=MODELS[name])
        post = await play.posted(use)
        assert "make it night" in post.plain_text()
        assert len(post.pictures()) == 1
        assert await only_order(play, gate, name) == data
        (job,) = await play.ends_well()
        assert (job.kind, job.state, job.provider) == ("edit", State.DONE, name)
        assert await spent(play.house) > 0


@pytest.mark.parametrize("name", [name for name in MODELS if name != "pixazo"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_where_it_was_taken_never_leaves_the_house(tmp_path: Path, name: str, form: str) -> None:
    """S17: stripped and upright, in each format, as each gateway takes it."""
    async with scene(tmp_path, names=EVERY) as play:
        gate, data = Gatekeeper(play), photo(6, name=form)
        assert PLACE.encode() in data
        await play.posted(await edit(play, data, model=MODELS[name]))
        arrived = await only_order(play, gate, name)
        assert PLACE.encode() not in arrived
        with Image.open(io.BytesIO(arrived)) as picture:
            assert (picture.format, picture.size) == (form, (64, 96))
        await play.ends_well()


@pytest.mark.parametrize("name", ["pixazo", "xai"])
async def test_several_pictures_arrive_in_their_order(tmp_path: Path, name: str) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        gate, several = Gatekeeper(play), [drawing() for _ in range(3)]
        use = await play.ana.command(
            "edit",
            prompt="put them together",
            image=upload(several[0]),
            image2=upload(several[1]),
            image3=upload(several[2]),
            model=MODELS[name],
            aspect_ratio="16:9",
            count=2,
        )
        post = await play.posted(use)
        assert len(post.pictures()) == 2
        (order,) = gate.orders(name)
        assert await gate.pictures(name, order) == several
        await play.ends_well()


async def test_a_shape_that_the_cheapest_cannot_give_a_single_picture_is_drawn_by_another(tmp_path: Path) -> None:
    """xAI keeps the shape of a single picture."""
    async with scene(tmp_path, names=EVERY) as play:
        picture = upload(drawing())
        use = await play.ana.command("edit", prompt="wider", image=picture, aspect_ratio="2:1")
        assert "via Pixazo" in (await play.posted(use)).plain_text()
        use = await play.ana.command(
            "edit", prompt="wider", image=picture, aspect_ratio="2:1", model="xai/grok-imagine"
        )
        assert "keeps its own shape" in await play.refused(use)
        await play.ends_well()


async def test_shape_size_format_and_number_arrive_and_are_told(tmp_path: Path) -> None:
    async with scene(tmp_path, RICH, names=EVERY) as play:
        gate = Gatekeeper(play)
        wishes: dict[str, Any] = {"aspect_ratio": "9:16", "resolution": "2k", "format": "webp", "count": 2}
        use = await edit(play, drawing(), model=MODELS["pixazo"], **wishes)
        post = await play.posted(use)
        (order,) = gate.orders("pixazo")
        sent = (order["aspect_ratio"], order["resolution"], order["output_format"], order["num_images"])
        assert sent == ("9:16", "2k", "webp", 2)
        assert [file.filename.rpartition(".")[2] for file in post.attachments] == ["webp", "webp"]
        assert "2 pictures · 9:16 · 2k · webp" in "".join(one.plain_text() for one in use.history)

        wishes = {"image2": upload(drawing()), "aspect_ratio": "5:2", "resolution": "1.5k", "count": 2}
        await play.posted(await edit(play, drawing(), model=MODELS["xai"], **wishes))
        (order,) = gate.orders("xai")
        assert (order["aspect_ratio"], order["resolution"], order["n"]) == ("5:2", "1.5k", 2)
        await play.ends_well()


async def test_what_takes_one_picture_alone_is_not_given_two(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        use = await play.ana.command(
            "edit", prompt="x", image=upload(drawing()), image2=upload(drawing()), model=MODELS["locus"]
        )
        assert "takes 1" in await play.refused(use)
        # Without a name the cheapest that takes two gets it.
        use = await play.ana.command("edit", prompt="x", image=upload(drawing()), image2=upload(drawing()))
        assert "via xAI" in (await play.posted(use)).plain_text()
        await play.ends_well()


@pytest.mark.parametrize("name", ["locus", "xai", "apiframe"])
async def test_a_picture_above_a_gateways_bound_is_made_smaller(tmp_path: Path, name: str) -> None:
    """In a boosted guild: Locus and xAI take 10 MiB, Apiframe takes more."""
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.sandbox.guild.upload_limit = 50 * 2**20
        data = noise(size=(1_900, 1_900), compress_level=0)
        assert len(data) > 10 * 2**20
        gate = Gatekeeper(play)
        await play.posted(await edit(play, data, model=MODELS[name]))
        arrived = await only_order(play, gate, name)
        assert arrived == data if name == "apiframe" else len(arrived) <= 10 * 2**20
        with Image.open(io.BytesIO(arrived)) as picture:
            assert picture.size == (1_900, 1_900)
        assert b"trainedAlgorithmicMedia" not in arrived
        await play.ends_well()


async def test_suggestions_are_those_of_models_that_edit(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        models = {choice.value for choice in await play.ana.autocomplete("edit", "model", "")}
        assert set(MODELS.values()) < models
        assert not any("apiinone" in str(model) or "upscale" in str(model) for model in models)
        quality = MODELS["pixazo"]
        for option, value in (("aspect_ratio", "auto"), ("resolution", "2k"), ("format", "webp")):
            found = await play.ana.autocomplete("edit", option, "", model=quality)
            assert value in {choice.value for choice in found}


async def test_only_one_service_and_it_cannot_edit_is_said_with_what_could(tmp_path: Path) -> None:
    async with scene(tmp_path, names=("apiinone",)) as play:
        text = await play.refused(await edit(play, drawing()))
        assert "change a picture" in text
        for name in ("Locus", "Pixazo", "Apiframe", "xAI"):
            assert name in text
        assert await play.ends_well() == ()


async def test_a_gateway_that_takes_addresses_is_followed_by_one_that_takes_bytes(tmp_path: Path) -> None:
    async with scene(tmp_path, names=("pixazo", "apiframe")) as play:
        gate, data = Gatekeeper(play), drawing()
        play.rig.gateways.faults.next("pixazo", status(429))
        post = await play.posted(await edit(play, data))
        assert "via Apiframe" in post.plain_text()
        (refused,) = gate.orders("pixazo")
        assert await gate.pictures("pixazo", refused) == [data]
        assert await only_order(play, gate, "apiframe") == data
        assert [charge.provider for charge in play.rig.gateways.book.charges] == ["apiframe"]
        await play.ends_well()


async def test_a_repeat_under_the_same_key_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    """Apiframe answers 409 to a key that comes with another body: what it was given is given once."""
    async with scene(tmp_path, names=("apiframe",)) as play:
        gate = Gatekeeper(play)
        play.rig.gateways.faults.next("apiframe", status(429, at=Step.SUBMIT, retry_after="5"))
        use = await edit(play, drawing())
        await play.says(use, "asked again")
        await play.later(seconds=10)
        await play.posted(use)
        first, second = gate.orders("apiframe")
        assert first == second
        assert len(play.rig.gateways.apiframe.uploads) == 1
        await play.ends_well()


async def test_nothing_is_fetched_or_bought_that_cannot_be_posted(tmp_path: Path) -> None:
    """The right to attach files is gone: refused before the picture is even looked at."""
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.sandbox.take_permission(Permission.ATTACH_FILES)
        text = await play.refused(await edit(play, drawing()))
        assert "attach files" in text
        assert await play.ends_well() == ()
        assert list((play.rig.stage.data_dir / "pictures").rglob("*.png")) == []


async def test_a_double_click_makes_one_job(tmp_path: Path) -> None:
    """The same message, the same words, at once: the second is told that the first is under way."""
    async with scene(tmp_path, names=EVERY) as play:
        post = await play.posted(await edit(play, drawing()))
        forms = [await play.bo.message_command("Edit this picture…", post) for _ in range(2)]
        for form in forms:
            await form.opened()
        uses: list[Use] = [await play.bo.submit_modal(form, {"prompt": "snow"}) for form in forms]
        texts = [(await use.wait_until(lambda one: not one.is_loading)).plain_text() for use in uses]
        assert sum("at it already" in text for text in texts) == 1
        assert len(await play.ends_well()) == 2
        assert await held(play.house) == 0

"""`/upscale`: by the gateway that drew it, or by one that takes any picture."""

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.core.requests import Verb
from bot.jobs.model import State
from bot.services.payload import decode_order
from bot.ui.custom_ids import ResultVerb
from sandbox.gateways import EVERY
from sandbox.gateways.server import FIRST_TWO
from tests.e2e.handing import PLACE, RICH, Gatekeeper, drawing, edit, photo, upload
from tests.e2e.pressing import custom_id, labels
from tests.e2e.rig import spent
from tests.e2e.scene import LOCUS, Scene, scene


def size(data: bytes | None) -> tuple[int, int]:
    with Image.open(io.BytesIO(data or b"")) as picture:
        return picture.size


async def picture_option(play: Scene, typed: str = "") -> str:
    """The first suggestion among Ana's own pictures."""
    return str((await play.ana.autocomplete("upscale", "picture", typed))[0].value)


@pytest.mark.parametrize("factor", [None, 2, 4])
async def test_an_uploaded_picture_is_enlarged(tmp_path: Path, factor: int | None) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        gate, data = Gatekeeper(play), drawing((60, 40))
        use = await play.ana.command("upscale", image=upload(data, "my boat.png"), factor=factor)
        post = await play.posted(use)
        times = factor or 2
        assert size(post.pictures()[0].data) == (60 * times, 40 * times)
        assert "my_boat.png" in post.plain_text().replace("\\", "")
        (order,) = gate.orders("apiframe")
        assert await gate.pictures("apiframe", order) == [data]
        (job,) = await play.ends_well()
        assert (job.kind, job.provider, job.parent_id) == ("upscale", "apiframe", None)


@pytest.mark.parametrize("factor", [2, 4])
async def test_another_upscaler_is_chosen_by_its_name(tmp_path: Path, factor: int) -> None:
    async with scene(tmp_path, RICH, names=EVERY) as play:
        gate, data = Gatekeeper(play), drawing((60, 40))
        use = await play.ana.command("upscale", image=upload(data), model="apiframe/clarity-upscale", factor=factor)
        post = await play.posted(use)
        assert size(post.pictures()[0].data) == (60 * factor, 40 * factor)
        assert "Clarity Upscale via Apiframe" in post.plain_text()
        (order,) = gate.orders("apiframe")
        assert order["model"] == "clarity-upscale"
        assert order["clarityUpscaleParams"]["scale_factor"] == factor
        assert await gate.pictures("apiframe", order) == [data]
        (job,) = await play.ends_well()
        assert (job.model, job.state) == ("clarity-upscale", State.DONE)
        assert await spent(play.house) == play.rig.booked() > 0


async def test_what_nobody_described_is_not_varied_and_its_name_is_no_prompt(tmp_path: Path) -> None:
    """An enlarged upload, and that enlarged once more: the words are the file's name."""
    async with scene(tmp_path, names=EVERY, settings=RICH) as play:
        post = await play.posted(await play.ana.command("upscale", image=upload(drawing(), "IMG_1234.png")))
        again = await play.posted(await play.bo.press(post, "Upscale"))
        by_menu = await play.posted(await play.bo.message_command("Upscale", again))
        jobs, gate = await play.jobs(), Gatekeeper(play)
        for one, job in zip((post, again, by_menu), jobs, strict=True):
            assert "Vary" not in labels(one)
            opened = await play.ana.press(one, "Edit…")
            assert "value" not in (await opened.opened())["components"][0]["component"]
            # As an earlier version offered it.
            use = await play.ana.press_anyway(one, custom_id(job, ResultVerb.VARY, 1))
            assert "Press Edit…" in await play.refused(use)
        assert gate.seen == []
        await play.ends_well()


async def test_a_photo_is_enlarged_without_what_it_told(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        gate = Gatekeeper(play)
        post = await play.posted(await play.ana.command("upscale", image=upload(photo(6))))
        (order,) = gate.orders("apiframe")
        (arrived,) = await gate.pictures("apiframe", order)
        assert PLACE.encode() not in arrived
        assert size(post.pictures()[0].data) == (128, 192)
        await play.ends_well()


async def test_a_result_of_api_in_one_is_enlarged_there_by_its_own_id(tmp_path: Path) -> None:
    """It keeps what it drew: nothing is handed over, and it costs less than elsewhere."""
    async with scene(tmp_path, names=EVERY, settings=RICH) as play:
        await play.posted(await play.ask("a red fox", model="apiinone/grok-imagine"))
        gate = Gatekeeper(play)
        post = await play.posted(await play.ana.command("upscale", picture=await picture_option(play)))
        assert "a red fox" in post.plain_text()
        assert "via API in One" in post.plain_text()
        first, second = await play.ends_well()
        (order,) = gate.orders("apiinone")
        assert order["task_id"] == first.external_id
        assert second.parent_id == first.id
        drawn, enlarged = [size(one.pictures()[0].data) for one in play.rig.posts()]
        assert enlarged == (drawn[0] * 2, drawn[1] * 2)
        decoded = decode_order(
            second.payload, version=second.payload_version, provider="apiinone", model="grok-imagine"
        )
        assert decoded.verb is Verb.UPSCALE


async def test_with_a_factor_it_is_enlarged_by_who_offers_that(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY, settings=RICH) as play:
        drawn = await play.posted(await play.ask("a red fox", model="apiinone/grok-imagine"))
        gate = Gatekeeper(play)
        post = await play.posted(await play.ana.command("upscale", picture=await picture_option(play), factor=4))
        assert "via Apiframe" in post.plain_text()
        (order,) = gate.orders("apiframe")
        assert await gate.pictures("apiframe", order) == [drawn.pictures()[0].data]
        await play.ends_well()


async def test_a_result_of_another_gateway_is_enlarged_by_one_that_takes_any(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY, settings=RICH) as play:
        drawn = await play.posted(await play.ask("a red fox", model=LOCUS, count=2))
        found = await play.ana.autocomplete("upscale", "picture", "RED")
        assert [choice.name for choice in found] == [f"a red fox · picture {place} · just now" for place in (1, 2)]
        gate = Gatekeeper(play)
        await play.posted(await play.ana.command("upscale", picture=found[1].value))
        (order,) = gate.orders("apiframe")
        assert await gate.pictures("apiframe", order) == [drawn.pictures()[1].data]
        _, job = await play.ends_well()
        assert job.state is State.DONE
        assert await spent(play.house) == play.rig.booked()


async def test_only_ones_own_pictures_are_suggested(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.posted(await play.ask("a red fox"))
        await play.posted(await play.ask("a grey owl", by=play.bo))
        assert [one.name for one in await play.bo.autocomplete("upscale", "picture", "")] == [
            "a grey owl · picture 1 · just now"
        ]
        assert await play.ana.autocomplete("upscale", "picture", "owl") == []
        await play.later(minutes=3 * 24 * 60 + 5)
        (choice,) = await play.ana.autocomplete("upscale", "picture", "")
        assert choice.name == "a red fox · picture 1 · 3 d ago"


@pytest.mark.parametrize("names", [FIRST_TWO, ("apiinone",)])
async def test_where_nobody_can_the_refusal_names_the_keys_that_would_do(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    """API in One enlarges its own work alone, which an upload is not, whether it is set up or not."""
    async with scene(tmp_path, names=names) as play:
        text = await play.refused(await play.ana.command("upscale", image=upload(drawing())))
        assert "A key for one of these would allow it: Apiframe." in text
        assert await play.ends_well() == ()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "Give a picture"),
        ({"picture": "@everyone"}, "no picture of yours"),
        ({"picture": "a" * 24 + ":1"}, "do not know this result"),
        ({"picture": "own", "image": upload(b"x")}, "one picture"),
    ],
)
async def test_what_is_no_picture_of_ones_own_is_refused(tmp_path: Path, options: dict[str, object], says: str) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        text = await play.refused(await play.ana.type_command("upscale", options))
        assert says in text
        assert "@everyone" not in text
        assert await play.ends_well() == ()


async def test_a_place_that_a_result_does_not_have_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        await play.posted(await edit(play, drawing()))
        option = (await picture_option(play)).replace(":1", ":7")
        assert "do not keep" in await play.refused(await play.ana.command("upscale", picture=option))
        await play.ends_well()

"""`/imagine`, the whole way, over every gateway."""

from pathlib import Path

import pytest

from bot.jobs.model import State
from sandbox.gateways import EVERY
from tests.e2e.rig import held, rig, spent


@pytest.mark.parametrize(
    ("model", "cost"), [("locus/grok-imagine", "$0.043"), ("pixazo/grok-imagine-quality", "$0.10")]
)
async def test_a_picture_is_drawn_posted_and_paid(tmp_path: Path, model: str, cost: str) -> None:
    async with rig(tmp_path) as stage, stage.bot() as house:
        ana, bo = stage.sandbox.person("ana"), stage.sandbox.person("bo")

        use = await ana.command("imagine", prompt="a lighthouse of stained glass", model=model, count=2)
        post = await bo.wait_to_see(lambda message: len(message.pictures()) == 2, timeout_s=10)
        card = await use.wait_until(lambda message: "Posted" in message.plain_text(), timeout_s=10)
        (job,) = await stage.settle(house)

        assert job.state is State.DONE
        assert "a lighthouse of stained glass" in post.plain_text()
        assert cost in post.plain_text()
        assert job.id[:6] in post.plain_text()
        assert all("a lighthouse of stained glass" in (one.description or "") for one in post.pictures())
        assert str(post.id) in card.plain_text()
        assert card not in bo.sees()
        assert await spent(house) == stage.booked() > 0
        assert await held(house) == 0
        await stage.assert_sound(house)


async def test_what_a_model_cannot_do_is_refused_before_any_money_is_held(tmp_path: Path) -> None:
    async with rig(tmp_path) as stage, stage.bot() as house:
        ana = stage.sandbox.person("ana")

        use = await ana.command("imagine", prompt="x", model="grok-imagine-quality", aspect_ratio="7:5")
        card = await use.answered()

        assert "1:1" in card.plain_text()
        assert "Nothing was charged" in card.plain_text()
        assert await stage.settle(house) == ()
        assert stage.booked() == await spent(house) == await held(house) == 0
        await stage.assert_sound(house)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("apiinone/grok-imagine", "via API in One"),
        ("apiframe/grok-imagine", "via Apiframe"),
        ("xai/grok-imagine", "via xAI"),
    ],
)
async def test_every_gateway_draws(tmp_path: Path, model: str, said: str) -> None:
    async with rig(tmp_path, names=EVERY) as stage, stage.bot() as house:
        use = await stage.sandbox.person("ana").command("imagine", prompt="a red fox", model=model)
        await use.answered()
        (job,) = await stage.settle(house)
        (post,) = stage.posts()

        assert job.state is State.DONE
        assert said in post.plain_text()
        assert await spent(house) == stage.booked() > 0
        assert await held(house) == 0
        await stage.assert_sound(house)

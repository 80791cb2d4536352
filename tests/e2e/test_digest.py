"""The summary for the staff: once for each day or week of the guild's own zone, over restarts."""

from pathlib import Path

from bot.core.clock import utc
from bot.guilds.model import Digest
from sandbox.discord import Message
from sandbox.gateways import EVERY, lost_answer
from tests.e2e.pressing import bot_on, stage
from tests.e2e.scene import LOCUS, PIXAZO, WAIT_S, Scene, scene
from tests.e2e.staffing import ROOMY, admin_id, card, desk, guild_id, in_staff, set_staff
from tests.e2e.talking import answered, ask
from tests.guilds.changing import set_to

DAY_MINUTES = 24 * 60


async def wants(play: Scene, digest: Digest | None) -> None:
    await set_to(desk(play), guild_id(play), by=admin_id(play), digest=digest)


async def to_midday(play: Scene) -> None:
    """To twelve o'clock UTC, so that a test of some minutes never meets midnight."""
    now = utc(play.house.clock.now())
    minutes = (36 * 60 - now.hour * 60 - now.minute) % DAY_MINUTES
    await play.later(minutes=minutes)


async def digests(play: Scene, number: int) -> list[Message]:
    """The summaries, once there are so many."""

    def look() -> list[Message] | None:
        found = [one for one in in_staff(play) if "Spending ·" in one.plain_text()]
        return found if len(found) >= number else None

    return await play.rig.sandbox.world.until(look, WAIT_S, f"{number} summaries")


async def test_a_day_is_summed_up_once_the_next_one_began(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, names=EVERY) as play:
        await to_midday(play)
        await set_staff(play)
        await wants(play, "daily")
        await play.later(minutes=2)
        (before,) = await digests(play, 1)
        assert "Nothing was spent." in before.plain_text()
        await play.posted(await play.ask("one", model=PIXAZO))
        await play.posted(await play.ask("two", by=play.bo, model=LOCUS))
        await answered(play, await ask(play, "why?"))
        today = utc(play.house.clock.now())
        await play.later(minutes=DAY_MINUTES)
        _, told = await digests(play, 2)
        text = told.plain_text()
        assert f"Spending · {today.day} " in text
        assert "3 requests · 2 pictures" in text
        assert text.index(f"<@{play.ana.id}>") < text.index(f"<@{play.bo.id}>")
        assert "`/imagine` · $" in text
        assert "`/ask` · $" in text
        assert "via Pixazo · $" in text
        assert told.pinged == ()
        await play.later(minutes=60)
        await play.later(minutes=60)
        assert len(await digests(play, 2)) == 2
        await play.ends_well()


async def test_a_week_is_summed_up_once_over_restarts(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            await to_midday(play)
            await set_staff(play)
            await wants(play, "weekly")
            await play.later(minutes=2)
            await digests(play, 1)
            await play.posted(await play.ask("one", model=PIXAZO))
        async with bot_on(built) as play:
            await play.later(minutes=7 * DAY_MINUTES)
            _, told = await digests(play, 2)
            assert " to " in told.plain_text()
            assert "1 request · 1 picture" in told.plain_text()
        async with bot_on(built) as play:
            await play.later(minutes=2)
            await play.posted(await play.ask("two", model=PIXAZO))
            assert len(await digests(play, 2)) == 2


async def test_what_nobody_knows_stands_apart(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await to_midday(play)
        play.rig.gateways.faults.next("locus", lost_answer())
        await play.says(await play.ask("one", model=LOCUS), "no answer came")
        await set_staff(play)
        await play.later(minutes=12 * 60 + 5)
        await wants(play, "daily")
        await play.later(minutes=2)
        told = await card(play, "Nobody knows yet whether 1 request cost anything; $0.0")
        assert "Nothing was spent." in told.plain_text()
        await play.later(minutes=DAY_MINUTES)
        # By then it was presumed, on the day after; the day of the request is told no more.
        assert len(await digests(play, 2)) == 2


async def test_without_a_wish_or_a_channel_there_is_none(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await wants(play, "daily")
        await play.later(minutes=DAY_MINUTES)
        await wants(play, None)
        await set_staff(play)
        await play.later(minutes=DAY_MINUTES)
        await play.posted(await play.ask("one", model=PIXAZO))
        assert in_staff(play) == []


async def test_a_channel_that_is_gone_gets_one_try(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        staff = play.rig.sandbox.channel("staff")
        play.rig.sandbox.world.delete_channel(staff)
        await wants(play, "daily")
        path = f"/channels/{staff.id}/messages"

        def tries() -> int:
            return len([one for one in play.rig.sandbox.requests if one.path.endswith(path)])

        await play.later(minutes=2)
        await play.rig.sandbox.world.until(lambda: tries() == 1, WAIT_S, "a try")
        await play.later(minutes=2)
        await play.posted(await play.ask("one", model=PIXAZO))
        assert tries() == 1

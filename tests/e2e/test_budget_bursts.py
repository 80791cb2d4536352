"""Section B of the failure matrix and the burst: 200 members, money for 50."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from bot.core.money import usd
from bot.db import Reader, Row
from bot.jobs.model import Job, State
from sandbox.discord import Use
from sandbox.gateways import Outcome, WorkFault, outcome
from tests.e2e.rig import held, rig, spent
from tests.e2e.scene import PIXAZO, WAIT_S, Scene, SlowMotion, scene

MEMBERS = 200
MONEY_FOR = 50
HOLD = usd("0.075")  # the worst case of one Pixazo picture
LIMIT_USD = "3.75"  # fifty of them
BUDGET = {
    "EASEL_GUILD_DAILY_USD": LIMIT_USD,
    "EASEL_GUILD_MONTHLY_USD": "100",
    "EASEL_MONTHLY_CEILING_USD": "100",
    "EASEL_MEMBER_JOBS": "100",
}
LIMIT = usd(LIMIT_USD)


def _most_taken(reader: Reader) -> int:
    row = reader.one("SELECT max(held + spent) AS most FROM counter WHERE unit = 'money'")
    return 0 if row is None else int(row["most"] or 0)


async def _decided(uses: list[Use]) -> tuple[list[Use], list[Use]]:
    """Who was accepted and who was refused, once everybody knows; every refusal says that nothing was charged."""
    for use in uses:
        await use.answered(60)
    refused = [use for use in uses if "### Making" not in use.response.plain_text()]
    for use in refused:
        text = use.response.plain_text()
        assert "Nothing was charged" in text
        assert "server has $0.00 left of $3.75" in text or "busy" in text
    return [use for use in uses if use not in refused], refused


async def _finish(play: Scene) -> tuple[Job, ...]:
    """The gateways draw on; everything ends."""
    play.rig.gateways.faults.clear()
    play.rig.gateways.finish()
    return await play.rig.settle(play.house, timeout_s=60)


async def test_two_hundred_ask_and_exactly_the_fifty_with_money_run(tmp_path: Path) -> None:
    """B1, B3: nobody has a balance row yet, all ask at once, nothing ends before all is decided."""
    async with scene(tmp_path, BUDGET, clock=SlowMotion()) as play:
        play.rig.gateways.faults.when("", outcome(Outcome.NEVER_ENDS))
        uses = [await play.ask("a burst", by=one) for one in play.rig.sandbox.crowd(MEMBERS)]
        accepted, refused = await _decided(uses)

        assert (len(accepted), len(refused)) == (MONEY_FOR, MEMBERS - MONEY_FOR)
        assert await held(play.house) == MONEY_FOR * HOLD == LIMIT
        jobs = await _finish(play)
        assert [job.state for job in jobs] == [State.DONE] * MONEY_FOR
        assert len(play.rig.posts()) == len(play.rig.gateways.book.charges) == MONEY_FOR
        assert await play.house.database.read(_most_taken) <= LIMIT
        await play.ends_well()


async def test_a_burst_with_cancellations_and_a_slow_disk_never_oversells(tmp_path: Path) -> None:
    """B1 with both thrown in. What is exact: while nothing is posted, every cancelled hold makes room for one more.

    So after a first wave of 100, ten cancellations amid a second wave, and a third wave, exactly fifty holds are
    open, and exactly sixty were ever accepted; how many of the ten places went to the second wave is chance.
    """
    async with scene(tmp_path, BUDGET, clock=SlowMotion()) as play:
        play.rig.gateways.faults.when("", outcome(Outcome.NEVER_ENDS))
        slow = asyncio.create_task(_slow_disk(play))
        crowd = play.rig.sandbox.crowd(MEMBERS)
        accepted, refused = await _decided([await play.ask("one", by=one) for one in crowd[:100]])
        assert (len(accepted), len(refused)) == (50, 50)

        by_id = {one.id: one for one in crowd}
        in_line = [use for use in accepted if "in line" in use.response.plain_text()][-10:]
        second: list[Use] = []
        for number, one in enumerate(crowd[100:150]):
            second.append(await play.ask("two", by=one))
            if number % 5 == 0:
                use = in_line.pop()
                await by_id[use.interaction.user_id].press(use.response, "Cancel")
        later, _ = await _decided(second)
        await play.until(lambda found: sum(job.state is State.CANCELLED for job in found) == 10)
        last, _ = await _decided([await play.ask("three", by=one) for one in crowd[150:]])

        assert len(accepted) + len(later) + len(last) == 60
        assert await held(play.house) == LIMIT
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
        jobs = await _finish(play)
        assert sum(job.state is State.DONE for job in jobs) == 50
        assert sum(job.state is State.CANCELLED for job in jobs) == 10
        assert len(play.rig.posts()) == len(play.rig.gateways.book.charges) == 50
        assert await play.house.database.read(_most_taken) <= LIMIT
        await play.ends_well()


async def _slow_disk(play: Scene) -> None:
    """Every commit has a transaction in it that takes its time."""
    while True:
        await play.house.database.write(lambda tx: time.sleep(0.03))
        await asyncio.sleep(0)


async def test_a_charge_above_the_hold_is_booked_in_full_and_lowers_what_is_left(tmp_path: Path) -> None:
    """B6: the gateway takes twice the price, more than was held: booked as it is, and the next accept sees less."""
    settings = {"EASEL_MEMBER_DAILY_USD": "0.12"}
    async with scene(tmp_path, settings) as play:
        play.rig.gateways.faults.next("locus", WorkFault(kind=Outcome.OVERCHARGE, factor=4.0))
        use = await play.ask(model="locus/grok-imagine")
        await play.posted(use)
        assert await spent(play.house) == play.rig.booked() == usd("0.092") > usd("0.033")
        overruns = await play.house.database.read(
            lambda reader: reader.all("SELECT amount FROM entry WHERE kind = 'overrun'")
        )
        assert [row["amount"] for row in overruns] == [usd("0.092") - usd("0.033")]
        again = await play.ask(model="locus/grok-imagine")
        assert "you have $0.028 left of $0.12" in await play.refused(again)
        await play.ends_well()


async def test_fewer_pictures_than_asked_cost_what_they_cost(tmp_path: Path) -> None:
    """B7: two of four come; two are booked, the rest of the hold is free again, the post shows two."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", WorkFault(kind=Outcome.FEWER, count=2))
        post = await play.posted(await play.ask(count=4))
        assert len(post.pictures()) == 2
        assert await spent(play.house) == usd("0.10")
        await play.ends_well()


async def test_a_day_that_ends_while_drawing_is_charged_to_the_day_of_the_request(tmp_path: Path) -> None:
    """B8: held before midnight, posted after it: the new day's allowance is whole."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.when("over midnight", outcome(Outcome.NEVER_ENDS))
        await play.ask("over midnight")
        await play.until_state(State.WAITING)
        (day,) = await play.house.database.read(_days)
        away_ms = int(day["ends_at"]) - play.rig.sandbox.clock.now()
        # The gateway's own deadline is minutes away; this day may be hours long.
        await play.house.database.write(
            lambda tx: tx.execute("UPDATE job SET deadline_at = deadline_at + ?", (away_ms,))
        )
        await play.later(seconds=away_ms / 1_000 + 1)
        play.rig.gateways.finish()
        await play.ends_well()

        (after,) = await play.house.database.read(_days)
        assert (after["starts_at"], after["held"], after["spent"]) == (day["starts_at"], 0, usd("0.05"))
        usage = await (await play.ana.command("usage")).answered()
        assert "**You, today**: $0.00 of $0.50 used" in usage.plain_text()


def _days(reader: Reader) -> list[Row]:
    return reader.all("SELECT * FROM counter WHERE unit = 'money' AND window_kind = 'day' AND scope LIKE 'member:%'")


async def test_a_limit_lowered_below_what_is_held_finishes_the_old_and_refuses_the_new(tmp_path: Path) -> None:
    """B4: the operator lowers the day's budget while a picture is drawn, and starts again."""
    async with rig(tmp_path) as stage:
        ana = stage.sandbox.person("ana")
        stage.gateways.faults.when("slow", outcome(Outcome.NEVER_ENDS))
        async with stage.bot() as house:
            first = await ana.command("imagine", prompt="slow", model=PIXAZO, count=4)
            await asyncio.wait_for(stage.gateways.book.holds(1), WAIT_S)
            await first.wait_until(lambda message: "drawing" in message.plain_text(), WAIT_S)
        async with stage.bot(EASEL_MEMBER_DAILY_USD="0.05") as house:
            second = await ana.command("imagine", prompt="more", model=PIXAZO)
            card = await second.answered(WAIT_S)
            assert "you have $0.00 left of $0.05" in card.plain_text()
            usage = await (await ana.command("usage")).answered()
            assert "**Over the limit.**" in usage.plain_text()
            stage.gateways.finish()
            await first.wait_until(lambda message: "Posted: " in message.plain_text(), WAIT_S)
            (job,) = await stage.settle(house)
            assert job.state is State.DONE
            assert await spent(house) == stage.booked() == usd("0.20")
            await stage.assert_sound(house)


@pytest.mark.parametrize(
    ("settings", "options", "says"),
    [
        ({"EASEL_MEMBER_DAILY_USD": "0.07"}, {}, "you have $0.07 left of $0.07 for today"),
        ({"EASEL_MEMBER_DAILY_PICTURES": "1"}, {"count": 2}, "you have 1 left of 1 pictures for today"),
        ({"EASEL_GUILD_DAILY_USD": "0.07"}, {}, "the server has $0.07 left of $0.07 for today"),
        ({"EASEL_GUILD_MONTHLY_USD": "0.07"}, {}, "the server has $0.07 left of $0.07 for this month"),
        ({"EASEL_MONTHLY_CEILING_USD": "0.07"}, {}, "allows all servers together for this month is used up. Resets"),
    ],
)
async def test_each_limit_refuses_by_name_and_leaves_nothing_held(
    tmp_path: Path, settings: dict[str, str], options: dict[str, Any], says: str
) -> None:
    """B2: whichever scope fails, no other one keeps a part of the hold."""
    async with scene(tmp_path, settings) as play:
        use = await play.ask(model=PIXAZO, **options)
        assert says in await play.refused(use)
        assert await play.ends_well() == ()
        assert await play.house.database.read(_most_taken) == 0

"""Alerts to the staff channel and to operators: once per window and threshold, whatever happens in between."""

from pathlib import Path

from bot.ledger.model import Unit
from bot.ledger.rules.model import Span, Whom
from sandbox.discord import CutBefore, Permission
from tests.e2e.scene import PIXAZO, Scene, scene
from tests.e2e.staffing import (
    ROOMY,
    all_told,
    card,
    direct,
    direct_card,
    in_staff,
    limit,
    set_staff,
    untold,
)


async def ask(play: Scene, count: int = 1) -> None:
    """So many pictures, each as a request of its own."""
    for _ in range(count):
        await play.posted(await play.ask(model=PIXAZO))


async def test_each_threshold_is_told_once_with_what_is_left_and_when_it_resets(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        await limit(play, "10", unit=Unit.REQUESTS)
        await ask(play, 4)
        assert in_staff(play) == []
        await ask(play)
        told = await card(play, "50 %")
        assert (
            "The server has used 50 % of 10 requests for this week · 5 requests left · resets <t:" in told.plain_text()
        )
        await ask(play, 3)
        await card(play, "80 %")
        await ask(play, 2)
        await card(play, "used up")
        await all_told(play)
        assert len(in_staff(play)) == 3
        assert not any(message.pinged for message in in_staff(play))
        await play.ends_well()


async def test_several_thresholds_passed_at_once_are_one_message_about_the_highest(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        await limit(play, "2", unit=Unit.PICTURES)
        await play.posted(await play.ask(count=2, model="locus/grok-imagine"))
        (told,) = [await card(play, "100 % of 2 pictures")]
        await all_told(play)
        assert in_staff(play) == [told]
        assert "0 pictures left" in told.plain_text()


async def test_windows_are_told_apart_and_a_new_one_begins_anew(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        await limit(play, "2", unit=Unit.REQUESTS, span=Span.DAY)
        await limit(play, "4", unit=Unit.REQUESTS, span=Span.MONTH, whom=Whom.COMMAND, name="imagine")
        await ask(play)
        await card(play, "The server has used 50 % of 2 requests for today")
        await ask(play)
        await card(play, "The command `/imagine` has used 50 % of 4 requests for this month")
        await all_told(play)
        before = len(in_staff(play))
        await play.later(minutes=24 * 60)
        await ask(play)
        await all_told(play)
        fresh = in_staff(play)[before:]
        assert any("The server has used 50 % of 2 requests for today" in one.plain_text() for one in fresh)


async def test_a_limit_that_was_raised_is_told_anew_within_its_window(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        await limit(play, "2", unit=Unit.REQUESTS)
        await ask(play)
        await card(play, "50 % of 2 requests")
        await limit(play, "4", unit=Unit.REQUESTS)
        await ask(play)
        await card(play, "50 % of 4 requests")
        await all_told(play)
        assert len(in_staff(play)) == 2


async def test_a_request_that_finds_no_room_in_what_is_left_is_told_to_the_staff(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        await limit(play, "0.12")
        await ask(play)
        await play.refused(await play.ask(model=PIXAZO))
        told = await card(play, "A budget is used up")
        assert "A request was refused: what is left is too little for it." in told.plain_text()
        await all_told(play)


async def test_without_a_staff_channel_nothing_is_posted_and_nothing_is_told_later(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await limit(play, "2", unit=Unit.REQUESTS)
        await ask(play)
        await all_told(play)
        await set_staff(play)
        await ask(play)
        await card(play, "100 %")
        assert len(in_staff(play)) == 1


async def test_a_staff_channel_that_is_gone_holds_nothing_up(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        play.rig.sandbox.world.delete_channel(play.rig.sandbox.channel("staff"))
        await limit(play, "1", unit=Unit.REQUESTS)
        await ask(play)
        await all_told(play)
        await play.ends_well()


async def test_a_closed_staff_channel_gets_no_more_than_one_try(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        staff = play.rig.sandbox.channel("staff")
        play.rig.sandbox.take_permission(Permission.SEND_MESSAGES, channel=staff)
        await limit(play, "1", unit=Unit.REQUESTS)
        await ask(play)
        await all_told(play)
        path = f"/channels/{staff.id}/messages"
        assert len([one for one in play.rig.sandbox.requests if one.path.endswith(path)]) == 1


async def test_what_discord_does_not_take_is_told_later_and_once(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_staff(play)
        staff = play.rig.sandbox.channel("staff")
        path = f"/channels/{staff.id}/messages"
        play.rig.sandbox.faults.until_off("POST", path, CutBefore())
        await limit(play, "1", unit=Unit.REQUESTS)
        await ask(play)
        assert await untold(play) == 3
        play.rig.sandbox.faults.clear()
        await play.later(minutes=1)
        await card(play, "100 %")
        await all_told(play)
        assert len(in_staff(play)) == 1


async def test_the_whole_bots_ceiling_is_the_operators_business_alone(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, EASEL_MONTHLY_CEILING_USD="0.14") as play:
        await set_staff(play)
        await ask(play)
        told = await direct_card(play, "This bot, all servers together, has used 53 % of $0.14 for this month")
        await all_told(play)
        assert direct(play) == [told]
        assert in_staff(play) == []


async def test_a_full_ceiling_of_a_server_is_told_to_its_staff_and_to_the_operators(tmp_path: Path) -> None:
    async with scene(tmp_path, {**ROOMY, "EASEL_GUILD_DAILY_USD": "0.075"}) as play:
        await set_staff(play)
        await ask(play)
        text = "The server has used 100 % of $0.075 for today"
        told = await card(play, text)
        assert "set by whoever runs this bot" in told.plain_text()
        assert "Aurora Studio" in (await direct_card(play, text)).plain_text()
        await all_told(play)
        assert (len(in_staff(play)), len(direct(play))) == (1, 1)


async def test_an_operator_who_takes_no_direct_messages_holds_nothing_up(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, EASEL_MONTHLY_CEILING_USD="0.14") as play:
        play.rig.sandbox.person("op").user.accepts_direct = False
        await ask(play)
        await all_told(play)
        await play.ends_well()

"""Section H of the failure matrix: the picture is there, and Discord does not take it as planned."""

import asyncio
from pathlib import Path

import pytest

from bot.core.money import usd
from bot.jobs.model import State
from sandbox.discord import (
    CutBefore,
    LoseAnswer,
    Message,
    Permission,
    Refuse,
    ServerError,
    TooManyRequests,
    Use,
)
from sandbox.discord.person import DIRECT
from sandbox.gateways import Outcome, outcome
from tests.e2e.rig import spent
from tests.e2e.scene import WAIT_S, Scene, scene

MESSAGES = "/channels/*/messages"


async def _on_card(use: Use) -> Message:
    """The card once it shows the picture."""
    return await use.wait_until(lambda message: bool(message.pictures()), WAIT_S)


def _sends(play: Scene) -> int:
    """How often the bot asked Discord for a new message with files."""
    return sum(one.method == "POST" and bool(one.files) for one in play.rig.sandbox.requests)


async def test_a_result_after_the_token_has_died_is_posted_and_pings_its_member(tmp_path: Path) -> None:
    """H1: sixteen minutes later the card is out of reach."""
    async with scene(tmp_path) as play:
        await play.drawing()
        play.rig.gateways.finish()
        await play.later(minutes=16)
        await play.until_state(State.DONE)
        (post,) = play.rig.posts()
        assert post.pinged == (play.ana.id,)
        assert len(post.pictures()) == 1
        await play.ends_well()


async def test_a_result_that_discord_stored_before_it_failed_is_posted_once(tmp_path: Path) -> None:
    """H3: 502 after the message was stored; the library sends again, and the nonce finds the first."""
    async with scene(tmp_path) as play:
        fault = play.rig.sandbox.faults.next("POST", MESSAGES, ServerError(502, is_processed=True))
        await play.posted(await play.ask())
        assert fault.hits == 1
        assert len(play.rig.posts()) == 1
        await play.ends_well()


@pytest.mark.parametrize("minutes", [0.1, 7.0, 60.0])
async def test_a_result_whose_answer_was_lost_is_found_again(tmp_path: Path, minutes: float) -> None:
    """H2, H3: the connection is cut after Discord stored it; the next try finds it, also past the nonce's life."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", MESSAGES, LoseAnswer())
        await play.ask()
        await play.until(lambda found: found[0].state is State.DELIVERING and found[0].failures == 1)
        await play.later(minutes=minutes)
        await play.until_state(State.DONE)
        assert len(play.rig.posts()) == 1
        await play.ends_well()


async def test_a_lost_answer_in_a_channel_without_history_is_found_by_its_nonce(tmp_path: Path) -> None:
    """H2: the bot may not read the channel; within minutes the nonce alone must do."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.take_permission(Permission.READ_MESSAGE_HISTORY)
        play.rig.sandbox.faults.next("POST", MESSAGES, LoseAnswer())
        use = await play.ask()
        await play.until(lambda found: found[0].state is State.DELIVERING and found[0].failures == 1)
        await play.later(seconds=5)
        await play.posted(use)
        assert len(play.rig.posts()) == 1
        await play.ends_well()


async def test_a_picture_above_the_upload_limit_is_made_smaller(tmp_path: Path) -> None:
    """H4: this guild takes less than the library believes; 413 until it fits."""
    async with scene(tmp_path, picture_side=1_400) as play:
        play.rig.sandbox.guild.upload_limit = 400 * 1024
        post = await play.posted(await play.ask("fine grain " * 30, format="png"))
        (picture,) = post.pictures()
        assert picture.data is not None
        assert len(picture.data) <= 400 * 1024
        await play.ends_well()


async def test_a_picture_that_no_limit_lets_through_is_kept_and_told(tmp_path: Path) -> None:
    """H4: neither the channel nor the card nor a direct message takes it: one honest end, no endless tries."""
    async with scene(tmp_path, picture_side=1_400) as play:
        fault = play.rig.sandbox.faults.until_off("POST", MESSAGES, Refuse(413, 40005, "Request entity too large"))
        card = play.rig.sandbox.faults.until_off("PATCH", "*/messages/@original", Refuse(413, 40005, "too large"))
        use = await play.ask("too large", format="png")
        job = await play.until_state(State.DONE)
        card.off()
        await play.later(seconds=6)
        text = await play.says(use, "kept with the bot")
        assert "It cost $0.05" in text
        assert fault.hits <= 10
        assert job.attempt == 1
        await play.ends_well()


async def test_a_channel_that_is_deleted_while_drawing_sends_the_picture_to_its_member(tmp_path: Path) -> None:
    """H5: channel and card are gone; a direct message is left."""
    async with scene(tmp_path) as play:
        await play.drawing()
        play.rig.sandbox.world.delete_channel(play.rig.sandbox.channel("general"))
        play.rig.gateways.finish()
        message = await play.ana.wait_to_see(lambda one: bool(one.pictures()), WAIT_S, channel=DIRECT)
        assert "a lighthouse" in message.plain_text()
        await play.until_state(State.DONE)
        await play.ends_well()


async def test_with_the_channel_gone_and_messages_closed_the_picture_is_kept(tmp_path: Path) -> None:
    """H5, H7: no way is open; the books are right all the same, and nothing is tried for ever."""
    async with scene(tmp_path) as play:
        await play.drawing()
        play.rig.sandbox.world.delete_channel(play.rig.sandbox.channel("general"))
        play.ana.user.accepts_direct = False
        play.rig.gateways.finish()
        await play.until_state(State.DONE)
        assert list((play.rig.stage.data_dir / "pictures").rglob("*.*"))
        # The card went down with its channel, so nothing on it is waited for.
        await play.ends_well()
        assert _sends(play) <= 2


@pytest.mark.parametrize("permission", [Permission.SEND_MESSAGES, Permission.ATTACH_FILES, Permission.VIEW_CHANNEL])
async def test_a_right_lost_while_drawing_shows_the_picture_on_the_card(tmp_path: Path, permission: Permission) -> None:
    """H6: refused once, not tried again; the member has it, and it is not public."""
    async with scene(tmp_path) as play:
        use = await play.drawing()
        play.rig.sandbox.take_permission(permission)
        play.rig.gateways.finish()
        card = await _on_card(use)
        assert card.only_for == play.ana.id
        assert "could not post" in card.plain_text()
        assert play.rig.posts() == []
        assert sum(one.route == "/channels/{channel_id}/messages" for one in play.rig.sandbox.requests) == 1
        await play.ends_well()


@pytest.mark.parametrize("code", [200000, 240000, 20009])
async def test_a_picture_that_the_servers_filter_blocks_is_shown_to_its_member_alone(tmp_path: Path, code: int) -> None:
    """H6: AutoMod, the link filter, the explicit content filter."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", MESSAGES, Refuse(400, code, "blocked"))
        await _on_card(await play.ask())
        assert play.rig.posts() == []
        assert _sends(play) == 1
        await play.ends_well()


async def test_a_thread_that_is_locked_while_drawing_shows_the_picture_on_the_card(tmp_path: Path) -> None:
    """H5: posts in threads work; a locked one does not take any."""
    async with scene(tmp_path) as play:
        use = await play.ask("in a thread", channel="poster-jam")
        await play.says(use, "Posted: ")
        assert len(play.rig.posts("poster-jam")) == 1
        use = await play.drawing("too late for the thread", channel="poster-jam")
        play.rig.sandbox.channel("poster-jam").is_locked = True
        play.rig.gateways.finish()
        await _on_card(use)
        assert len(play.rig.posts("poster-jam")) == 1
        await play.ends_well()


async def test_thrown_out_of_the_guild_while_drawing_the_bot_settles_the_money(tmp_path: Path) -> None:
    """H8: nothing can be sent there any more; the charge is booked, nothing is tried for ever."""
    async with scene(tmp_path) as play:
        await play.drawing()
        play.rig.sandbox.world.remove_bot(play.rig.sandbox.guild)
        play.rig.gateways.finish()
        await play.until_state(State.DONE)
        assert play.rig.posts() == []
        assert await spent(play.house) == usd("0.05")
        await play.ends_well()


async def test_an_outage_of_the_guild_is_no_removal(tmp_path: Path) -> None:
    """H8: GUILD_DELETE with `unavailable`."""
    async with scene(tmp_path) as play:
        use = await play.drawing()
        play.rig.sandbox.gateway.set_guild_unavailable(play.rig.sandbox.guild)
        play.rig.gateways.finish()
        await play.posted(use)
        await play.ends_well()


@pytest.mark.parametrize(
    ("trouble", "wait_s"),
    [
        (TooManyRequests(0.2), 0.0),
        (TooManyRequests(300.0), 301.0),
        (TooManyRequests(300.0, via=False), 5.0),
        (CutBefore(), 5.0),
    ],
    ids=["short", "long", "the-wall-in-front", "cut"],
)
async def test_a_post_that_is_turned_away_is_made_later_once(
    tmp_path: Path, trouble: TooManyRequests | CutBefore, wait_s: float
) -> None:
    """H9, H10: short waits are the library's, long ones the schedule's; nothing is drawn again."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", MESSAGES, trouble)
        use = await play.ask()
        if wait_s:
            await play.until(lambda found: found[0].state is State.DELIVERING and found[0].failures == 1)
            await play.later(seconds=wait_s)
        await play.posted(use)
        assert len(play.rig.posts()) == len(play.rig.gateways.book.charges) == 1
        await play.ends_well()


async def test_cards_that_are_turned_away_are_edited_later(tmp_path: Path) -> None:
    """H9, H10 for the card: its last word comes, late."""
    async with scene(tmp_path) as play:
        use = await play.drawing()
        play.rig.sandbox.faults.next("PATCH", "*/messages/@original", TooManyRequests(60.0, via=False), times=2)
        play.rig.gateways.finish()
        await play.until_state(State.DONE)
        for _ in range(3):
            await asyncio.sleep(0.1)
            await play.later(seconds=6)
        await play.posted(use)
        await play.ends_well()


async def test_a_card_whose_edit_was_lost_says_where_the_job_stands_all_the_same(tmp_path: Path) -> None:
    """The edits on the way from "in line" to "drawing" are cut off: made again, though nothing else changes."""
    async with scene(tmp_path, scale=10.0, EASEL_GUILD_JOBS="1") as play:
        await play.drawing("in front", by=play.bo)
        use = await play.ask("behind")
        await play.says(use, "1st in line")
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        lost = play.rig.sandbox.faults.until_off("PATCH", f"*{use.interaction.token}*", CutBefore())
        play.rig.gateways.finish()
        await play.later(seconds=60)
        await play.until(lambda found: found[1].external_id is not None)
        hits = lost.hits
        await play.later(seconds=6)
        async with asyncio.timeout(WAIT_S):
            while lost.hits == hits:
                await asyncio.sleep(0.01)
        lost.off()
        await play.later(seconds=0.5)
        assert "in line" in use.response.plain_text()
        await play.later(seconds=5)
        await play.says(use, "drawing")
        play.rig.gateways.finish()
        await play.later(seconds=60)
        await play.posted(use)
        await play.ends_well()


async def test_a_post_that_a_moderator_deletes_is_not_made_again(tmp_path: Path) -> None:
    """H11: gone is gone; the card keeps its link, the money is booked."""
    async with scene(tmp_path) as play:
        use = await play.ask()
        post = await play.posted(use)
        play.rig.sandbox.world.delete(post)
        await play.later(minutes=30)
        await play.draws_again()
        assert len(play.rig.posts()) == 1
        await play.ends_well()


async def test_a_card_that_its_member_dismissed_changes_nothing(tmp_path: Path) -> None:
    """H11: 10008 for the card; the picture is posted, and nothing is edited for ever."""
    async with scene(tmp_path) as play:
        use = await play.drawing()
        play.ana.dismiss(use.response)
        play.rig.gateways.finish()
        await play.until_state(State.DONE)
        assert len(play.rig.posts()) == 1
        await play.ends_well()


async def test_while_discord_is_down_results_wait_and_nothing_is_drawn_twice(tmp_path: Path) -> None:
    """H14: an hour without an answer to any request; then everything is delivered, once."""
    async with scene(tmp_path) as play:
        uses = [await play.drawing(f"number {number}") for number in range(3)]
        down = play.rig.sandbox.faults.until_off("*", "*", CutBefore())
        play.rig.gateways.finish()
        await play.until(lambda found: all(job.state is State.DELIVERING and job.failures for job in found))
        for _ in range(6):
            await play.later(minutes=10)
            await asyncio.sleep(0.05)
        assert play.rig.posts() == []
        down.off()
        # How long each of them rests depends on when it last tried.
        for _ in range(6):
            await play.later(minutes=2)
            await asyncio.sleep(0.05)
        await play.until(lambda found: all(job.state is State.DONE for job in found))
        posts = play.rig.posts()
        assert len(posts) == len(play.rig.gateways.book.charges) == len(uses)
        assert all(post.pinged == (play.ana.id,) for post in posts)
        # Their cards died meanwhile, under "making your picture"; the posts ping instead.
        await play.ends_well()


@pytest.mark.parametrize("permission", [Permission.SEND_MESSAGES, Permission.ATTACH_FILES, Permission.VIEW_CHANNEL])
async def test_where_the_bot_may_not_post_no_picture_is_bought(tmp_path: Path, permission: Permission) -> None:
    """Refused before money, with the right that is missing."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.take_permission(permission)
        text = await play.refused(await play.ask())
        assert "I cannot post in this channel" in text
        assert await play.ends_well() == ()
        play.rig.sandbox.give_permission(permission)
        await play.draws_again()

"""What is set for a channel holds in its threads, whichever way a request comes."""

from pathlib import Path

from bot.core.ids import GuildId, MemberId
from bot.ledger.model import Unit
from bot.ledger.rules.model import AllowList, Draft, Listed, Span, Whom
from bot.services.budgets.desk import Budgets
from sandbox.discord import Channel
from tests.budgets.house import ceilings
from tests.e2e.scene import LOCUS, Scene, scene
from tests.e2e.talking import LOCUS as CHAT
from tests.e2e.talking import until_shown

ADMIN = MemberId(1)


def desk_of(play: Scene) -> Budgets:
    return Budgets(database=play.house.database, ceilings=ceilings(), clock=play.rig.sandbox.clock)


def places(play: Scene) -> tuple[Channel, Channel, GuildId]:
    """A channel, a thread of it, and their server."""
    channel, thread = play.rig.sandbox.channel("general"), play.rig.sandbox.channel("poster-jam")
    assert thread.parent_id == channel.id
    return channel, thread, GuildId(channel.guild_id or 0)


def requests(whom: Whom, name: int, amount: int) -> Draft:
    return Draft(whom=whom, name=str(name), unit=Unit.REQUESTS, span=Span.DAY, amount=amount)


async def test_a_channels_rule_and_list_bind_a_command_in_its_thread(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        channel, thread, guild = places(play)
        budgets = desk_of(play)
        await budgets.set_rule(guild, requests(Whom.CHANNEL, channel.id, 1), by=ADMIN)
        first = await play.ana.command("imagine", channel=thread, prompt="one", model=LOCUS)
        await play.says(first, "Posted: ")
        again = await play.ask("two")
        assert "0 left of 1" in await play.refused(again)
        await budgets.set_rule(guild, requests(Whom.CHANNEL, channel.id, 9), by=ADMIN)
        await budgets.set_rule(guild, requests(Whom.CHANNEL, thread.id, 1), by=ADMIN)
        assert "0 left of 1" in await play.refused(
            await play.ana.command("imagine", channel=thread, prompt="three", model=LOCUS)
        )
        listed = AllowList(whom=Whom.CHANNEL, name=str(channel.id), what=Listed.COUNT, values=frozenset({"1"}))
        await budgets.allow(guild, listed, by=ADMIN)
        many = await play.bo.command("imagine", channel=thread, prompt="four", model=LOCUS, count=2)
        assert "at most 1" in await play.refused(many)
        await play.ends_well()


async def test_a_channels_rule_binds_a_reply_in_its_thread(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        channel, thread, guild = places(play)
        use = await play.ana.command("ask", channel=thread, question="Why?", model=CHAT)
        await play.says(use, "Posted: ")
        await desk_of(play).set_rule(guild, requests(Whom.CHANNEL, channel.id, 1), by=ADMIN)
        (answer,) = [one for one in thread.messages if one.author_id == play.rig.sandbox.world.application_id]
        me = play.rig.sandbox.world.application_id
        play.bo.say(f"<@{me}> And at night?", channel=thread, reply_to=answer)
        await until_shown(play, "0 left of 1", "poster-jam")
        await play.ends_well()

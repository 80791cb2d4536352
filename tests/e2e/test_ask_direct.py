"""A private answer that came by direct message, because its card was out of reach: its buttons work there too."""

from pathlib import Path

from bot.core.ids import GuildId
from bot.ledger.rules import store as rules
from bot.ledger.rules.model import AllowList, Listed, Whom
from sandbox.discord import Message
from sandbox.discord.person import DIRECT
from sandbox.gateways import EVERY
from tests.e2e.scene import NOT_CHARGED, WAIT_S, Scene, scene
from tests.e2e.talking import Turns, ask, continued, pressed, shown
from tests.e2e.test_ask_conversations import Wire, texts


async def direct_answer(play: Scene) -> Message:
    """The answer to a private question whose card is older than a quarter of an hour."""
    turns = Turns(play.rig.gateways)
    use = await ask(play, "a secret?", private=True)
    await play.says(use, "answering")
    await play.later(minutes=16)
    turns.finish()
    return await play.ana.wait_to_see(lambda one: bool(one.buttons()), WAIT_S, channel=DIRECT)


async def test_it_is_gone_on_with_in_private(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        message, wire = await direct_answer(play), Wire(play)
        use = await continued(play, play.ana, message, "and more?")
        text = await play.says(use, "You asked: and more?")
        assert "Only you see this" in text
        assert wire.last()[0] == "a secret?"
        first, second = await play.ends_well()
        assert (second.guild_id, second.channel_id) == (first.guild_id, first.channel_id)
        assert second.parent_id == first.id
        assert shown(play) == []


async def test_it_is_read_aloud_once(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        message = await direct_answer(play)
        use = await pressed(play, play.ana, message, "Read aloud")
        await use.wait_until(lambda card: bool(card.attachments), timeout_s=WAIT_S)
        again = await pressed(play, play.ana, message, "Read aloud")
        assert NOT_CHARGED in await play.refused(again)
        assert len(await play.ends_well()) == 2
        assert shown(play) == []


async def test_it_is_forgotten(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        message = await direct_answer(play)
        use = await pressed(play, play.ana, message, "Forget")
        assert "deleted 1 question" in (await use.answered(WAIT_S)).plain_text()
        assert await texts(play) == [(None, None)]
        for label in ("Continue", "Read aloud"):
            card = await (await pressed(play, play.ana, message, label)).answered(WAIT_S)
            assert "do not know this conversation" in card.plain_text()
        await play.ends_well()


async def test_what_the_server_allows_its_members_roles_holds_here_too(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        message, guild = await direct_answer(play), play.rig.sandbox.guild
        role = next(role for role in guild.roles.values() if role.id != guild.id)
        guild.members[play.ana.id].role_ids.append(role.id)
        only = AllowList(whom=Whom.ROLE, name=str(role.id), what=Listed.MODEL, values=frozenset({"grok-imagine"}))
        await play.house.database.write(lambda tx: rules.set_list(tx, GuildId(guild.id), only))
        assert "grok-imagine" in await play.refused(await continued(play, play.ana, message, "and more?"))
        assert len(await play.ends_well()) == 1


async def test_whoever_has_left_the_server_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        message = await direct_answer(play)
        play.rig.sandbox.guild.members.pop(play.ana.id)
        for label in ("Continue", "Read aloud"):
            use = await pressed(play, play.ana, message, label)
            if label == "Continue":
                await use.opened(WAIT_S)
                use = await play.ana.submit_modal(use, {"question": "and more?"})
            assert NOT_CHARGED in await play.refused(use)
        assert len(await play.ends_well()) == 1

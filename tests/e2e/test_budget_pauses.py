"""Everything or one command is paused with a reason that members read, and goes on again."""

from pathlib import Path

from tests.e2e.budgeting import admin_of, card_of
from tests.e2e.pressing import ENOUGH, said
from tests.e2e.scene import scene
from tests.e2e.talking import ask


async def test_everything_is_paused_by_a_form_and_goes_on(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        under_way = await play.drawing("begun before")
        text = await card.send(await card.open("Pause…"), {"whom": "*", "reason": "back on **Monday**"})
        assert "**Changed.** Everything is paused: new requests are refused, those accepted end as usual." in text
        assert f"`1` **Everything is paused**: back on \\*\\*Monday\\*\\* · by <@{card.who.id}>, <t:" in text
        told = await play.refused(await play.ask(by=play.bo))
        assert "Everything is paused on this server: back on \\*\\*Monday\\*\\*" in told
        play.rig.gateways.finish()
        await play.posted(under_way)
        await card.change("paused", do="set", reason="back on Tuesday")
        assert "back on Tuesday" in await play.refused(await play.ask(by=play.bo))
        assert "Everything goes on" in await card.change("paused", do="remove")
        await play.posted(await play.ask(by=play.bo))
        await play.ends_well()


async def test_one_command_is_paused_and_resumed_by_typing(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        admin = admin_of(play)
        text = await said(await admin.command("settings pause", command="imagine", reason="too dear today"))
        assert "`/imagine` is paused**: too dear today" in text
        told = await play.refused(await play.ask())
        assert "/imagine is paused on this server: too dear today. Ask a moderator." in told
        await ask(play, "what is a lighthouse?")
        assert "Everything is not paused." in await said(await admin.command("settings resume"))
        assert "/imagine goes on" in await said(await admin.command("settings resume", command="imagine"))
        await play.posted(await play.ask())
        assert "**Everything is paused** · by" in await said(await admin.command("settings pause"))
        assert "No reason was given" in await play.refused(await play.ask())
        await play.ends_well()


async def test_soft_mode_without_a_staff_channel_says_that_it_refuses(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        await card.send(await card.open("Alerts and time zone…"), {"soft": "waits"})
        assert "**Over a limit**: the request waits for a moderator, once a staff channel is set" in card.text
        await play.ends_well()

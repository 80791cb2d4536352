"""An admin sets limits by forms; members run into them, and each refusal says which one and until when."""

from pathlib import Path

from bot.core.clock import MINUTE_MS
from sandbox.discord.model import Role
from tests.e2e.budgeting import MONEY_A_DAY, admin_of, card_of
from tests.e2e.pressing import ENOUGH, said
from tests.e2e.scene import LOCUS, PIXAZO, Scene, scene

PACE = {"unit": "requests", "span": "rolling", "amount": "1", "minutes": "30"}


def role_of(play: Scene, name: str) -> Role:
    """A role of the server."""
    (found,) = [one for one in play.rig.sandbox.guild.roles.values() if one.name == name]
    return found


async def test_an_admin_sets_a_limit_by_a_form_and_a_member_runs_into_it(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        assert "Nothing is set here" in card.text
        assert "allows $20.00 a day and $20.00 a month for this server, $9.00 and 25 pictures a day" in card.text
        text = await card.add("everyone", **MONEY_A_DAY, amount="$0.12")
        assert "**Changed.** Each member · $0.12 a day, from the next request on." in text
        assert "`1` Each member · $0.12 a day" in text
        assert card.message.pinged == ()
        await play.posted(await play.ask())
        told = await play.refused(await play.ask(by=play.ana))
        assert "you have $0.07 left of $0.12 for today (set for each member). Resets <t:" in told
        await play.posted(await play.ask(by=play.bo))
        await play.ends_well()


async def test_every_kind_of_limit_is_set_by_a_form_of_its_own_and_stands_on_one_card(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        admin, sandbox = admin_of(play), play.rig.sandbox
        mod, general = role_of(play, "Moderator"), sandbox.channel("general")
        await play.posted(await play.ask(count=2))
        card = await card_of(admin)
        await card.add("server", unit="money", span="week", amount="10")
        await card.add("everyone", unit="requests", span="day", amount="30")
        await card.add("member", whom=[play.ana], unit="pictures", span="month", amount="50")
        await card.add("role", whom=[mod], **PACE)
        await card.add("channel", whom=[general], unit="pictures", span="week", amount="40 pictures")
        await card.add("command", whom=["speak"], unit="requests", span="day", amount="5")
        await card.add("model", whom=[PIXAZO], **MONEY_A_DAY, amount="3.5")
        text = await card.add("reserve", whom="event", unit="money", span="week", amount="4")
        lines = text.splitlines()
        for number, line in enumerate(
            (
                "This server · $10.00 a week · $9.90 left · resets <t:",
                "Each member · 30 requests a day",
                f"<@{play.ana.id}> · 50 pictures a month · 48 left · resets <t:",
                f"Each of <@&{mod.id}> · 1 request in 30 minutes",
                f"<#{general.id}> · 40 pictures a week · 38 left · resets <t:",
                "`Read aloud` · 5 requests a day · 5 left · resets <t:",
                f"`{PIXAZO}` · $3.50 a day · $3.40 left · resets <t:",
                "Kept for `event` · $4.00 of each week",
            ),
            start=1,
        ):
            assert any(one.startswith(f"`{number}` {line}") for one in lines), (line, text)
        assert list(card.options())[3:5] == [
            "4 · @Moderator · 1 request in 30 minutes",
            "5 · #general · 40 pictures a week",
        ]
        assert card.message.pinged == ()
        await play.ends_well()


async def test_a_pace_of_a_role_is_kept_and_ends_by_itself(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        mod = play.rig.sandbox.person("mod")
        card = await card_of(admin_of(play))
        await card.add("role", whom=[role_of(play, "Moderator")], **PACE)
        await play.posted(await play.ask(by=mod))
        told = await play.refused(await play.ask(by=mod))
        assert "You may ask 1 times in 30 minutes (set for your role). Try again <t:" in told
        await play.posted(await play.ask(by=play.ana))
        await play.later(minutes=31)
        await play.posted(await play.ask(by=mod))
        await play.ends_well()


async def test_a_member_is_exempted_blocked_and_set_free(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        await card.add("everyone", unit="pictures", span="day", amount="0")
        assert "set for each member" in await play.refused(await play.ask())
        text = await card.add("mark", whom=[play.ana], mark="exempt")
        assert f"`2` <@{play.ana.id}> · exempt from limits for members" in text
        assert card.message.pinged == ()
        await play.posted(await play.ask())
        await card.change("A member", mark="blocked")
        assert "You cannot use this here" in await play.refused(await play.ask())
        assert "You cannot ask for anything here" in await said(await play.ana.command("usage"))
        assert "is neither exempt nor blocked any more" in await card.change("A member", mark="remove")
        assert "Members by name" not in card.text
        assert "set for each member" in await play.refused(await play.ask())
        await play.ends_well()


async def test_what_a_channel_may_use_is_chosen_changed_and_freed(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        general = play.rig.sandbox.channel("general")
        text = await card.add("channel-list", whom=[general], models=[LOCUS], sizes=[], count="1")
        assert f"<#{general.id}> · only these models: `{LOCUS}`" in text
        assert f"<#{general.id}> · at most 1 picture at once" in text
        assert f"allowed in this channel: {LOCUS}" in await play.refused(await play.ask(model=PIXAZO))
        told = await play.refused(await play.ask(model=LOCUS, count=2))
        assert "You asked for 2; allowed in this channel are at most 1." in told
        await play.posted(await play.ask(model=LOCUS))
        await card.change("only these models", do="set", models=[LOCUS, PIXAZO])
        await play.posted(await play.ask(model=PIXAZO))
        assert "Removed: " in await card.change("only these models", do="remove")
        assert len(card.options()) == 1
        await play.ends_well()


async def test_what_everyone_may_use_binds_all_but_the_exempt(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        everyone = role_of(play, "@everyone")
        text = await card.add("role-list", whom=[everyone], models=[], sizes=[], count="1")
        assert "`1` Everyone · at most 1 picture at once" in text
        assert "allowed to you are at most 1" in await play.refused(await play.ask(count=2))
        await card.add("mark", whom=[play.ana], mark="exempt")
        await play.posted(await play.ask(count=2))
        text = await card.add("role", whom=[everyone], unit="money", span="day", amount="1", minutes="")
        assert "Each member · $1.00 a day" in text
        await play.ends_well()


async def test_a_raise_holds_until_its_end(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        await card.add("everyone", unit="pictures", span="month", amount="1")
        await play.posted(await play.ask())
        await play.refused(await play.ask())
        text = await card.change("Each member", do="raise", amount="3", time="2 hours")
        until = (play.rig.sandbox.clock.now() + 120 * MINUTE_MS) // 1000
        assert "**Changed.** Each member · 3 pictures a month; 1 picture again <t:" in text
        assert "`1` Each member · 3 pictures a month · raised, 1 picture again <t:" in text
        (shown,) = [line for line in text.splitlines() if line.startswith("`1`")]
        assert abs(int(shown.split("<t:")[1].split(":")[0]) - until) < 60
        await play.posted(await play.ask())
        await card.change("Each member", do="lower")
        assert "`1` Each member · 1 picture a month" in card.text
        assert "raised" not in card.text.split("**Limits**")[1]
        await play.refused(await play.ask())
        await card.change("Each member", do="raise", amount="3", time="10 min")
        await play.later(minutes=11)
        await play.refused(await play.ask(by=play.ana))
        assert "raised" not in await card.press("Refresh")
        await play.ends_well()


async def test_a_limit_is_lowered_and_removed(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        await card.add("everyone", unit="pictures", span="day", amount="5")
        await play.posted(await play.ask(count=2))
        text = await card.change("Each member", do="set", amount="1")
        assert "Each member · 1 picture a day, from the next request on." in text
        await play.refused(await play.ask())
        await card.change("Each member", do="remove")
        assert "Nothing is set here" in card.text
        await play.posted(await play.ask())
        await card.add("everyone", **PACE)
        await card.change("Each member", do="set", amount="7", minutes="60")
        assert "`1` Each member · 7 requests in 60 minutes" in card.text
        await play.ends_well()

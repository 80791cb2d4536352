"""The card itself: who may use it, what it does with nonsense, with changes of others, after a restart, when full."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.core.ids import GuildId, MemberId
from bot.ledger.model import Unit
from bot.ledger.rules.model import MAX_RULES, Draft, Span, Whom
from sandbox.discord import ClientRefused
from sandbox.discord.components import walk
from sandbox.discord.permissions import Permission
from tests.e2e.budgeting import MONEY_A_DAY, Card, admin_of, card_of
from tests.e2e.pressing import ENOUGH, bot_on, said, stage
from tests.e2e.scene import Scene, scene
from tests.e2e.test_budgets import role_of
from tests.e2e.test_database_faults import full_disk

ADDINGS = (
    "server", "everyone", "member", "role", "channel", "command", "model", "reserve", "mark", "role-list",
    "channel-list",
)  # fmt: skip
FORBIDDEN = "This is for those who manage the server"


async def other_admin(play: Scene) -> Card:
    """The card of somebody else who manages the server."""
    role_of(play, "Moderator").bits |= Permission.MANAGE_GUILD
    return await card_of(play.rig.sandbox.person("mod"))


@pytest.mark.parametrize(
    ("what", "given", "told"),
    [
        ("server", {**MONEY_A_DAY, "amount": "1,50"}, "dollars with a point, such as `1.50` or `20`"),
        ("server", {**MONEY_A_DAY, "amount": "20.001"}, "Whoever runs this bot allows at most $20.00 of that."),
        ("everyone", {"unit": "pictures", "span": "day", "amount": "26"}, "allows at most 25 pictures of that."),
        ("everyone", {"unit": "money", "span": "rolling", "amount": "5", "minutes": "5"}, "choose Requests"),
        ("everyone", {"unit": "requests", "span": "rolling", "amount": "5"}, "A pace says in how many minutes"),
        ("everyone", {"unit": "requests", "span": "day", "amount": "5", "minutes": "5"}, "Minutes belong to a pace"),
        ("server", {"unit": "pictures", "span": "day", "amount": "1.5"}, "a whole number of pictures"),
        ("reserve", {**MONEY_A_DAY, "whom": "Great Event", "amount": "1"}, "one word of small letters"),
        ("reserve", {"unit": "money", "span": "week", "whom": "event", "amount": "15"}, "A reserve is a part of"),
    ],
)  # fmt: skip
async def test_nonsense_is_answered_with_what_to_type(
    tmp_path: Path, what: str, given: Mapping[str, Any], told: str
) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        text = await card.add(what, **given)
        assert "**Nothing was changed.** " in text
        assert told in text
        assert "Nothing is set here" in text
        await play.ends_well()


async def test_a_form_without_anything_to_do_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        await card.add("everyone", **MONEY_A_DAY, amount="1")
        text = await card.change("Each member", do="raise", amount="1", time="1 hour")
        assert "A raise is more than what holds" in text
        assert "such as `6 hours` or `2 days`" in await card.change("Each member", do="raise", amount="2", time="6")
        assert "allows at most $9.00" in await card.change("Each member", do="raise", amount="10", time="6 h")
        text = await card.add("channel-list", whom=[play.rig.sandbox.channel("general")], models=[], sizes=[])
        assert "Choose models or sizes, or type how many pictures." in text
        assert "There is one of this kind already" in await card.add("everyone", **MONEY_A_DAY, amount="2")
        assert "`1` Each member · $1.00 a day" in card.text
        await play.ends_well()


async def test_alerts_zone_and_soft_mode_are_set_by_one_form(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card, staff = await card_of(admin_of(play)), play.rig.sandbox.channel("staff")
        assert "**Staff is told**: nowhere: no staff channel is set" in card.text
        given = {"channel": [staff], "zone": "Europe/Berlin", "percents": "90 50%", "digest": "weekly", "soft": "waits"}
        text = await card.send(await card.open("Alerts and time zone…"), given)
        assert "**Over a limit**: the request waits for a moderator" in text
        assert f"**Staff is told**: alerts at 50 and 90 %, a weekly digest, in <#{staff.id}>" in text
        assert "**Time zone**: Europe/Berlin" in text
        text = await card.send(await card.open("Alerts and time zone…"), {})
        assert "That is what holds already." in text
        text = await card.send(await card.open("Alerts and time zone…"), {"zone": "Mars/Olympus"})
        assert "I do not know that time zone" in text
        text = await card.send(await card.open("Alerts and time zone…"), {"percents": "50, 101"})
        assert "whole numbers from 1 to 100" in text
        opened, other = await card.open("Alerts and time zone…"), await other_admin(play)
        await other.send(await other.open("Alerts and time zone…"), {"percents": "", "channel": []})
        assert "**Staff is told**: nowhere" in other.text
        assert "Somebody changed it meanwhile" in await card.send(opened, {"zone": "UTC"})
        assert "**Time zone**: Europe/Berlin" in card.text
        await play.ends_well()


async def test_of_two_admins_at_once_the_second_is_told_and_overrides_nothing(tmp_path: Path) -> None:
    """J8: with the forms open on the same limit, the first one sent counts."""
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        await card.add("everyone", **MONEY_A_DAY, amount="1")
        other = await other_admin(play)
        first, second, third = [await one.open_change("Each member") for one in (card, other, card)]
        added = await other.open_add("server")
        await card.send(first, {"do": "set", "amount": "2"})
        text = await other.send(second, {"do": "set", "amount": "3"})
        assert "**Nothing was changed.** Somebody changed it meanwhile." in text
        assert "`1` Each member · $2.00 a day" in text
        assert "Somebody changed it meanwhile" in await card.send(third, {"do": "remove"})
        await card.add("server", **MONEY_A_DAY, amount="5")
        text = await other.send(added, {**MONEY_A_DAY, "amount": "6"})
        assert "There is one of this kind already" in text
        assert "This server · $5.00 a day" in text
        stale = await other.open_change("Each member")
        await card.change("Each member", do="remove")
        assert "It is gone already" in await other.send(stale, {"do": "set", "amount": "3"})
        await card.add("everyone", **MONEY_A_DAY, amount="1")
        await other.press("Refresh")
        value, menu = other.option("Each member"), other.menu("Change or remove…")["custom_id"]
        await card.change("Each member", do="remove")
        before = len(other.message.history)
        use = await other.who.select(other.message, [value], custom_id=menu)
        await use.wait_until(lambda message: len(message.history) > before)
        assert "It is gone already" in other.text
        await play.ends_well()


async def test_only_those_who_manage_the_server_use_any_of_it(tmp_path: Path) -> None:
    """Discord shows the commands to nobody else; where a server lets others see them, the bot still judges."""
    async with scene(tmp_path, ENOUGH) as play:
        with pytest.raises(ClientRefused):
            await play.ana.command("settings budget")
        for command in play.rig.sandbox.world.commands[None].values():
            command.body.pop("default_member_permissions", None)
        for name in ("budget", "pause", "resume", "simulate"):
            text = await said(await play.ana.command(f"settings {name}"))
            assert FORBIDDEN in text
            assert "Whoever runs this bot" not in text
        card = await other_admin(play)
        await card.add("everyone", **MONEY_A_DAY, amount="1")
        opened = await card.open_change("Each member")
        before = card.text
        role_of(play, "Moderator").bits &= ~Permission.MANAGE_GUILD
        for button in card.message.buttons():
            assert FORBIDDEN in await said(await card.who.press(card.message, button.label))
        for menu, value in (("Add…", "server"), ("Change or remove…", card.option("Each member"))):
            use = await card.who.select(card.message, [value], custom_id=card.menu(menu)["custom_id"])
            assert FORBIDDEN in await said(use)
        assert FORBIDDEN in await said(await card.who.submit_modal(opened, {"do": "remove"}))
        assert card.text == before
        assert "Each member · $1.00 a day" in (await card_of(admin_of(play))).text
        await play.ends_well()


async def test_after_a_restart_every_button_menu_and_form_works(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            card = await card_of(admin_of(play))
            general = play.rig.sandbox.channel("general")
            await card.add("everyone", **MONEY_A_DAY, amount="1")
            await card.add("mark", whom=[play.bo], mark="blocked")
            await card.add("channel-list", whom=[general], models=[], sizes=["1k", "2k"])
            await card.send(await card.open("Pause…"), {"whom": "ask", "reason": ""})
            opened = await card.open_change("Each member")
            log = await (await card.who.press(card.message, "Changes")).answered()
        async with bot_on(built) as play:
            assert "`2` Each member · $2.00 a day" in await card.send(opened, {"do": "set", "amount": "2"})
            for what in ADDINGS:
                opened = await card.open_add(what)
                fields = [part for part in walk(opened.modal["components"]) if part.get("custom_id")]
                assert 1 <= len(fields) <= 5
            for label in list(card.options()):
                await card.open_change(label)
            for label in ("Pause…", "Alerts and time zone…"):
                await card.open(label)
            turn = card.menu("Add…")["custom_id"]
            assert "Each member · $2.00 a day" in await card.press("Refresh")
            assert card.menu("Add…")["custom_id"] != turn
            for label in ("Simulate 7 days", "Simulate 30 days"):
                assert "Nothing was asked for" in await said(await card.who.press(card.message, label))
            assert "**Each member, money a day**: $1.00 → $2.00" in await said(
                await card.who.press(card.message, "Changes")
            )
            turned = await card.who.press_anyway(log, "easel:budget-log:0")
            await turned.wait_until(lambda message: "$1.00 → $2.00" in message.plain_text())
            await card.change("paused", do="remove")
            await card.change("only these sizes", do="set", sizes=["1k"])
            assert "only these sizes: `1k`" in card.text
            await play.ends_well()


async def test_what_another_version_left_behind_is_answered(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        for custom_id in ("easel:budget:fly:0:0", "easel:budget:add:x"):
            assert "I do not know this button any more" in await said(
                await card.who.press_anyway(card.message, custom_id)
            )
        opened = await card.open_add("server")
        opened.modal["custom_id"] = "easel:budget-form:0:0:add:moon"
        values = {**MONEY_A_DAY, "amount": "1"}
        assert "I do not know this form any more" in await said(await card.who.submit_modal(opened, values))
        old = card.menu("Add…")["custom_id"]
        await card.press("Refresh")
        use = await card.who.press_anyway(card.message, old)  # an id of the card as it was, without a choice
        assert "I do not know this button any more" in await said(use)
        before = len(card.message.history)
        await card.who.press_anyway(card.message, "easel:budget:turn:7:0")
        use = await card.who.press(card.message, "Refresh")
        await use.wait_until(lambda message: len(message.history) > before + 1)
        await play.ends_well()


async def test_a_hundred_limits_are_leafed_through_and_each_can_be_changed(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        guild_id = GuildId(play.rig.sandbox.guild.id)
        for number in range(MAX_RULES):
            name = f"pixazo/{'a-model-of-a-very-long-name-' * 3}{number}"
            draft = Draft(whom=Whom.MODEL, name=name, unit=Unit.PICTURES, span=Span.MONTH, amount=number + 1)
            await play.house.services.budgets.set_rule(guild_id, draft, by=MemberId(1))
        card = await card_of(admin_of(play))
        seen = set(card.options())
        assert "Page 1 of 10" in card.text
        while not [one for one in card.message.buttons() if one.label == "Next" and one.disabled]:
            await card.press("Next")
            seen |= set(card.options())
        assert len(seen) == MAX_RULES
        assert "Page 10 of 10" in card.text
        text = await card.change("100 · ", do="set", amount="7")
        assert "Page 10 of 10" in text
        assert "· 7 pictures a month · 7 left" in text
        assert "There are too many" in await card.add("everyone", **MONEY_A_DAY, amount="1")
        assert "Page 9 of 10" in await card.press("Back")
        log = Card(who=card.who, message=await (await card.who.press(card.message, "Changes")).answered())
        for _ in range(4):
            await log.press("Earlier")
        assert "The last 50 are shown." in log.text
        assert [one.label for one in log.message.buttons() if one.disabled] == ["Earlier"]
        assert "7 pictures a month" not in log.text
        await play.ends_well()


async def test_while_nothing_can_be_written_the_card_says_busy_and_comes_back(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        opened = await card.open_add("server")
        await play.rig.settle(play.house)
        with full_disk(play):
            text = await card.send(opened, {**MONEY_A_DAY, "amount": "1"})
            assert "I am busy right now" in text
            assert "nothing was changed" in text
        await play.later(seconds=6)
        assert "Nothing is set here" in await card.press("Refresh")
        await play.ends_well()


async def test_a_simulation_says_who_would_have_been_refused_and_what_that_saves(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        admin = admin_of(play)
        for _ in range(2):
            await play.posted(await play.ask())
        await play.posted(await play.ask(by=play.bo))
        card = await card_of(admin)
        await card.add("everyone", unit="pictures", span="day", amount="5")
        text = await said(await admin.press(card.message, "Simulate 7 days"))
        assert "### The last 7 days under these limits" in text
        assert "**3 requests** came to **$0.15**. None would have been refused." in text
        text = await said(await admin.command("settings simulate", days=1, amount="1", counts="pictures"))
        assert "### The last day under these limits" in text
        assert "With one more: **This server · 1 picture a day**" in text
        assert "**2** of them would have been refused. That saves **$0.10**." in text
        assert "- This server · 1 picture a day: 2 requests, $0.10" in text
        assert f"- <@{play.ana.id}>: 1 request, $0.05" in text
        text = await said(await admin.command("settings simulate", amount="1", minutes=60, whom="everyone"))
        assert "Each member · 1 request in 60 minutes: 1 request, $0.05" in text
        text = await said(await admin.command("settings simulate", amount="1", role=role_of(play, "Moderator")))
        assert "Roles count as far as" in text
        text = await said(await admin.command("settings simulate", amount="lots"))
        assert "dollars with a point" in text
        text = await said(await admin.command("settings simulate", member=play.bo))
        assert "Type an `amount` too" in text
        text = await said(await admin.command("settings simulate", amount="1", member=play.bo, command="ask"))
        assert "Choose one of" in text
        models = await admin.autocomplete("settings simulate", "model", "pixa")
        assert [one.value for one in models] == ["pixazo/grok-imagine-quality"]
        await play.ends_well()

"""`/usage` says what the ledger says: to each member their own, to whoever manages the server all of it."""

import io
from pathlib import Path

from PIL import Image

from bot.core.clock import DAY_MS
from bot.core.money import usd
from bot.jobs.model import State
from bot.ledger.windows import month_window
from sandbox.discord import LoseAnswer, Message, Person, Use
from sandbox.discord.permissions import Permission
from sandbox.gateways import lost_answer
from tests.e2e.pressing import ENOUGH, bot_on, labels, said, stage
from tests.e2e.rig import held, spent
from tests.e2e.scene import LOCUS, WAIT_S, Scene, scene
from tests.e2e.talking import ask

DAY_MIN = 24 * 60.0
GUILD_BUTTONS = [
    "This week",
    "This month",
    "By command",
    "By member",
    "By model",
    "By provider",
    "CSV",
    "JSON Lines",
    "My limits",
]


async def usage(by: Person) -> Use:
    use = await by.command("usage")
    card = await use.answered(WAIT_S)
    assert card.only_for == by.id
    return use


async def lines(by: Person) -> list[str]:
    return (await usage(by)).response.plain_text().splitlines()


def admin_of(play: Scene) -> Person:
    return play.rig.sandbox.person("admin")


async def turned(who: Person, use: Use, label: str) -> Message:
    """The card after the press of one of its buttons."""
    before = len(use.response.history)
    await who.press(use.response, label)
    return await use.wait_until(lambda message: len(message.history) > before, WAIT_S)


def chart(card: Message) -> str:
    """The text of the card's chart, which is a picture of its size."""
    (picture,) = card.pictures()
    assert Image.open(io.BytesIO(picture.data or b"")).size == (840, 470)
    assert len(card.attachments) == 1
    return picture.description or ""


def shown(card: Message) -> list[str]:
    """The buttons of what the card shows already."""
    return [button.label for button in card.buttons() if button.disabled]


async def test_each_member_reads_their_own_standing_and_their_share(tmp_path: Path) -> None:
    """Ana drew two and draws one more, Bo drew one for another price."""
    async with scene(tmp_path) as play:
        await play.posted(await play.ask(count=2))
        await play.posted(await play.ask(by=play.bo, model=LOCUS))
        await play.drawing("one more")
        assert await spent(play.house) == play.rig.booked() - usd("0.05") == usd("0.123")
        assert await held(play.house) == usd("0.075")

        title, money, pictures, day, month, share = await lines(play.ana)
        assert title == "### Usage"
        assert "**You, today**: $0.10 of $0.50 used and $0.075 reserved for work under way. $0.325 left" in money
        assert "**You, today**: 2 of 25 pictures used and 1 reserved for work under way. 22 left" in pictures
        assert "**This server, today**: $0.123 of $2.00 used and $0.075 reserved" in day
        assert "**This server, this month**: $0.123 of $20.00 used and $0.075 reserved" in month
        assert share == "You, this month: $0.10 · 2 pictures · 0 answers (81 %)"

        _, money, pictures, day, _, share = await lines(play.bo)
        assert "**You, today**: $0.023 of $0.50 used. $0.477 left" in money
        assert "**You, today**: 1 of 25 pictures used. 24 left" in pictures
        assert "$0.123 of $2.00" in day
        assert share == "You, this month: $0.023 · 1 picture · 0 answers (18 %)"

        use = await usage(play.rig.sandbox.person("newbie"))
        assert "$0.00 of $0.50 used. $0.50 left" in use.response.plain_text()
        assert labels(use.response) == []
        assert use.response.pictures() == []
        play.rig.gateways.finish()
        await play.ends_well()


async def test_whoever_manages_the_server_sees_a_chart_with_its_numbers_and_every_button_works(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            await play.posted(await play.ask(count=2))
            await play.posted(await play.ask(by=play.bo, model=LOCUS))
            await ask(play, "what is a lighthouse?")
            await play.ends_well()
            admin = admin_of(play)
            use = await usage(admin)
            text = use.response.plain_text()
            assert "### Spending in Aurora Studio · " in text
            assert " of $20.00 used (0 %), resets <t:" in text
            assert "**imagine** · $0.123 (" in text
            assert " · 2 requests · 3 pictures" in text
            assert "**ask** · $" in text
            assert "You: $0.00 · 0 pictures · 0 answers" in text
            alt = chart(use.response)
            assert "Spending by day and command, 1 to " in alt
            assert "Imagine $0.123, ask $" in alt
            assert labels(use.response) == GUILD_BUTTONS
            assert shown(use.response) == ["This month", "By command"]
        async with bot_on(built) as play:
            card = await turned(admin, use, "By member")
            assert f"`1` <@{play.ana.id}> · $0.10" in card.plain_text()
            assert f"`2` <@{play.bo.id}> · $0.023" in card.plain_text()
            assert "1 $0.10" in chart(card)
            assert card.pinged == ()
            card = await turned(admin, use, "This week")
            assert shown(card) == ["This week", "By member"]
            assert "no limit is set for a week" in card.plain_text()
            assert "by day and member, " in chart(card)
            card = await turned(admin, use, "By model")
            assert "via Pixazo · $0.10" in card.plain_text()
            card = await turned(admin, use, "By provider")
            assert "**Locus** · $0.0" in card.plain_text()
            assert "Pixazo $0.10" in chart(card)
            card = await turned(admin, use, "By command")
            assert shown(card) == ["This week", "By command"]
            card = await turned(admin, use, "This month")
            assert shown(card) == ["This month", "By command"]
            own = await (await admin.press(card, "My limits")).answered(WAIT_S)
            assert "**You, today**: $0.00 of $9.00 used" in own.plain_text()
            await play.ends_well()


async def test_a_press_on_a_card_that_shows_something_else_by_now_still_works(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        admin = admin_of(play)
        use = await usage(admin)
        before = len(use.response.history)
        await admin.press_anyway(use.response, "easel:usage:by:week:provider")
        card = await use.wait_until(lambda message: len(message.history) > before, WAIT_S)
        assert shown(card) == ["This week", "By provider"]
        await play.ends_well()


async def test_whoever_does_not_manage_the_server_gets_nothing_from_any_button(tmp_path: Path) -> None:
    """The card reaches nobody else, but a custom id is no secret; and rights go as they come."""
    async with scene(tmp_path) as play:
        await play.posted(await play.ask())
        admin = admin_of(play)
        use = await usage(admin)
        for label in GUILD_BUTTONS[:-1]:
            (custom_id,) = [one.custom_id for one in use.response.buttons() if one.label == label]
            assert custom_id is not None
            told = await play.bo.press_anyway(use.response, custom_id)
            assert "Only for those who manage this server" in await said(told)
            assert told.response.only_for == play.bo.id
            assert (told.response.attachments, told.response.pictures()) == ((), [])
        assert len(use.response.history) == 2
        assert shown(use.response) == ["This month", "By command"]
        await play.ends_well()


async def test_a_right_that_was_taken_away_ends_at_once(tmp_path: Path) -> None:
    """The card is the moderator's own, and shows no more than it did."""
    async with scene(tmp_path) as play:
        guild = play.rig.sandbox.guild
        (role,) = [one for one in guild.roles.values() if one.name == "Moderator"]
        before = role.bits
        role.bits = before | Permission.MANAGE_GUILD
        mod = play.rig.sandbox.person("mod")
        use = await usage(mod)
        assert labels(use.response) == GUILD_BUTTONS
        role.bits = before
        assert "Only for those who manage this server" in await said(await mod.press(use.response, "By member"))
        assert "Only for those who manage this server" in await said(await mod.press(use.response, "CSV"))
        own = await said(await mod.press(use.response, "My limits"))
        assert "**You, today**" in own
        assert (await lines(mod))[0] == "### Usage"
        await play.ends_well()


async def test_an_empty_guild_has_an_empty_chart_and_an_empty_file(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        admin = admin_of(play)
        use = await usage(admin)
        text = use.response.plain_text()
        assert "**$0.00** of $20.00 used (0 %)" in text
        assert "Nothing on any day." in chart(use.response)
        for label in ("CSV", "JSON Lines"):
            assert "There are none yet." in await said(await admin.press(use.response, label))
        await play.ends_well()


async def test_what_is_presumed_stands_apart(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        await _away_from_the_months_end(play)
        await play.posted(await play.ask())
        play.rig.gateways.faults.next("pixazo", lost_answer())
        use = await play.ask("lost")
        await play.says(use, "Nobody knows yet whether it was charged")
        admin = admin_of(play)
        assert "whether 1 request cost anything; $0.075 is reserved" in (await usage(admin)).response.plain_text()
        await play.later(minutes=DAY_MIN + 1)
        await play.until(lambda found: all(job.state is not State.UNKNOWN for job in found))

        card = (await usage(admin)).response
        text = card.plain_text()
        assert "**presumed** · $0.075 for 1 request: no answer came" in text
        assert "**$0.125** of $20.00 used" in text
        assert "**imagine** · $0.05 (100 %) · 1 request · 1 picture" in text
        assert "$0.125 in all. Imagine $0.05, presumed $0.075" in chart(card)
        assert "$0.05 · 1 picture · 0 answers · $0.075 presumed" in (await lines(play.ana))[-1]
        await play.ends_well()


async def test_a_lost_acknowledgement_does_not_leave_usage_thinking(tmp_path: Path) -> None:
    """A4 for a command that is free."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", "*/callback", LoseAnswer())
        await _answered(play)


async def test_a_lost_answer_does_not_leave_usage_thinking(tmp_path: Path) -> None:
    """The edit is lost on its way back, and made again: the chart too is sent a second time."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("PATCH", "*/messages/@original", LoseAnswer())
        await _answered(play)
        play.rig.sandbox.faults.next("PATCH", "*/messages/@original", LoseAnswer())
        chart((await usage(admin_of(play))).response)
        await play.ends_well()


async def _away_from_the_months_end(play: Scene) -> None:
    """So that a day later it is still the same month."""
    now = play.rig.sandbox.clock.now()
    if month_window(now).ends_at - now < 2 * DAY_MS:
        await play.later(minutes=2 * DAY_MIN)


async def _answered(play: Scene) -> None:
    assert (await lines(play.ana))[0] == "### Usage"
    await play.ends_well()

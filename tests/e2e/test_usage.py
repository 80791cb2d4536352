"""`/usage` says what the ledger says, to each member their own."""

from pathlib import Path

from bot.core.money import usd
from sandbox.discord import LoseAnswer, Person
from tests.e2e.rig import held, spent
from tests.e2e.scene import LOCUS, Scene, scene


async def _usage(by: Person) -> list[str]:
    use = await by.command("usage")
    card = await use.answered()
    assert card.only_for == by.id
    return card.plain_text().splitlines()


async def test_each_member_reads_their_own_standing_and_the_guilds(tmp_path: Path) -> None:
    """Ana drew two and draws one more, Bo drew one for another price."""
    async with scene(tmp_path) as play:
        await play.posted(await play.ask(count=2))
        await play.posted(await play.ask(by=play.bo, model=LOCUS))
        await play.drawing("one more")
        assert await spent(play.house) == play.rig.booked() - usd("0.05") == usd("0.123")
        assert await held(play.house) == usd("0.075")

        title, money, pictures, day, month = await _usage(play.ana)
        assert title == "### Usage"
        assert "**You, today**: $0.10 of $0.50 used and $0.075 reserved for work under way. $0.325 left" in money
        assert "**You, today**: 2 of 25 pictures used and 1 reserved for work under way. 22 left" in pictures
        assert "**This server, today**: $0.123 of $2.00 used and $0.075 reserved" in day
        assert "**This server, this month**: $0.123 of $20.00 used and $0.075 reserved" in month

        _, money, pictures, day, _ = await _usage(play.bo)
        assert "**You, today**: $0.023 of $0.50 used. $0.477 left" in money
        assert "**You, today**: 1 of 25 pictures used. 24 left" in pictures
        assert "$0.123 of $2.00" in day

        _, money, *_ = await _usage(play.rig.sandbox.person("newbie"))
        assert "$0.00 of $0.50 used. $0.50 left" in money
        play.rig.gateways.finish()
        await play.ends_well()


async def test_a_lost_acknowledgement_does_not_leave_usage_thinking(tmp_path: Path) -> None:
    """A4 for a command that is free."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("POST", "*/callback", LoseAnswer())
        await _answered(play)


async def test_a_lost_answer_does_not_leave_usage_thinking(tmp_path: Path) -> None:
    """The edit is lost on its way back, and made again."""
    async with scene(tmp_path) as play:
        play.rig.sandbox.faults.next("PATCH", "*/messages/@original", LoseAnswer())
        await _answered(play)


async def _answered(play: Scene) -> None:
    assert (await _usage(play.ana))[0] == "### Usage"
    await play.ends_well()

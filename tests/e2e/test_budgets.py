"""An admin sets limits by forms; members run into them, and each refusal says which one and until when."""

from pathlib import Path

from tests.e2e.budgeting import MONEY_A_DAY, admin_of, card_of
from tests.e2e.pressing import ENOUGH
from tests.e2e.scene import scene


async def test_an_admin_sets_a_limit_by_a_form_and_a_member_runs_into_it(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        card = await card_of(admin_of(play))
        assert "Nothing is set here" in card.text
        assert "allows $20.00 a day and $20.00 a month for this server, $9.00 and 25 pictures a day" in card.text
        said = await card.add("everyone", **MONEY_A_DAY, amount="$0.12")
        assert "**Changed.** Each member · $0.12 a day, from the next request on." in said
        assert "`1` Each member · $0.12 a day" in said
        assert card.message.pinged == ()
        await play.posted(await play.ask())
        told = await play.refused(await play.ask(by=play.ana))
        assert "you have $0.07 left of $0.12 for today (set for each member). Resets <t:" in told
        await play.posted(await play.ask(by=play.bo))
        await play.ends_well()

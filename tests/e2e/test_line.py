"""The line: many cards at once, each kept true."""

from functools import partial
from pathlib import Path

from sandbox.discord import Message
from tests.e2e.rig import rig

MEMBERS = 13
# Drawing takes minutes: nothing ends while the line is looked at.
SLOWLY = 20.0
MODEL = "pixazo/grok-imagine-quality"


async def test_everybody_behind_a_cancelled_request_reads_that_they_moved_up(tmp_path: Path) -> None:
    async with rig(tmp_path, scale=SLOWLY, EASEL_GUILD_JOBS="1", EASEL_GUILD_DAILY_USD="100") as stage:
        people = stage.sandbox.crowd(MEMBERS)
        async with stage.bot():
            first = await people[0].command("imagine", prompt="the first", model=MODEL)
            await first.wait_until(lambda message: "in line" not in message.plain_text(), timeout_s=10)
            uses = []
            for place, person in enumerate(people[1:], start=1):
                use = await person.command("imagine", prompt="one more", model=MODEL)
                await use.wait_until(partial(_stands, place), timeout_s=10)
                uses.append(use)

            await people[1].press(uses[0].response, "Cancel")

            for place, use in enumerate(uses[1:], start=1):
                await use.wait_until(partial(_stands, place), timeout_s=10)
            assert "Cancelled" in (await uses[0].wait_until(lambda message: not message.buttons(), 10)).plain_text()


async def test_one_who_asks_once_stands_before_the_rest_of_one_who_floods_the_line(tmp_path: Path) -> None:
    async with rig(
        tmp_path,
        scale=SLOWLY,
        EASEL_GUILD_JOBS="1",
        EASEL_MEMBER_JOBS="20",
        EASEL_GUILD_DAILY_USD="100",
        EASEL_MEMBER_DAILY_USD="100",
    ) as stage:
        flooder, other = stage.sandbox.crowd(2)
        async with stage.bot():
            first = await flooder.command("imagine", prompt="the first", model=MODEL)
            await first.wait_until(lambda message: "in line" not in message.plain_text(), timeout_s=10)
            flood = []
            for place in range(1, 4):
                use = await flooder.command("imagine", prompt="one more", model=MODEL)
                await use.wait_until(partial(_stands, place), timeout_s=10)
                flood.append(use)

            use = await other.command("imagine", prompt="just this", model=MODEL)

            card = await use.wait_until(partial(_stands, 1), timeout_s=10)
            assert "ready in about" in card.plain_text()
            for place, mine in enumerate(flood, start=2):
                await mine.wait_until(partial(_stands, place), timeout_s=10)


async def test_a_member_at_their_cap_leaves_the_gateway_to_others(tmp_path: Path) -> None:
    async with rig(
        tmp_path, scale=SLOWLY, EASEL_MEMBER_AT_ONCE="1", EASEL_GUILD_DAILY_USD="100", EASEL_MEMBER_DAILY_USD="100"
    ) as stage:
        eager, other = stage.sandbox.crowd(2)
        async with stage.bot():
            first = await eager.command("imagine", prompt="the first", model=MODEL)
            await first.wait_until(lambda message: "in line" not in message.plain_text(), timeout_s=10)
            second = await eager.command("imagine", prompt="the second", model=MODEL)
            await second.wait_until(partial(_stands, 1), timeout_s=10)

            use = await other.command("imagine", prompt="just this", model=MODEL)

            await use.wait_until(lambda message: "step 2 of 3" in message.plain_text(), timeout_s=10)
            assert _stands(1, second.response)


def _stands(place: int, card: Message) -> bool:
    """True where the number before "in line" is this one."""
    before, found, _ = card.plain_text().partition(" in line ·")
    return bool(found) and "".join(letter for letter in before.split()[-1] if letter.isdigit()) == str(place)

"""The screen of the books: a server's fortnight, told by Easel in this process on a clock that is put forward."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.core.clock import DAY_MS, SystemClock, utc
from sandbox.discord import SandboxClock
from sandbox.gateways import EVERY
from sandbox.page.botkeeper import BotKeeper
from sandbox.page.server import PageServer
from tests.browser.chromium import Windows
from tests.browser.deeds import WAIT_MS, card, run, whole
from tests.browser.live import ENOUGH
from tests.browser.screens import keep
from tests.browser.test_screens import PROMPTS
from tests.e2e.rig import rig

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = ("ana", "bo", "newbie", "mod")
# Pictures a day, of Ana and whoever comes after her.
FORTNIGHT = (2, 4, 1, 3, 5, 2, 0, 3, 6, 4, 2, 5)


def in_the_middle_of_a_month() -> SandboxClock:
    """A clock that stands on the second day of the next month, at noon."""
    clock = SandboxClock(SystemClock())
    today = utc(clock.now())
    second = (today.replace(day=1) + timedelta(days=32)).replace(day=2, hour=12, minute=0)
    clock.forward(seconds=(second - today).total_seconds())
    return clock


async def test_what_a_server_has_spent_is_shown_as_a_chart(windows: Windows, tmp_path: Path) -> None:
    clock = in_the_middle_of_a_month()
    async with (
        rig(tmp_path, clock=clock, names=EVERY) as built,
        BotKeeper.on(built.stage) as keeper,
        PageServer.start(built.stage, keeper) as page,
        windows,
        built.bot(clock=clock, **ENOUGH) as house,
    ):
        for day, count in enumerate(FORTNIGHT):
            for number in range(count):
                person = built.sandbox.person(PEOPLE[(day * number) % len(PEOPLE)])
                prompt = PROMPTS[(day + number) % len(PROMPTS)]
                use = await person.command("imagine", prompt=prompt, count=1 + number % 2)
                await use.wait_until(lambda message: "Posted" in message.plain_text(), WAIT_MS / 1000)
            if day % 3 == 0:
                use = await built.sandbox.person("bo").command("ask", question="Which lighthouse is the oldest?")
                await use.wait_until(lambda message: "Posted" in message.plain_text(), WAIT_MS / 1000)
            clock.forward(seconds=DAY_MS / 1_000)
        window = await windows.open(f"{page.url}#admin", size=(1280, 900))
        await run(window, "usage")
        report = card(window, "Spending in Aurora Studio")
        await whole(report.get_by_role("img"))
        await expect(report).to_contain_text("$20.00 used")
        await keep(window, "usage")
        await built.settle(house)

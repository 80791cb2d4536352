"""A stage with its page, for windows of Chromium: Easel as a process of its own, or the small test bot."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, expect

from sandbox.discord import Sandbox
from sandbox.gateways import Gateways, Outcome, outcome
from sandbox.gateways.server import FIRST_TWO
from sandbox.page.botkeeper import BotKeeper
from sandbox.page.server import PageServer
from sandbox.stage import Stage, stage
from tests.browser.deeds import begin

# Gateways draw this much faster than real ones.
SCALE = 0.02
PROMPT = "a lighthouse made of stained glass, storm"
# Budgets that are in nobody's way.
ENOUGH = {"EASEL_MEMBER_DAILY_USD": "9", "EASEL_GUILD_DAILY_USD": "20", "EASEL_GUILD_JOBS": "8"}


@dataclass(kw_only=True)
class Live:
    """What a test needs of it."""

    stage: Stage
    keeper: BotKeeper
    url: str

    @property
    def sandbox(self) -> Sandbox:
        """The loopback Discord."""
        return self.stage.sandbox

    @property
    def gateways(self) -> Gateways:
        """The pretend gateways."""
        return self.stage.gateways

    def draws_until_told(self, gateway: str = "pixazo") -> None:
        """That gateway's next picture is drawn until somebody says that it is finished."""
        self.gateways.faults.next(gateway, outcome(Outcome.NEVER_ENDS))


@asynccontextmanager
async def live(
    folder: Path, *, picture_side: int = 64, easel: bool = True, names: Collection[str] = FIRST_TWO
) -> AsyncIterator[Live]:
    """Opens it, over the gateways of those names. Nothing between bot and sandbox may break Discord's document."""
    opening = stage(folder, scale=SCALE, picture_side=picture_side, names=names, extra=ENOUGH)
    async with opening as built, BotKeeper.on(built) as keeper:
        async with PageServer.start(built, keeper) as page:
            if easel:
                await keeper.start()
            yield Live(stage=built, keeper=keeper, url=page.url)
        assert built.sandbox.violations == []


async def imagine(page: Page, prompt: str = PROMPT, *, model: str = "pixazo") -> None:
    """Types the command as a member does: the model by autocomplete, all by keys."""
    await begin(page, "imagine")
    await page.keyboard.type(prompt)
    suggestion = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    titles = suggestion.locator(".listbox-title")
    await expect(titles.get_by_text("model", exact=True)).to_be_visible()
    offered = await titles.all_inner_texts()
    for _ in range(offered.index("model") + 1):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.type(model)
    await expect(suggestion).to_have_count(1)
    await expect(suggestion).to_contain_text(model)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")

"""Where Chromium is, how it is started, and windows that notice what the console says."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Headless, without what would look for a network: updates, accounts, measurements.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)
WIDE = (1280, 800)
PHONE = (390, 844)
Theme = Literal["dark", "light"]


def executable() -> str | None:
    """`EASEL_CHROMIUM`, else the Chromium or Chrome on the path; None where there is neither."""
    named = os.environ.get("EASEL_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next((found for found in map(shutil.which, NAMES) if found), None)


def needed() -> bool:
    """True where leaving these tests out would be a failure."""
    return os.environ.get("EASEL_NEEDS_BROWSER") == "1"


@dataclass(kw_only=True)
class Windows:
    """Opens windows that know nothing of each other; what their consoles say is kept in `complaints`.

    As a context it closes them at its end: before the server they talk to goes, of which they would complain.
    """

    browser: Browser
    complaints: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def open(
        self, address: str, *, size: Sequence[int] = WIDE, theme: Theme = "dark", touch: bool = False
    ) -> Page:
        """A fresh window at that address."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="en-US",
            timezone_id="UTC",
            color_scheme=theme,
            has_touch=touch,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        page = await context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        await page.goto(address)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._contexts:
            await self._contexts.pop().close()

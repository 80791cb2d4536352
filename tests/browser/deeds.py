"""Short words for what members do in a window with pictures, questions and answers."""

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

# Starting a process, drawing and answering take seconds on a busy machine.
WAIT_MS = 20_000


async def begin(page: Page, command: str) -> None:
    """Types `/command` as a person does, who looks before they go on: commands come a moment after the page."""
    text = page.locator("#composer-text")
    await expect(text).to_be_enabled(timeout=WAIT_MS)
    await text.focus()
    await page.keyboard.type(f"/{command}")
    await expect(page.locator(".listbox-title").get_by_text(f"/{command}", exact=True)).to_be_visible(timeout=WAIT_MS)
    await page.keyboard.type(" ")


async def edit(page: Page, words: str, picture: Path) -> None:
    """`/edit` by keys, its picture by the file picker."""
    await begin(page, "edit")
    await page.keyboard.type(words)
    await page.locator(".chip-file input").first.set_input_files(picture)
    await expect(page.locator(".chip-file").first).to_contain_text(f"{picture.name} (")
    await page.get_by_role("button", name="Send the command").click()


async def run(page: Page, command: str, words: str = "") -> None:
    """A command by keys, with text in its first option where it has one."""
    await begin(page, command)
    await page.keyboard.type(words)
    await page.keyboard.press("Enter")


async def reply(page: Page, to: Locator, words: str) -> None:
    """Answers a message by its own Reply button."""
    await to.hover()
    await to.get_by_role("button", name="Reply").click()
    await page.keyboard.type(words)
    await page.keyboard.press("Enter")


def posts(page: Page, words: str | re.Pattern[str] = "") -> Locator:
    """The messages for everybody that hold these words themselves, not above them what they answer."""
    return page.locator(".message:not(.ephemeral, .pending)").filter(has=page.locator(".body").filter(has_text=words))


def card(page: Page, words: str | re.Pattern[str]) -> Locator:
    """The cards for this member alone that hold these words."""
    return page.locator(".message.ephemeral:not(.pending)").filter(has_text=words)


async def whole(image: Locator) -> None:
    """Waits for the picture, and sees that it is one."""
    await expect(image).to_be_visible(timeout=WAIT_MS)
    assert await image.evaluate("async (node) => { await node.decode(); return node.naturalWidth > 0; }")

"""By keys alone and for screen readers: where the focus goes, and what says what it is."""

import pytest
from playwright.async_api import expect

from tests.browser.chromium import Windows
from tests.browser.fake import Fake
from tests.browser.frames import message
from tests.browser.test_components import shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_first_tab_skips_to_the_message_box_and_the_window_stays_who_it_is(
    fake: Fake, windows: Windows
) -> None:
    page = await shown(windows, fake, message(1, "bo", "hello"), person="mod")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the message box")).to_be_focused()
    address = page.url
    await page.keyboard.press("Enter")
    await expect(page.locator("#composer-text")).to_be_focused()
    assert page.url == address
    assert len(fake.all_asked("be")) == 1

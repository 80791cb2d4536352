"""Chromium for the tests of the page; where there is none they are left out, and one line at the end says so."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import FLAGS, Windows, executable, needed
from tests.browser.fake import Fake
from tests.conftest import LEFT_OUT

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves this folder's tests out where there is no Chromium, unless it is needed."""
    if executable() is not None or needed():
        return
    here = [item for item in items if HERE in item.path.parents]
    if here:
        items[:] = [item for item in items if item not in here]
        config.hook.pytest_deselected(items=here)
        config.stash[LEFT_OUT] = len(here)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for this folder; each test opens windows of its own."""
    found = executable()
    assert found is not None, "EASEL_NEEDS_BROWSER is 1, and there is no Chromium (see EASEL_CHROMIUM)"
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def windows(browser: Browser) -> AsyncIterator[Windows]:
    """Windows; a test fails when a console of theirs has an error or a warning.

    In a test's arguments it stands after the server, so that the windows are closed first.
    """
    async with Windows(browser=browser) as opened:
        yield opened
    assert opened.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def fake() -> AsyncIterator[Fake]:
    """A server that speaks the page's protocol with made-up frames."""
    async with Fake.start() as server:
        yield server

"""Small looks that one notices when they are missing."""

from itertools import pairwise

import pytest
from playwright.async_api import Locator, expect

from tests.browser.chromium import Windows
from tests.browser.fake import Fake
from tests.browser.frames import GENERAL, attachment, message
from tests.browser.test_components import message_row, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _box(node: Locator) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    box = await node.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


async def test_a_long_preview_of_what_is_answered_ends_in_dots_within_the_log(fake: Fake, windows: Windows) -> None:
    reply = message(2, "bo", "yes", message_reference={"message_id": "1001", "channel_id": GENERAL})
    page = await shown(windows, fake, message(1, "ana", "very many words " * 60), reply)
    words = message_row(page, 2).locator(".above-words")
    await expect(words).to_have_css("text-overflow", "ellipsis")
    await page.set_viewport_size({"width": 900, "height": 700})
    _, _, right, _ = await _box(words)
    assert right <= (await _box(message_row(page, 2)))[2]


async def test_what_an_embed_shows_is_not_shown_again_and_nothing_touches(fake: Fake, windows: Windows) -> None:
    files = [attachment("a.png"), attachment("b.png"), attachment("c.txt", "text/plain")]
    embeds = [{"type": "rich", "title": "One", "image": {"url": "/cdn/a.png?hm=1"}}, {"type": "rich", "title": "Two"}]
    page = await shown(windows, fake, message(1, "bo", "words", embeds=embeds, attachments=files))
    body = message_row(page, 1).locator(".body")
    await expect(body.locator("img")).to_have_count(2)
    boxes = [await _box(part) for part in await body.locator("> :is(.content, .embed, .gallery, .tile)").all()]
    assert len(boxes) == 5
    for above, below in pairwise(boxes):
        assert below[1] - above[3] >= 4 or above is boxes[0]
    tile, embed = body.locator(".embed-image .tile"), body.locator(".embed").first
    image = await _box(tile.locator("img"))
    assert (await _box(tile))[2] - image[2] < 1
    assert (await _box(embed))[2] > image[2]


async def test_the_words_below_a_large_picture_stand_on_a_ground_of_their_own(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, message(1, "bo", "words " * 400, attachments=[attachment("a.png")]))
    await page.get_by_role("button", name="Open picture").click()
    backdrop = await page.locator("dialog.lightbox").evaluate(
        "node => getComputedStyle(node, '::backdrop').backgroundColor"
    )
    assert float(backdrop.rsplit(",", 1)[1].rstrip(")")) > 0.9

"""Every text of the page stands out from what is behind it: 4.5 to 1, large ones 3 to 1 (WCAG 2.2, 1.4.3)."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser import frames
from tests.browser.chromium import Theme, Windows
from tests.browser.fake import Fake
from tests.browser.frames import button, card, container, message, row, text
from tests.browser.test_forms import FORM

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Texts with their colours laid over each other as the browser paints them; what is disabled needs no contrast.
FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
  const ground = (node) => {
    if (!node) return [255, 255, 255];
    const [r, g, b, a] = rgba(getComputedStyle(node).backgroundColor);
    return a === 1 ? [r, g, b] : over([r, g, b, a], ground(node.parentElement));
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((one) => one / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].filter((one) => one.nodeType === 3).map((one) => one.data.trim());
    const words = own.join(" ").trim() || (node.matches("input, textarea") ? node.value : "");
    if (!words || !node.checkVisibility({ visibilityProperty: true })) continue;
    if (node.closest(":disabled, .hidden-words, option")) continue;
    const style = getComputedStyle(node);
    let opacity = 1;
    for (let one = node; one; one = one.parentElement) opacity *= getComputedStyle(one).opacity;
    if (!opacity) continue;
    const behind = ground(node);
    const [r, g, b, a] = rgba(style.color);
    const levels = [light(over([r, g, b, a * opacity], behind)), light(behind)].sort((x, y) => y - x);
    const ratio = (levels[0] + 0.05) / (levels[1] + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5))
      found.push(`${ratio.toFixed(2)} ${node.tagName.toLowerCase()}.${node.className}: ${words.slice(0, 40)}`);
  }
  return found;
}"""


async def faint(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(FAINT)
    return found


def _talk() -> list[dict[str, Any]]:
    words = (
        "**bold** `code` <@305> <#204> </usage:503> <t:1795183500:R>\n> quoted\n-# small [link](https://example.org)"
    )
    parts = [text(f"### Card\n{words}"), row(*(button(f"style {style}", style) for style in (1, 2, 3, 4)))]
    select = {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a", "description": "more"}]}
    reply = {"message_id": "1001", "channel_id": frames.GENERAL}
    embed = {"type": "rich", "title": "Title", "description": words, "footer": {"text": "foot"},
             "fields": [{"name": "name", "value": "value"}]}  # fmt: skip
    uses = {"user": frames.user("ana"), "command": "usage", "type": 1}
    return [
        message(1, "mod", words, thread={"id": frames.THREAD, "name": "poster-jam"}),
        message(2, "admin", "hello", message_reference=reply, edited_timestamp=frames.START.isoformat()),
        card(3, container(*parts), row(select), sandbox={"is_ephemeral": True, "uses": uses}),
        message(4, "bo", f"<@304> {words}", sandbox={"pings_me": True}),
        message(5, embeds=[embed], attachments=[frames.attachment("a.txt", "text/plain")]),
        message(6, content=words, sandbox={"is_ephemeral": True}),
        message(7, sandbox={"is_loading": True}),
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_every_text_can_be_read(fake: Fake, windows: Windows, theme: Theme) -> None:
    fake.messages[frames.GENERAL] = _talk()
    found: list[str] = []
    page = await windows.open(f"{fake.url}#ana", theme=theme, size=(1600, 1200))
    await expect(page.locator(".message")).to_have_count(7)
    await fake.push({"type": "interaction", "interaction_id": "8", "kind": 2, "channel_id": frames.GENERAL,
                     "message_id": None, "command": "usage", "state": "did_not_respond"})  # fmt: skip
    await page.locator("#self-button").click()
    found += await faint(page)
    await page.locator("#log .select").click()
    await page.get_by_role("option").hover()
    found += await faint(page)
    await page.locator("#composer-text").fill("/")
    await page.get_by_role("option").nth(1).hover()
    found += await faint(page)
    await page.keyboard.press("Tab")
    await page.keyboard.type("x" * 70)
    await page.keyboard.press("Enter")
    await expect(page.locator(".composer-error")).to_be_visible()
    found += await faint(page)
    await page.get_by_role("button", name="Channels").or_(page.locator(".place").nth(1)).first.hover()
    await fake.push({**frames.state("ana"), "bot": {"state": "dead", "seconds": None, "starts": 1}})
    await expect(page.locator("#members")).to_contain_text("Offline")
    found += await faint(page)
    assert sorted(set(found)) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_every_text_inside_the_sandbox_and_of_forms_can_be_read(
    fake: Fake, windows: Windows, theme: Theme
) -> None:
    fake.messages[frames.GENERAL] = [message(1, "bo", "hello")]
    found: list[str] = []
    page = await windows.open(f"{fake.url}#ana", theme=theme, size=(1600, 1200))
    await page.locator("#panel-toggle").click()
    line = {"n": 1, "at_ms": 0, "side": "rest", "direction": "out", "title": "POST /x", "status": 200, "check": "ok",
            "detail": None, "body": "{}"}  # fmt: skip
    bad = {"n": 2, "status": 400, "check": "violation", "detail": "too long", "side": "gateway"}
    await fake.push({"type": "traffic", "items": [line, {**line, **bad}, {**line, "n": 3, "side": "provider"}]})
    seconds = {"name": "seconds", "label": "Seconds", "type": "number", "default": 2}
    faults = {"discord": [{"kind": "delay", "label": "Answer late", "fields": [seconds]}], "gateway": [],
              "active": ["Answers late"]}  # fmt: skip
    book = {"rows": [{"gateway": "xai", "usd": "$0.02", "pictures": 1, "is_refunded": True}], "total_usd": "$0.02"}
    await fake.push({"type": "panel", "faults": faults, "gateways": ["xai"], "queue": [], "violations": 1,
                     "note": None, "book": book, "ledger": {"spent_usd": "$0.00", "held_usd": "$0.03",
                     "verdict": "work is under way", "problems": ["a counter is wrong"]}})  # fmt: skip
    for tab in ("Traffic", "Queue and books", "Faults", "Bot and time"):
        await page.get_by_role("tab", name=tab).click()
        if tab == "Traffic":
            await page.locator(".traffic summary").nth(1).click()
        found += await faint(page)
    await fake.push(FORM)
    await page.get_by_role("dialog").get_by_role("button", name="Submit").click()
    await page.get_by_role("dialog").get_by_role("radio").first.hover()
    await expect(page.locator(".form-complaint:visible")).to_have_count(4)
    found += await faint(page)
    assert sorted(set(found)) == []

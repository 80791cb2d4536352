"""What members do with results and answers, before real Chromium with the bot behind it; each test is a story."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from sandbox.gateways import EVERY
from tests.browser.chromium import PHONE, Windows
from tests.browser.deeds import WAIT_MS, card, edit, posts, reply, run, whole
from tests.browser.live import live
from tests.e2e.handing import drawing
from tests.e2e.talking import Turns

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "the same at night"


async def test_a_picture_is_changed_made_again_enlarged_and_looked_into(windows: Windows, tmp_path: Path) -> None:
    source = tmp_path / "lighthouse.png"
    source.write_bytes(drawing())
    async with live(tmp_path, names=EVERY) as opened, windows:
        ana, bo = await windows.open(f"{opened.url}#ana"), await windows.open(f"{opened.url}#bo")
        await edit(ana, WORDS, source)
        await whole(posts(ana, WORDS).get_by_role("img"))
        await expect(card(ana, "Posted")).to_contain_text("It cost $0.", timeout=WAIT_MS)

        await posts(ana).first.get_by_role("button", name="Again").press("Enter")
        await expect(posts(ana, WORDS)).to_have_count(2, timeout=WAIT_MS)
        await whole(posts(ana).last.get_by_role("img"))

        await posts(ana).first.get_by_role("button", name="Upscale").click()
        await expect(posts(ana)).to_have_count(3, timeout=WAIT_MS)
        await whole(posts(ana).last.get_by_role("img"))

        await posts(ana).first.get_by_role("button", name="Details").click()
        details = card(ana, "Details")
        await expect(details.locator("blockquote")).to_have_text(WORDS)
        await expect(details).to_contain_text("changed from a picture")
        await details.get_by_title("Jump to the message").last.click()
        await expect(posts(ana).last).to_be_focused()

        await expect(posts(bo)).to_have_count(3)
        await expect(bo.locator(".message")).to_have_count(3)
        await expect(bo.locator(".ephemeral")).to_have_count(0)


async def test_an_answer_grows_is_read_aloud_and_goes_on_by_a_reply(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path, names=("xai",)) as opened, windows:
        ana, bo = await windows.open(f"{opened.url}#ana"), await windows.open(f"{opened.url}#bo")
        turns = Turns(opened.gateways)
        await run(ana, "ask", "Why is the sky blue?")
        turns.go_on(3)
        answer = posts(bo, "Why is the sky blue?")
        await expect(answer).to_contain_text("This is the", timeout=WAIT_MS)
        await expect(answer).to_contain_text("still writing")
        await expect(answer).not_to_contain_text("You asked")
        turns.finish()
        await expect(answer).to_contain_text("You asked: Why is the sky blue?", timeout=WAIT_MS)
        await expect(answer).not_to_contain_text("still writing")
        await expect(answer.get_by_role("button", name="Continue…")).to_be_visible()

        # Whoever reads along may have it read, and sees what that costs.
        await answer.get_by_role("button", name=re.compile(r"^Read aloud · \$0\.0")).click()
        await expect(card(bo, "Posted")).to_contain_text("It cost $0.", timeout=WAIT_MS)
        await expect(ana.get_by_label(re.compile("^The answer, read aloud"))).to_be_visible()
        sound = ana.locator("audio")
        await expect(sound).to_have_js_property("error", None)
        await ana.wait_for_function("document.querySelector('audio').duration > 0")

        await reply(ana, posts(ana, "You asked: Why"), "And at dusk?")
        later = posts(bo, "You asked: And at dusk?")
        await expect(later.get_by_role("button", name="Continue…")).to_be_visible(timeout=WAIT_MS)
        await later.get_by_role("button", name="Go to the message this answers").click()
        await expect(posts(bo, "And at dusk?").first).to_be_focused()

        await posts(ana, "You asked: And at dusk?").get_by_role("button", name="Continue…").click()
        form = ana.get_by_role("dialog", name="Go on")
        await form.get_by_label("Your next question").fill("And on Mars?")
        await form.get_by_role("button", name="Submit").click()
        await expect(posts(bo, "You asked: And on Mars?").get_by_role("button", name="Forget")).to_be_visible(
            timeout=WAIT_MS
        )
        await expect(ana.locator(".ephemeral")).not_to_have_count(0)
        await expect(bo.locator(".ephemeral")).to_have_count(1)


async def test_results_are_looked_up_page_by_page_and_help_begins_the_command(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path) as opened, windows:
        for number in range(1, 7):
            use = await opened.sandbox.person("ana").command("imagine", prompt=f"picture {number}")
            await use.wait_until(lambda message: "Posted" in message.plain_text(), WAIT_MS / 1000)
        ana = await windows.open(f"{opened.url}#ana", size=PHONE, touch=True)
        bo = await windows.open(f"{opened.url}#bo")
        await run(ana, "history")
        page = card(ana, "Your results")
        await expect(page.get_by_role("img")).to_have_count(5, timeout=WAIT_MS)
        await whole(page.get_by_role("img", name="picture 6"))
        await page.get_by_role("button", name="Next").press("Enter")
        await whole(page.get_by_role("img", name="picture 1"))
        await expect(page.get_by_role("img")).to_have_count(1)
        await page.get_by_role("button", name="Open 1").click()
        found = card(ana, "picture 1").last
        await expect(found.get_by_role("button", name="Details")).to_be_visible(timeout=WAIT_MS)
        await whole(found.get_by_role("img"))

        await run(ana, "help")
        told = card(ana, "Make a picture")
        await told.get_by_role("button", name="/imagine").press("Enter")
        entry = ana.get_by_role("group", name=re.compile("^Command imagine"))
        await expect(entry.get_by_role("combobox", name=re.compile("^prompt"))).to_be_focused()
        await ana.keyboard.type("picture 7")
        await ana.keyboard.press("Enter")
        await whole(posts(bo, "picture 7").get_by_role("img"))
        assert await ana.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        await expect(bo.locator(".ephemeral")).to_have_count(0)

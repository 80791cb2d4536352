"""Members before real Chromium, the bot behind it: what they do, and what each of them sees."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.chromium import PHONE, Windows
from tests.browser.deeds import WAIT_MS
from tests.browser.live import PROMPT, Live, imagine, live
from tests.sandbox.bot import picture, running

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def easel(tmp_path: Path) -> AsyncIterator[Live]:
    async with live(tmp_path) as opened:
        yield opened


async def result(page: Page) -> None:
    """The picture is on the page, whole, with the prompt as its alt text."""
    image = page.get_by_role("img", name=PROMPT)
    await expect(image).to_be_visible(timeout=WAIT_MS)
    assert await image.evaluate("async (node) => { await node.decode(); return node.naturalWidth > 0; }")


async def test_a_member_watches_the_card_and_another_sees_the_picture_alone(easel: Live, windows: Windows) -> None:
    ana, bo = await windows.open(f"{easel.url}#ana"), await windows.open(f"{easel.url}#bo")
    await expect(bo.locator("#topbar h2")).to_have_text("general")
    easel.draws_until_told()
    await imagine(ana)
    card = ana.locator(".message.ephemeral .container")
    await expect(card).to_contain_text("step 2 of 3: drawing", timeout=WAIT_MS)
    await expect(card.locator("blockquote")).to_have_text(PROMPT)
    await expect(ana.locator(".above")).to_contain_text("Ana used /imagine")
    await expect(bo.locator(".message")).to_have_count(0)
    easel.gateways.finish()
    await expect(card).to_contain_text("Posted", timeout=WAIT_MS)
    await result(ana)
    await result(bo)
    await expect(bo.locator(".message")).to_have_count(1)
    await expect(bo.locator(".ephemeral")).to_have_count(0)
    await card.get_by_title("Jump to the message").click()
    await expect(ana.locator(".message:not(.ephemeral)")).to_be_focused()
    await ana.reload()
    await result(ana)
    await expect(card).to_contain_text("Posted")


async def test_a_member_cancels_while_it_is_drawn_and_gets_what_was_finished_anyway_alone(
    easel: Live, windows: Windows
) -> None:
    page = await windows.open(f"{easel.url}#ana")
    easel.draws_until_told()
    await imagine(page)
    card = page.locator(".message.ephemeral .container")
    await expect(card).to_contain_text("drawing", timeout=WAIT_MS)
    await card.get_by_role("button", name="Cancel").press("Enter")
    await expect(card).to_contain_text("Cancelling", timeout=WAIT_MS)
    await expect(card.get_by_role("button", name="Cancel")).to_have_count(0)
    easel.gateways.finish()
    await expect(page.get_by_role("img", name=PROMPT)).to_be_visible(timeout=WAIT_MS)
    await expect(page.locator(".message:not(.ephemeral)")).to_have_count(0)


async def test_the_bot_is_killed_while_it_draws_and_the_picture_still_comes(easel: Live, windows: Windows) -> None:
    page = await windows.open(f"{easel.url}#ana")
    easel.draws_until_told()
    await imagine(page)
    await expect(page.locator(".container")).to_contain_text("drawing", timeout=WAIT_MS)
    await page.locator("#panel-toggle").click()
    await page.get_by_role("tab", name="Bot and time").click()
    await page.get_by_role("button", name="Kill").click()
    await expect(page.locator("#bot-chip")).to_have_text("Easel is not running")
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.locator("#bot-chip")).to_have_text("Easel is running", timeout=WAIT_MS)
    await page.get_by_role("button", name="Finish all drawings now").click()
    await result(page)
    await expect(page.locator(".container").first).to_contain_text("Posted", timeout=WAIT_MS)
    await expect(page.locator(".message:not(.ephemeral)")).to_have_count(1)


async def test_the_panel_shows_the_bots_traffic_checked_and_both_books_agree(easel: Live, windows: Windows) -> None:
    page = await windows.open(f"{easel.url}#op")
    await page.locator("#panel-toggle").click()
    await imagine(page)
    await result(page)
    rows = page.locator(".traffic > li")
    await expect(rows.filter(has_text=re.compile("POST /channels/.*/messages"))).to_have_count(1)
    await expect(page.locator(".mark.violation")).to_have_count(0)
    await expect(rows.filter(has_text="pixazo: ").first).to_be_attached()
    await page.get_by_role("tab", name="Queue and books").click()
    await expect(page.locator(".sums")).to_contain_text("they agree", timeout=WAIT_MS)


async def test_markup_in_a_prompt_stays_text_all_the_way_round(easel: Live, windows: Windows) -> None:
    page = await windows.open(f"{easel.url}#ana")
    markup = "<b onclick=alert(1)>**bold**</b> <@1>"
    await imagine(page, markup)
    # The bot itself turns angle brackets into ones that mean nothing to anybody.
    posted = page.locator(".message:not(.ephemeral) .text strong")
    await expect(posted).to_have_text(markup.replace("<", "‹").replace(">", "›"), timeout=WAIT_MS)
    await expect(page.locator("#log b[onclick]")).to_have_count(0)


async def test_it_works_on_a_phone_in_the_light_theme(easel: Live, windows: Windows) -> None:
    page = await windows.open(f"{easel.url}#ana", size=PHONE, theme="light", touch=True)
    await imagine(page)
    await result(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


async def test_a_form_is_filled_in_and_sent(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path, easel=False) as opened, running(opened.sandbox), windows:
        page = await windows.open(f"{opened.url}#ana")
        await page.locator("#composer-text").fill("/form")
        await page.get_by_role("option", name="/form").click()
        await page.keyboard.press("Enter")
        form = page.get_by_role("dialog", name="Why?")
        await form.get_by_label("Reason").fill("it is blue")
        await form.get_by_role("combobox", name="Choose an option").click()
        await form.get_by_role("option", name="Bad").click()
        await form.get_by_role("button", name="Submit").click()
        await expect(page.locator(".ephemeral .content")).to_have_text("bad: it is blue")


async def test_only_a_moderator_finds_the_command_and_gives_it_a_member_and_a_file(
    windows: Windows, tmp_path: Path
) -> None:
    proof = tmp_path / "proof.png"
    proof.write_bytes(picture())
    async with live(tmp_path, easel=False) as opened, running(opened.sandbox), windows:
        ana, mod = await windows.open(f"{opened.url}#ana"), await windows.open(f"{opened.url}#mod")
        await ana.locator("#composer-text").fill("/review")
        await expect(ana.get_by_text("No command begins like that.")).to_be_visible()
        await mod.locator("#composer-text").fill("/review ")
        await mod.keyboard.type("Bo")
        await mod.keyboard.press("Enter")
        await mod.locator(".chip-file input").set_input_files(proof)
        await expect(mod.locator(".chip-file")).to_contain_text("proof.png (")
        await mod.get_by_role("button", name="Send the command").click()
        answer = f"bo {len(picture())} (True, True)"
        await expect(mod.locator(".message .content")).to_contain_text(answer)
        await expect(ana.locator(".message .content")).to_contain_text(answer)


async def test_a_bot_that_says_nothing_did_not_respond(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path, easel=False) as opened, running(opened.sandbox), windows:
        page = await windows.open(f"{opened.url}#ana")
        await page.locator("#composer-text").fill("/silent")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.locator(".pending .thinking")).to_be_visible()
        opened.sandbox.clock.forward(seconds=4)
        await expect(page.locator(".pending .failure")).to_have_text("The application did not respond")


async def test_a_members_form_on_a_result_brings_a_changed_picture(easel: Live, windows: Windows) -> None:
    page = await windows.open(f"{easel.url}#ana")
    await imagine(page)
    await result(page)
    await page.get_by_role("button", name="Edit…").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox").fill("the same by night")
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_have_count(0)
    changed = page.locator(".message:not(.ephemeral)").filter(has_text="the same by night")
    await expect(changed.get_by_role("img")).to_be_visible(timeout=WAIT_MS)

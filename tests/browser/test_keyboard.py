"""By keys alone and for screen readers: where the focus goes, and what says what it is."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.chromium import Windows
from tests.browser.fake import Fake
from tests.browser.frames import COMMANDS, GENERAL, message, option
from tests.browser.test_components import message_row, shown
from tests.browser.test_composer import typed
from tests.browser.test_forms import FORM

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


async def test_a_file_option_is_taken_away_by_backspace_or_its_button(
    fake: Fake, windows: Windows, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"12345")
    (edit,) = (one for one in COMMANDS if one["name"] == "edit")
    fake.state_more = {"commands": {GENERAL: [{**edit, "options": [*edit["options"], option("mask", 11)]}]}}
    page = await shown(windows, fake)
    await typed(page, "/edit ")
    required = page.locator(".chip").filter(has_text="picture")
    optional = page.locator(".chip").filter(has_text="mask")
    await required.locator("input").set_input_files(photo)
    await expect(required).to_contain_text("photo.png (5 B)")
    await required.get_by_role("button", name="Remove picture").click()
    await expect(required).to_contain_text("Choose or drop a file")
    await expect(required.get_by_role("button", name="choose a file")).to_be_focused()
    await required.locator("input").set_input_files(photo)
    await expect(required).to_contain_text("photo.png (5 B)")
    await page.keyboard.press("Backspace")
    await expect(required).to_contain_text("Choose or drop a file")
    for way in ("Backspace", "button"):
        await page.locator(".chip-more").click()
        await page.get_by_role("option", name=re.compile("^mask")).click()
        await expect(optional).to_have_count(1)
        if way == "button":
            await optional.get_by_role("button", name="Remove mask").click()
        else:
            await page.keyboard.press("Backspace")
        await expect(optional).to_have_count(0)
    await required.locator("input").set_input_files(photo)
    await expect(required).to_contain_text("photo.png (5 B)")
    await page.get_by_role("combobox", name=re.compile("^prompt")).fill("brighter")
    await page.keyboard.press("Enter")
    options = {"picture": {"upload_id": "u3"}, "prompt": "brighter"}
    assert await fake.asked("command") == [{"channel_id": GENERAL, "name": "edit", "options": options}]


async def test_whoever_dismisses_a_message_goes_on_beside_it(fake: Fake, windows: Windows) -> None:
    page = await shown(
        windows, fake, message(1, "bo", "hello"), message(2, content="a card", sandbox={"is_ephemeral": True})
    )
    await message_row(page, 2).get_by_role("button", name="Dismiss message").press("Enter")
    await fake.asked("dismiss")
    await fake.post(message(2), op="delete")
    await expect(message_row(page, 1)).to_be_focused()
    await fake.post(message(1), op="delete")
    await expect(page.locator("#composer-text")).to_be_focused()
    frame = {"type": "interaction", "interaction_id": "8", "kind": 2, "channel_id": GENERAL, "message_id": None,
             "command": "usage", "state": "did_not_respond"}  # fmt: skip
    await fake.push(frame)
    await page.locator(".pending").get_by_role("button", name="Dismiss message").press("Enter")
    await expect(page.locator("#composer-text")).to_be_focused()


async def test_whoever_closes_the_panel_or_makes_a_thread_is_not_lost(fake: Fake, windows: Windows) -> None:
    fake.answers["thread"] = lambda _: {"channel_id": "204"}
    page = await shown(windows, fake, message(1, "bo", "hello"))
    await page.locator("#panel-toggle").press("Enter")
    await page.get_by_role("button", name="Close the panel").press("Enter")
    await expect(page.locator("#panel-toggle")).to_be_focused()
    await message_row(page, 1).get_by_role("button", name="More").press("Enter")
    await page.get_by_role("menuitem", name="Create thread…").press("Enter")
    await page.get_by_label("Thread name").fill("storm night")
    await page.keyboard.press("Enter")
    await expect(page.locator("#topbar h2")).to_have_text("poster-jam")
    await expect(page.locator("#composer-text")).to_be_focused()


async def test_lists_say_whether_they_are_open_and_what_is_active(fake: Fake, windows: Windows) -> None:
    fake.answers["autocomplete"] = lambda _: {"choices": [{"name": "Grok", "value": "grok"}]}
    page = await shown(windows, fake)
    text = page.locator("#composer-text")
    await typed(page, "/")
    await expect(text).to_have_attribute("aria-expanded", "true")
    await expect(text).to_have_attribute("aria-activedescendant", re.compile("."))
    await page.keyboard.type("imagine ")
    prompt = page.get_by_role("combobox", name=re.compile("^prompt"))
    await expect(prompt).to_have_attribute("aria-expanded", "true")
    await page.locator(".chip-more").focus()
    more = page.get_by_role("combobox", name="Add an option, 5 left")
    await expect(more).to_have_attribute("aria-expanded", "true")
    await expect(more).to_have_attribute("aria-activedescendant", re.compile("."))
    await expect(prompt).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Escape")
    await expect(more).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Escape")
    await expect(text).to_be_focused()
    await expect(text).to_have_attribute("aria-expanded", "false")


async def test_the_log_is_a_list_of_nothing_but_items(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, message(1, "bo", "hello"))
    roles = await page.locator("#log > *").evaluate_all("all => all.map((one) => [one.tagName, one.role])")
    assert roles == [["LI", None]] * 3


async def test_fields_are_described_and_complaints_go_when_they_are_mended(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await fake.push(FORM)
    form = page.get_by_role("dialog", name="Why <b>?")
    reason = form.get_by_label("Reason")
    await expect(reason).to_have_accessible_description("in short")
    await form.get_by_role("button", name="Submit").click()
    await expect(reason).to_have_accessible_description("in short This field is required.")
    await expect(reason).to_have_attribute("aria-invalid", "true")
    how = form.get_by_role("radiogroup", name="How")
    await expect(how).to_have_accessible_description("Choose one.")
    complaints = form.locator(".form-complaint:visible")
    await expect(complaints).to_have_count(4)
    await reason.fill("because")
    await how.get_by_role("radio", name="Hard").check()
    await form.get_by_role("combobox", name="Choose an option").click()
    await form.get_by_role("option", name="Bad").click()
    await expect(complaints).to_have_text(["Give a file."])
    await form.get_by_label("Proof").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    await expect(complaints).to_have_count(0)
    await expect(reason).not_to_have_attribute("aria-invalid", "true")
    await reason.fill("")
    await expect(complaints).to_have_count(0)

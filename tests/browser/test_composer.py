"""The box at the foot: commands with their options as the bot registered them, checks before sending, plain words."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium import Windows
from tests.browser.fake import Fake, Frame, Refuse
from tests.browser.frames import GENERAL, message, state
from tests.browser.test_components import message_row, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def typed(page: Page, text: str) -> None:
    await page.locator("#composer-text").focus()
    await page.keyboard.type(text)


async def test_a_slash_lists_the_commands_and_keys_choose_one(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await typed(page, "/")
    commands = page.get_by_role("listbox", name="Commands").get_by_role("option")
    await expect(commands.locator(".listbox-title")).to_have_text(["/edit", "/imagine", "/settings budget", "/usage"])
    await expect(commands.nth(1)).to_contain_text("Draws a picture from your words")
    await page.keyboard.type("s")
    await expect(commands).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(commands).to_have_count(0)
    await page.keyboard.press("Backspace")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Tab")
    await expect(page.locator(".command-name")).to_have_text("/usage")
    await page.keyboard.press("Enter")
    assert await fake.asked("command") == [{"channel_id": GENERAL, "name": "usage", "options": {}}]


async def test_a_slash_typed_before_the_bot_is_there_finds_its_commands_when_they_come(
    fake: Fake, windows: Windows
) -> None:
    fake.state_more = {"commands": {}}
    page = await shown(windows, fake)
    await typed(page, "/im")
    await expect(page.locator(".listbox-note")).to_have_text("There are no commands for you here yet.")
    await fake.push(state("ana"))
    await expect(page.locator(".listbox-title")).to_have_text(["/imagine"])
    await page.keyboard.press("Tab")
    await expect(page.locator(".command-name")).to_have_text("/imagine")


async def test_options_of_every_kind_are_filled_in_by_keys(fake: Fake, windows: Windows) -> None:
    fake.answers["autocomplete"] = lambda _: {"choices": [{"name": "Grok Imagine", "value": "grok"}]}
    page = await shown(windows, fake)
    await typed(page, "/imagine a lighthouse")
    await expect(page.locator(".chip-name")).to_have_text(["prompt"])
    await expect(page.locator(".chip-more")).to_have_text("+5 optional")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("option", name="Grok Imagine")).to_be_visible()
    await page.keyboard.press("Enter")
    for option, words in (("count", "3"), ("shape", "Wi"), ("private", "t"), ("friend", "Bo")):
        await page.get_by_role("option", name=re.compile(f"^{option}")).click()
        await page.keyboard.type(words)
        if option != "count":
            await expect(page.get_by_role("listbox", name="Suggestions").get_by_role("option")).to_have_count(1)
            await page.keyboard.press("Tab")
    await expect(page.locator(".chip-more")).to_be_hidden()
    await page.keyboard.press("Enter")
    options = {"prompt": "a lighthouse", "model": "grok", "count": 3, "shape": "16:9", "private": True,
               "friend": {"id": "305"}}  # fmt: skip
    assert await fake.asked("command") == [{"channel_id": GENERAL, "name": "imagine", "options": options}]
    await expect(page.locator("#composer-text")).to_be_focused()


async def test_the_bot_is_asked_once_typing_rests_and_late_answers_are_ignored(fake: Fake, windows: Windows) -> None:
    fake.answers["autocomplete"] = lambda _: None
    page = await shown(windows, fake)
    await typed(page, "/imagine a boat")
    await page.get_by_role("option", name=re.compile("^model")).click()
    first = {"channel_id": GENERAL, "name": "imagine", "option": "model", "typed": "", "options": {"prompt": "a boat"}}
    assert await fake.asked("autocomplete") == [first]
    await page.clock.install()
    await page.clock.pause_at(await page.evaluate("Date.now() + 1_000"))
    await page.keyboard.type("grok")
    await page.clock.run_for(149)
    assert fake.all_asked("autocomplete") == [first]
    await page.clock.run_for(1)
    assert await fake.asked("autocomplete", 2) == [first, {**first, "typed": "grok"}]
    late, current = (frame["seq"] for frame in fake.heard if frame["do"] == "autocomplete")
    for seq, name in ((current, "for grok"), (late, "for nothing")):
        await fake.push({"type": "reply", "seq": seq, "ok": True, "choices": [{"name": name, "value": "x"}]})
    await fake.post(message(1, "bo", "after both answers"))
    await expect(page.locator(".message")).to_have_count(1)
    suggestions = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    await expect(suggestions).to_have_text(["for grok"])


async def test_a_fast_enter_takes_what_was_typed_and_no_suggestion_for_something_else(
    fake: Fake, windows: Windows
) -> None:
    grok = {"choices": [{"name": "Grok Imagine", "value": "grok"}]}
    fake.answers["autocomplete"] = lambda frame: None if frame["typed"] else grok
    page = await shown(windows, fake)
    await typed(page, "/imagine fox")
    await page.get_by_role("option", name=re.compile("^model")).click()
    await expect(page.get_by_role("option", name="Grok Imagine")).to_be_visible()
    await page.keyboard.type("zzz")
    await page.keyboard.press("Enter")
    options = {"prompt": "fox", "model": "zzz"}
    assert await fake.asked("command") == [{"channel_id": GENERAL, "name": "imagine", "options": options}]


async def test_a_bot_that_suggests_nothing_in_time_is_said_to(fake: Fake, windows: Windows) -> None:
    def refuse(_: Frame) -> Frame:
        raise Refuse("that took too long")

    fake.answers["autocomplete"] = refuse
    page = await shown(windows, fake)
    await typed(page, "/imagine a boat")
    await page.get_by_role("option", name=re.compile("^model")).click()
    await expect(page.locator(".listbox-note")).to_have_text("No suggestions: that took too long")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("/imagine ", "prompt: This option is required."),
        ("/imagine " + "x" * 61, "prompt: At most 60 characters; these are 61."),
        ("/settings budget lots", "usd: Give a number."),
        ("/edit ", "picture: This option is required."),
    ],
)
async def test_what_the_client_checks_is_said_plainly_and_nothing_is_sent(
    fake: Fake, windows: Windows, words: str, complaint: str
) -> None:
    page = await shown(windows, fake)
    await page.locator("#composer-text").fill(words)
    await page.get_by_role("button", name="Send the command").click()
    await expect(page.locator(".composer-error")).to_have_text(complaint)
    assert fake.all_asked("command") == []


async def test_numbers_outside_their_bounds_and_words_outside_the_choices_are_refused(
    fake: Fake, windows: Windows
) -> None:
    page = await shown(windows, fake)
    await typed(page, "/imagine a boat")
    for option, words, complaint in (
        ("count", "5", "At most 4."),
        ("shape", "round", "Choose one of the suggestions."),
    ):
        await page.get_by_role("option", name=re.compile(f"^{option}")).click()
        await page.keyboard.type(words)
        await page.get_by_role("button", name="Send the command").click()
        await expect(page.locator(".composer-error")).to_have_text(f"{option}: {complaint}")
        await page.keyboard.press("ControlOrMeta+a")
        await page.keyboard.press("Backspace")
        await page.keyboard.press("Backspace")
    assert fake.all_asked("command") == []


async def test_files_are_chosen_or_dropped(fake: Fake, windows: Windows, tmp_path: Path) -> None:
    page = await shown(windows, fake)
    await typed(page, "/edit ")
    chosen = tmp_path / "holiday.png"
    chosen.write_bytes(b"12345")
    await page.locator(".chip-file input").set_input_files(chosen)
    await expect(page.locator(".chip-file")).to_contain_text("holiday.png (5 B)")
    await page.locator("#composer").evaluate(
        """node => {
          const files = new DataTransfer();
          files.items.add(new File(["abc"], "<b>dropped</b>.png"));
          document.querySelector(".icon-button.send").focus();
          node.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }"""
    )
    await expect(page.locator(".toast")).to_have_text("This command takes no other file.")
    await page.get_by_role("combobox", name=re.compile("^prompt")).fill("brighter")
    await page.keyboard.press("Enter")
    options = {"picture": {"upload_id": "u1"}, "prompt": "brighter"}
    assert await fake.asked("command") == [{"channel_id": GENERAL, "name": "edit", "options": options}]
    assert fake.uploaded == ["holiday.png"]


async def test_a_file_dropped_while_a_command_wants_one_goes_there(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await typed(page, "/edit ")
    await page.evaluate(DROP)
    await expect(page.locator(".chip-file")).to_contain_text("<b>dropped</b>.png (3 B)")
    assert fake.uploaded == ["<b>dropped</b>.png"]


DROP = """() => {
  const files = new DataTransfer();
  files.items.add(new File(["abc"], "<b>dropped</b>.png"));
  const drop = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
  document.getElementById("log").dispatchEvent(drop);
}"""


async def test_files_go_with_plain_words_or_without_any(fake: Fake, windows: Windows, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"12345")
    page = await shown(windows, fake)
    tray = page.get_by_role("list", name="Files to send")
    await page.get_by_role("button", name="Add").press("Enter")
    async with page.expect_file_chooser() as choosing:
        await page.get_by_role("menuitem", name="Upload a file").press("Enter")
    await (await choosing.value).set_files([photo])
    await expect(tray.get_by_role("listitem")).to_have_text(["photo.png (5 B)"])
    await page.evaluate(DROP)
    await expect(tray.get_by_role("listitem")).to_have_text(["photo.png (5 B)", "<b>dropped</b>.png (3 B)"])
    await tray.get_by_role("button", name="Remove photo.png").press("Enter")
    await page.evaluate(DROP)
    await expect(tray.get_by_role("listitem")).to_have_count(2)
    await typed(page, "look")
    await page.keyboard.press("Enter")
    await expect(tray).to_be_hidden()
    await page.evaluate(DROP)
    await expect(tray.get_by_role("listitem")).to_have_count(1)

    def refuse(_: Frame) -> Frame:
        raise Refuse("ana may not attach files in #general")

    fake.answers["say"] = refuse
    await typed(page, "")
    await page.keyboard.press("Enter")
    await expect(page.locator(".composer-error")).to_have_text("ana may not attach files in #general")
    await expect(tray.get_by_role("listitem")).to_have_count(1)
    assert await fake.asked("say", 2) == [
        {"channel_id": GENERAL, "content": "look", "upload_ids": ["u2", "u3"]},
        {"channel_id": GENERAL, "content": "", "upload_ids": ["u4"]},
    ]


async def test_plain_words_are_sent_and_kept_when_refused(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, message(1, "bo", "hello"))
    await typed(page, "hi there")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.keyboard.press("Enter")
    assert await fake.asked("say") == [{"channel_id": GENERAL, "content": "hi there\nsecond line"}]
    await expect(page.locator("#composer-text")).to_have_value("")
    await message_row(page, 1).hover()
    await message_row(page, 1).get_by_role("button", name="Reply").click()
    await expect(page.locator(".reply-bar")).to_contain_text("Replying to Bo")
    await page.keyboard.type("yes")
    await page.keyboard.press("Enter")
    said = await fake.asked("say", 2)
    assert said[1] == {"channel_id": GENERAL, "content": "yes", "reply_to": "1001"}
    await page.locator("#composer-text").fill("x" * 2001)
    await page.keyboard.press("Enter")
    await expect(page.locator(".composer-error")).to_contain_text("at most 2,000 characters; this has 2,001")
    assert len(fake.all_asked("say")) == 2


async def test_escape_leaves_a_command_and_a_muted_channel_takes_no_words(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await typed(page, "/imagine x")
    await page.keyboard.press("Escape")
    await expect(page.locator(".command-entry")).to_have_count(0)
    await page.get_by_role("button", name=re.compile("after-dark")).click()
    await expect(page.locator("#composer-text")).to_be_disabled()

"""The log of a channel: who wrote when, what is private, what waits, what comes and goes while one looks."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import frames
from tests.browser.chromium import Windows
from tests.browser.fake import Fake, Refuse
from tests.browser.frames import BOT_ID, EPHEMERAL, GENERAL, button, card, message, row, text
from tests.browser.test_components import message_row, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_words_of_one_author_stand_together_and_days_apart(fake: Fake, windows: Windows) -> None:
    sent = [
        message(1, "bo", "one"),
        message(3, "bo", "two"),
        message(30, "bo", "three"),
        message(24 * 60, "bo", "four"),
    ]
    page = await shown(windows, fake, *sent)
    await expect(page.locator(".message.first .content")).to_have_text(["one", "three", "four"])
    await expect(page.locator(".divider")).to_have_text(["Today, November 20, 2026", "November 21, 2026"])
    await expect(page.locator(".head .time").first).to_have_text("2:06 PM")


async def test_what_is_ephemeral_is_marked_and_can_be_dismissed(fake: Fake, windows: Windows) -> None:
    uses = {"user": frames.user("ana"), "command": "imagine", "type": 1}
    private = card(1, text("only for you"), sandbox={"is_ephemeral": True, "uses": uses})
    private["flags"] |= EPHEMERAL
    page = await shown(windows, fake, private)
    line = message_row(page, 1)
    await expect(line).to_have_class(re.compile("ephemeral"))
    await expect(line.locator(".above")).to_have_text("AAna used /imagine")
    await expect(line.locator(".only-you")).to_have_text("Only you can see this · Dismiss message")
    await line.get_by_role("button", name="Dismiss message").click()
    assert await fake.asked("dismiss") == [{"message_id": "1001"}]
    await fake.post({"id": "1001", "channel_id": GENERAL}, op="delete")
    await expect(page.locator(".message")).to_have_count(0)


async def test_a_card_moves_from_thinking_to_done_and_keeps_the_focus_on_its_button(
    fake: Fake, windows: Windows
) -> None:
    page = await shown(windows, fake, message(1, sandbox={"is_loading": True}))
    await expect(page.locator(".thinking")).to_have_text("Easel is thinking…")
    await fake.post(card(1, text("step 1"), row(button("Cancel", 4))), op="edit")
    await page.get_by_role("button", name="Cancel").focus()
    await fake.post(
        card(1, text("step 2"), row(button("Cancel", 4)), edited_timestamp="2026-11-20T14:07:00Z"), op="edit"
    )
    await expect(message_row(page, 1).locator(".text")).to_have_text("step 2")
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    await expect(page.locator(".edited")).to_have_text("(edited)")


async def test_replies_show_what_they_answer_and_lead_there(fake: Fake, windows: Windows) -> None:
    reply = message(2, "bo", "so do I", message_reference={"message_id": "1001", "channel_id": GENERAL})
    gone = message(3, "bo", "to nothing", message_reference={"message_id": "7", "channel_id": GENERAL})
    page = await shown(windows, fake, message(1, "ana", "I **like** it"), reply, gone)
    above = message_row(page, 2).locator(".above")
    await expect(above).to_contain_text("I like it")
    await above.click()
    await expect(message_row(page, 1)).to_be_focused()
    await expect(message_row(page, 3).locator(".above")).to_have_text("The message could not be loaded")


async def test_mentions_are_named_commands_begin_and_links_jump_within_the_page(fake: Fake, windows: Windows) -> None:
    link = f"https://discord.com/channels/{frames.GUILD}/{GENERAL}/1001"
    words = f"<@305> <@&402> <#{GENERAL}> </usage:503> {link} <@{BOT_ID}>"
    page = await shown(windows, fake, message(1, "bo", "target"), message(2, "easel", words))
    line = message_row(page, 2)
    await expect(line.locator("span.mention")).to_have_text(["@Bo", "@Moderator", "@Easel"])
    await expect(line.locator("button.mention")).to_have_text(["general", "/usage", "general › "])
    await line.locator("button.mention").nth(2).click()
    await expect(message_row(page, 1)).to_be_focused()
    await line.get_by_role("button", name="/usage").click()
    await expect(page.locator(".command-name")).to_have_text("/usage")


async def test_a_button_without_an_answer_says_so_below_its_message(fake: Fake, windows: Windows) -> None:
    fake.answers["press"] = lambda _: {"interaction_id": "7"}
    page = await shown(windows, fake, card(1, row(button("Go"))))
    await page.get_by_role("button", name="Go").click()
    frame = {"type": "interaction", "interaction_id": "7", "kind": 3, "channel_id": GENERAL, "message_id": "1001",
             "command": None}  # fmt: skip
    await fake.push({**frame, "state": "sent"})
    await expect(page.get_by_role("button", name="Go")).to_have_attribute("aria-busy", "true")
    await fake.push({**frame, "state": "did_not_respond"})
    await expect(message_row(page, 1).locator(".failure")).to_contain_text("the application did not respond")
    await expect(page.get_by_role("button", name="Go")).not_to_have_attribute("aria-busy", "true")


async def test_a_command_without_an_answer_is_thinking_and_then_says_so(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    frame = {"type": "interaction", "interaction_id": "8", "kind": 2, "channel_id": GENERAL, "message_id": None,
             "command": "usage"}  # fmt: skip
    await fake.push({**frame, "state": "sent"})
    await expect(page.locator(".pending")).to_contain_text("Ana used /usage")
    await expect(page.locator(".pending .thinking")).to_be_visible()
    await fake.push({**frame, "state": "did_not_respond"})
    await expect(page.locator(".pending .failure")).to_have_text("The application did not respond")
    await page.get_by_role("button", name="Dismiss message").click()
    await expect(page.locator(".pending")).to_have_count(0)


async def test_the_menu_of_a_message_works_by_keys_and_by_the_right_button(fake: Fake, windows: Windows) -> None:
    own = message(1, "ana", "mine", sandbox={"can_delete": True})
    shows = frames.gallery(frames.item("a", "a picture"))
    page = await shown(windows, fake, own, card(2, shows))
    await message_row(page, 2).get_by_role("img", name="a picture").click(button="right")
    await expect(page.get_by_role("menu").get_by_role("menuitem", name="Edit this picture")).to_be_visible()
    await page.keyboard.press("Escape")
    await message_row(page, 1).click(button="right")
    menu = page.get_by_role("menu")
    await expect(menu.get_by_role("menuitem")).to_have_text(
        ["Reply", "Create thread…", "Copy message link", "Edit this picture", "Delete message"]
    )
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        await page.keyboard.press(key)
    asked = await fake.asked("message_command")
    assert asked == [{"channel_id": GENERAL, "name": "Edit this picture", "message_id": "1001"}]
    await message_row(page, 2).get_by_role("button", name="More").press("Enter")
    await expect(menu.get_by_role("menuitem", name="Delete message")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(message_row(page, 2).get_by_role("button", name="More")).to_be_focused()
    await message_row(page, 1).get_by_role("button", name="More").press("Enter")
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    assert await fake.asked("delete") == [{"message_id": "1001"}]


async def test_a_copied_link_is_one_that_jumps_here(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, message(1, "bo", "words"))
    await message_row(page, 1).click(button="right")
    await page.get_by_role("menuitem", name="Copy message link").click()
    await expect(page.locator(".toast")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == f"https://discord.com/channels/{frames.GUILD}/{GENERAL}/1001"


async def test_what_was_refused_is_said_in_the_servers_words(fake: Fake, windows: Windows) -> None:
    def refuse(_: object) -> dict[str, object]:
        raise Refuse("the button 'Go' is disabled")

    fake.answers["press"] = refuse
    page = await shown(windows, fake, card(1, row(button("Go"))))
    await page.get_by_role("button", name="Go").click()
    await expect(page.locator(".toast")).to_have_text("the button 'Go' is disabled")


async def test_news_is_said_aloud_and_marks_channels_that_are_not_looked_at(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await fake.post(message(1, "bo", "hello **you**"))
    await expect(page.locator("#announcer")).to_have_text("Bo: hello you")
    elsewhere = {**message(2, "bo", "psst <@304>", sandbox={"pings_me": True}), "channel_id": frames.THREAD}
    await fake.post(elsewhere)
    place = page.get_by_role("button", name=re.compile("poster-jam"))
    await expect(place).to_have_class(re.compile("unread"))
    await expect(place.locator(".pings")).to_have_text("1")
    fake.messages[frames.THREAD] = [elsewhere]
    await place.click()
    await expect(page.locator(".message.pings-me")).to_contain_text("@Ana")
    await expect(place.locator(".pings")).to_have_count(0)


async def test_a_thread_is_begun_at_a_message_and_opens(fake: Fake, windows: Windows) -> None:
    fake.answers["thread"] = lambda _: {"channel_id": frames.THREAD}
    page = await shown(windows, fake, message(1, "bo", "words"))
    await message_row(page, 1).click(button="right")
    await page.get_by_role("menuitem", name="Create thread…").click()
    await page.get_by_label("Thread name").fill("storm night")
    await page.keyboard.press("Enter")
    asked = await fake.asked("thread")
    assert asked == [{"channel_id": GENERAL, "name": "storm night", "message_id": "1001"}]
    await expect(page.locator("#topbar h2")).to_have_text("poster-jam")


async def test_the_end_is_followed_unless_one_has_scrolled_up(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, *(message(number, "bo", f"words {number}") for number in range(0, 400, 10)))
    log = page.locator("#log")
    left = "node => node.scrollHeight - node.scrollTop - node.clientHeight"
    assert await log.evaluate(left) <= 1
    await fake.post(card(401, frames.gallery(frames.item("tall"))))
    await expect(page.locator(".gallery img")).to_be_in_viewport(ratio=0.9)
    await log.hover()
    await page.mouse.wheel(0, -2_000)
    await expect(message_row(page, 401)).not_to_be_in_viewport()
    await fake.post(message(402, "bo", "later"))
    await expect(message_row(page, 402)).not_to_be_in_viewport()

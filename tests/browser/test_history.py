"""Where a channel begins: earlier messages, threads and what they hang on, conversations of two."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser import frames
from tests.browser.chromium import Windows
from tests.browser.fake import Fake, Frame
from tests.browser.frames import GENERAL, THREAD, message
from tests.browser.test_components import message_row, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

TALK = [message(number, "bo", f"words {number}") for number in range(0, 1_200, 4)]


async def long_talk(fake: Fake, windows: Windows, *last: Frame) -> Page:
    """A channel of 300 messages, of which the last 100 are there, and those given after them."""
    fake.is_whole = False

    def older(frame: Frame) -> Frame:
        before = [one for one in TALK if int(one["id"]) < int(frame["before"])]
        return {"messages": before[-100:], "is_whole": len(before) <= 100}

    fake.answers["older"] = older
    return await shown(windows, fake, *TALK[-100:], *last)


async def test_scrolling_up_brings_earlier_messages_and_what_is_read_stays_in_place(
    fake: Fake, windows: Windows
) -> None:
    page = await long_talk(fake, windows)
    await expect(page.locator(".beginning")).not_to_contain_text("This is the start")
    await page.locator("#log").hover()
    await page.mouse.wheel(0, -100_000)
    await expect(page.locator(".message")).to_have_count(200)
    await expect(message_row(page, 800)).to_be_in_viewport()
    assert fake.all_asked("older") == [{"channel_id": GENERAL, "before": TALK[-100]["id"]}]
    await page.mouse.wheel(0, -100_000)
    await expect(page.locator(".message")).to_have_count(300)
    await expect(page.locator(".beginning")).to_contain_text("This is the start of #general.")
    assert await page.locator(".divider").count() == 2  # it went on past midnight
    await page.mouse.wheel(0, -100_000)
    await expect(message_row(page, 0)).to_be_in_viewport()
    assert len(fake.all_asked("older")) == 2


async def test_by_keys_earlier_messages_are_a_press_away(fake: Fake, windows: Windows) -> None:
    page = await long_talk(fake, windows)
    await page.get_by_role("button", name="Show earlier messages").press("Enter")
    await expect(page.locator(".message")).to_have_count(200)


async def test_a_jump_to_a_message_from_long_ago_brings_what_lies_between(fake: Fake, windows: Windows) -> None:
    reply = message(1_201, "ana", "I still think so", message_reference={"message_id": "1004", "channel_id": GENERAL},
                    referenced_message=TALK[1])  # fmt: skip
    page = await long_talk(fake, windows, reply)
    await message_row(page, 1_201).locator(".above").click()
    await expect(message_row(page, 4)).to_be_focused()
    await expect(message_row(page, 4)).to_be_in_viewport()
    await expect(page.locator(".message")).to_have_count(301)


async def test_a_jump_to_a_message_that_is_gone_says_so(fake: Fake, windows: Windows) -> None:
    gone = message(1_201, "ana", "so", message_reference={"message_id": "1003", "channel_id": GENERAL},
                   referenced_message=TALK[1])  # fmt: skip
    page = await long_talk(fake, windows, gone)
    await message_row(page, 1_201).locator(".above").click()
    await expect(page.locator(".toast")).to_have_text("That message could not be loaded.")


async def test_a_jump_back_to_a_channel_finds_what_was_written_there_meanwhile(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, *TALK[:60])
    await page.get_by_role("button", name=re.compile("poster-jam")).click()
    fresh = message(400, "bo", "written meanwhile")
    fake.messages[GENERAL] = [*TALK[:60], fresh, *(message(number, "bo", "more") for number in range(401, 460))]
    link = f"https://discord.com/channels/{frames.GUILD}/{GENERAL}/{fresh['id']}"
    await fake.post({**message(500, "bo", link), "channel_id": THREAD})
    await page.locator("#log button.mention").click()
    await expect(message_row(page, 400)).to_be_focused()
    await expect(message_row(page, 400)).to_be_in_viewport()


async def test_a_thread_leaves_a_mark_on_its_message_and_begins_with_it(fake: Fake, windows: Windows) -> None:
    thread = {"id": THREAD, "name": "poster-jam"}
    starter = {**message(1, "bo", "Who draws the poster?", thread=thread), "id": THREAD}
    fake.starters[THREAD] = starter
    fake.messages[THREAD] = [{**message(2, "ana", "I do"), "channel_id": THREAD}]
    page = await shown(windows, fake, starter)
    await page.get_by_role("button", name="poster-jam See thread").click()
    await expect(page.locator("#topbar h2")).to_have_text("poster-jam")
    await expect(page.locator("#log .content")).to_have_text(["Who draws the poster?", "I do"])
    await expect(page.locator(".thread-mark")).to_have_count(0)
    await fake.post({**starter, "content": "Who draws both posters?"}, op="edit")
    await expect(page.locator("#log .content")).to_have_text(["Who draws both posters?", "I do"])


async def test_everyone_is_a_mention_where_it_calls_them(fake: Fake, windows: Windows) -> None:
    calls = message(1, "mod", "@everyone and @here, look", mention_everyone=True)
    page = await shown(windows, fake, calls, message(2, "bo", "@everyone is just a word here@here"))
    await expect(message_row(page, 1).locator(".mention")).to_have_text(["@everyone", "@here"])
    await expect(message_row(page, 2).locator(".mention")).to_have_count(0)
    await expect(message_row(page, 2).locator(".content")).to_have_text("@everyone is just a word here@here")


async def test_a_conversation_of_two_shows_the_other_one(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await page.get_by_role("button", name="Direct messages").click()
    await expect(page.locator("#members .name")).to_have_text(["Easel"])
    await expect(page.locator("#members h2")).to_have_text("Online — 1")
    assert frames.DIRECT in page.url

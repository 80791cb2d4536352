"""Windows: who they are, what they see, losing the connection, the panel, a phone, light and dark."""

import re

import pytest
from playwright.async_api import Page, expect

from sandbox.page.server import STATIC
from tests.browser import frames
from tests.browser.chromium import PHONE, Windows
from tests.browser.fake import Fake
from tests.browser.frames import GENERAL, card, message, text
from tests.browser.test_components import shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def places(page: Page) -> list[str]:
    return await page.locator(".place-name").all_inner_texts()


async def test_two_windows_are_two_people_and_each_sees_what_is_theirs(fake: Fake, windows: Windows) -> None:
    ana = await shown(windows, fake)
    admin = await windows.open(f"{fake.url}#admin")
    await fake.asked("open", 2)
    await expect(admin.locator("#self-button")).to_contain_text("Ada (admin)")
    assert await places(admin) == ["general", "poster-jam", "staff", "after-dark"]
    assert await places(ana) == ["general", "poster-jam", "after-dark"]
    await fake.post(card(1, text("for Ana")), to="ana")
    await expect(ana.locator(".text")).to_have_text("for Ana")
    await expect(admin.locator(".message")).to_have_count(0)


async def test_a_window_becomes_somebody_else_and_stays_so_after_a_reload(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await page.locator("#self-button").press("Enter")
    await page.locator("[data-person=mod]").click()
    await expect(page.locator("#self-button")).to_contain_text("Mo (moderator)")
    assert [frame["person"] for frame in fake.all_asked("be")] == ["ana", "mod"]
    await page.get_by_role("button", name=re.compile("^staff")).click()
    assert page.url.endswith(f"#mod/{frames.STAFF}")
    await page.reload()
    await expect(page.locator(".place.here .place-name")).to_have_text("staff")


async def test_the_menu_of_a_member_mentions_them_and_offers_the_apps_commands(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    bo = page.locator("#members").get_by_role("button", name=re.compile("Bo$"))
    await bo.press("Enter")
    await page.get_by_role("menuitem", name="What was spent").click()
    asked = await fake.asked("user_command")
    assert asked == [{"channel_id": GENERAL, "name": "What was spent", "user_id": "305"}]
    await bo.click(button="right")
    await page.get_by_role("menuitem", name="Mention").click()
    await expect(page.locator("#composer-text")).to_have_value("<@305> ")


async def test_the_list_of_people_closes_when_one_goes_on_elsewhere(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await page.locator("#self-button").click()
    await fake.push(frames.state("ana"))
    await expect(page.locator(".person.here")).to_be_focused()
    await page.locator("#composer-text").click()
    await expect(page.locator(".people")).to_have_count(0)
    await expect(page.locator("#composer-text")).to_be_focused()


async def test_an_address_that_cannot_be_read_opens_the_page_all_the_same(fake: Fake, windows: Windows) -> None:
    page = await windows.open(f"{fake.url}#ana/%E0%A4%A")
    await expect(page.locator("#topbar h2")).to_have_text("general")


async def test_members_stand_under_their_role_and_the_bot_goes_offline(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    headings = page.locator("#members h2")
    await expect(headings).to_have_text(["Admin — 1", "Moderator — 1", "Online — 5"])
    await fake.push({**frames.state("ana"), "bot": {"state": "dead", "seconds": None, "starts": 1}})
    await expect(page.locator("#bot-chip")).to_have_text("Easel is not running")
    await expect(headings).to_have_text(["Admin — 1", "Moderator — 1", "Online — 4", "Offline — 1"])


async def test_a_lost_connection_is_said_and_what_was_missed_is_fetched(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, message(1, "bo", "before"))
    fake.messages[GENERAL] = [message(1, "bo", "before"), message(2, "bo", "missed")]
    await page.evaluate(
        """() => {
          const note = (_, all) => {
            if (banner.hidden) return;
            window.wasSaid = banner.textContent;
            all.disconnect();
          };
          new MutationObserver(note).observe(banner, { attributes: true });
        }"""
    )
    await fake.drop()
    await expect(page.locator(".message .content")).to_have_text(["before", "missed"])
    await expect(page.locator("#banner")).to_be_hidden()
    assert await page.evaluate("window.wasSaid") == "The connection is lost. Trying again…"


async def test_the_panel_shows_traffic_with_its_checks_and_draws_the_fault_switches(
    fake: Fake, windows: Windows
) -> None:
    page = await shown(windows, fake)
    await page.locator("#panel-toggle").click()
    assert await fake.asked("panel") == [{"on": True}]
    row = {"n": 1, "at_ms": 0, "side": "rest", "direction": "out", "title": "POST /channels/1/messages", "status": 200,
           "check": "ok", "detail": None, "body": '{"content": "<b>hi"}'}  # fmt: skip
    bad = {**row, "n": 2, "title": "PATCH /x", "status": 400, "check": "violation", "detail": "too long"}
    await fake.push({"type": "traffic", "items": [row, bad]})
    await fake.push({"type": "traffic", "items": [row, bad, {**row, "n": 3, "side": "gateway", "status": None}]})
    await expect(page.locator(".traffic > li")).to_have_count(3)
    await expect(page.locator(".mark")).to_have_text(["✓", "✗", "✓"])
    await page.locator(".traffic summary").nth(1).click()
    await expect(page.locator(".traffic-body .bad").first).to_have_text("too long")
    await page.get_by_label("Gateway", exact=True).uncheck()
    await expect(page.locator(".traffic > li:visible")).to_have_count(2)
    where = {"name": "where", "label": "For", "type": "choice", "default": "all",
             "choices": [{"value": "all", "label": "every request"}, {"value": "card", "label": "cards"}]}  # fmt: skip
    seconds = {"name": "seconds", "label": "Seconds", "type": "number", "default": 2}
    faults = {"discord": [{"kind": "delay", "label": "Answer late", "fields": [where, seconds]}],
              "gateway": [{"kind": "slow", "label": "Draw slowly", "fields": [seconds]}], "active": []}  # fmt: skip
    panel = {
        "type": "panel",
        "faults": faults,
        "gateways": ["xai"],
        "queue": [],
        "violations": 1,
        "note": None,
        "book": {"rows": [], "total_usd": "$0.02"},
        "ledger": {"spent_usd": "$0.00", "held_usd": "$0.03", "verdict": "work is under way", "problems": []},
    }
    await fake.push(panel)
    await expect(page.locator(".traffic-view .bad").first).to_have_text(
        "1 violation of Discord's OpenAPI document and limits"
    )
    without = "Discord's OpenAPI document is not at hand: bodies are checked against Discord's limits alone"
    await fake.push({**panel, "violations": 0, "note": without})
    await expect(page.locator(".traffic-view .panel-note")).to_have_text(f"0 violations of Discord's rules. {without}")
    await page.get_by_role("tab", name="Queue and books").click()
    await expect(page.locator(".sums")).to_contain_text("work is under way")
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_label("For", exact=True).select_option("cards")
    await page.get_by_label("Seconds").first.fill("5")
    await page.get_by_role("button", name="Apply: Answer late").click()
    assert await fake.asked("fault_discord") == [{"kind": "delay", "where": "card", "seconds": 5}]
    await page.get_by_label("Seconds").first.fill("")
    await page.get_by_role("button", name="Apply: Answer late").click()
    assert (await fake.asked("fault_discord", 2))[1] == {"kind": "delay", "where": "card", "seconds": ""}
    await page.get_by_role("button", name="Apply: Draw slowly").click()
    assert await fake.asked("fault_gateway") == [{"kind": "slow", "gateway": "*", "seconds": 2}]
    await page.get_by_role("tab", name="Faults").press("ArrowRight")
    await page.get_by_role("button", name="Kill").click()
    await page.locator("#speed").fill("7")
    await page.get_by_role("button", name="15 minutes").click()
    assert await fake.asked("bot") == [{"action": "kill"}]
    assert await fake.asked("speed") == [{"factor": 7}]
    assert await fake.asked("clock_forward") == [{"seconds": 900}]


async def test_on_a_phone_the_sides_are_drawers(fake: Fake, windows: Windows) -> None:
    fake.messages[GENERAL] = [message(1, "bo", "hello")]
    page = await windows.open(f"{fake.url}#ana", size=PHONE, touch=True)
    await expect(page.locator(".message")).to_be_visible()
    await expect(page.locator("#places")).to_be_hidden()
    await page.locator("#places-toggle").click()
    await page.get_by_role("button", name=re.compile("poster-jam")).click()
    await expect(page.locator("#places")).to_be_hidden()
    await expect(page.locator("#topbar h2")).to_have_text("poster-jam")
    await page.locator("#members-toggle").click()
    await expect(page.locator("#members")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#members")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


async def test_every_icon_is_there_before_a_connection_can_be_lost(fake: Fake, windows: Windows) -> None:
    page = await windows.open(fake.url, size=PHONE)
    await expect(page.locator("#topbar h2")).to_have_text("general")
    wanted = {path.name for path in (STATIC / "icons").iterdir()}
    fetched = "() => performance.getEntriesByType('resource').map((one) => one.name.split('/').pop())"
    await page.wait_for_function(f"(wanted) => wanted.every((one) => ({fetched})().includes(one))", arg=sorted(wanted))


async def test_the_theme_follows_the_machine_until_somebody_chooses(fake: Fake, windows: Windows) -> None:
    page = await windows.open(f"{fake.url}#ana", theme="light")
    await expect(page.locator(".middle")).to_have_css("background-color", "rgb(255, 255, 255)")
    await page.get_by_role("button", name="Use the dark theme").click()
    await expect(page.locator(".middle")).to_have_css("background-color", "rgb(49, 51, 56)")
    await page.reload()
    await expect(page.locator(".middle")).to_have_css("background-color", "rgb(49, 51, 56)")


async def test_everything_that_can_be_pressed_says_what_it_is(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, message(1, "bo", "hello"))
    await page.locator("#panel-toggle").click()
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, input, textarea, select, a")]
          .filter((node) => !node.hidden && !node.textContent.trim() && !node.ariaLabel && !node.labels?.length)
          .map((node) => node.outerHTML)"""
    )
    assert nameless == []

"""A server's budget from the first key to the book's file, before real Chromium: set, met, let pass, taken home."""

import csv
import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.chromium import Windows
from tests.browser.deeds import WAIT_MS, card, posts, run, whole
from tests.browser.live import PROMPT, imagine, live

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def choose(page: Page, within: Locator, menu: str, option: str) -> Locator:
    """Opens a menu of a card by the mouse, goes to its option by keys, and gives the form that opens."""
    opener = within.get_by_role("combobox", name=menu)
    await opener.click()
    options = within.get_by_role("option")
    await expect(options.first).to_be_visible()
    titles = await options.locator(".listbox-title").all_inner_texts()
    (place,) = [place for place, title in enumerate(titles) if option in title]
    for _ in range(place):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    form = page.get_by_role("dialog")
    await expect(form).to_be_visible(timeout=WAIT_MS)
    return form


async def limit_each_member(page: Page, budget: Locator, amount: str) -> None:
    """The form for money a day, filled in by keys and mouse."""
    form = await choose(page, budget, "Add…", "A limit for each member")
    await form.get_by_label("Money").check()
    await form.get_by_label("A day").check()
    await form.get_by_label("How much at most").fill(amount)
    await form.get_by_role("button", name="Submit").click()


async def let_moderators_decide(page: Page, budget: Locator) -> None:
    """The form that names the staff channel and lets requests wait there."""
    await budget.get_by_role("button", name="Alerts and time zone…").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("combobox", name="Choose a channel").click()
    await form.get_by_role("textbox", name="Search").fill("staff")
    await page.keyboard.press("Enter")
    await form.get_by_label("It waits for a moderator").check()
    await form.get_by_role("button", name="Submit").click()
    await expect(budget).to_contain_text("Over a limit: the request waits for a moderator", timeout=WAIT_MS)


async def test_an_admin_sets_a_budget_a_member_meets_it_a_moderator_allows_once_and_the_book_is_taken_home(
    windows: Windows, tmp_path: Path
) -> None:
    async with live(tmp_path) as opened, windows:
        admin, ana = await windows.open(f"{opened.url}#admin"), await windows.open(f"{opened.url}#ana")
        await run(admin, "settings budget")
        budget = card(admin, "Budget of this server")
        await expect(budget).to_contain_text("Nothing is set here", timeout=WAIT_MS)
        await limit_each_member(admin, budget, "0,12")
        await expect(budget).to_contain_text("Nothing was changed. The amount is dollars with a point", timeout=WAIT_MS)
        await limit_each_member(admin, budget, "$0.12")
        await expect(budget).to_contain_text("Changed. Each member · $0.12 a day", timeout=WAIT_MS)

        await imagine(ana)
        await whole(ana.get_by_role("img", name=PROMPT))
        await imagine(ana)
        refusal = card(ana, "Not enough budget left")
        await expect(refusal).to_contain_text("of $0.12 for today (set for each member). Resets in", timeout=WAIT_MS)
        await expect(refusal).to_contain_text("Nothing was charged.")
        await expect(ana.get_by_role("img", name=PROMPT)).to_have_count(1)

        await let_moderators_decide(admin, budget)
        await imagine(ana)
        waiting = card(ana, "Waits for a moderator")
        await expect(waiting).to_contain_text("Nothing is charged while it waits.", timeout=WAIT_MS)
        mod = await windows.open(f"{opened.url}#mod")
        await mod.get_by_role("button", name=re.compile("^staff")).click()
        request = posts(mod)
        await expect(request).to_contain_text("A request waits for you", timeout=WAIT_MS)
        await expect(request).to_contain_text(PROMPT)
        await expect(request).to_contain_text("of $0.12 for today (set for each member)")
        await request.get_by_role("button", name="Allow once").click()
        await expect(request).to_contain_text("Allowed once", timeout=WAIT_MS)
        await expect(request).not_to_contain_text(PROMPT)
        await expect(request.get_by_role("button", name="Allow once")).to_have_count(0)
        await expect(ana.get_by_role("img", name=PROMPT)).to_have_count(2, timeout=WAIT_MS)
        await expect(card(ana, "Posted")).to_have_count(2, timeout=WAIT_MS)

        await run(admin, "usage")
        report = card(admin, "Spending in Aurora Studio")
        await whole(report.get_by_role("img"))
        await report.get_by_role("button", name="CSV", exact=True).click()
        link = card(admin, "Entries of").get_by_role("link", name=re.compile(r"usage-.*\.csv"))
        await expect(link).to_be_visible(timeout=WAIT_MS)
        async with admin.expect_download() as download:
            await link.click()
        file = tmp_path / "book.csv"
        await (await download.value).save_as(file)
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
        assert {row["member"] for row in rows} == {str(opened.sandbox.person("ana").id)}
        assert len({row["job"] for row in rows}) == 2


async def test_a_form_keeps_the_channel_it_came_with_and_takes_a_member(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path) as opened, windows:
        page = await windows.open(f"{opened.url}#admin")
        await run(page, "settings budget")
        budget = card(page, "Budget of this server")
        for zone in ("Europe/Berlin", "UTC"):
            await budget.get_by_role("button", name="Alerts and time zone…").click()
            form = page.get_by_role("dialog")
            if zone == "Europe/Berlin":
                await form.get_by_role("combobox", name="Choose a channel").click()
                await form.get_by_role("textbox", name="Search").fill("staff")
                await page.keyboard.press("Enter")
            await form.get_by_label("Time zone").fill(zone)
            await form.get_by_role("button", name="Submit").click()
            await expect(budget).to_contain_text(f"Time zone: {zone}", timeout=WAIT_MS)
            await expect(budget).to_contain_text("no digest, in staff")
        form = await choose(page, budget, "Add…", "Exempt or block a member")
        await form.get_by_role("combobox", name="Choose a member").click()
        await form.get_by_role("textbox", name="Search").fill("Bo")
        await page.keyboard.press("Enter")
        await form.get_by_label("Blocked").check()
        await form.get_by_role("button", name="Submit").click()
        await expect(budget).to_contain_text(re.compile("1 @Bo · blocked"), timeout=WAIT_MS)

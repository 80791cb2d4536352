"""The main screens, held against those in docs/screens; `make screens` draws those anew."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from sandbox.gateways import EVERY, says
from tests.browser import frames
from tests.browser.chromium import PHONE, Windows
from tests.browser.deeds import WAIT_MS, edit, posts, run, whole
from tests.browser.deeds import card as own_card
from tests.browser.fake import Fake
from tests.browser.frames import button, card, container, gallery, item, message, row, text
from tests.browser.live import PROMPT, imagine, live
from tests.browser.screens import SCREENS, keep, settled
from tests.e2e.budgeting import card_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = (1280, 800)
TALL = (1280, 1300)
WIDE = (1600, 900)
NIGHT = "the same lighthouse at night, its lamp lit"
PROMPTS = (
    "a harbour town of paper boats at dawn",
    "two foxes reading a map, woodcut",
    "a robot gardener watering cacti",
    "a lighthouse on a cliff, watercolour",
)
ANSWER = """A lamp repeats its own rhythm, so a keeper tells it by counting:

- **fixed**: it never goes out
- **flashing**: dark for longer than it is lit
- **occulting**: lit for longer than it is dark

```python
def name(lit_s: float, dark_s: float) -> str:
    if not dark_s:
        return "fixed"
    return "flashing" if lit_s < dark_s else "occulting"
```
Charts write these as `F`, `Fl` and `Oc`."""


async def test_a_picture_from_the_first_slash_to_the_result(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path, picture_side=768) as opened, windows:
        ana = await windows.open(f"{opened.url}#ana", size=SIZE)
        bo = await windows.open(f"{opened.url}#bo", size=PHONE, touch=True)
        await bo.locator("#composer-text").fill("Who draws the poster for the storm night?")
        await bo.keyboard.press("Enter")
        await ana.locator("#composer-text").focus()
        await ana.keyboard.type("/")
        await expect(ana.get_by_role("option", name=re.compile("imagine"))).to_be_visible()
        await keep(ana, "commands")
        await ana.keyboard.type("imagine ")
        await ana.keyboard.type(PROMPT)
        await ana.get_by_role("option", name=re.compile("^model")).click()
        await expect(ana.get_by_role("option", name=re.compile("pixazo"))).to_be_visible()
        await keep(ana, "composer")
        await ana.keyboard.press("Escape")
        await ana.keyboard.press("Escape")
        await ana.locator("#composer-text").fill("")
        opened.draws_until_told()
        await imagine(ana)
        await expect(ana.locator(".container")).to_contain_text("drawing", timeout=WAIT_MS)
        await keep(ana, "progress")
        opened.gateways.finish()
        for page in (ana, bo):
            await expect(page.get_by_role("img", name=PROMPT)).to_be_visible(timeout=WAIT_MS)
        await expect(ana.locator(".container").first).to_contain_text("Posted", timeout=WAIT_MS)
        await keep(ana, "result")
        await keep(bo, "phone")
        await ana.get_by_role("button", name="Use the light theme").click()
        await keep(ana, "light")


async def test_inside_the_sandbox(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path, picture_side=512) as opened, windows:
        page = await windows.open(f"{opened.url}#op", size=WIDE)
        await page.locator("#panel-toggle").click()
        opened.draws_until_told()
        await imagine(page)
        await expect(page.locator(".container")).to_contain_text("drawing", timeout=WAIT_MS)
        await keep(page, "panel")
        await page.get_by_role("tab", name="Faults").click()
        for fault in ("A right of the bot", "Fails and refunds"):
            await page.get_by_role("button", name=f"Apply: {fault}").click()
        await expect(page.locator(".active-faults li")).to_have_count(2)
        await page.locator(".faults-view").evaluate("view => view.scrollTo(0, 0)")
        await keep(page, "faults")
        await page.get_by_role("tab", name="Bot and time").click()
        await page.get_by_role("button", name="Kill").click()
        await expect(page.locator("#bot-chip")).to_have_text("Easel is not running")
        await keep(page, "killed")


async def test_what_follows_a_picture(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path, picture_side=256, names=EVERY) as opened, windows:
        ana = opened.sandbox.person("ana")
        for prompt in PROMPTS:
            use = await ana.command("imagine", prompt=prompt)
            await use.wait_until(lambda message: "Posted" in message.plain_text(), WAIT_MS / 1000)
        page = await windows.open(f"{opened.url}#ana", size=TALL)
        (source,) = opened.sandbox.channel("general").messages[-1].pictures()
        picture = tmp_path / "lighthouse.jpg"
        picture.write_bytes(source.data or b"")
        await edit(page, NIGHT, picture)
        changed = posts(page, NIGHT)
        await whole(changed.get_by_role("img"))
        await expect(own_card(page, "Posted")).to_have_count(len(PROMPTS) + 1, timeout=WAIT_MS)
        await keep(page, "edit")
        await changed.get_by_role("button", name="Edit…").click()
        form = page.get_by_role("dialog")
        await form.get_by_role("textbox").fill("and now with rain")
        await form.get_by_role("button", name="Submit").click()
        await whole(posts(page, "and now with rain").get_by_role("img"))
        await expect(own_card(page, "Posted")).to_have_count(len(PROMPTS) + 2, timeout=WAIT_MS)
        await page.set_viewport_size({"width": 1280, "height": 1040})
        await changed.get_by_role("button", name="Details").click()
        await expect(own_card(page, "Details")).to_contain_text("Led to", timeout=WAIT_MS)
        await keep(page, "details")
        await run(page, "history")
        await expect(own_card(page, "Your results").get_by_role("img")).to_have_count(5, timeout=WAIT_MS)
        await keep(page, "history")
        await run(page, "help")
        await expect(own_card(page, "Look back")).to_be_visible(timeout=WAIT_MS)
        await keep(page, "help")


async def test_a_servers_budget(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path, picture_side=64, names=EVERY) as opened, windows:
        ana, general = opened.sandbox.person("ana"), opened.sandbox.channel("general")
        (role,) = [one for one in opened.sandbox.guild.roles.values() if one.name == "Moderator"]
        for prompt in PROMPTS[:2]:
            use = await ana.command("imagine", prompt=prompt)
            await use.wait_until(lambda message: "Posted" in message.plain_text(), WAIT_MS / 1000)
        budget = await card_of(opened.sandbox.person("admin"))
        await budget.add("server", unit="money", span="week", amount="10")
        await budget.add("everyone", unit="money", span="day", amount="0.20")
        await budget.add("member", whom=[ana], unit="pictures", span="month", amount="50")
        await budget.add("role", whom=[role], unit="requests", span="rolling", amount="10", minutes="30")
        await budget.add("channel", whom=[general], unit="pictures", span="week", amount="40")
        await budget.add("mark", whom=[opened.sandbox.person("newbie")], mark="blocked")
        await budget.add("channel-list", whom=[general], models=[], sizes=["1k", "2k"])
        staff = opened.sandbox.channel("staff")
        await budget.send(await budget.open("Alerts and time zone…"), {"channel": [staff], "zone": "Europe/Berlin"})
        await budget.change("Each member", do="raise", amount="0.50", time="6 hours")
        page = await windows.open(f"{opened.url}#admin", size=(1280, 1000))
        await expect(own_card(page, "Budget of this server")).to_contain_text("raised, $0.20 again", timeout=WAIT_MS)
        await keep(page, "budget")


async def test_an_answer_with_its_sources(windows: Windows, tmp_path: Path) -> None:
    async with live(tmp_path, names=("xai",)) as opened, windows:
        page = await windows.open(f"{opened.url}#ana", size=SIZE)
        opened.gateways.faults.next("xai", says(ANSWER))
        question = "How do I tell lighthouses apart at night?"
        await opened.sandbox.person("ana").command("ask", question=question, search="web")
        await expect(posts(page, "Sources").get_by_role("button", name="Forget")).to_be_visible(timeout=WAIT_MS)
        await expect(own_card(page, "Posted")).to_be_visible(timeout=WAIT_MS)
        await keep(page, "ask")


async def test_cards_of_every_kind(fake: Fake, windows: Windows) -> None:
    soon = int(frames.START.timestamp()) + 20 * 60
    review = container(
        text("### Waiting for review · 1 of 4"),
        text(f"<@305> in <#{frames.THREAD}> · <t:{soon - 180}:R>\n> {PROMPT}, wreck"),
        text("Why held: **violence 0.71** (text) · new member (2 days)"),
        gallery(item("held", "the held picture", spoiler=True)),
        text("-# job `7b10` · not shown to anyone yet · $0.02 spent"),
        row(button("Approve", 3), button("Prompt history"), button("Skip"), button("Reject…", 4)),
        accent=0xF0B232,
    )
    names = "1 Ana · 2 Bo · 3 Cy · 4 Di · 5 Ed · 6 Flo · 7 Gus · 8 Hal · 9 Ida"
    options = [{"label": name, "value": name} for name in names.split(" · ")]
    vote = {"type": 3, "custom_id": "vote", "placeholder": "Vote for an entry on this page", "options": options}
    event = container(
        text(f"### Autumn Poster Jam\n23 entries · voting closes <t:{soon + 2 * 86_400}:R>"),
        gallery(*(item(f"entry {number}", f"entry {number}") for number in range(9))),
        text(f"-# {names}"),
        row(vote),
        row(button("Back", disabled=True), button("Page 1 of 3", disabled=True), button("Next"), button("My entry")),
        accent=0x9B59B6,
    )
    fake.messages[frames.GENERAL] = [
        card(1, review),
        card(2, event),
        message(
            3,
            "mod",
            "**bold** *it* ||spoiler|| `code` and <#204>, </imagine:501> <t:1795183500:f>\n> quoted\n- one\n- two",
        ),
        message(4, "bo", "I like number 4", message_reference={"message_id": "1002", "channel_id": frames.GENERAL}),
    ]
    page = await windows.open(f"{fake.url}#mod", size=(1280, 1720))
    await expect(page.locator(".message")).to_have_count(4)
    await keep(page, "cards")
    await page.locator("#log .select").click()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("option")).to_have_count(9)
    await keep(page, "vote")


async def test_a_form(fake: Fake, windows: Windows) -> None:
    fake.messages[frames.GENERAL] = [message(1, "bo", "This one is not mine.")]
    parts = [
        {"type": 10, "content": "The member is told **privately**; what you write here is shown to them."},
        {"type": 18, "label": "Reason", "description": "In your own words", "component": {
            "type": 4, "custom_id": "reason", "style": 2, "max_length": 300, "placeholder": "What is wrong with it"}},
        {"type": 18, "label": "Rule", "component": {"type": 3, "custom_id": "rule", "options": [
            {"label": "Violence", "value": "v"}], "required": False}},
        {"type": 18, "label": "What follows", "component": {"type": 21, "custom_id": "next", "options": [
            {"label": "Nothing more", "value": "n", "default": True},
            {"label": "Block for a day", "value": "b", "description": "No pictures until tomorrow"}]}},
        {"type": 18, "label": "Tell the operator", "component": {"type": 23, "custom_id": "tell"}},
    ]  # fmt: skip
    page = await windows.open(f"{fake.url}#mod", size=SIZE)
    await expect(page.locator(".message")).to_have_count(1)
    modal = {"title": "Reject the picture", "custom_id": "reject", "components": parts}
    await fake.push({"type": "interaction", "interaction_id": "1", "kind": 3, "state": "modal", "command": None,
                     "channel_id": frames.GENERAL, "message_id": "1001", "modal": modal})  # fmt: skip
    await expect(page.get_by_role("dialog")).to_be_visible()
    await keep(page, "form")


async def test_a_screen_that_says_something_else_is_noticed_and_another_run_is_not() -> None:
    """By the mark that numbers, ids and moments get; words, names and order stay."""
    now = "- main:\n  - time: 3:40 PM\n  - text: job abc234 · ready in 5 seconds (usually 12 s)\n  - code: abc234"
    later = "- main:\n  - time: 11:59 AM\n  - text: job zyx765 · any moment now (usually 3 s)\n  - code: zyx765"
    assert settled(now) == settled(later)
    assert settled(now) != settled(now.replace("usually", "mostly"))
    assert settled('- main:\n  - list "Traffic":\n    - listitem: GET\n  - text: x') == "- main:\n  - text: x\n"
    assert settled("- text: spoken\n- main:\n  - text: x") == "- main:\n  - text: x\n"


async def test_every_picture_of_a_screen_stands_beside_its_words() -> None:
    assert {one.stem for one in SCREENS.glob("*.png")} == {one.stem for one in SCREENS.glob("*.txt")}

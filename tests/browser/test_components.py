"""Every kind of component, embed and attachment is drawn, says what it is, and keeps markup as text."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import frames
from tests.browser.chromium import Windows
from tests.browser.fake import Fake, Frame
from tests.browser.frames import MARKUP, button, card, container, gallery, item, message, row, text

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shown(windows: Windows, fake: Fake, *messages: Frame, person: str = "ana") -> Page:
    """A window that looks at a channel with these messages."""
    fake.messages[frames.GENERAL] = list(messages)
    page = await windows.open(f"{fake.url}#{person}")
    await fake.asked("open")
    await expect(page.locator(".message")).to_have_count(len(messages))
    return page


def message_row(page: Page, number: int) -> Locator:
    return page.locator(f"#message-{1_000 + number}")


async def test_markup_in_words_names_and_file_names_stays_text(fake: Fake, windows: Windows) -> None:
    author = {**frames.user("bo"), "global_name": MARKUP}
    parts = [container(text(MARKUP), row(button(MARKUP))), gallery(item("a", MARKUP))]
    files = [frames.attachment(f"{MARKUP}.txt", "text/plain")]
    embeds = [{"type": "rich", "title": MARKUP, "description": MARKUP, "fields": [{"name": MARKUP, "value": MARKUP}]}]
    sent = [message(1, content=MARKUP, attachments=files, embeds=embeds, author="bo"), card(2, *parts)]
    for one in sent:
        one["author"] = author
    sent[1]["sandbox"]["uses"] = {"user": author, "command": MARKUP, "type": 1}
    page = await shown(windows, fake, *sent)
    await expect(message_row(page, 1).locator(".content")).to_have_text(MARKUP)
    await expect(message_row(page, 1).locator(".file a")).to_have_text(f"{MARKUP}.txt")
    await expect(page.locator(".head .name")).to_have_text([MARKUP, MARKUP])
    await expect(page.locator("#log script")).to_have_count(0)
    await expect(page.locator("#log img[src=x]")).to_have_count(0)


async def test_a_container_shows_its_accent_texts_gallery_and_buttons(fake: Fake, windows: Windows) -> None:
    inside = container(
        gallery(item("a", "a teal square")),
        text("### Title\nwords"),
        {"type": 14, "divider": True, "spacing": 2},
        row(*(button(f"style {style}", style) for style in (1, 2, 3, 4)), button("off", 2, disabled=True)),
        row(button("page", 5, url="https://example.org/")),
        accent=0x23A55A,
    )
    page = await shown(windows, fake, card(1, inside))
    box = page.locator(".container")
    await expect(box).to_have_css("border-left-color", "rgb(35, 165, 90)")
    await expect(box.locator("h3")).to_have_text("Title")
    await expect(box.locator("hr.wide")).to_have_count(1)
    await expect(box.get_by_role("img", name="a teal square")).to_have_attribute("title", "a teal square")
    for style, look in zip((1, 2, 3, 4), ("primary", "secondary", "success", "danger"), strict=True):
        await expect(box.get_by_role("button", name=f"style {style}")).to_have_class(re.compile(look))
    await expect(box.get_by_role("button", name="off")).to_be_disabled()
    await expect(box.get_by_role("link", name="page")).to_have_attribute("href", "https://example.org/")


async def test_a_link_button_with_an_address_that_runs_code_leads_nowhere(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, card(1, row(button("go", 5, url="javascript:alert(1)"))))
    await expect(page.get_by_role("button", name="go")).to_be_disabled()


async def test_galleries_of_one_to_ten_fill_their_rows(fake: Fake, windows: Windows) -> None:
    sent = [card(count, gallery(*(item(f"p{number}") for number in range(count)))) for count in range(1, 11)]
    page = await shown(windows, fake, *sent)
    for count in range(1, 11):
        box = message_row(page, count).locator(".gallery")
        await expect(box.locator("img")).to_have_count(count)
        gaps: list[float] = await box.evaluate(
            """node => {
              const box = node.getBoundingClientRect();
              const ends = new Map();
              for (const tile of node.children) {
                const { bottom, right } = tile.getBoundingClientRect();
                ends.set(Math.round(bottom), Math.max(ends.get(Math.round(bottom)) ?? 0, right));
              }
              return [...ends.values()].map((right) => Math.abs(box.right - right));
            }"""
        )
        assert max(gaps) <= 2, (count, gaps)


async def test_sections_show_a_thumbnail_or_a_button_beside_their_text(fake: Fake, windows: Windows) -> None:
    thumbnail = {"type": 11, **item("t", "small one")}
    parts = [
        {"type": 9, "components": [text("beside a picture")], "accessory": thumbnail},
        {"type": 9, "components": [text("beside a button")], "accessory": button("Press")},
    ]
    page = await shown(windows, fake, card(1, *parts))
    sections = page.locator(".section")
    await expect(sections.nth(0).get_by_role("img", name="small one")).to_be_visible()
    await sections.nth(1).get_by_role("button", name="Press").click()
    assert await fake.asked("press") == [{"message_id": "1001", "custom_id": "press:Press"}]


async def test_spoilers_are_covered_until_they_are_pressed_and_stay_uncovered(fake: Fake, windows: Windows) -> None:
    sent = card(1, gallery(item("hidden", "what is held", spoiler=True)), text("||words||"))
    page = await shown(windows, fake, sent)
    await expect(page.locator(".tile.covered")).to_have_count(1)
    await expect(page.locator(".blurred[inert] img")).to_have_count(1)
    await page.get_by_role("button", name="Spoiler", exact=True).first.click()
    await expect(page.get_by_role("img", name="what is held")).to_be_visible()
    await page.locator(".spoiler").press("Enter")
    await expect(page.locator(".spoiler.revealed")).to_have_text("words")
    await fake.post({**sent, "edited_timestamp": sent["timestamp"]}, op="edit")
    await expect(page.locator(".edited")).to_have_count(1)
    await expect(page.locator(".tile.covered")).to_have_count(0)


async def test_files_audio_and_pictures_of_a_plain_message_are_shown(fake: Fake, windows: Windows) -> None:
    files = [
        frames.attachment("one.png", description="a first picture", width=240, height=160),
        frames.attachment("SPOILER_two.png"),
        frames.attachment("talk.ogg", "audio/ogg", description="spoken words"),
        frames.attachment("book.csv", "text/csv"),
    ]
    page = await shown(windows, fake, message(1, content="files", attachments=files))
    await expect(page.get_by_role("img", name="a first picture")).to_be_visible()
    await expect(page.locator(".tile.covered")).to_have_count(1)
    await expect(page.locator("audio")).to_have_attribute("aria-label", "spoken words")
    await expect(page.get_by_role("link", name="book.csv")).to_have_attribute("download", "book.csv")
    await expect(page.locator(".file small").last).to_have_text("2.0 KB")


async def test_an_embed_shows_each_of_its_parts_and_fetches_nothing_from_elsewhere(
    fake: Fake, windows: Windows
) -> None:
    body = {
        "type": "rich",
        "color": 0xDA373C,
        "author": {"name": "An author"},
        "title": "A title",
        "url": "https://example.org/t",
        "description": "**words**",
        "fields": [{"name": "one", "value": "1", "inline": True}, {"name": "two", "value": "2"}],
        "image": {"url": "https://example.org/far.png"},
        "thumbnail": {"url": "/cdn/near.png"},
        "footer": {"text": "the foot"},
        "timestamp": "2026-11-20T14:05:00+00:00",
    }
    page = await shown(windows, fake, message(1, embeds=[body]))
    embed = page.locator(".embed")
    await expect(embed).to_have_css("border-left-color", "rgb(218, 55, 60)")
    await expect(embed.get_by_role("link", name="A title")).to_have_attribute("href", "https://example.org/t")
    await expect(embed.locator("strong")).to_have_text("words")
    await expect(embed.locator("dt")).to_have_text(["one", "two"])
    await expect(embed.locator("img")).to_have_count(1)
    await expect(embed.get_by_role("link", name="https://example.org/far.png")).to_be_visible()
    await expect(embed.locator("footer")).to_have_text("the foot • 11/20/2026, 2:05 PM")


async def test_a_select_sends_what_was_chosen_by_keys_when_its_list_closes(fake: Fake, windows: Windows) -> None:
    options = [
        {"label": name, "value": name.lower(), "description": f"about {name}"} for name in ("One", "Two", "Three")
    ]
    select = {
        "type": 3,
        "custom_id": "vote",
        "placeholder": "Vote",
        "options": options,
        "min_values": 1,
        "max_values": 2,
    }
    page = await shown(windows, fake, card(1, row(select)))
    opener = page.get_by_role("combobox", name="Vote")
    await opener.focus()
    for key in ("ArrowDown", "Enter", "ArrowDown", "Enter", "ArrowDown", "Enter"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("option", selected=True)).to_have_text([re.compile("One"), re.compile("Two")])
    assert fake.all_asked("select") == []
    await page.keyboard.press("Escape")
    assert await fake.asked("select") == [{"message_id": "1001", "custom_id": "vote", "values": ["one", "two"]}]
    await expect(opener).to_have_text("One, Two")


async def test_selects_of_people_roles_and_channels_offer_them_by_name(fake: Fake, windows: Windows) -> None:
    kinds = [(5, "Bo", "305"), (6, "Moderator", "402"), (7, "Admin", "401"), (8, "general", frames.GENERAL)]
    selects = [{"type": kind, "custom_id": f"pick {kind}", "min_values": 1, "max_values": 1} for kind, _, _ in kinds]
    page = await shown(windows, fake, card(1, *(row(select) for select in selects)))
    for place, (_, wanted, _) in enumerate(kinds):
        await page.locator("#log .select").nth(place).click()
        await page.locator(".select-filter:visible").fill(wanted)
        await page.get_by_role("option", name=re.compile(f"^{wanted}")).click()
    assert await fake.asked("select", len(kinds)) == [
        {"message_id": "1001", "custom_id": f"pick {kind}", "values": [{"id": value}]} for kind, _, value in kinds
    ]


async def test_a_list_someone_chooses_from_is_not_taken_away_by_an_edit(fake: Fake, windows: Windows) -> None:
    options = [{"label": "One", "value": "one"}]
    select = {"type": 3, "custom_id": "vote", "options": options, "min_values": 1, "max_values": 1}
    sent = card(1, text("before"), row(select))
    page = await shown(windows, fake, sent)
    await page.locator("#log .select").click()
    await fake.post(card(1, text("after"), row(select)), op="edit")
    await fake.post(message(2, content="later"))
    await expect(page.locator(".message")).to_have_count(2)
    await expect(page.get_by_role("option", name="One")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(message_row(page, 1).locator(".text")).to_have_text("after")


async def test_a_component_that_is_not_known_says_so(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, card(1, {"type": 77}))
    await expect(page.locator(".unknown")).to_contain_text("kind 77")


async def test_a_picture_opens_large_and_closes_with_escape(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake, card(1, gallery(item("a", "a teal square"))))
    await page.get_by_role("button", name="Open picture: a teal square").click()
    await expect(page.locator("dialog.lightbox p")).to_have_text("a teal square")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
